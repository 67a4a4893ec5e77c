// SPDX-License-Identifier: Apache-2.0
#include "gates.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../uuid.h"
#include "../command.h"
#include "../terminal/amount.h"
#include "../terminal/display.h"
#include "../terminal/print.h"

/* --- taking in ------------------------------------------------------------------------------- */

int ts_gates_init(struct ts_gates *gates, const char *path)
{
	struct ts_gate_file *file = &gates->file;
	size_t at = 0;
	int result;

	*gates = (struct ts_gates){.n_findings = 0};
	result = ts_gatefile_read(file, path);
	if (result < 0)
		return result;
	for (size_t i = 0; i < file->n; i++)
		gates->n_findings += file->sections[i].n;
	gates->findings = calloc(gates->n_findings + 1, sizeof(*gates->findings));
	if (!gates->findings) {
		ts_say("out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < file->n; i++)
		for (size_t k = 0; k < file->sections[i].n; k++)
			ts_finding_init(&gates->findings[at++],
					&file->sections[i].rules[k].requirement);
	return 0;
}

void ts_gates_release(struct ts_gates *gates)
{
	for (size_t i = 0; gates->findings && i < gates->n_findings; i++)
		ts_finding_release(&gates->findings[i]);
	free(gates->findings);
	ts_gatefile_release(&gates->file);
}

/* Where the findings of a gate begin. */
static size_t first_of(const struct ts_gates *gates, const struct ts_gate_section *section)
{
	size_t first = 0;

	for (const struct ts_gate_section *at = gates->file.sections; at < section; at++)
		first += at->n;
	return first;
}

uint64_t ts_gates_traces(const struct ts_gates *gates, const struct ts_gate_section *section)
{
	return gates->findings[first_of(gates, section)].traces;
}

int ts_gates_add(void *context, const struct ts_trace *trace, const struct ts_span *spans, size_t n)
{
	struct ts_gates *gates = context;
	struct ts_finding *finding = gates->findings;
	struct ts_tree tree;
	int result = ts_tree_init(&tree, trace, spans, n);

	if (result < 0)
		return result;
	for (size_t i = 0; i < gates->file.n; i++) {
		const struct ts_gate_section *section = &gates->file.sections[i];
		bool meant = !section->pipeline || !strcmp(section->pipeline, trace->pipeline_name);

		for (size_t k = 0; k < section->n; k++, finding++)
			if (result == 0 && meant)
				result = ts_finding_add(finding, trace, &tree);
	}
	ts_tree_release(&tree);
	return result;
}

/* --- judging --------------------------------------------------------------------------------- */

/* "1204 ms", "2.5 %", "$0.031", "3". */
static void put_value(const struct ts_requirement *requirement, double value, char *ret,
		      size_t bytes)
{
	switch (requirement->metric) {
	case TS_METRIC_ERROR_RATE:
		snprintf(ret, bytes, "%s", ts_amount_share(value, 1).text);
		return;
	case TS_METRIC_PERCENTILE:
	case TS_METRIC_MEAN:
		snprintf(ret, bytes, "%.6g ms", value);
		return;
	case TS_METRIC_COST:
		snprintf(ret, bytes, "$%.6g", value);
		return;
	default:
		snprintf(ret, bytes, "%s", ts_amount_count((uint64_t)value).text);
	}
}

static void say_no_data(const struct ts_finding *finding, const struct ts_gate_section *section,
			char *ret, size_t bytes)
{
	if (finding->traces)
		snprintf(ret, bytes, "there is no call of %.60s",
			 finding->requirement->span_name ? finding->requirement->span_name : "it");
	else
		snprintf(ret, bytes, "there is no trace%s%.60s, and without any no gate is passed",
			 section->pipeline ? " of " : "",
			 section->pipeline ? section->pipeline : "");
}

static void say_unknown(const struct ts_finding *finding, const char *value, char *ret,
			size_t bytes)
{
	const char *what =
		finding->requirement->metric == TS_METRIC_COST ? "cost is" : "tokens are";

	if (finding->requirement->per_trace)
		snprintf(ret, bytes, "not known of %s of %s traces: calls whose %s unknown",
			 ts_amount_count(finding->undetermined).text,
			 ts_amount_count(finding->traces).text, what);
	else
		snprintf(ret, bytes, "at least %s, and %s calls whose %s unknown", value,
			 ts_amount_count(finding->sum.unknown).text, what);
}

static void say_found(const struct ts_finding *finding, enum ts_holds holds, const char *value,
		      char *ret, size_t bytes)
{
	const struct ts_requirement *requirement = finding->requirement;
	bool each = requirement->per_trace || requirement->metric == TS_METRIC_SPANS;

	if (each && holds == TS_HOLDS)
		snprintf(ret, bytes, "in each of %s traces", ts_amount_count(finding->traces).text);
	else if (each)
		snprintf(ret, bytes, "not in %s of %s traces, at worst %s",
			 ts_amount_count(finding->violations).text,
			 ts_amount_count(finding->traces).text, value);
	else if (requirement->metric == TS_METRIC_ERROR_RATE)
		snprintf(ret, bytes, "%s, %s of %s", value, ts_amount_count(finding->failed).text,
			 ts_amount_count(finding->n).text);
	else
		snprintf(ret, bytes, "%s", value);
}

struct ts_gate_result ts_gates_judge(struct ts_gates *gates, const struct ts_gate_section *section,
				     size_t rule)
{
	struct ts_finding *finding = &gates->findings[first_of(gates, section) + rule];
	struct ts_gate_result result = {.trace = finding->worst};
	const size_t bytes = sizeof(result.sentence);
	char value[48];

	result.holds = ts_finding_judge(finding, &result.value);
	result.has_trace = (finding->violations || finding->undetermined) &&
			   (result.holds == TS_HOLDS_NOT || result.holds == TS_HOLDS_UNKNOWN);
	put_value(finding->requirement, result.value, value, sizeof(value));
	if (result.holds == TS_HOLDS_NO_DATA)
		say_no_data(finding, section, result.sentence, bytes);
	else if (result.holds == TS_HOLDS_UNKNOWN)
		say_unknown(finding, value, result.sentence, bytes);
	else
		say_found(finding, result.holds, value, result.sentence, bytes);
	return result;
}

bool ts_gates_passes(struct ts_gates *gates, const struct ts_gate_section *section)
{
	bool passes = true;

	for (size_t k = 0; k < section->n; k++)
		passes &= ts_gates_judge(gates, section, k).holds == TS_HOLDS;
	return passes;
}

int ts_gates_status(struct ts_gates *gates)
{
	static const int statuses[] = {TS_EXIT_DONE, TS_EXIT_FAILED, TS_EXIT_BLOCKED};
	int status = TS_EXIT_DONE;

	for (size_t i = 0; i < gates->file.n; i++) {
		const struct ts_gate_section *section = &gates->file.sections[i];

		if (!ts_gates_passes(gates, section) && statuses[section->action] > status)
			status = statuses[section->action];
	}
	return status;
}

/* --- in words -------------------------------------------------------------------------------- */

static void put(FILE *out, const char *text)
{
	ts_display_put(out, text, SIZE_MAX / 2, "");
}

/* Colours are standard output's. */
static const char *style(FILE *out, enum ts_style wanted)
{
	return out == stdout ? ts_style(wanted) : "";
}

static void print_rule(struct ts_gates *gates, const struct ts_gate_section *section, size_t rule,
		       FILE *out)
{
	struct ts_gate_result result = ts_gates_judge(gates, section, rule);
	bool holds = result.holds == TS_HOLDS;
	char id[TS_UUID_TEXT], *text = NULL;

	fprintf(out, "  %s%-5s%s  ", style(out, holds ? TS_STYLE_GOOD : TS_STYLE_BAD),
		holds ? "ok" : "FAILS", style(out, TS_STYLE_PLAIN));
	if (asprintf(&text, "%s: %s", section->rules[rule].text, result.sentence) < 0)
		text = NULL;
	ts_display_wrap(out, text ? text : "", "         ", ts_terminal()->columns);
	free(text);
	if (!result.has_trace)
		return;
	ts_uuid_format(&result.trace, id);
	fprintf(out, "         traceshim show %s\n", id);
}

static const char *verdict_of(const struct ts_gate_section *section, bool passes)
{
	static const char *const failed[] = {"warns", "fails", "blocks the deployment"};

	return passes ? "passes" : failed[section->action];
}

void ts_gates_print(struct ts_gates *gates, FILE *out)
{
	for (size_t i = 0; i < gates->file.n; i++) {
		const struct ts_gate_section *section = &gates->file.sections[i];
		bool passes = ts_gates_passes(gates, section);
		uint64_t traces = ts_gates_traces(gates, section);

		fputs(style(out, TS_STYLE_BOLD), out);
		put(out, section->name);
		fprintf(out, "%s %s%s%s, %s trace%s", style(out, TS_STYLE_PLAIN),
			style(out, passes ? TS_STYLE_GOOD : TS_STYLE_BAD),
			verdict_of(section, passes), style(out, TS_STYLE_PLAIN),
			ts_amount_count(traces).text, traces == 1 ? "" : "s");
		if (section->pipeline) {
			fputs(" of ", out);
			put(out, section->pipeline);
		}
		fputc('\n', out);
		for (size_t k = 0; traces && k < section->n; k++)
			print_rule(gates, section, k, out);
		if (!traces)
			fprintf(out, "  without any trace no gate is passed\n");
	}
}
