/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_FUNCTIONS_DEBUGINFO_H
#define TS_COMMAND_FUNCTIONS_DEBUGINFO_H

/*
 * What the file of one program or library says of its functions: symbols, and DWARF, which may lie
 * in a file of its own, found by build id or .gnu_debuglink (elfutils). Nothing is downloaded.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../error.h"
#include "signature.h"

struct ts_debuginfo;

struct ts_symbol {
	const char *name; /* without a version */
	uint64_t address; /* in the file */
	uint64_t bytes;
	bool exported; /* by .dynsym */
	bool function; /* else data */
	bool resolver; /* STT_GNU_IFUNC: at `address` is what chooses the function, not the function */
	bool own;      /* the file itself has it; else only its debug file */
};

/* What the compiler copied into its callers, or changed into a function of another name. */
struct ts_inlined {
	const char *name; /* linkage name where there is one */
	size_t n_copies;  /* in its callers; 0 also where nothing is left of them */
	uint64_t address; /* of a function that was made of it; 0: there is none */
	bool system;      /* declared below /usr */
};

/*
 * Opens the file at `path`; debug files are looked for beside it, in .debug beside it, in
 * `folder` (NULL: none) and in /usr/lib/debug. 0, or a negative errno and why in `err`.
 */
int ts_debuginfo_open(struct ts_debuginfo **ret, const char *path, const char *folder,
		      struct ts_error *err);
void ts_debuginfo_free(struct ts_debuginfo *info);

/* Defined functions and data, in order of name, then address. They live as long as `info`. */
const struct ts_symbol *ts_debuginfo_symbols(const struct ts_debuginfo *info, size_t *ret_n);

/* Bytes of the debug information that the functions below read through at their first call; 0: none. */
uint64_t ts_debuginfo_bytes(struct ts_debuginfo *info);

/* The types of a function; NULL where nothing tells. Lives as long as `info`. */
const struct ts_signature *ts_debuginfo_signature(struct ts_debuginfo *info,
						  const struct ts_symbol *symbol);

/* Whether a function was declared below /usr: in a header of the system. */
bool ts_debuginfo_is_system(struct ts_debuginfo *info, const struct ts_symbol *symbol);

/* Every such function, in order of name. */
const struct ts_inlined *ts_debuginfo_inlined(struct ts_debuginfo *info, size_t *ret_n);

#endif
