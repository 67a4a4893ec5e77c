// SPDX-License-Identifier: Apache-2.0
/*
 * Quotes have depths. In plain JSON a string ends at a quote with an even number of backslashes
 * before it: depth 0. Where that JSON stands inside a JSON string, each of its quotes has got one
 * backslash and each of its backslashes another: its strings end at quotes with 1, 5, 9, ...
 * backslashes. A quote with n backslashes therefore has as its depth the number of trailing one
 * bits of n, and as delimiters quotes of depth d have 2^d - 1 backslashes of their own. A quote of
 * lesser depth ends the string that everything deeper stands in.
 */
#include "redact.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../pool.h"

#define SHOWN     "[redacted]"
#define MAX_DEPTH 7
#define NONE      SIZE_MAX

struct quote {
	size_t at;        /* of the quote character */
	size_t delimiter; /* of the first backslash that belongs to it */
	unsigned depth;
};

/* Where a value ends, and how. */
struct value {
	size_t end;
	bool open; /* an object or array whose end is missing */
};

struct scan {
	const struct ts_redact *redact;
	struct ts_pool *pool;
	struct ts_text in;
	bool begins_unseen; /* a key without an opening quote is one to redact */
	bool ends_open;     /* answer: the text ends where a redacted value goes on */
	char *out;          /* NULL: nothing was replaced yet */
	size_t written;
	size_t copied; /* of `in` */
};

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_space(char c)
{
	return is_one_of(c, " \t\r\n");
}

/* --- stepping through text ------------------------------------------------------------- */

/* The next quote from `at` on. */
static bool next_quote(struct ts_text in, size_t at, struct quote *ret)
{
	const char *found = at < in.bytes ? memchr(in.data + at, '"', in.bytes - at) : NULL;
	size_t n = 0;

	if (!found)
		return false;
	ret->at = (size_t)(found - in.data);
	while (ret->at > n && in.data[ret->at - n - 1] == '\\')
		n++;
	ret->depth = (unsigned)__builtin_ctzll(~(uint64_t)n);
	if (ret->depth > MAX_DEPTH)
		ret->depth = MAX_DEPTH;
	ret->delimiter = ret->at - (((size_t)1 << ret->depth) - 1);
	return true;
}

/* Past white space, escaped white space too, as between the tokens of JSON inside a string. */
static size_t skip_space(struct ts_text in, size_t at)
{
	while (at < in.bytes) {
		size_t next = at;

		if (is_space(in.data[at])) {
			at++;
			continue;
		}
		while (next < in.bytes && in.data[next] == '\\')
			next++;
		if (next == at || next == in.bytes || !is_one_of(in.data[next], "nrt"))
			break;
		at = next + 1;
	}
	return at;
}

/* Where the value of the key that `quote` ends begins; NONE if it ends no key. */
static size_t after_colon(struct ts_text in, const struct quote *quote)
{
	size_t at = skip_space(in, quote->at + 1);

	return at < in.bytes && in.data[at] == ':' ? skip_space(in, at + 1) : NONE;
}

static struct value string_end(struct ts_text in, const struct quote *opening)
{
	struct quote quote = *opening;

	while (next_quote(in, quote.at + 1, &quote)) {
		if (quote.depth == opening->depth)
			return (struct value){quote.at + 1, false};
		if (quote.depth < opening->depth)
			return (struct value){quote.delimiter, false};
	}
	return (struct value){in.bytes, false};
}

/* The end of what opens at `at` with a bracket; its strings have quotes of `depth`. */
static struct value nested_end(struct ts_text in, size_t at, unsigned depth)
{
	char opens = in.data[at], closes = opens == '{' ? '}' : ']';
	bool in_string = false;
	size_t level = 0;

	for (size_t i = at; i < in.bytes; i++) {
		struct quote quote;

		if (in.data[i] == '"' && next_quote(in, i, &quote)) {
			if (quote.depth < depth)
				return (struct value){quote.delimiter, false};
			if (quote.depth == depth)
				in_string = !in_string;
		} else if (!in_string && in.data[i] == opens) {
			level++;
		} else if (!in_string && in.data[i] == closes && --level == 0) {
			return (struct value){i + 1, false};
		}
	}
	return (struct value){in.bytes, true};
}

static struct value literal_end(struct ts_text in, size_t at, unsigned depth)
{
	for (size_t i = at; i < in.bytes; i++) {
		struct quote quote;

		if (is_one_of(in.data[i], ",}]\r\n"))
			return (struct value){i, false};
		if (in.data[i] == '"' && next_quote(in, i, &quote) && quote.depth < depth)
			return (struct value){quote.delimiter, false};
	}
	return (struct value){in.bytes, false};
}

/* The end of the value at `at` of a key with quotes of `depth`. */
static struct value value_end(struct ts_text in, size_t at, unsigned depth)
{
	size_t first = at;
	struct quote quote;

	if (at == in.bytes)
		return (struct value){at, true};
	while (first < in.bytes && in.data[first] == '\\')
		first++;
	if (first < in.bytes && in.data[first] == '"' && next_quote(in, first, &quote)) {
		if (quote.depth < depth)
			return (struct value){at, false};
		return string_end(in, &quote);
	}
	if (in.data[at] == '{' || in.data[at] == '[')
		return nested_end(in, at, depth);
	return literal_end(in, at, depth);
}

/* --- replacing ------------------------------------------------------------------------- */

static void put(struct scan *scan, const char *data, size_t bytes)
{
	memcpy(scan->out + scan->written, data, bytes);
	scan->written += bytes;
}

/*
 * Makes room for the worst case, once: the shortest key with a value, `"k":1`, is five bytes and
 * grows to sixteen.
 */
static int begin_output(struct scan *scan)
{
	if (scan->out)
		return 0;
	if (scan->in.bytes > SIZE_MAX / 8)
		return -ENOMEM;
	scan->out = ts_pool_alloc(scan->pool, 4 * scan->in.bytes + 64);
	return scan->out ? 0 : -ENOMEM;
}

/* Copies up to `begin` and shows in place of [begin, end) that something was there. */
static int replace(struct scan *scan, size_t begin, size_t end, const struct quote *like)
{
	size_t bytes = like ? like->at + 1 - like->delimiter : 0;

	if (begin_output(scan) < 0)
		return -ENOMEM;
	put(scan, scan->in.data + scan->copied, begin - scan->copied);
	put(scan, like ? scan->in.data + like->delimiter : "", bytes);
	put(scan, SHOWN, strlen(SHOWN));
	put(scan, like ? scan->in.data + like->delimiter : "", bytes);
	scan->copied = end;
	return 0;
}

static struct ts_text finish(struct scan *scan)
{
	if (!scan->out)
		return scan->in;
	put(scan, scan->in.data + scan->copied, scan->in.bytes - scan->copied);
	ts_pool_trim(scan->pool, scan->out, scan->written);
	return (struct ts_text){scan->out, scan->written};
}

/* Replaces the values of hidden keys from `at` on. */
static int replace_values(struct scan *scan, size_t at)
{
	size_t opened[MAX_DEPTH + 1]; /* behind the last quote of each depth */
	struct quote quote;

	for (int i = 0; i <= MAX_DEPTH; i++)
		opened[i] = NONE;
	while (next_quote(scan->in, at, &quote)) {
		size_t key = NONE, value = after_colon(scan->in, &quote);
		struct value end;

		for (unsigned i = 0; i <= quote.depth; i++) {
			if (opened[i] != NONE && (key == NONE || opened[i] > key))
				key = opened[i];
		}
		opened[quote.depth] = at = quote.at + 1;
		if (value == NONE || (key == NONE && !scan->begins_unseen))
			continue;
		if (key != NONE &&
		    !ts_redact_hides(scan->redact,
				     (struct ts_text){scan->in.data + key, quote.delimiter - key}))
			continue;
		end = value_end(scan->in, value, quote.depth);
		scan->ends_open |= end.open;
		if (end.end > value && replace(scan, value, end.end, &quote) < 0)
			return -ENOMEM;
		at = end.end > at ? end.end : at;
	}
	return 0;
}

int ts_redact_text(const struct ts_redact *redact, struct ts_pool *pool, struct ts_text *text)
{
	struct scan scan = {.redact = redact, .pool = pool, .in = *text};
	int result = redact ? replace_values(&scan, 0) : 0;

	if (!result)
		*text = finish(&scan);
	return result;
}

/* --- the two ends of a cut text -------------------------------------------------------- */

static bool begins_as_json(struct ts_text in)
{
	size_t at = skip_space(in, 0), next;

	if (at == in.bytes || !is_one_of(in.data[at], "{[\""))
		return false;
	next = skip_space(in, at + 1);
	if (next == in.bytes)
		return true;
	if (in.data[at] == '{')
		return in.data[next] == '"' || in.data[next] == '\\' || in.data[next] == '}';
	return is_one_of(in.data[next], in.data[at] == '[' ? "{[\"\\]" : "{[");
}

static bool has_key(struct ts_text in)
{
	struct quote quote;

	for (size_t at = 0; next_quote(in, at, &quote); at = quote.at + 1) {
		if (after_colon(in, &quote) != NONE)
			return true;
	}
	return false;
}

/*
 * The first quote of depth 0 that is certain. One whose backslashes reach back to the cut is not,
 * for there may have been more of them.
 */
static bool first_certain_quote(struct ts_text in, struct quote *ret)
{
	size_t at = 0;

	while (next_quote(in, at, ret)) {
		size_t before = ret->at;

		while (before && in.data[before - 1] == '\\')
			before--;
		if (before && ret->depth == 0)
			return true;
		at = ret->at + 1;
	}
	return false;
}

/* Whether the quote begins a string: what stands before says so, nothing behind forbids it. */
static bool is_opening(struct ts_text in, const struct quote *quote)
{
	size_t next = skip_space(in, quote->at + 1), before = quote->at;

	if (next == in.bytes || is_one_of(in.data[next], ",:}]"))
		return false;
	while (before && is_space(in.data[before - 1]))
		before--;
	return !before || is_one_of(in.data[before - 1], "{[,:");
}

/*
 * Replaces what stands before the first token of the tail that is whole, and the value of a key
 * whose name was lost with the middle. Answers where to go on, or NONE if no memory.
 */
static size_t replace_beginning(struct scan *scan)
{
	struct ts_text in = scan->in;
	size_t first = skip_space(in, 0), at = first;
	struct quote quote;

	if (!first_certain_quote(in, &quote)) {
		at = in.bytes;
	} else if (!is_opening(in, &quote)) {
		at = quote.delimiter;
	} else {
		while (at < quote.at && !is_one_of(in.data[at], ",:}]"))
			at++;
		if (in.data[at] == ':')
			at = value_end(in, skip_space(in, at + 1), 0).end;
		else if (at == quote.at)
			at = value_end(in, first, 0).end;
	}
	if (at > first && replace(scan, first, at, NULL) < 0)
		return NONE;
	return at;
}

int ts_redact_cut(const struct ts_redact *redact, struct ts_pool *pool, struct ts_text *head,
		  struct ts_text *tail)
{
	struct scan first = {.redact = redact, .pool = pool, .in = *head};
	struct scan last = {.redact = redact, .pool = pool, .in = *tail, .begins_unseen = true};
	size_t at = tail->bytes;

	if (!redact || !(begins_as_json(*head) || has_key(*head) || has_key(*tail)))
		return 0;
	if (replace_values(&first, 0) < 0)
		return -ENOMEM;
	*head = finish(&first);
	if (!first.ends_open)
		at = replace_beginning(&last);
	else if (at && replace(&last, 0, at, NULL) < 0)
		at = NONE;
	if (at == NONE || replace_values(&last, at) < 0)
		return -ENOMEM;
	*tail = finish(&last);
	return 0;
}
