// SPDX-License-Identifier: Apache-2.0
#include "sse.h"

#include <string.h>

enum { LINE_BEGIN, FIELD, SPACE, VALUE, COMMENT };

static bool is_field(const struct ts_sse *sse, const char *name)
{
	return sse->field_bytes == strlen(name) && !memcmp(sse->field, name, sse->field_bytes);
}

static void begin_value(struct ts_sse *sse, const struct ts_sse_target *target)
{
	if (is_field(sse, "data")) {
		if (sse->has_data)
			target->data(target->user, "\n", 1);
		sse->has_data = true;
	} else if (is_field(sse, "event")) {
		sse->name_bytes = 0;
	}
}

static void add_value(struct ts_sse *sse, const struct ts_sse_target *target, const char *data,
		      size_t bytes)
{
	size_t room = sizeof(sse->name) - 1 - sse->name_bytes;

	if (is_field(sse, "data")) {
		target->data(target->user, data, bytes);
	} else if (is_field(sse, "event")) {
		memcpy(sse->name + sse->name_bytes, data, bytes < room ? bytes : room);
		sse->name_bytes += bytes < room ? bytes : room;
	}
}

static void dispatch(struct ts_sse *sse, const struct ts_sse_target *target)
{
	sse->name[sse->name_bytes] = 0;
	if (sse->has_data)
		target->event(target->user, sse->name);
	sse->has_data = false;
	sse->name_bytes = 0;
}

static void end_line(struct ts_sse *sse, const struct ts_sse_target *target)
{
	if (sse->state == LINE_BEGIN)
		dispatch(sse, target);
	else if (sse->state == FIELD)
		begin_value(sse, target); /* a field without a colon has an empty value */
	sse->state = LINE_BEGIN;
}

/* Bytes of `data` that belong to the line's value or comment. */
static size_t rest_of_line(const char *data, size_t bytes)
{
	size_t n = 0;

	while (n < bytes && data[n] != '\n' && data[n] != '\r')
		n++;
	return n;
}

static void line_begins(struct ts_sse *sse, char c)
{
	sse->field_bytes = 0;
	if (c == ':') {
		sse->state = COMMENT;
		return;
	}
	sse->state = FIELD;
	sse->field[sse->field_bytes++] = c;
}

/* A byte that ends no line. */
static void take(struct ts_sse *sse, const struct ts_sse_target *target, char c)
{
	if (sse->state == LINE_BEGIN) {
		line_begins(sse, c);
	} else if (sse->state == FIELD && c == ':') {
		begin_value(sse, target);
		sse->state = SPACE;
	} else if (sse->state == FIELD) {
		if (sse->field_bytes < sizeof(sse->field))
			sse->field[sse->field_bytes++] = c;
	} else if (sse->state == SPACE) {
		sse->state = VALUE;
		if (c != ' ')
			add_value(sse, target, &c, 1);
	}
}

/* Whether the byte is one of a byte order mark that begins the stream. */
static bool is_bom(struct ts_sse *sse, char c)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (sse->bom < 3 && c == mark[sse->bom]) {
		sse->bom++;
		return true;
	}
	sse->bom = 3;
	return false;
}

size_t ts_sse_add(struct ts_sse *sse, const struct ts_sse_target *target, const char *data,
		  size_t bytes)
{
	for (size_t at = 0; at < bytes; at++) {
		char c = data[at];
		bool skip = sse->skip_lf && c == '\n';

		sse->skip_lf = false;
		if (is_bom(sse, c) || skip)
			continue;
		if (c == '\n' || c == '\r') {
			sse->skip_lf = c == '\r';
			end_line(sse, target);
			continue;
		}
		if (sse->state == LINE_BEGIN && c == '{')
			return at;
		if (sse->state == VALUE || sse->state == COMMENT) {
			size_t n = rest_of_line(data + at, bytes - at);

			if (sse->state == VALUE)
				add_value(sse, target, data + at, n);
			at += n - 1;
			continue;
		}
		take(sse, target, c);
	}
	return bytes;
}

bool ts_sse_miss(struct ts_sse *sse)
{
	sse->bom = 3;
	sse->skip_lf = false;
	sse->state = COMMENT;
	return sse->has_data;
}

void ts_sse_end(struct ts_sse *sse, const struct ts_sse_target *target)
{
	if (sse->state != LINE_BEGIN)
		end_line(sse, target);
	dispatch(sse, target);
}
