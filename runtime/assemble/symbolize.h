/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SYMBOLIZE_H
#define TS_SYMBOLIZE_H

/* What the module `symbolize` does: which functions of a file some places lie in. */

#include <stddef.h>
#include <stdint.h>

struct ts_place {
	uint64_t offset; /* in: from the object's base */
	uint64_t start;  /* out: where the function begins */
	char *symbol;    /* out: as the file has it, from malloc; NULL: not known */
};

/*
 * Looks `places` up in the file at `path`, or in its debug file under /usr/lib/debug. A file whose build
 * id is not `build_id` (hexadecimal; empty: has none) is another than the one that ran, and tells nothing.
 */
#define TS_SYMBOLIZE_SYMBOL "ts_symbolize"
typedef void ts_symbolize_fn(const char *path, const char *build_id, struct ts_place *places,
			     size_t n);
ts_symbolize_fn ts_symbolize;

#endif
