// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../uuid.h"
#include "../terminal/amount.h"
#include "../terminal/display.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "lines.h"

#define DURATION_COLUMNS 9
#define FEWEST_DIGITS    12 /* of an id: the millisecond in which it was made */
#define MOST_DIGITS      32
#define THREAD_COLUMNS   16 /* at most */
#define THREAD_BYTES     128

struct layout {
	FILE *out;
	size_t digits; /* characters of an id */
	size_t thread;
	size_t path;
};

/* --- what is in the columns ---------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* Does another of the program's threads bear the name? */
static bool is_shared(const struct ts_pslines *lines, const struct ts_live_call *call)
{
	for (size_t i = 0; i < lines->n; i++)
		if (lines->lines[i].call->thread_id != call->thread_id &&
		    !strcmp(lines->lines[i].call->thread_name, call->thread_name))
			return true;
	return false;
}

/* Its name, and where that does not tell it from others its number. */
static void name_thread(const struct ts_pslines *lines, const struct ts_live_call *call,
			char ret[THREAD_BYTES])
{
	const char *ellipsis = ts_terminal()->ellipsis;
	char number[24] = "";
	size_t room = THREAD_COLUMNS;
	FILE *to = fmemopen(ret, THREAD_BYTES, "w");

	*ret = '\0';
	if (!to)
		return;
	if (!*call->thread_name || is_shared(lines, call))
		snprintf(number, sizeof(number), "%s%lld", *call->thread_name ? " " : "",
			 (long long)call->thread_id);
	room -= strlen(number) < room ? strlen(number) : room;
	ts_display_put(to, call->thread_name, room, ellipsis);
	fputs(number, to);
	fclose(to);
}

static size_t common_digits(const struct ts_uuid *a, const struct ts_uuid *b)
{
	size_t n = 0;

	while (n < sizeof(a->bytes) && a->bytes[n] == b->bytes[n])
		n++;
	return n == sizeof(a->bytes) ? 0 : 2 * n + (a->bytes[n] >> 4 == b->bytes[n] >> 4);
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ts_uuid));
}

/* How many digits tell the traces from each other; with dashes. */
static size_t digits_of(const struct ts_pslines *all, size_t n)
{
	size_t count = 0, digits = FEWEST_DIGITS;
	struct ts_uuid *ids;

	for (size_t i = 0; i < n; i++)
		count += all[i].n;
	ids = calloc(count + 1, sizeof(*ids));
	count = 0;
	for (size_t i = 0; ids && i < n; i++)
		for (size_t j = 0; j < all[i].n; j++)
			ids[count++] = all[i].lines[j].call->trace_id;
	if (ids)
		qsort(ids, count, sizeof(*ids), compare_ids);
	for (size_t i = 1; i < count; i++) {
		size_t wanted = common_digits(&ids[i - 1], &ids[i]) + 1;

		digits = wanted > digits ? wanted : digits;
	}
	free(ids);
	digits = digits < MOST_DIGITS ? digits : MOST_DIGITS;
	return digits + 1 + (digits > 12) + (digits > 16) + (digits > 20);
}

static void measure(const struct ts_pslines *all, size_t n, struct layout *layout)
{
	size_t used;

	layout->digits = digits_of(all, n);
	layout->thread = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < all[i].n; j++) {
			char name[THREAD_BYTES];
			size_t columns;

			name_thread(&all[i], all[i].lines[j].call, name);
			columns = ts_display_columns(name);
			layout->thread = columns > layout->thread ? columns : layout->thread;
		}
	used = 2 + DURATION_COLUMNS + 2 + layout->digits + 2 + layout->thread + 2;
	layout->path = ts_terminal()->columns > used + 8 ? ts_terminal()->columns - used : 8;
}

/* --- a path ---------------------------------------------------------------------------------- */

#define STEP " > "

/* Of a call on a connection, as far as it is known: " (gpt-4o, 1,204 B)". From malloc; "" for nothing; NULL: no memory. */
static char *describe_exchange(const struct ts_live_call *call)
{
	struct ts_amount received = ts_amount_short(call->received_bytes);
	const char *comma = call->model && call->answered ? ", " : "", *unit = "";
	char *text;

	if (!call->model && !call->answered)
		return strdup("");
	if (call->answered)
		unit = isdigit((unsigned char)received.text[strlen(received.text) - 1]) ? " B"
											: "B";
	if (asprintf(&text, " (%s%s%s%s)", call->model ? call->model : "", comma,
		     call->answered ? received.text : "", unit) < 0)
		return NULL;
	return text;
}

/* How many of the last calls fit into `room`. */
static size_t fitting(const struct ts_psline *line, size_t room)
{
	size_t used = 0, n = 0;

	for (; n < line->depth; n++) {
		used += (n ? strlen(STEP) : 0) +
			ts_display_columns(line->path[line->depth - 1 - n]->name);
		if (used > room)
			break;
	}
	return n;
}

static void put_last(FILE *out, const struct ts_psline *line, size_t n)
{
	for (size_t i = line->depth - n; i < line->depth; i++) {
		if (i > line->depth - n)
			fputs(STEP, out);
		ts_display_put(out, line->path[i]->name, SIZE_MAX / 2, "");
	}
}

/* Behind `gap` and what else comes first. False, and nothing is printed: there is no room for any. */
static bool put_behind(FILE *out, const struct ts_psline *line, const char *first, const char *gap,
		       size_t room)
{
	size_t used = ts_display_columns(first) + ts_display_columns(gap);
	size_t n = room > used ? fitting(line, room - used) : 0;

	if (!n)
		return false;
	ts_display_put(out, first, SIZE_MAX / 2, "");
	fputs(gap, out);
	put_last(out, line, n);
	return true;
}

/* All of it, and what is known of the innermost call if there is room. */
static void put_whole(FILE *out, const struct ts_psline *line, size_t room)
{
	char *more = describe_exchange(line->call);
	size_t used = more ? ts_display_columns(more) : 0;

	put_last(out, line, line->depth);
	if (used && room > used && fitting(line, room - used) == line->depth)
		ts_display_put(out, more, used, "");
	free(more);
}

/*
 * "learn > agent:trainer > llm:claude"; where there is no room without the middle, then without the beginning: what
 * counts is the innermost call. Of a call that goes on in another thread it says that, too.
 */
static void put_path(const struct layout *layout, const struct ts_psline *line)
{
	const char *ellipsis = ts_terminal()->ellipsis;
	bool goes_on = line->call->goes_on;
	size_t behind = goes_on ? strlen(STEP) + ts_display_columns(ellipsis) : 0;
	size_t room = layout->path > behind ? layout->path - behind : 1, before;
	char some[16], middle[16];
	bool all;

	snprintf(some, sizeof(some), "%s" STEP, ellipsis);
	snprintf(middle, sizeof(middle), STEP "%s" STEP, ellipsis);
	before = line->whole ? 0 : ts_display_columns(some);
	all = before < room && fitting(line, room - before) == line->depth;
	if (all && !line->whole) {
		fputs(some, layout->out);
		room -= ts_display_columns(some);
	}
	if (all)
		put_whole(layout->out, line, room);
	else if ((!line->whole ||
		  !put_behind(layout->out, line, line->path[0]->name, middle, room)) &&
		 !put_behind(layout->out, line, "", some, room))
		ts_display_put(layout->out, line->call->name, room, ellipsis);
	if (goes_on)
		fprintf(layout->out, STEP "%s", ellipsis);
}

/* --- lines --------------------------------------------------------------------------------- */

static void put_line(const struct layout *layout, const struct ts_pslines *lines, size_t index,
		     bool longest)
{
	const struct ts_psline *line = &lines->lines[index];
	enum ts_style style = longest ? TS_STYLE_BOLD : TS_STYLE_PLAIN;
	char id[TS_UUID_TEXT], took[32], thread[THREAD_BYTES];

	ts_uuid_format(&line->call->trace_id, id);
	ts_when_duration((double)line->call->inside_ns / 1e6, took, sizeof(took));
	name_thread(lines, line->call, thread);
	fprintf(layout->out, "%s%c %*s  %.*s  ",
		ts_style(line->call->goes_on ? TS_STYLE_DIM : style), longest ? '*' : ' ',
		DURATION_COLUMNS, took, (int)layout->digits, id);
	ts_display_put_padded(layout->out, thread, layout->thread, ts_terminal()->ellipsis);
	fputs("  ", layout->out);
	put_path(layout, line);
	fprintf(layout->out, "%s\n", ts_style(TS_STYLE_PLAIN));
}

/* "bot, pid 4711, for 2 h 03 m" */
static char *describe(const struct ts_pslines *lines)
{
	const struct ts_live_program *program = lines->program;
	char age[32], *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return NULL;
	fprintf(to, "%s%spid %lld", base_name(program->program), *program->program ? ", " : "",
		(long long)program->pid);
	if (!program->here && !program->trouble)
		fputs(" of another pid namespace", to);
	if (!program->here && *program->host)
		fprintf(to, " on %s", program->host);
	ts_when_duration((double)program->age_ns / 1e6, age, sizeof(age));
	if (program->started_us)
		fprintf(to, ", for %s", age);
	if (!program->sure && !program->trouble)
		fputs(" if it still runs", to);
	if (program->damaged)
		fprintf(to, ", %zu of its rings damaged", program->damaged);
	if (program->trouble)
		fprintf(to, ": %s", program->trouble);
	else if (!lines->n)
		fputs(": inside of nothing", to);
	return fclose(to) ? NULL : text;
}

int ts_pstable_print(FILE *out, const struct ts_programs *programs)
{
	struct ts_pslines *all = ts_pslines_new(programs);
	struct layout layout = {.out = out};
	int result = all ? 0 : -ENOMEM;

	if (all)
		measure(all, programs->n, &layout);
	for (size_t i = 0; result == 0 && i < programs->n; i++) {
		char *head = describe(&all[i]);

		if (!head) {
			result = -ENOMEM;
			break;
		}
		if (i && (all[i].n || all[i - 1].n))
			fputc('\n', out);
		ts_display_wrap(out, head, "    ", ts_terminal()->columns);
		free(head);
		for (size_t j = 0; j < all[i].n; j++)
			put_line(&layout, &all[i], j, i == 0 && j == 0 && all[i].longest_ns >= 0);
	}
	ts_pslines_free(all, programs->n);
	return result;
}
