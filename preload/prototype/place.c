// SPDX-License-Identifier: Apache-2.0
/* Placement of arguments by the System V ABI. */

#include "place.h"

#define INTEGER_REGISTERS 6
#define VECTOR_REGISTERS  8

/* All the registers a value needs or none: what does not fit leaves them to later arguments. */
static bool take_registers(uint8_t *used, uint8_t wanted, uint8_t all, uint8_t *ret_index)
{
	if (*used + wanted > all)
		return false;
	*ret_index = *used;
	*used = (uint8_t)(*used + wanted);
	return true;
}

static void push(struct ts_places *places, const struct ts_ctype *ctype, struct ts_param *ret)
{
	unsigned int offset = places->stack_bytes;

	offset = (offset + ctype->align - 1U) & ~(ctype->align - 1U);
	ret->where = TS_ON_STACK;
	ret->offset = (uint16_t)offset;
	if (ctype->class == TS_CLASS_ADDRESS)
		places->stack_bytes = (uint16_t)(offset + 8);
	else
		places->stack_bytes = (uint16_t)(offset + ((ctype->bytes + 7U) & ~7U));
}

void ts_place_argument(struct ts_places *places, const struct ts_ctype *ctype, struct ts_param *ret)
{
	ret->type = ctype->type;
	ret->bytes = ctype->bytes;
	if ((ctype->class == TS_CLASS_INTEGER || ctype->class == TS_CLASS_ADDRESS) &&
	    take_registers(&places->integers, ctype->registers, INTEGER_REGISTERS, &ret->index))
		ret->where = TS_IN_INTEGER;
	else if (ctype->class == TS_CLASS_VECTOR &&
		 take_registers(&places->vectors, ctype->registers, VECTOR_REGISTERS, &ret->index))
		ret->where = TS_IN_VECTOR;
	else
		push(places, ctype, ret);
}

void ts_place_result(struct ts_places *places, const struct ts_ctype *ctype, struct ts_param *ret)
{
	static const enum ts_where where[] = {
		[TS_CLASS_INTEGER] = TS_IN_INTEGER,
		[TS_CLASS_VECTOR] = TS_IN_VECTOR,
		[TS_CLASS_MEMORY] = TS_IN_X87,
		[TS_CLASS_ADDRESS] = TS_IN_INTEGER,
	};

	ret->type = ctype->type;
	ret->bytes = ctype->bytes;
	ret->where = where[ctype->class];
	if (ctype->class == TS_CLASS_ADDRESS)
		places->integers++;
}
