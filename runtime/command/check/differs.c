// SPDX-License-Identifier: Apache-2.0
#include "differs.h"

#include <stdio.h>
#include <string.h>

#include "../functions/prototype.h"

#define INTEGERS 6 /* registers of the System V ABI */
#define VECTORS  8

/* As the shim tells it: what is recorded (preload/report/report.c), how wide, and where it lies. */
struct recorded {
	char kind, where;
	unsigned bytes, index;
};

static bool read_place(const char *place, struct recorded *ret)
{
	return sscanf(place, "%c%u%c%u", &ret->kind, &ret->bytes, &ret->where, &ret->index) == 4;
}

static bool is_text(const struct ts_shape *shape)
{
	const struct ts_shape *to = ts_shape_bare(shape->of);

	return shape->form == TS_FORM_POINTER &&
	       (!to || (to->form == TS_FORM_BASE && to->bytes == 1));
}

static bool is_vector(const struct ts_shape *shape)
{
	return shape->form == TS_FORM_BASE && shape->encoding == TS_ENCODING_FLOAT &&
	       (shape->bytes == 4 || shape->bytes == 8);
}

static bool is_pointer(const struct ts_shape *shape)
{
	return shape->form == TS_FORM_POINTER || shape->form == TS_FORM_REFERENCE ||
	       shape->form == TS_FORM_RVALUE;
}

static bool is_integer(const struct ts_shape *shape)
{
	return (shape->form == TS_FORM_BASE || shape->form == TS_FORM_ENUM) &&
	       shape->encoding != TS_ENCODING_FLOAT && shape->encoding != TS_ENCODING_OTHER &&
	       shape->bytes <= 8;
}

/* A pointer may be recorded as a number, unless it is a text's. */
static bool agrees(const struct recorded *recorded, const struct ts_shape *shape)
{
	switch (recorded->kind) {
	case 's':
		return is_text(shape);
	case 'f':
		return is_vector(shape) && shape->bytes == recorded->bytes;
	case 'n':
		if (is_pointer(shape))
			return recorded->bytes == 8 && !is_text(shape);
		return is_integer(shape) && shape->bytes == recorded->bytes;
	default:
		return true;
	}
}

struct walk {
	unsigned integers, vectors, stacked;
};

/* Where the next parameter lies. False: that is not known, nor is it of those behind it. */
static bool place_next(struct walk *walk, const struct ts_shape *shape, struct recorded *ret)
{
	bool vector;

	if (!shape || (!is_vector(shape) && !is_integer(shape) && !is_pointer(shape)))
		return false;
	vector = is_vector(shape);
	if (vector ? walk->vectors < VECTORS : walk->integers < INTEGERS) {
		ret->where = vector ? 'v' : 'i';
		ret->index = vector ? walk->vectors++ : walk->integers++;
	} else {
		ret->where = 's';
		ret->index = 8 * walk->stacked++;
	}
	return true;
}

static bool param_differs(const struct recorded *recorded, const struct ts_signature *signature)
{
	struct walk walk = {0};

	for (size_t i = 0; i < signature->n_params; i++) {
		const struct ts_shape *shape = ts_shape_bare(signature->params[i].shape);
		struct recorded here;

		if (!place_next(&walk, shape, &here))
			return false;
		if (here.where == recorded->where && here.index == recorded->index)
			return !agrees(recorded, shape);
	}
	return !signature->variadic;
}

bool ts_differs(const struct ts_rule_report *rule, const struct ts_signature *signature)
{
	const struct ts_shape *result = ts_shape_bare(signature->result);
	struct recorded recorded;

	if (signature->language == TS_LANGUAGE_OTHER || signature->old_style || signature->method ||
	    signature->hidden)
		return false;
	for (size_t i = 0; i < rule->n_params; i++) {
		if (!read_place(rule->params[i].place, &recorded))
			continue;
		if (recorded.where != 'r' ? param_differs(&recorded, signature)
					  : !result || !agrees(&recorded, result))
			return true;
	}
	return false;
}
