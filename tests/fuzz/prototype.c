// SPDX-License-Identifier: Apache-2.0
/*
 * The value of a rule: a prototype, then, behind ':', when it fails. Whatever is accepted has its arguments where the
 * calling convention can put them, and whatever is not has a fault inside of the text.
 */

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "preload/system/arena.h"
#include "preload/prototype/prototype.h"

#define COLUMN 7

static void check_place(const struct ts_param *param, bool result)
{
	MUST(param->bytes <= 32);
	switch (param->where) {
	case TS_IN_INTEGER:
		MUST(param->index < (result ? 2 : 6));
		break;
	case TS_IN_VECTOR:
		MUST(param->index < 8);
		break;
	case TS_ON_STACK:
		MUST(!result && param->offset % 8 == 0);
		MUST(param->offset <= TS_MAX_PARAMS * 32);
		break;
	case TS_IN_X87:
		MUST(result);
		break;
	}
}

static void check_params(const struct ts_prototype *prototype)
{
	MUST(prototype->n_params <= TS_MAX_PARAMS);
	for (int i = 0; i < prototype->n_params; i++) {
		const struct ts_param *param = &prototype->params[i];

		check_place(param, false);
		MUST(param->type != TS_TYPE_VOID);
		MUST(param->spelling && param->spelling[0]);
		MUST(!param->name || param->name[0]);
		MUST(param->column >= COLUMN);
		if (param->type == TS_TYPE_BYTES)
			MUST(param->length_of >= 0 && param->length_of < prototype->n_params &&
			     param->length_of != i);
		for (int j = 0; j < i; j++)
			MUST(param->where == TS_ON_STACK ||
			     param->where != prototype->params[j].where ||
			     param->index != prototype->params[j].index);
	}
}

static void check(const struct ts_prototype *prototype)
{
	MUST(prototype->function && prototype->function[0]);
	MUST(!prototype->object || prototype->object[0]);
	MUST(prototype->times_only ? prototype->n_params == 0 : prototype->result.spelling != NULL);
	if (!prototype->times_only)
		check_place(&prototype->result, true);
	check_params(prototype);
}

static void check_fault(const struct ts_fault *fault, size_t bytes)
{
	MUST(fault->column >= COLUMN && fault->column <= COLUMN + bytes + 1);
	MUST(fault->message[0] && memchr(fault->message, 0, sizeof(fault->message)));
	for (const char *at = fault->message; *at; at++)
		MUST(*at >= ' ' && *at <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const uint8_t *colon = memchr(data, '\n', bytes);
	size_t length = colon ? (size_t)(colon - data) : bytes;
	struct ts_arena arena = {0};
	struct ts_prototype prototype = {0};
	struct ts_fault fault = {0};
	enum ts_fails fails;
	int r = ts_prototype_parse((const char *)data, length, COLUMN, &arena, &prototype, &fault);

	if (r == 0)
		check(&prototype);
	else
		check_fault(&fault, length);
	MUST(r == ts_prototype_parse((const char *)data, length, COLUMN, &arena, &prototype, NULL));
	if (r == 0 && colon) {
		r = ts_fails_parse((const char *)colon + 1, bytes - length - 1, COLUMN,
				   &prototype.result, &fails, &fault);
		if (r == 0)
			MUST(ts_fails_text(fails)[0] || fails == TS_FAILS_NEVER);
		else
			check_fault(&fault, bytes);
	}
	ts_arena_release(&arena);
	return 0;
}
