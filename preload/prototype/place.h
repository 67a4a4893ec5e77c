/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PLACE_H
#define TS_PLACE_H

/* Where a call's arguments and result lie: System V ABI for x86-64, 3.2.3. [setup]; pure. */

#include "ctype.h"

/* What the arguments before have taken; zero-initialised before the first. */
struct ts_places {
	uint8_t integers;
	uint8_t vectors;
	uint16_t stack_bytes;
};

/* Sets type, bytes, where, index and offset of the next argument. */
void ts_place_argument(struct ts_places *places, const struct ts_ctype *ctype,
		       struct ts_param *ret);

/* The same of a result, before the arguments. */
void ts_place_result(struct ts_places *places, const struct ts_ctype *ctype, struct ts_param *ret);

#endif
