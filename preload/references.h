/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REFERENCES_H
#define TS_REFERENCES_H

/* How an object's own code and data lead to its functions, past all slots. [setup]; inside a walk. */

#include "elf.h"
#include "maps.h"

#define TS_REFERENCE_BYTES 24 /* of a function's start that are looked for */

struct ts_reference {
	uintptr_t address;
	bool seen;      /* something leads to the function */
	uint8_t inside; /* the lowest offset in its start that a jump or call leads to; 0: none */
};

/*
 * Fills in what leads to these functions of `object`, which are in order of address: a displacement of 4
 * bytes in its code (call, jmp, jcc, lea), or a relative relocation of its data. Code is not decoded, so
 * that a few are found that are not there.
 */
void ts_references_find(const struct ts_object *object, const struct ts_maps *maps,
			struct ts_reference *references, size_t n);

#endif
