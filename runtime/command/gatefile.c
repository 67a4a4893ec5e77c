// SPDX-License-Identifier: Apache-2.0
#include "gatefile.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "display.h"
#include "guess.h"
#include "print.h"

#define MOST_FAULTS 20
#define MOST_BYTES  (1024 * 1024)
#define QUOTED      40 /* bytes of the file that a sentence repeats */

static const char *const actions[] = {"warn", "fail", "block-deploy"};

const char *ts_gate_action_name(enum ts_gate_action action)
{
	return actions[action];
}

/* A stretch of a line, without spaces around it. */
struct word {
	const char *at;
	size_t n;
};

struct reader {
	struct ts_gate_file *file;
	const char *line; /* where it begins */
	unsigned number;
	bool no_memory;
	/* of the section */
	bool has_pipeline, has_action;
	bool skips; /* a section that is none: its lines say nothing of their own */
};

/* --- faults ---------------------------------------------------------------------------------- */

/* Grows an array by one element, zeroed; NULL where memory ran out. */
static void *push(struct reader *reader, void *array_of_pointer, size_t *n, size_t size)
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

__attribute__((format(printf, 3, 4))) static void fault(struct reader *reader, const char *at,
							const char *format, ...)
{
	struct ts_gate_file *file = reader->file;
	struct ts_gate_fault *to;
	va_list args;

	if (file->n_faults == MOST_FAULTS)
		return;
	to = push(reader, &file->faults, &file->n_faults, sizeof(*to));
	if (!to)
		return;
	to->line = reader->number;
	to->column = (unsigned)(at - reader->line) + 1;
	va_start(args, format);
	vsnprintf(to->text, sizeof(to->text), format, args);
	va_end(args);
}

/* What the file says, cut where it is long. */
struct quote {
	char text[QUOTED + 8];
};

static struct quote quote(struct word word)
{
	struct quote quote;

	snprintf(quote.text, sizeof(quote.text), "'%.*s%s'",
		 (int)(word.n < QUOTED ? word.n : QUOTED), word.at, word.n > QUOTED ? "..." : "");
	return quote;
}

/* " (did you mean 'pipeline'?)", or nothing. */
static struct quote hint(struct word word, const char *const *names, size_t n)
{
	char typed[QUOTED + 1];
	struct quote hint = {""};
	const char *guess;

	snprintf(typed, sizeof(typed), "%.*s", (int)(word.n < QUOTED ? word.n : QUOTED), word.at);
	guess = ts_guess(typed, names, n);
	if (guess)
		snprintf(hint.text, sizeof(hint.text), " (did you mean '%s'?)", guess);
	return hint;
}

/* --- words ----------------------------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct word trim(struct word word)
{
	while (word.n && is_space(*word.at)) {
		word.at++;
		word.n--;
	}
	while (word.n && is_space(word.at[word.n - 1]))
		word.n--;
	return word;
}

static bool is(struct word word, const char *name)
{
	return strlen(name) == word.n && !memcmp(word.at, name, word.n);
}

/* Which of n names; n: none of them. */
static size_t find(struct word word, const char *const *names, size_t n)
{
	size_t i = 0;

	while (i < n && !is(word, names[i]))
		i++;
	return i;
}

static const char *copy(struct reader *reader, struct word word)
{
	const char *text = ts_pool_strndup(&reader->file->pool, word.at, word.n);

	reader->no_memory |= !text;
	return text ? text : "";
}

/* A comment begins at the start of a line, or after a space. */
static struct word without_comment(struct word line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.at[i] == '#' && (!i || is_space(line.at[i - 1])))
			line.n = i;
	return trim(line);
}

/* The next word of a requirement: relations are words of their own, spaces or not. Empty at the end. */
static struct word next_word(struct word *rest)
{
	struct word word;
	size_t n = 0;

	*rest = trim(*rest);
	if (rest->n && strchr("<>=", *rest->at))
		while (n < rest->n && strchr("<>=", rest->at[n]))
			n++;
	else
		while (n < rest->n && !is_space(rest->at[n]) && !strchr("<>=", rest->at[n]))
			n++;
	word = (struct word){rest->at, n};
	rest->at += n;
	rest->n -= n;
	return word;
}

/* --- requirements ---------------------------------------------------------------------------- */

static const char *const metrics[] = {
	"traces",  "errors",   "error_rate", "p50_ms",       "p95_ms",        "p99_ms", "max_ms",
	"mean_ms", "cost_usd", "tokens",     "input_tokens", "output_tokens", "spans",
};

static const struct {
	enum ts_metric metric;
	unsigned percent;
} meanings[] = {
	{TS_METRIC_TRACES, 0},       {TS_METRIC_ERRORS, 0},       {TS_METRIC_ERROR_RATE, 0},
	{TS_METRIC_PERCENTILE, 50},  {TS_METRIC_PERCENTILE, 95},  {TS_METRIC_PERCENTILE, 99},
	{TS_METRIC_PERCENTILE, 100}, {TS_METRIC_MEAN, 0},         {TS_METRIC_COST, 0},
	{TS_METRIC_TOKENS, 0},       {TS_METRIC_INPUT_TOKENS, 0}, {TS_METRIC_OUTPUT_TOKENS, 0},
	{TS_METRIC_SPANS, 0},
};

#define N_METRICS (sizeof(metrics) / sizeof(metrics[0]))

/* p1_ms to p99_ms; 0: it is no such thing. */
static unsigned percent_of(struct word word)
{
	unsigned percent = 0;
	size_t i = 1;

	if (word.n < 5 || word.n > 6 || *word.at != 'p' || word.at[1] == '0')
		return 0;
	for (; i < word.n && word.at[i] >= '0' && word.at[i] <= '9'; i++)
		percent = 10 * percent + (unsigned)(word.at[i] - '0');
	return is((struct word){word.at + i, word.n - i}, "_ms") ? percent : 0;
}

static int take_metric(struct reader *reader, struct word word, struct ts_requirement *ret)
{
	size_t i = find(word, metrics, N_METRICS);

	ret->percent = percent_of(word);
	if (ret->percent) {
		ret->metric = TS_METRIC_PERCENTILE;
		return 0;
	}
	if (i < N_METRICS) {
		ret->metric = meanings[i].metric;
		ret->percent = meanings[i].percent;
		return 0;
	}
	fault(reader, word.at,
	      "unknown figure %s%s; there are traces, errors, error_rate, p95_ms (and its like), "
	      "max_ms, "
	      "mean_ms, cost_usd, tokens, input_tokens, output_tokens and spans",
	      quote(word).text, hint(word, metrics, N_METRICS).text);
	return -EINVAL;
}

static int take_relation(struct reader *reader, struct word word, struct word before,
			 struct ts_requirement *ret)
{
	static const char *const relations[] = {"<=", "<", ">=", ">", "=="};
	const size_t n = sizeof(relations) / sizeof(relations[0]);
	size_t i = find(word, relations, n);

	if (i < n) {
		ret->relation = (enum ts_relation)i;
		return 0;
	}
	fault(reader, word.at, "expected <=, <, >=, > or == after %s%s%s", quote(before).text,
	      word.n ? ", not " : "", word.n ? quote(word).text : "");
	return -EINVAL;
}

static int take_limit(struct reader *reader, struct word word, struct ts_requirement *ret)
{
	bool percent = word.n && word.at[word.n - 1] == '%';
	size_t n = word.n - percent, digits = 0, points = 0;
	char text[64];

	for (size_t i = 0; i < n; i++) {
		digits += word.at[i] >= '0' && word.at[i] <= '9';
		points += word.at[i] == '.';
	}
	if (!digits || digits + points != n || points > 1 || n >= sizeof(text)) {
		fault(reader, word.at, "expected a number%s%s%s",
		      ret->metric == TS_METRIC_ERROR_RATE ? " or a percentage" : "",
		      word.n ? ", not " : "", word.n ? quote(word).text : "");
		return -EINVAL;
	}
	if (percent && ret->metric != TS_METRIC_ERROR_RATE) {
		fault(reader, word.at + n, "'%%' is for error_rate alone");
		return -EINVAL;
	}
	snprintf(text, sizeof(text), "%.*s", (int)n, word.at);
	ret->limit = strtod(text, NULL) / (percent ? 100 : 1);
	if (ret->metric != TS_METRIC_ERROR_RATE || ret->limit <= 1)
		return 0;
	fault(reader, word.at, "an error_rate is between 0 and 1, or 0%% and 100%%; %s is neither",
	      quote(word).text);
	return -EINVAL;
}

static bool can_be_of_each(const struct ts_requirement *requirement)
{
	return requirement->metric >= TS_METRIC_COST;
}

static int take_end(struct reader *reader, struct word rest, struct ts_requirement *ret)
{
	struct word first = next_word(&rest), second = next_word(&rest);

	if (!first.n)
		return 0;
	if (!is(first, "per") || !is(second, "trace") || trim(rest).n) {
		fault(reader, first.at, "expected 'per trace' or the end of the line, not %s",
		      quote(first).text);
		return -EINVAL;
	}
	if (!can_be_of_each(ret)) {
		fault(reader, first.at, "'per trace' is for cost_usd, tokens and spans");
		return -EINVAL;
	}
	ret->per_trace = true;
	return 0;
}

/* The name of a span, which is KIND:NAME, may follow; of spans it must. */
static int take_span(struct reader *reader, struct word metric, struct word *word,
		     struct word *rest, struct ts_requirement *ret)
{
	bool named = word->n && memchr(word->at, ':', word->n);

	if (named && ret->metric == TS_METRIC_TRACES) {
		fault(reader, word->at, "traces are counted as such, not by the name of a span");
		return -EINVAL;
	}
	if (named) {
		ret->span_name = copy(reader, *word);
		*word = next_word(rest);
		return 0;
	}
	if (ret->metric != TS_METRIC_SPANS)
		return 0;
	fault(reader, word->n ? word->at : metric.at + metric.n,
	      "expected the name of a span, as in: spans agent:trainer >= 1");
	return -EINVAL;
}

static int parse_requirement(struct reader *reader, struct word value, struct ts_requirement *ret)
{
	struct word rest = value, metric = next_word(&rest), word;

	if (take_metric(reader, metric, ret) < 0)
		return -EINVAL;
	word = next_word(&rest);
	if (take_span(reader, metric, &word, &rest, ret) < 0 ||
	    take_relation(reader, word, ret->span_name ? value : metric, ret) < 0)
		return -EINVAL;
	word = next_word(&rest);
	if (take_limit(reader, word, ret) < 0)
		return -EINVAL;
	return take_end(reader, rest, ret);
}

/* As it is told of again: one space between two words. */
static const char *tidy(struct reader *reader, struct word value)
{
	char *text = ts_pool_alloc(&reader->file->pool, 2 * value.n + 1);
	size_t n = 0;

	reader->no_memory |= !text;
	if (!text)
		return "";
	for (struct word word = next_word(&value); word.n; word = next_word(&value)) {
		if (n)
			text[n++] = ' ';
		memcpy(text + n, word.at, word.n);
		n += word.n;
	}
	text[n] = '\0';
	return text;
}

/* --- lines ----------------------------------------------------------------------------------- */

static struct ts_gate_section *section_of(const struct reader *reader)
{
	return reader->file->n ? &reader->file->sections[reader->file->n - 1] : NULL;
}

/* What a section must have is known at its end. */
static void end_section(struct reader *reader)
{
	const struct ts_gate_section *section = section_of(reader);
	unsigned number = reader->number;

	if (!section || section->n || reader->skips || reader->file->n_faults)
		return;
	reader->number = section->line;
	fault(reader, reader->line, "gate '%.*s' requires nothing: require = p95_ms <= 1500",
	      QUOTED, section->name);
	reader->number = number;
}

static void begin_section(struct reader *reader, struct word line)
{
	static const char *const gate = "gate";
	struct word inside = {line.at + 1, line.n - 1}, kind, name;
	struct ts_gate_section *section;

	end_section(reader);
	reader->skips = true;
	if (line.at[line.n - 1] != ']') {
		fault(reader, line.at + line.n, "expected ']' at the end of the section's name");
		return;
	}
	inside.n--;
	name = trim(inside);
	kind = next_word(&name);
	name = trim(name);
	if (!is(kind, gate)) {
		fault(reader, kind.at, "unknown section %s%s; a section is [gate NAME]",
		      quote(kind).text, hint(kind, &gate, 1).text);
		return;
	}
	if (!name.n) {
		fault(reader, kind.at + kind.n, "expected a name: [gate NAME]");
		return;
	}
	for (size_t i = 0; i < reader->file->n; i++)
		if (is(name, reader->file->sections[i].name)) {
			fault(reader, name.at, "there is a gate %s already, in line %u",
			      quote(name).text, reader->file->sections[i].line);
			return;
		}
	section = push(reader, &reader->file->sections, &reader->file->n, sizeof(*section));
	if (!section)
		return;
	section->name = copy(reader, name);
	section->action = TS_GATE_FAIL;
	section->line = reader->number;
	reader->skips = reader->has_pipeline = reader->has_action = false;
}

static void take_require(struct reader *reader, struct word value)
{
	struct ts_gate_section *section = section_of(reader);
	struct ts_requirement requirement = {.percent = 0};
	struct ts_gate_rule *rule;

	if (parse_requirement(reader, value, &requirement) < 0)
		return;
	rule = push(reader, &section->rules, &section->n, sizeof(*rule));
	if (!rule)
		return;
	rule->requirement = requirement;
	rule->text = tidy(reader, value);
	rule->line = reader->number;
}

static void take_action(struct reader *reader, struct word value)
{
	const size_t n = sizeof(actions) / sizeof(actions[0]);
	size_t i = find(value, actions, n);

	if (i < n)
		section_of(reader)->action = (enum ts_gate_action)i;
	else
		fault(reader, value.at,
		      "unknown action %s%s; there are warn, fail and block-deploy",
		      quote(value).text, hint(value, actions, n).text);
}

/* A key that may stand in a section but once. */
static bool is_first(struct reader *reader, struct word key, bool *seen)
{
	if (*seen)
		fault(reader, key.at, "%s is given twice in this section", quote(key).text);
	return !*seen && (*seen = true);
}

static void take_pair(struct reader *reader, struct word key, struct word value)
{
	static const char *const keys[] = {"pipeline", "require", "action"};

	if (find(key, keys, 3) == 3)
		fault(reader, key.at, "unknown key %s%s; there are pipeline, require and action",
		      quote(key).text, hint(key, keys, 3).text);
	else if (!value.n)
		fault(reader, key.at + key.n, "expected a value: %.*s = ...", (int)key.n, key.at);
	else if (is(key, "require"))
		take_require(reader, value);
	else if (is(key, "action") && is_first(reader, key, &reader->has_action))
		take_action(reader, value);
	else if (is(key, "pipeline") && is_first(reader, key, &reader->has_pipeline))
		section_of(reader)->pipeline = copy(reader, value);
}

static void take_line(struct reader *reader, struct word line)
{
	const char *equals;

	line = without_comment(line);
	if (!line.n)
		return;
	if (*line.at == '[') {
		begin_section(reader, line);
		return;
	}
	if (reader->skips)
		return;
	equals = memchr(line.at, '=', line.n);
	if (!section_of(reader)) {
		fault(reader, line.at, "expected a section before this: [gate NAME]");
		reader->skips = true;
	} else if (!equals) {
		fault(reader, line.at, "expected KEY = VALUE, not %s", quote(line).text);
	} else {
		take_pair(reader, trim((struct word){line.at, (size_t)(equals - line.at)}),
			  trim((struct word){equals + 1, (size_t)(line.at + line.n - equals) - 1}));
	}
}

int ts_gatefile_parse(struct ts_gate_file *ret, const char *text, size_t bytes)
{
	struct reader reader = {.file = ret, .line = text};
	const char *end = text + bytes;

	*ret = (struct ts_gate_file){.n = 0};
	while (reader.line < end) {
		const char *line_end = memchr(reader.line, '\n', (size_t)(end - reader.line));
		size_t n = (size_t)((line_end ? line_end : end) - reader.line);

		reader.number++;
		if (memchr(reader.line, '\0', n))
			fault(&reader, memchr(reader.line, '\0', n), "a NUL: this is no text");
		else
			take_line(&reader, (struct word){reader.line, n});
		reader.line += n + 1;
	}
	reader.line = text;
	end_section(&reader);
	if (!ret->n && !ret->n_faults) {
		reader.number = 1;
		fault(&reader, text, "there is no gate in it: [gate NAME]");
	}
	return reader.no_memory ? -ENOMEM : 0;
}

/* --- files ----------------------------------------------------------------------------------- */

/* All of it; NULL with the reason said. */
static char *read_all(const char *path, size_t *ret_bytes)
{
	FILE *from = fopen(path, "re");
	char *text = malloc(MOST_BYTES + 1);

	errno = from ? 0 : errno;
	*ret_bytes = from && text ? fread(text, 1, MOST_BYTES + 1, from) : 0;
	if (!from || !text || ferror(from))
		ts_say("%s: %s", path, strerror(errno ? errno : ENOMEM));
	else if (*ret_bytes > MOST_BYTES)
		ts_say("%s: longer than 1 MB, which no file of gates is", path);
	else {
		fclose(from);
		return text;
	}
	if (from)
		fclose(from);
	free(text);
	return NULL;
}

/* As compilers do, so that an editor finds the place. */
static void say_fault(const char *path, const struct ts_gate_fault *fault)
{
	ts_display_put(stderr, path, PATH_MAX, "");
	fprintf(stderr, ":%u:%u: ", fault->line, fault->column);
	ts_display_put(stderr, fault->text, sizeof(fault->text) * 4, "");
	fputc('\n', stderr);
}

int ts_gatefile_read(struct ts_gate_file *ret, const char *path)
{
	size_t bytes;
	char *text = read_all(path, &bytes);
	int result;

	*ret = (struct ts_gate_file){.n = 0};
	if (!text)
		return -EINVAL;
	result = ts_gatefile_parse(ret, text, bytes);
	free(text);
	if (result < 0)
		ts_say("out of memory");
	for (size_t i = 0; i < ret->n_faults; i++)
		say_fault(path, &ret->faults[i]);
	return result < 0 ? result : ret->n_faults ? -EINVAL : 0;
}

void ts_gatefile_release(struct ts_gate_file *file)
{
	for (size_t i = 0; i < file->n; i++)
		free(file->sections[i].rules);
	free(file->sections);
	free(file->faults);
	ts_pool_release(&file->pool);
}
