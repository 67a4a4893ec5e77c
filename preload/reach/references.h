/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REFERENCES_H
#define TS_REFERENCES_H

/* What an object's own code and data refer to without a slot. [setup]; inside a walk. */

#include "../elf/elf.h"
#include "../system/maps.h"

#define TS_REFERENCE_REACH 20 /* bytes of a function that a jump in its place may need */

struct ts_reference {
	uintptr_t address; /* of a function */
	bool seen;         /* something calls it, jumps to it or takes its address */
	uint8_t jump; /* the first of its bytes behind address to which something jumps; 0: none */
};

/*
 * Finds what refers to these functions of `object`, in order of address: calls, jumps and leas of 4 bytes'
 * reach, and relative relocations of its data. Code is not decoded: every place that can be read as one
 * counts, so a few are seen that are not there.
 */
void ts_references_find(const struct ts_object *object, const struct ts_maps *maps,
			struct ts_reference *references, size_t n);

#endif
