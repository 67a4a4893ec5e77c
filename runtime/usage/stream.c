// SPDX-License-Identifier: Apache-2.0
/*
 * Text that holds answers: a document of JSON; documents one behind the other, as lines; an array of them; server-sent
 * events. Of text that is cut its two ends are there, and nothing is taken from where it is not known to be whole: of lines
 * those between two line ends, of a document the members of its outermost object.
 */
#include "read.h"

#include <string.h>

static struct ts_text rest_of(const struct ts_scan *scan)
{
	return (struct ts_text){scan->at, (size_t)(scan->end - scan->at)};
}

static struct ts_scan scan_of(struct ts_text text)
{
	return (struct ts_scan){text.data, text.data + text.bytes};
}

static struct ts_text trimmed(struct ts_text text)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (text.bytes >= 3 && !memcmp(text.data, mark, 3))
		text = (struct ts_text){text.data + 3, text.bytes - 3};
	while (text.bytes && strchr(" \t\r\n", *text.data) && *text.data) {
		text.data++;
		text.bytes--;
	}
	return text;
}

static bool begins(struct ts_text text, const char *with)
{
	size_t n = strlen(with);

	return text.bytes >= n && !memcmp(text.data, with, n);
}

static bool is_events(struct ts_text text)
{
	return begins(text, "data:") || begins(text, "event:") || begins(text, ":") ||
	       begins(text, "id:") || begins(text, "retry:");
}

/* --- objects --------------------------------------------------------------------------- */

static void take_object(struct ts_reading *reading, struct ts_scan members)
{
	struct ts_answer answer = {.n = 0};

	ts_answer_add(&answer, members);
	ts_reading_take(reading, &answer);
}

/* All objects up to the first that is not whole; behind one another, with commas between them in an array. */
static void take_objects(struct ts_reading *reading, struct ts_scan *scan)
{
	struct ts_scanned value;

	while (ts_scan_item(scan, &value))
		if (value.type == TS_SCAN_OBJECT)
			take_object(reading, ts_scan_inside(&value));
}

/* --- lines ----------------------------------------------------------------------------- */

/*
 * The next line without its end, which is CR LF, LF or CR. False: there is none, or, where the text goes on behind its end,
 * none that is whole.
 */
static bool next_line(struct ts_text *text, bool goes_on, struct ts_text *ret)
{
	size_t n = 0;

	while (n < text->bytes && text->data[n] != '\n' && text->data[n] != '\r')
		n++;
	if (n == text->bytes && (!n || goes_on))
		return false;
	*ret = (struct ts_text){text->data, n};
	if (n + 1 < text->bytes && text->data[n] == '\r' && text->data[n + 1] == '\n')
		n++;
	n += n < text->bytes;
	text->data += n;
	text->bytes -= n;
	return true;
}

/* Without the line that is under way; all of it where that does not end. */
static struct ts_text behind_line(struct ts_text text)
{
	struct ts_text line;

	if (!next_line(&text, true, &line))
		text.bytes = 0;
	return text;
}

static void take_lines(struct ts_reading *reading, struct ts_text text, bool goes_on)
{
	struct ts_text line;

	while (next_line(&text, goes_on, &line)) {
		struct ts_scan scan = scan_of(line);

		take_objects(reading, &scan);
	}
}

/* --- server-sent events ---------------------------------------------------------------- */

/* What is read is a copy of ours: the lines of an event's data are put together in place, without what stood before each. */
static void add_data(struct ts_text *data, struct ts_text line)
{
	char *end;

	if (!data->data) {
		*data = line;
		return;
	}
	end = (char *)data->data + data->bytes;
	*end = '\n';
	memmove(end + 1, line.data, line.bytes);
	data->bytes += 1 + line.bytes;
}

static void end_event(struct ts_reading *reading, struct ts_text *data)
{
	struct ts_scan scan;

	if (!data->data)
		return;
	scan = scan_of(*data);
	if (ts_scan_is(*data, "[DONE]"))
		ts_reading_done(reading);
	else
		take_objects(reading, &scan);
	*data = (struct ts_text){NULL, 0};
}

static void take_events(struct ts_reading *reading, struct ts_text text, bool goes_on)
{
	struct ts_text line, data = {NULL, 0};

	while (next_line(&text, goes_on, &line)) {
		size_t skip = begins(line, "data: ") ? 6 : 5;

		if (!line.bytes)
			end_event(reading, &data);
		else if (begins(line, "data:"))
			add_data(&data, (struct ts_text){line.data + skip, line.bytes - skip});
	}
	if (!goes_on)
		end_event(reading, &data);
}

/* --- text ------------------------------------------------------------------------------ */

void ts_reading_take_text(struct ts_reading *reading, struct ts_text text)
{
	struct ts_scan scan;
	struct ts_scanned value;

	text = trimmed(text);
	if (is_events(text)) {
		reading->stream = true;
		take_events(reading, text, false);
		return;
	}
	scan = scan_of(text);
	if (!begins(text, "{") && !begins(text, "["))
		return;
	if (!ts_scan_value(&scan, &value))
		return;
	if (value.type == TS_SCAN_ARRAY) {
		reading->stream = true;
		scan = ts_scan_inside(&value);
	} else {
		reading->stream |= begins(trimmed(rest_of(&scan)), "{");
		scan = scan_of(text);
	}
	take_objects(reading, &scan);
}

/* An object that is cut, whose outermost members are there at both ends. */
static void take_cut_object(struct ts_reading *reading, struct ts_text head, struct ts_text tail)
{
	struct ts_answer answer = {.n = 0};
	enum ts_scan_type type;
	struct ts_scan scan = scan_of(head), end;

	scan.at++; /* the brace */
	ts_answer_add(&answer, scan);
	if (ts_scan_tail(tail, &type, &end) && type == TS_SCAN_OBJECT)
		ts_answer_add(&answer, end);
	ts_reading_take(reading, &answer);
}

static void take_cut_array(struct ts_reading *reading, struct ts_text head, struct ts_text tail)
{
	enum ts_scan_type type;
	struct ts_scan scan = scan_of(head), end;

	scan.at++;
	take_objects(reading, &scan);
	ts_reading_gap(reading);
	if (ts_scan_tail(tail, &type, &end) && type == TS_SCAN_ARRAY)
		take_objects(reading, &end);
}

void ts_reading_take_ends(struct ts_reading *reading, struct ts_text head, struct ts_text tail)
{
	struct ts_scan scan;
	struct ts_scanned value;
	bool events, lines;

	head = trimmed(head);
	scan = scan_of(head);
	events = is_events(head);
	lines = begins(head, "{") && ts_scan_value(&scan, &value);
	if (!events && !lines) {
		reading->stream |= begins(head, "[");
		if (begins(head, "{"))
			take_cut_object(reading, head, tail);
		else if (begins(head, "["))
			take_cut_array(reading, head, tail);
		return;
	}
	reading->stream = true;
	if (events)
		take_events(reading, head, true);
	else
		take_lines(reading, head, true);
	ts_reading_gap(reading);
	tail = behind_line(tail);
	if (events)
		take_events(reading, tail, false);
	else
		take_lines(reading, tail, false);
}
