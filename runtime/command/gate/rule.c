// SPDX-License-Identifier: Apache-2.0
#include "rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
static unsigned percent_of(struct ts_gate_word word)
{
	unsigned percent = 0;
	size_t i = 1;

	if (word.n < 5 || word.n > 6 || *word.at != 'p' || word.at[1] == '0')
		return 0;
	for (; i < word.n && word.at[i] >= '0' && word.at[i] <= '9'; i++)
		percent = 10 * percent + (unsigned)(word.at[i] - '0');
	return ts_gate_is((struct ts_gate_word){word.at + i, word.n - i}, "_ms") ? percent : 0;
}

static int take_metric(struct ts_gate_reader *reader, struct ts_gate_word word,
		       struct ts_requirement *ret)
{
	size_t i = ts_gate_find(word, metrics, N_METRICS);

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
	ts_gate_fault_at(
		reader, word.at,
		"unknown figure %s%s; there are traces, errors, error_rate, p95_ms (and its like), "
		"max_ms, "
		"mean_ms, cost_usd, tokens, input_tokens, output_tokens and spans",
		ts_gate_quote(word).text, ts_gate_hint(word, metrics, N_METRICS).text);
	return -EINVAL;
}

static int take_relation(struct ts_gate_reader *reader, struct ts_gate_word word,
			 struct ts_gate_word before, struct ts_requirement *ret)
{
	static const char *const relations[] = {"<=", "<", ">=", ">", "=="};
	const size_t n = sizeof(relations) / sizeof(relations[0]);
	size_t i = ts_gate_find(word, relations, n);

	if (i < n) {
		ret->relation = (enum ts_relation)i;
		return 0;
	}
	ts_gate_fault_at(reader, word.at, "expected <=, <, >=, > or == after %s%s%s",
			 ts_gate_quote(before).text, word.n ? ", not " : "",
			 word.n ? ts_gate_quote(word).text : "");
	return -EINVAL;
}

static int take_limit(struct ts_gate_reader *reader, struct ts_gate_word word,
		      struct ts_requirement *ret)
{
	bool percent = word.n && word.at[word.n - 1] == '%';
	size_t n = word.n - percent, digits = 0, points = 0;
	char text[64];

	for (size_t i = 0; i < n; i++) {
		digits += word.at[i] >= '0' && word.at[i] <= '9';
		points += word.at[i] == '.';
	}
	if (!digits || digits + points != n || points > 1 || n >= sizeof(text)) {
		ts_gate_fault_at(reader, word.at, "expected a number%s%s%s",
				 ret->metric == TS_METRIC_ERROR_RATE ? " or a percentage" : "",
				 word.n ? ", not " : "", word.n ? ts_gate_quote(word).text : "");
		return -EINVAL;
	}
	if (percent && ret->metric != TS_METRIC_ERROR_RATE) {
		ts_gate_fault_at(reader, word.at + n, "'%%' is for error_rate alone");
		return -EINVAL;
	}
	snprintf(text, sizeof(text), "%.*s", (int)n, word.at);
	ret->limit = strtod(text, NULL) / (percent ? 100 : 1);
	if (ret->metric == TS_METRIC_ERROR_RATE && ret->limit == 1 && !percent) {
		ts_gate_fault_at(reader, word.at, "1 of 1 is all of them: write 1%% or 100%%");
		return -EINVAL;
	}
	if (ret->metric != TS_METRIC_ERROR_RATE || ret->limit <= 1)
		return 0;
	ts_gate_fault_at(reader, word.at,
			 "an error_rate is between 0 and 1, or 0%% and 100%%; %s is neither",
			 ts_gate_quote(word).text);
	return -EINVAL;
}

static bool can_be_of_each(const struct ts_requirement *requirement)
{
	return requirement->metric >= TS_METRIC_COST;
}

static int take_end(struct ts_gate_reader *reader, struct ts_gate_word rest,
		    struct ts_requirement *ret)
{
	struct ts_gate_word first = ts_gate_next(&rest), second = ts_gate_next(&rest);

	if (!first.n)
		return 0;
	if (!ts_gate_is(first, "per") || !ts_gate_is(second, "trace") || ts_gate_trim(rest).n) {
		ts_gate_fault_at(reader, first.at,
				 "expected 'per trace' or the end of the line, not %s",
				 ts_gate_quote(first).text);
		return -EINVAL;
	}
	if (!can_be_of_each(ret)) {
		ts_gate_fault_at(reader, first.at, "'per trace' is for cost_usd, tokens and spans");
		return -EINVAL;
	}
	ret->per_trace = true;
	return 0;
}

/* The name of a span, which is KIND:NAME, may follow; of spans it must. */
static int take_span(struct ts_gate_reader *reader, struct ts_gate_word metric,
		     struct ts_gate_word *word, struct ts_gate_word *rest,
		     struct ts_requirement *ret)
{
	bool named = word->n && memchr(word->at, ':', word->n);

	if (named && ret->metric == TS_METRIC_TRACES) {
		ts_gate_fault_at(reader, word->at,
				 "traces are counted as such, not by the name of a span");
		return -EINVAL;
	}
	if (named) {
		ret->span_name = ts_gate_copy(reader, *word);
		*word = ts_gate_next(rest);
		return 0;
	}
	if (ret->metric != TS_METRIC_SPANS)
		return 0;
	ts_gate_fault_at(reader, word->n ? word->at : metric.at + metric.n,
			 "expected the name of a span, as in: spans agent:trainer >= 1");
	return -EINVAL;
}

int ts_gaterule_parse(struct ts_gate_reader *reader, struct ts_gate_word value,
		      struct ts_requirement *ret)
{
	struct ts_gate_word rest = value, metric = ts_gate_next(&rest), word;

	if (take_metric(reader, metric, ret) < 0)
		return -EINVAL;
	word = ts_gate_next(&rest);
	if (take_span(reader, metric, &word, &rest, ret) < 0 ||
	    take_relation(reader, word, ret->span_name ? value : metric, ret) < 0)
		return -EINVAL;
	word = ts_gate_next(&rest);
	if (take_limit(reader, word, ret) < 0)
		return -EINVAL;
	return take_end(reader, rest, ret);
}

const char *ts_gaterule_text(struct ts_gate_reader *reader, struct ts_gate_word value)
{
	char *text = ts_pool_alloc(&reader->file->pool, 2 * value.n + 1);
	size_t n = 0;

	reader->no_memory |= !text;
	if (!text)
		return "";
	for (struct ts_gate_word word = ts_gate_next(&value); word.n; word = ts_gate_next(&value)) {
		if (n)
			text[n++] = ' ';
		memcpy(text + n, word.at, word.n);
		n += word.n;
	}
	text[n] = '\0';
	return text;
}
