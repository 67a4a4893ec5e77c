/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SYMTAB_H
#define TS_SYMTAB_H

/*
 * The symbols that are in an object's file alone: .symtab, of the file itself or of a separate debug file
 * found by build id. The file may be anything; what does not fit together is refused. [setup]
 */

#include <stdbool.h>

#include "elf.h"

struct ts_symtab {
	const ElfW(Sym) * symbols;
	size_t n;
	const char *strings;
	size_t strings_bytes; /* the last of them is NUL */
	void *map;
	size_t map_bytes;
};

/*
 * Opens the symbols of `object`, whose file is at `path`: where that has none, those of
 * /usr/lib/debug/.build-id/xx/yyyy.debug. 0; -ENOENT: there are none; -ESTALE: the file is not the one
 * that was loaded; or another negative errno.
 */
int ts_symtab_open(const struct ts_object *object, const char *path, struct ts_symtab *ret);
void ts_symtab_close(struct ts_symtab *symtab);

/* The same of `bytes` bytes in memory: 0, -ENOENT, or -ENOEXEC. */
int ts_symtab_read(const void *file, size_t bytes, struct ts_symtab *ret);

/* The name of symbol `index`, which may be "". */
const char *ts_symtab_name(const struct ts_symtab *symtab, size_t index);

#endif
