// SPDX-License-Identifier: Apache-2.0
#include "failures.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../text.h"

#define LONG_NUMBER 4

/* --- alike errors -------------------------------------------------------------------------- */

/* A run of ASCII letters, digits, and of what stands inside ids and numbers. */
static size_t word_length(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || (n && text[n] && strchr("-_.:,", text[n])))
		n++;
	while (n && !isalnum((unsigned char)text[n - 1]))
		n--; /* the end of a sentence */
	return n;
}

struct made_of {
	size_t digits, letters, hex_letters, marks;
};

static struct made_of look_at(const char *word, size_t n)
{
	struct made_of made = {0};

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)word[i];

		if (isdigit(c))
			made.digits++;
		else if (isalpha(c))
			made.letters++;
		else
			made.marks++;
		made.hex_letters += isalpha(c) && isxdigit(c);
	}
	return made;
}

/*
 * A number (12, 1.5, 10:22:33, 127.0.0.1:80), hexadecimal (0x1f, a uuid, 8 digits or more), or letters and digits mixed
 * and long, as ids of requests are. "gpt-4o" and "UTF-8" are names.
 */
static bool is_number_or_id(const char *word, size_t n)
{
	struct made_of made = look_at(word, n);

	if (!made.digits)
		return false;
	if (!made.letters)
		return true;
	if (n > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
		return true;
	if (made.letters == made.hex_letters && made.digits + made.letters >= 8)
		return true;
	if (made.digits >= 6 && made.digits >= 4 * made.letters)
		return true; /* 2026-11-20T23:07:31Z */
	return n >= 16 && made.digits >= 4 && made.letters && made.marks <= 1;
}

/* "12ms", "3rd", "512KB": how many characters of number come before the unit; 0: it is no such thing. */
static size_t number_with_unit(const char *word, size_t n)
{
	size_t digits = 0;

	while (digits < n &&
	       (isdigit((unsigned char)word[digits]) || (digits && strchr(".,", word[digits]))))
		digits++;
	if (!digits || digits == n || n - digits > 3)
		return 0;
	for (size_t i = digits; i < n; i++)
		if (!isalpha((unsigned char)word[i]))
			return 0;
	return digits;
}

static bool names_a_number(const char *word, size_t n)
{
	static const char *const names[] = {"HTTP",  "status", "code", "error",
					    "errno", "signal", "exit"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == n && !strncasecmp(word, names[i], n))
			return true;
	return false;
}

struct writer {
	char *to;
	size_t room;
};

static void put(struct writer *writer, const char *text, size_t n)
{
	if (n > writer->room)
		n = writer->room;
	memcpy(writer->to, text, n);
	writer->to += n;
	writer->room -= n;
}

/* A name, of which long numbers are none the less written as "#": port:5432, user_10042. */
static void put_name(struct writer *writer, const char *word, size_t n)
{
	for (size_t i = 0, digits; i < n; i += digits + !digits) {
		for (digits = 0; i + digits < n && isdigit((unsigned char)word[i + digits]);)
			digits++;
		if (digits >= LONG_NUMBER)
			put(writer, "#", 1);
		else
			put(writer, word + i, digits + !digits);
	}
}

/* One word, of which the one before names it or not. */
static void put_word(struct writer *writer, const char *word, size_t n, bool named)
{
	size_t unit = number_with_unit(word, n);

	if (named && n <= 5 && !look_at(word, n).letters)
		put(writer, word, n);
	else if (unit) {
		put(writer, "#", 1);
		put(writer, word + unit, n - unit);
	} else if (is_number_or_id(word, n))
		put(writer, "#", 1);
	else
		put_name(writer, word, n);
}

void ts_failure_normalise(const char *error, char ret[TS_FAILURE_TEXT])
{
	struct writer writer = {ret, TS_FAILURE_TEXT - 1};
	struct ts_text cut;
	bool named = false;

	while (*error && writer.room) {
		size_t n = word_length(error);

		if (n) {
			put_word(&writer, error, n, named);
			/* in "HTTP/1.1 500" it is the version that stands between */
			named = names_a_number(error, n) || (named && memchr(error, '.', n));
		} else {
			/* "error: 5" and "code=5", but not "error (5" */
			named = named && strchr(" :=/", *error);
			put(&writer, error, n = 1);
		}
		error += n;
	}
	cut = (struct ts_text){ret, (size_t)(writer.to - ret)};
	ts_text_trim_end(&cut);
	ret[cut.bytes] = '\0';
}

/* --- groups -------------------------------------------------------------------------------- */

void ts_failures_init(struct ts_failures *failures)
{
	*failures = (struct ts_failures){.others = 0};
	ts_keyed_init(&failures->groups, sizeof(struct ts_failure));
}

void ts_failures_release(struct ts_failures *failures)
{
	ts_keyed_release(&failures->groups);
}

struct adding {
	struct ts_failures *failures;
	const struct ts_trace *trace;
	uint64_t number;
};

static void note_sample(struct ts_failure *failure, const char *error)
{
	size_t n = strlen(failure->sample);
	struct ts_text cut;

	if (failure->calls) {
		/* with the NUL, unless it was cut */
		n += n < TS_FAILURE_TEXT - 4;
		failure->varied |= strncmp(failure->sample, error, n) != 0;
		return;
	}
	snprintf(failure->sample, sizeof(failure->sample), "%s", error);
	cut = (struct ts_text){failure->sample, strlen(failure->sample)};
	ts_text_trim_end(&cut);
	failure->sample[cut.bytes] = '\0';
}

static int add_one(const struct adding *adding, const char *name, const char *error)
{
	struct ts_failures *failures = adding->failures;
	const struct ts_trace *trace = adding->trace;
	char normal[TS_FAILURE_TEXT];
	struct ts_key key = {{name, normal}};
	struct ts_failure *failure;

	ts_failure_normalise(error ? error : "failed", normal);
	if (failures->groups.n >= TS_FAILURE_MOST && !ts_keyed_find(&failures->groups, &key)) {
		failures->others++;
		return 0;
	}
	failure = ts_keyed_get(&failures->groups, &key);
	if (!failure)
		return -ENOMEM;
	note_sample(failure, error ? error : "failed");
	failure->calls++;
	if (failure->last_trace != adding->number) {
		failure->traces++;
		failure->fatal += !trace->success;
	}
	failure->last_trace = adding->number;
	if (failure->calls == 1 || trace->started_us >= failure->latest_us) {
		failure->latest_us = trace->started_us;
		failure->latest = trace->trace_id;
	}
	return 0;
}

/* Did a child of it fail, which lie in [first, end)? */
static bool child_failed(const struct ts_tree *tree, size_t first, size_t end)
{
	for (size_t i = first; i < end; i = tree->nodes[i].end)
		if (!tree->nodes[i].span->success)
			return true;
	return false;
}

int ts_failures_add(struct ts_failures *failures, const struct ts_trace *trace,
		    const struct ts_tree *tree, const char *root, uint64_t number)
{
	struct adding adding = {failures, trace, number};
	int result = 0;

	if (!trace->success && !child_failed(tree, 0, tree->n))
		result = add_one(&adding, root, trace->error);
	for (size_t i = 0; result == 0 && i < tree->n; i++) {
		const struct ts_span *span = tree->nodes[i].span;

		if (!span->success && !child_failed(tree, i + 1, tree->nodes[i].end))
			result = add_one(&adding, span->span_name, span->error);
	}
	return result;
}
