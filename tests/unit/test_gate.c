// SPDX-License-Identifier: Apache-2.0
/* Files of gates, what is wrong with them and where; and whether requirements hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <cmocka.h>

#include "report_fixture.h"
#include "runtime/report/requirement.h"

#include "../../runtime/command/terminal/display.c"
#include "../../runtime/command/terminal/guess.c"
#include "../../runtime/command/gate/file.c"
#include "../../runtime/command/gate/line.c"
#include "../../runtime/command/gate/rule.c"

/* --- files ----------------------------------------------------------------------------------- */

void ts_say(const char *format, ...)
{
	fail_msg("%s", format);
}

static struct ts_gate_file parse(const char *text)
{
	struct ts_gate_file file;

	assert_int_equal(ts_gatefile_parse(&file, text, strlen(text)), 0);
	return file;
}

static void a_file(void **state)
{
	struct ts_gate_file file = parse("# before a release\n"
					 "\n"
					 "[gate learn is fast]   # quick\n"
					 "pipeline = le#arn\n"
					 "require=p95_ms<=1500\n"
					 "\trequire  =  error_rate   <  1%   # one in a hundred\r\n"
					 "require = spans agent:trainer >= 1\n"
					 "require = cost_usd <= 0.02 per trace\n"
					 "require = max_ms tool:sql == 3.5\n"
					 "action = block-deploy\n"
					 "[ gate  b ]\n"
					 "require = p7_ms > 0.25");
	const struct ts_gate_section *gate = &file.sections[0];
	static const struct ts_requirement wanted[] = {
		{TS_METRIC_PERCENTILE, 95, NULL, TS_AT_MOST, 1500, false},
		{TS_METRIC_ERROR_RATE, 0, NULL, TS_LESS, 0.01, false},
		{TS_METRIC_SPANS, 0, "agent:trainer", TS_AT_LEAST, 1, false},
		{TS_METRIC_COST, 0, NULL, TS_AT_MOST, 0.02, true},
		{TS_METRIC_PERCENTILE, 100, "tool:sql", TS_EQUAL, 3.5, false},
	};

	(void)state;
	assert_int_equal(file.n_faults, 0);
	assert_int_equal(file.n, 2);
	assert_string_equal(gate->name, "learn is fast");
	assert_string_equal(gate->pipeline, "le#arn");
	assert_int_equal(gate->action, TS_GATE_BLOCK);
	assert_int_equal(gate->line, 3);
	assert_int_equal(gate->n, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct ts_requirement *it = &gate->rules[i].requirement;

		assert_int_equal(it->metric, wanted[i].metric);
		assert_int_equal(it->percent, wanted[i].percent);
		assert_int_equal(it->relation, wanted[i].relation);
		assert_true(it->limit == wanted[i].limit);
		assert_int_equal(it->per_trace, wanted[i].per_trace);
		assert_int_equal(it->span_name != NULL, wanted[i].span_name != NULL);
		if (it->span_name)
			assert_string_equal(it->span_name, wanted[i].span_name);
	}
	assert_string_equal(gate->rules[0].text, "p95_ms <= 1500");
	assert_string_equal(gate->rules[1].text, "error_rate < 1%");
	assert_int_equal(gate->rules[1].line, 6);
	assert_string_equal(file.sections[1].name, "b");
	assert_int_equal(file.sections[1].action, TS_GATE_FAIL);
	assert_null(file.sections[1].pipeline);
	assert_int_equal(file.sections[1].rules[0].requirement.percent, 7);
	ts_gatefile_release(&file);
}

static void faults(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
		const char *says;
	} cases[] = {
		{"", 1, 1, "there is no gate in it"},
		{"# only a comment\n", 1, 1, "there is no gate in it"},
		{"require = p95_ms <= 1\n", 1, 1, "expected a section before this"},
		{"[gaet x]\nrequire = nonsense\n", 1, 2,
		 "unknown section 'gaet' (did you mean 'gate'?)"},
		{"\n[gate]\n", 2, 6, "expected a name"},
		{"[gate x\n", 1, 8, "expected ']'"},
		{"[gate x]\n", 1, 1, "gate 'x' requires nothing"},
		{"[gate x]\nrequire = traces > 1\n[gate x]\n", 3, 7,
		 "there is a gate 'x' already, in line 1"},
		{"[gate x]\n  pipline = a\n", 2, 3,
		 "unknown key 'pipline' (did you mean 'pipeline'?)"},
		{"[gate x]\nnonsense\n", 2, 1, "expected KEY = VALUE, not 'nonsense'"},
		{"[gate x]\npipeline =\n", 2, 9, "expected a value: pipeline = ..."},
		{"[gate x]\npipeline = a\npipeline = b\n", 3, 1, "'pipeline' is given twice"},
		{"[gate x]\naction = warn\naction = fail\n", 3, 1, "'action' is given twice"},
		{"[gate x]\naction = blockdeploy\n", 2, 10, "(did you mean 'block-deploy'?)"},
		{"[gate x]\nrequire = p95ms <= 1\n", 2, 11,
		 "unknown figure 'p95ms' (did you mean 'p95_ms'?)"},
		{"[gate x]\nrequire = p100_ms <= 1\n", 2, 11, "unknown figure 'p100_ms'"},
		{"[gate x]\nrequire = p0_ms <= 1\n", 2, 11, "unknown figure 'p0_ms'"},
		{"[gate x]\nrequire = p95_ms\n", 2, 17,
		 "expected <=, <, >=, > or == after 'p95_ms'"},
		{"[gate x]\nrequire = p95_ms = 1\n", 2, 18, "after 'p95_ms', not '='"},
		{"[gate x]\nrequire = p95_ms => 1\n", 2, 18, "after 'p95_ms', not '=>'"},
		{"[gate x]\nrequire = p95_ms llm <= 1\n", 2, 18, "after 'p95_ms', not 'llm'"},
		{"[gate x]\nrequire = p95_ms <=\n", 2, 20, "expected a number"},
		{"[gate x]\nrequire = p95_ms <= fast\n", 2, 21, "expected a number, not 'fast'"},
		{"[gate x]\nrequire = p95_ms <= -1\n", 2, 21, "expected a number, not '-1'"},
		{"[gate x]\nrequire = p95_ms <= 1.2.3\n", 2, 21, "expected a number"},
		{"[gate x]\nrequire = p95_ms <= 1e3\n", 2, 21, "expected a number"},
		{"[gate x]\nrequire = p95_ms <= inf\n", 2, 21, "expected a number"},
		{"[gate x]\nrequire = p95_ms <= .\n", 2, 21, "expected a number"},
		{"[gate x]\nrequire = error_rate <= %\n", 2, 25,
		 "expected a number or a percentage"},
		{"[gate x]\nrequire = p95_ms <= 1%\n", 2, 22, "'%' is for error_rate alone"},
		{"[gate x]\nrequire = error_rate <= 101%\n", 2, 25,
		 "between 0 and 1, or 0% and 100%"},
		{"[gate x]\nrequire = error_rate < 1\n", 2, 24, "write 1% or 100%"},
		{"[gate x]\nrequire = spans >= 1\n", 2, 17, "expected the name of a span"},
		{"[gate x]\nrequire = spans trainer >= 1\n", 2, 17, "expected the name of a span"},
		{"[gate x]\nrequire = traces llm:x >= 1\n", 2, 18, "traces are counted as such"},
		{"[gate x]\nrequire = tokens <= 1 per call\n", 2, 23,
		 "expected 'per trace' or the end"},
		{"[gate x]\nrequire = tokens <= 1 per trace now\n", 2, 23, "expected 'per trace'"},
		{"[gate x]\nrequire = p95_ms <= 1 per trace\n", 2, 23, "'per trace' is for"},
		{"[gate x]\nrequire = p95_ms <= 1 2\n", 2, 23, "not '2'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ts_gate_file file = parse(cases[i].text);

		if (file.n_faults != 1 || file.faults[0].line != cases[i].line ||
		    file.faults[0].column != cases[i].column ||
		    !strstr(file.faults[0].text, cases[i].says))
			fail_msg("\"%s\": %zu faults, %u:%u: %s", cases[i].text, file.n_faults,
				 file.n_faults ? file.faults[0].line : 0,
				 file.n_faults ? file.faults[0].column : 0,
				 file.n_faults ? file.faults[0].text : "");
		ts_gatefile_release(&file);
	}
}

static void each_line_its_fault(void **state)
{
	char text[4000] = "[gate x]\n";
	struct ts_gate_file file =
		parse("[gate x]\nreqire = 1\nrequire = p95_ms < x\naction = no\n");

	(void)state;
	assert_int_equal(file.n_faults, 3);
	assert_int_equal(file.faults[2].line, 4);
	ts_gatefile_release(&file);
	for (int i = 0; i < 100; i++)
		strcat(text, "nonsense\n");
	file = parse(text);
	assert_int_equal(file.n_faults, TS_GATE_MOST_FAULTS);
	ts_gatefile_release(&file);
	/* what is no text, or has no end */
	assert_int_equal(ts_gatefile_parse(&file, "[gate x]\na\0b\n", 13), 0);
	assert_int_equal(file.faults[0].column, 2);
	ts_gatefile_release(&file);
}

/* --- requirements ---------------------------------------------------------------------------- */

static enum ts_holds judge(struct ts_requirement requirement, const struct ts_trace *traces,
			   size_t n, const struct ts_span *spans, size_t n_spans, double *ret_value)
{
	struct ts_finding finding;
	enum ts_holds holds;

	ts_finding_init(&finding, &requirement);
	for (size_t i = 0; i < n; i++) {
		/* the first has all spans, the others none */
		struct ts_tree tree = tree_of(&traces[i], spans, i ? 0 : n_spans);

		assert_int_equal(ts_finding_add(&finding, &traces[i], &tree), 0);
		ts_tree_release(&tree);
	}
	holds = ts_finding_judge(&finding, ret_value);
	ts_finding_release(&finding);
	return holds;
}

static void relations(void **state)
{
	static const struct {
		enum ts_relation relation;
		bool below, equal, above;
	} cases[] = {{TS_AT_MOST, true, true, false},
		     {TS_LESS, true, false, false},
		     {TS_AT_LEAST, false, true, true},
		     {TS_MORE, false, false, true},
		     {TS_EQUAL, false, true, false}};
	double value;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct ts_requirement it = {TS_METRIC_PERCENTILE, 95,  NULL,
					    cases[i].relation,    101, false};

		assert_int_equal(judge(it, &whole, 1, NULL, 0, &value) == TS_HOLDS, cases[i].below);
		assert_true(value == 100);
		it.limit = 100;
		assert_int_equal(judge(it, &whole, 1, NULL, 0, &value) == TS_HOLDS, cases[i].equal);
		it.limit = 99;
		assert_int_equal(judge(it, &whole, 1, NULL, 0, &value) == TS_HOLDS, cases[i].above);
	}
}

static void figures(void **state)
{
	struct ts_trace traces[3] = {whole, whole, whole};
	const struct ts_span spans[] = {failing(span(1, 0, "llm:x", 0, 10), "e"),
					span(2, 0, "llm:x", 20, 30), span(3, 0, "tool:t", 60, 5)};
	static const struct {
		struct ts_requirement it;
		enum ts_holds holds;
		double value;
	} cases[] = {
		{{TS_METRIC_TRACES, 0, NULL, TS_AT_LEAST, 3, false}, TS_HOLDS, 3},
		{{TS_METRIC_ERRORS, 0, NULL, TS_EQUAL, 1, false}, TS_HOLDS, 1},
		{{TS_METRIC_ERROR_RATE, 0, NULL, TS_LESS, 0.33, false}, TS_HOLDS_NOT, 1.0 / 3},
		{{TS_METRIC_ERROR_RATE, 0, "llm:x", TS_AT_MOST, 0.5, false}, TS_HOLDS, 0.5},
		{{TS_METRIC_MEAN, 0, NULL, TS_AT_MOST, 200, false}, TS_HOLDS, 200},
		{{TS_METRIC_PERCENTILE, 100, "llm:x", TS_AT_MOST, 29, false}, TS_HOLDS_NOT, 30},
		{{TS_METRIC_PERCENTILE, 50, "tool:t", TS_AT_MOST, 5, false}, TS_HOLDS, 5},
		{{TS_METRIC_PERCENTILE, 50, "tool:u", TS_AT_MOST, 5, false}, TS_HOLDS_NO_DATA, NAN},
		{{TS_METRIC_ERRORS, 0, "tool:u", TS_AT_MOST, 0, false}, TS_HOLDS, 0},
		{{TS_METRIC_SPANS, 0, "llm:x", TS_AT_MOST, 2, false}, TS_HOLDS, NAN},
		{{TS_METRIC_SPANS, 0, "llm:x", TS_AT_LEAST, 1, false}, TS_HOLDS_NOT, 0},
	};
	double value;

	(void)state;
	traces[1].duration_ms = 200;
	traces[2].duration_ms = 300;
	traces[2].success = false;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(judge(cases[i].it, traces, 3, spans, 3, &value), cases[i].holds);
		if (isnan(cases[i].value))
			assert_true(isnan(value));
		else
			assert_float_equal(value, cases[i].value, 1e-12);
		/* without a trace nothing holds */
		assert_int_equal(judge(cases[i].it, traces, 0, spans, 0, &value), TS_HOLDS_NO_DATA);
	}
}

/* Two calls of which one has a price: 0.02 dollars, and who knows what. */
static void prices_that_are_not_known(void **state)
{
	struct ts_span spans[] = {span(1, 0, "llm:x", 0, 10), span(2, 0, "llm:y", 20, 10)};
	static const struct {
		enum ts_relation relation;
		double limit;
		enum ts_holds half, whole; /* one price known; both, being 0.02 and 0.01 */
	} cases[] = {
		{TS_AT_MOST, 0.03, TS_HOLDS_UNKNOWN, TS_HOLDS},
		{TS_AT_MOST, 0.02, TS_HOLDS_UNKNOWN, TS_HOLDS_NOT},
		{TS_AT_MOST, 0.019, TS_HOLDS_NOT, TS_HOLDS_NOT},
		{TS_LESS, 0.02, TS_HOLDS_NOT, TS_HOLDS_NOT},
		{TS_EQUAL, 0.03, TS_HOLDS_UNKNOWN, TS_HOLDS},
		{TS_EQUAL, 0.01, TS_HOLDS_NOT, TS_HOLDS_NOT},
		{TS_AT_LEAST, 0.02, TS_HOLDS, TS_HOLDS},
		{TS_AT_LEAST, 0.03, TS_HOLDS_UNKNOWN, TS_HOLDS},
		{TS_MORE, 0.03, TS_HOLDS_UNKNOWN, TS_HOLDS_NOT},
	};
	double value;

	(void)state;
	spans[0].cost_nano_usd = (struct ts_maybe){true, 20000000};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int per_trace = 0; per_trace < 2; per_trace++) {
			struct ts_requirement it = {TS_METRIC_COST, 0,
						    NULL,           cases[i].relation,
						    cases[i].limit, per_trace};

			spans[1].cost_nano_usd = (struct ts_maybe){false, 0};
			assert_int_equal(judge(it, &whole, 1, spans, 2, &value), cases[i].half);
			spans[1].cost_nano_usd = (struct ts_maybe){true, 10000000};
			assert_int_equal(judge(it, &whole, 1, spans, 2, &value), cases[i].whole);
		}
}

static void the_worst_trace(void **state)
{
	struct ts_requirement it = {TS_METRIC_TOKENS, 0, NULL, TS_AT_MOST, 100, true};
	struct ts_span spans[] = {span(1, 0, "llm:x", 0, 10)};
	static const int64_t tokens[] = {50, 300, 101, -1, 299};
	struct ts_finding finding;
	double value;

	(void)state;
	ts_finding_init(&finding, &it);
	for (size_t i = 0; i < 5; i++) {
		struct ts_trace trace = whole;
		struct ts_tree tree;

		trace.trace_id.bytes[15] = (uint8_t)i;
		spans[0].input_tokens = (struct ts_maybe){tokens[i] >= 0, tokens[i]};
		spans[0].output_tokens = (struct ts_maybe){true, 0};
		tree = tree_of(&trace, spans, 1);
		assert_int_equal(ts_finding_add(&finding, &trace, &tree), 0);
		ts_tree_release(&tree);
	}
	assert_int_equal(ts_finding_judge(&finding, &value), TS_HOLDS_NOT);
	assert_int_equal(finding.violations, 3);
	assert_int_equal(finding.undetermined, 1);
	assert_int_equal(finding.worst.bytes[15], 1);
	assert_true(value == 300);
	ts_finding_release(&finding);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file),
		cmocka_unit_test(faults),
		cmocka_unit_test(each_line_its_fault),
		cmocka_unit_test(relations),
		cmocka_unit_test(figures),
		cmocka_unit_test(prices_that_are_not_known),
		cmocka_unit_test(the_worst_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
