/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ENTRY_JUMPS_H
#define TS_ENTRY_JUMPS_H

/* Who jumps between the first instructions of a function. Part of the module `entry`. */

#include "../entry.h"
#include "entry_insn.h"

#define TS_ENTRY_STEPS 5 /* the most that are moved: of one byte each */

/* A function, and the first instructions that are to be moved. */
struct ts_entry_steps {
	const struct ts_entry_function *function;
	struct ts_insn insns[TS_ENTRY_STEPS];
	size_t offsets[TS_ENTRY_STEPS];
	size_t n;
	size_t end;   /* of the last */
	size_t taken; /* that, or more: padding behind a return */
};

/* Does `address` lie in the function? */
static inline bool ts_entry_is_inside(const struct ts_entry_function *function, uintptr_t address)
{
	return address - function->address < function->bytes;
}

/* Why a jump might lead between the first instructions; NULL: none does. */
const char *ts_entry_refuse_jumps(const struct ts_entry_steps *steps);

#endif
