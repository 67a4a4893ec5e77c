// SPDX-License-Identifier: Apache-2.0
#include "values.h"

/* What ends the value that is open; the rest of it never came. */
static void give_up(struct ts_json_values *values, const struct ts_values_target *target)
{
	values->in_string = values->escaped = false;
	values->depth = 0;
	target->value(target->user);
}

/* A byte of a string. */
static void take_in_string(struct ts_json_values *values, char c)
{
	if (values->escaped)
		values->escaped = false;
	else if (c == '\\')
		values->escaped = true;
	else if (c == '"')
		values->in_string = false;
}

/* A byte outside of strings. Whether a value, which it belongs to, is open before or behind it. */
static bool take(struct ts_json_values *values, char c)
{
	bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';

	if (!values->began && c == '[') {
		values->began = values->listed = true;
		return false;
	}
	if (opens) {
		values->began = true;
		values->depth++;
		return true;
	}
	if (!values->depth)
		return false;
	if (closes)
		values->depth--;
	values->in_string = c == '"';
	return true;
}

void ts_json_values_add(struct ts_json_values *values, const struct ts_values_target *target,
			const char *data, size_t bytes)
{
	size_t from = 0;

	for (size_t at = 0; at < bytes; at++) {
		if (values->lost) {
			values->lost = data[at] != '\n';
			from = at + 1;
		} else if (values->in_string) {
			take_in_string(values, data[at]);
			if (data[at] != '\n')
				continue;
			target->data(target->user, data + from, at - from);
			give_up(values, target);
			from = at + 1;
		} else if (!take(values, data[at])) {
			from = at + 1;
		} else if (!values->depth) {
			target->data(target->user, data + from, at + 1 - from);
			target->value(target->user);
			from = at + 1;
		}
	}
	if (values->depth)
		target->data(target->user, data + from, bytes - from);
}

void ts_json_values_miss(struct ts_json_values *values, const struct ts_values_target *target)
{
	give_up(values, target);
	values->lost = true;
}
