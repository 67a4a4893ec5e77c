/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SYMTAB_H
#define TS_SYMTAB_H

/*
 * The symbols that are in an object's file alone: .symtab, of the file itself or of a separate debug file
 * found by build id. The file may be anything, and may change meanwhile, so it is read and not mapped; what
 * does not fit together is refused. [setup]
 */

#include <stdbool.h>

#include "../elf/elf.h"

#define TS_SYMTAB_PARTS 8

struct ts_symtab {
	const ElfW(Sym) * symbols;
	size_t n;
	const char *strings;
	size_t strings_bytes; /* the last of them is NUL */
	struct ts_symtab_part {
		void *pages;
		size_t bytes;
	} parts[TS_SYMTAB_PARTS]; /* what was read of the file, ours */
	size_t n_parts;
};

/*
 * Opens the symbols of `object`, whose file is at `path`: where that has none, those of
 * /usr/lib/debug/.build-id/xx/yyyy.debug. 0; -ENOENT: there are none; -ESTALE: the file is not the one
 * that was loaded; or another negative errno. Closed it need only be after 0.
 */
int ts_symtab_open(const struct ts_object *object, const char *path, struct ts_symtab *ret);
void ts_symtab_close(struct ts_symtab *symtab);

/* The same of `bytes` bytes in memory: 0, -ENOENT, or -ENOEXEC. */
int ts_symtab_read(const void *file, size_t bytes, struct ts_symtab *ret);

/* The name of symbol `index`, which may be "". */
const char *ts_symtab_name(const struct ts_symtab *symtab, size_t index);

#endif
