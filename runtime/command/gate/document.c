// SPDX-License-Identifier: Apache-2.0
/* Gates for programs: JSON, and JUnit's XML. traceshim-gate(1) is the contract. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#include "../../jsonmember.h"
#include "../../text.h"
#include "../../uuid.h"
#include "../terminal/print.h"
#include "gates.h"

static void add_rule(cJSON *array, struct ts_gates *gates, const struct ts_gate_section *section,
		     size_t rule)
{
	static const char *const words[] = {"holds", "fails", "unknown", "no_data"};
	struct ts_gate_result result = ts_gates_judge(gates, section, rule);
	cJSON *to = ts_member_object(array);

	ts_member_text(to, "require", section->rules[rule].text);
	ts_member_integer(to, "line", section->rules[rule].line);
	cJSON_AddBoolToObject(to, "passed", result.holds == TS_HOLDS);
	ts_member_text(to, "result", words[result.holds]);
	ts_member_number(to, "found", result.value);
	ts_member_text(to, "sentence", result.sentence);
	if (result.has_trace)
		ts_member_uuid(to, "trace_id", &result.trace);
	else
		cJSON_AddNullToObject(to, "trace_id");
}

cJSON *ts_gates_json(struct ts_gates *gates)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *array = cJSON_AddArrayToObject(document, "gates"), *rules;
	bool all = true;

	for (size_t i = 0; i < gates->file.n; i++) {
		const struct ts_gate_section *section = &gates->file.sections[i];
		bool passes = ts_gates_passes(gates, section);
		cJSON *to = ts_member_object(array);

		all &= passes;
		ts_member_text(to, "gate", section->name);
		ts_member_text(to, "pipeline", section->pipeline);
		ts_member_text(to, "action", ts_gate_action_name(section->action));
		ts_member_integer(to, "line", section->line);
		cJSON_AddBoolToObject(to, "passed", passes);
		rules = cJSON_AddArrayToObject(to, "requirements");
		for (size_t k = 0; k < section->n; k++)
			add_rule(rules, gates, section, k);
	}
	cJSON_AddBoolToObject(document, "passed", all);
	ts_member_integer(document, "exit_status", ts_gates_status(gates));
	return document;
}

char *ts_document_gates(struct ts_gates *gates)
{
	return ts_member_finish(ts_gates_json(gates));
}

/* --- XML ------------------------------------------------------------------------------------- */

/* The text of an attribute or an element: what XML has no place for is a question mark. */
static void put_xml(FILE *out, const char *text)
{
	while (*text) {
		size_t n = ts_text_character(text, strnlen(text, 4));

		if (*text == '<' || *text == '>' || *text == '&' || *text == '"')
			fprintf(out, "&#%d;", *text);
		else if (!n || (unsigned char)*text < ' ' || !strncmp(text, "\uFFFE", 3) ||
			 !strncmp(text, "\uFFFF", 3))
			fputc('?', out);
		else
			fwrite(text, 1, n, out);
		text += n ? n : 1;
	}
}

static void put_case(FILE *out, struct ts_gates *gates, const struct ts_gate_section *section,
		     size_t rule)
{
	struct ts_gate_result result = ts_gates_judge(gates, section, rule);
	bool warns = section->action == TS_GATE_WARN;
	char id[TS_UUID_TEXT] = "";

	if (result.has_trace)
		ts_uuid_format(&result.trace, id);
	fputs("    <testcase classname=\"", out);
	put_xml(out, section->name);
	fputs("\" name=\"", out);
	put_xml(out, section->rules[rule].text);
	fputs("\">", out);
	if (result.holds != TS_HOLDS) {
		fprintf(out, warns ? "<system-out>warning: " : "<failure type=\"%s\" message=\"",
			ts_gate_action_name(section->action));
		put_xml(out, result.sentence);
		fprintf(out, "%s%s%s",
			!warns ? "\">"
			: *id  ? " "
			       : "",
			id, warns ? "</system-out>" : "</failure>");
	}
	fputs("</testcase>\n", out);
}

/* Rules that count as failures: those of gates that only warn do not. */
static size_t count_failures(struct ts_gates *gates, const struct ts_gate_section *section)
{
	size_t n = 0;

	for (size_t k = 0; k < section->n && section->action != TS_GATE_WARN; k++)
		n += ts_gates_judge(gates, section, k).holds != TS_HOLDS;
	return n;
}

static void put_suites(FILE *out, struct ts_gates *gates)
{
	size_t failures = 0;

	for (size_t i = 0; i < gates->file.n; i++)
		failures += count_failures(gates, &gates->file.sections[i]);
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites name=\"traceshim gate\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"0\">\n",
		gates->n_findings, failures);
	for (size_t i = 0; i < gates->file.n; i++) {
		const struct ts_gate_section *section = &gates->file.sections[i];

		fputs("  <testsuite name=\"", out);
		put_xml(out, section->name);
		fprintf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n", section->n,
			count_failures(gates, section));
		for (size_t k = 0; k < section->n; k++)
			put_case(out, gates, section, k);
		fputs("  </testsuite>\n", out);
	}
	fputs("</testsuites>\n", out);
}

int ts_gates_write_junit(struct ts_gates *gates, const char *path)
{
	FILE *out = fopen(path, "we");
	bool failed = !out;

	if (out) {
		put_suites(out, gates);
		failed = ferror(out);
		failed |= fclose(out) != 0;
	}
	if (failed)
		ts_say("%s: %s", path, strerror(errno));
	return failed ? -EIO : 0;
}
