/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REFERENCES_H
#define TS_REFERENCES_H

/* Which functions an object's own code and data name without a slot. [setup]; inside a walk. */

#include "elf.h"
#include "maps.h"

struct ts_reference {
	uintptr_t address;
	bool seen;
};

/*
 * Sets `seen` of those functions of `object`, in order of address, to which some 4 bytes of its code lead
 * as a displacement (call, jmp, jcc, lea), or some relative relocation of its data. Code is not decoded,
 * so a few are seen that are not there.
 */
void ts_references_find(const struct ts_object *object, const struct ts_maps *maps,
			struct ts_reference *references, size_t n);

#endif
