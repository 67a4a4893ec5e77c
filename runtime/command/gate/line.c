// SPDX-License-Identifier: Apache-2.0
#include "line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal/guess.h"

/* --- faults ---------------------------------------------------------------------------------- */

void *ts_gate_push(struct ts_gate_reader *reader, void *array_of_pointer, size_t *n, size_t size)
{
	char **array = array_of_pointer;

	if (!(*n & (*n - 1))) {
		char *more = reallocarray(*array, *n ? *n * 2 : 1, size);

		reader->no_memory |= !more;
		if (!more)
			return NULL;
		*array = more;
	}
	return memset(*array + (*n)++ * size, 0, size);
}

void ts_gate_fault_at(struct ts_gate_reader *reader, const char *at, const char *format, ...)
{
	struct ts_gate_file *file = reader->file;
	struct ts_gate_fault *to;
	va_list args;

	if (file->n_faults == TS_GATE_MOST_FAULTS)
		return;
	to = ts_gate_push(reader, &file->faults, &file->n_faults, sizeof(*to));
	if (!to)
		return;
	to->line = reader->number;
	to->column = (unsigned)(at - reader->line) + 1;
	va_start(args, format);
	vsnprintf(to->text, sizeof(to->text), format, args);
	va_end(args);
}

struct ts_gate_quote ts_gate_quote(struct ts_gate_word word)
{
	struct ts_gate_quote quote;

	snprintf(quote.text, sizeof(quote.text), "'%.*s%s'",
		 (int)(word.n < TS_GATE_QUOTED ? word.n : TS_GATE_QUOTED), word.at,
		 word.n > TS_GATE_QUOTED ? "..." : "");
	return quote;
}

struct ts_gate_quote ts_gate_hint(struct ts_gate_word word, const char *const *names, size_t n)
{
	char typed[TS_GATE_QUOTED + 1];
	struct ts_gate_quote hint = {""};
	const char *guess;

	snprintf(typed, sizeof(typed), "%.*s",
		 (int)(word.n < TS_GATE_QUOTED ? word.n : TS_GATE_QUOTED), word.at);
	guess = ts_guess(typed, names, n);
	if (guess)
		snprintf(hint.text, sizeof(hint.text), " (did you mean '%s'?)", guess);
	return hint;
}

/* --- words ----------------------------------------------------------------------------------- */

bool ts_gate_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct ts_gate_word ts_gate_trim(struct ts_gate_word word)
{
	while (word.n && ts_gate_is_space(*word.at)) {
		word.at++;
		word.n--;
	}
	while (word.n && ts_gate_is_space(word.at[word.n - 1]))
		word.n--;
	return word;
}

bool ts_gate_is(struct ts_gate_word word, const char *name)
{
	return strlen(name) == word.n && !memcmp(word.at, name, word.n);
}

size_t ts_gate_find(struct ts_gate_word word, const char *const *names, size_t n)
{
	size_t i = 0;

	while (i < n && !ts_gate_is(word, names[i]))
		i++;
	return i;
}

const char *ts_gate_copy(struct ts_gate_reader *reader, struct ts_gate_word word)
{
	const char *text = ts_pool_strndup(&reader->file->pool, word.at, word.n);

	reader->no_memory |= !text;
	return text ? text : "";
}

struct ts_gate_word ts_gate_next(struct ts_gate_word *rest)
{
	struct ts_gate_word word;
	size_t n = 0;

	*rest = ts_gate_trim(*rest);
	if (rest->n && strchr("<>=", *rest->at))
		while (n < rest->n && strchr("<>=", rest->at[n]))
			n++;
	else
		while (n < rest->n && !ts_gate_is_space(rest->at[n]) && !strchr("<>=", rest->at[n]))
			n++;
	word = (struct ts_gate_word){rest->at, n};
	rest->at += n;
	rest->n -= n;
	return word;
}
