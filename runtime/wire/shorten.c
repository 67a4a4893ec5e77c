// SPDX-License-Identifier: Apache-2.0
/*
 * What is written is taken back where it turns out too long: each list and object remembers where its current item began.
 * An item may end at its cap at most; when it passes that, the innermost one goes, and the rest of it is skipped. Every byte is
 * written once and taken back once at most, so time is linear.
 *
 * A list under objects only ("contents" of a request, "output" in "response") keeps a tail: once its items pass three
 * quarters of the bound, all that follow are written behind `mark`, and the oldest of them taken out again.
 */
#include "shorten.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "cut.h"
#include "scan.h"

#define SMALL      2048 /* bytes of a member that fits for long */
#define SHALLOW    3    /* levels in which it does */
#define MOST_TAILS 64   /* items of a tail */

/* A list or object that is open. */
struct level {
	size_t item; /* where the current item began, with its comma and key */
	size_t cap;  /* where it must have ended */
	size_t base; /* the cap that the items of this level have in common */
	unsigned written, dropped;
	bool list;
	bool plain; /* under objects only */
	bool in_item;
	bool tailed; /* its last items are kept */
	size_t mark; /* where those begin */
};

struct ts_shorten {
	struct ts_scan scan;
	struct ts_buffer *to;
	struct ts_cut string;
	size_t bound;
	unsigned skipping; /* depth of the level of which an item is left out; 0: none */
	bool cutting;      /* within a string that is a value */
	char escape[6];    /* of it */
	size_t escape_bytes;
	unsigned top;                           /* open levels, as scan.depth */
	struct level levels[TS_SCAN_DEPTH + 1]; /* the first is what all stand in */
	size_t tails[MOST_TAILS];               /* where the items behind `mark` begin */
	unsigned n_tails;
};

struct ts_shorten *ts_shorten_new(struct ts_buffer *to, size_t bound, size_t string)
{
	struct ts_shorten *shorten = calloc(1, sizeof(*shorten));

	if (!shorten)
		return NULL;
	shorten->to = to;
	shorten->bound = bound;
	shorten->levels[0] = (struct level){.base = bound, .cap = bound, .plain = true};
	ts_cut_init(&shorten->string, to->memory, string);
	return shorten;
}

void ts_shorten_free(struct ts_shorten *shorten)
{
	if (!shorten)
		return;
	ts_cut_release(&shorten->string);
	free(shorten);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* --- what is too long ------------------------------------------------------------------ */

static size_t tail_bytes(const struct ts_shorten *shorten)
{
	return shorten->bound / 4;
}

/* Where an item of a tail that begins at `at` must have ended. What small members need is left to them. */
static size_t tail_cap(const struct ts_shorten *shorten, size_t at)
{
	return least(at + tail_bytes(shorten), shorten->bound / 4 * 7);
}

/* The current item of a list becomes the first of its tail. */
static void begin_tail(struct ts_shorten *shorten, unsigned depth)
{
	struct level *list = &shorten->levels[depth];

	list->tailed = true;
	list->mark = list->item;
	shorten->tails[0] = list->item;
	shorten->n_tails = 1;
	for (unsigned i = depth; i <= shorten->top; i++) {
		shorten->levels[i].cap = tail_cap(shorten, list->item);
		if (i > depth)
			shorten->levels[i].base = shorten->levels[i].cap;
	}
}

static void drop_item(struct ts_shorten *shorten)
{
	struct level *level = &shorten->levels[shorten->top];

	shorten->to->bytes = level->item;
	level->in_item = false;
	level->dropped++;
	shorten->skipping = shorten->top + 1;
	shorten->cutting = false;
	if (level->tailed && shorten->n_tails)
		shorten->n_tails--;
}

/* What was just written went past the cap. */
static void overflow(struct ts_shorten *shorten)
{
	for (unsigned i = 1; i <= shorten->top; i++) {
		struct level *level = &shorten->levels[i];

		if (!level->list || !level->plain || level->tailed)
			continue;
		begin_tail(shorten, i);
		if (shorten->to->bytes <= level->cap)
			return;
		break;
	}
	drop_item(shorten);
}

static void put(struct ts_shorten *shorten, const char *data, size_t bytes)
{
	ts_buffer_add(shorten->to, data, bytes);
	if (shorten->to->bytes > shorten->levels[shorten->top].cap)
		overflow(shorten);
}

/* --- items ----------------------------------------------------------------------------- */

static void begin_item(struct ts_shorten *shorten)
{
	struct level *level = &shorten->levels[shorten->top];
	size_t at = shorten->to->bytes, most = 2 * shorten->bound;

	level->item = at;
	level->in_item = true;
	level->cap = level->base;
	if (level->tailed) {
		level->cap = tail_cap(shorten, at);
		shorten->tails[shorten->n_tails++] = at;
	} else if (!level->list && level->plain && shorten->top <= SHALLOW &&
		   at + SMALL > level->cap) {
		level->cap = least(at + SMALL, most);
	}
	if (level->written)
		put(shorten, ",", 1);
}

/* Takes the first `n` items of a tail out. */
static void shift_tail(struct ts_shorten *shorten, struct level *list, unsigned n)
{
	size_t from = n < shorten->n_tails ? shorten->tails[n] : shorten->to->bytes;
	size_t gone = from - list->mark;

	memmove(shorten->to->data + list->mark, shorten->to->data + from,
		shorten->to->bytes - from);
	shorten->to->bytes -= gone;
	shorten->n_tails -= n;
	for (unsigned i = 0; i < shorten->n_tails; i++)
		shorten->tails[i] = shorten->tails[i + n] - gone;
	list->dropped += n;
}

/* Leaves so many bytes of a tail, if so many are there. */
static void trim_tail(struct ts_shorten *shorten, struct level *list, size_t bytes)
{
	unsigned n = 0;

	while (n < shorten->n_tails && shorten->to->bytes - shorten->tails[n] > bytes)
		n++;
	if (n)
		shift_tail(shorten, list, n);
}

static void end_item(struct ts_shorten *shorten)
{
	struct level *level = &shorten->levels[shorten->top];

	if (!level->in_item)
		return;
	level->in_item = false;
	level->written++;
	if (!level->tailed)
		return;
	if (shorten->to->bytes - level->mark > 2 * tail_bytes(shorten))
		trim_tail(shorten, level, tail_bytes(shorten));
	if (shorten->n_tails == MOST_TAILS)
		shift_tail(shorten, level, MOST_TAILS / 2);
}

static void open_level(struct ts_shorten *shorten, bool list)
{
	struct level *in = &shorten->levels[shorten->top], *level;

	put(shorten, list ? "[" : "{", 1);
	if (shorten->skipping)
		return;
	level = &shorten->levels[++shorten->top];
	*level = (struct level){.list = list, .plain = in->plain && !in->list, .base = in->cap};
	if (list && level->plain && level->base > shorten->bound / 4 * 3)
		level->base = shorten->bound / 4 * 3;
	level->cap = level->base;
}

/* What is said of a level's items that were left out goes to `at`. */
static void insert_mark(struct ts_shorten *shorten, const struct level *level, size_t at)
{
	size_t behind = shorten->to->bytes - at;
	bool first = shorten->to->data[at - 1] == '[' || shorten->to->data[at - 1] == '{';
	char mark[64];
	int n = snprintf(mark, sizeof(mark),
			 level->list ? "%s{\"truncated\":%u}%s" : "%s\"truncated\":%u%s",
			 first ? "" : ",", level->dropped,
			 behind && shorten->to->data[at] != ',' ? "," : "");

	ts_buffer_add(shorten->to, mark, (size_t)n);
	if (shorten->to->failed || !behind)
		return;
	memmove(shorten->to->data + at + n, shorten->to->data + at, behind);
	memcpy(shorten->to->data + at, mark, (size_t)n);
}

static void close_level(struct ts_shorten *shorten, char bracket)
{
	struct level *level = &shorten->levels[shorten->top];

	end_item(shorten);
	if (level->tailed)
		trim_tail(shorten, level, tail_bytes(shorten));
	if (level->dropped)
		insert_mark(shorten, level, level->tailed ? level->mark : shorten->to->bytes);
	ts_buffer_add(shorten->to, &bracket, 1);
	shorten->top--;
}

/* --- bytes ----------------------------------------------------------------------------- */

static void add_to_string(struct ts_shorten *shorten, const char *data, size_t bytes)
{
	ts_cut_add(&shorten->string, (struct ts_text){data, bytes});
}

/* A byte of a string that is a value; the scan has taken it. */
static void string_byte(struct ts_shorten *shorten, enum ts_scan_state before, char c)
{
	struct ts_buffer *to = shorten->to;

	if (before == TS_SCAN_STRING && c == '"') {
		shorten->cutting = false;
		ts_cut_print(&shorten->string, to);
		if (to->bytes > shorten->levels[shorten->top].cap)
			overflow(shorten);
		return;
	}
	if (before == TS_SCAN_STRING && c != '\\') {
		add_to_string(shorten, &c, 1);
		return;
	}
	shorten->escape[shorten->escape_bytes++] = c;
	if (shorten->scan.state == TS_SCAN_STRING) {
		add_to_string(shorten, shorten->escape, shorten->escape_bytes);
		shorten->escape_bytes = 0;
	}
}

static void begin_value(struct ts_shorten *shorten, char c)
{
	if (shorten->levels[shorten->top].list || !shorten->top)
		begin_item(shorten);
	if (shorten->skipping)
		return;
	if (c == '{' || c == '[') {
		open_level(shorten, c == '[');
	} else if (c == '"') {
		shorten->cutting = true;
		shorten->escape_bytes = 0;
		ts_cut_reset(&shorten->string);
	} else {
		put(shorten, &c, 1);
	}
}

static bool in_text(enum ts_scan_state state)
{
	return state == TS_SCAN_STRING || state == TS_SCAN_ESCAPE || state == TS_SCAN_HEX;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Whether what is skipped ends before this byte, which the scan has taken. */
static bool ends_skipping(const struct ts_shorten *shorten, const struct ts_scan *before, char c)
{
	return before->depth == shorten->skipping - 1 && !in_text(before->state) &&
	       (c == ',' || c == '}' || c == ']');
}

static void take(struct ts_shorten *shorten, const struct ts_scan *before, char c)
{
	bool begins = before->state == TS_SCAN_VALUE || before->state == TS_SCAN_VALUE_OR_END;

	if (shorten->skipping) {
		if (!ends_skipping(shorten, before, c))
			return;
		shorten->skipping = 0;
	}
	if (shorten->cutting) {
		string_byte(shorten, before->state, c);
	} else if (in_text(before->state)) {
		put(shorten, &c, 1); /* a key */
	} else if (is_space(c)) {
		return;
	} else if (c == '}' || c == ']') {
		close_level(shorten, c);
	} else if (begins) {
		begin_value(shorten, c);
	} else if (c == ',') {
		end_item(shorten);
	} else {
		if (before->state == TS_SCAN_KEY || before->state == TS_SCAN_KEY_OR_END)
			begin_item(shorten);
		if (!shorten->skipping)
			put(shorten, &c, 1);
	}
}

/* The plain characters at `data`, at once. Answers how many there were. */
static size_t take_plain(struct ts_shorten *shorten, const char *data, size_t bytes)
{
	size_t plain = ts_scan_plain(data, bytes);

	if (!plain || shorten->skipping)
		return plain;
	if (shorten->cutting)
		add_to_string(shorten, data, plain);
	else
		put(shorten, data, least(plain, 2 * shorten->bound)); /* longer ones go anyway */
	return plain;
}

bool ts_shorten_add(struct ts_shorten *shorten, const char *data, size_t bytes)
{
	for (size_t at = 0; at < bytes; at++) {
		struct ts_scan before;

		if (shorten->scan.state == TS_SCAN_STRING)
			at += take_plain(shorten, data + at, bytes - at);
		if (at == bytes)
			break;
		before = shorten->scan;
		if (!ts_scan_byte(&shorten->scan, (unsigned char)data[at]))
			return false;
		take(shorten, &before, data[at]);
	}
	return !shorten->to->failed;
}

bool ts_shorten_end(struct ts_shorten *shorten)
{
	return ts_scan_complete(&shorten->scan) && !shorten->to->failed && shorten->to->bytes;
}
