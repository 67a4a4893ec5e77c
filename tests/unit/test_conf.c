// SPDX-License-Identifier: Apache-2.0
/* symbols.conf: what is read from it, and what is said of what is wrong. */

#include "conf_fixture.h"

/* --- what is right --------------------------------------------------------------------------- */

static void whole_file(void **state)
{
	check_whole(parse(*state, whole));
}

/* Carriage returns and a byte order mark, as editors elsewhere leave them; a newline at the end. */
static void other_editors(void **state)
{
	char text[2 * sizeof(whole) + 8] = "\xef\xbb\xbf";
	size_t n = 3;

	for (const char *at = whole; *at; at++) {
		if (*at == '\n')
			text[n++] = '\r';
		text[n++] = *at;
	}
	text[n++] = '\r';
	text[n++] = '\n';
	check_whole(parse_bytes(*state, text, n));
}

static void nothing(void **state)
{
	static const char *const texts[] = {"", "\n", "\n\n# only words\n   \n\t",
					    "[agent]\n[llm]"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ts_conf *conf = parse(*state, texts[i]);

		assert_int_equal(conf->n_rules, 0);
		assert_int_equal(conf->n_faults, 0);
		assert_int_equal(conf->capture_bytes, TS_ABI_MAX_CAPTURE);
		assert_int_equal(conf->orphans, TS_ORPHANS_AUTO);
		assert_true(conf->stacks);
		check_redact(conf, DEFAULT_REDACT);
	}
}

static void settings(void **state)
{
	static const struct {
		const char *text;
		uint32_t bytes;
	} sizes[] = {
		{"0", 0},           {"1", 1},        {"0MB", 0},       {"51200", 51200},
		{"51200 B", 51200}, {"50KB", 51200}, {"50 kb", 51200}, {"007KB", 7168},
	};
	struct ts_conf *conf;
	char text[128];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(text, sizeof(text), "[trace]\ncapture=%s\n", sizes[i].text);
		conf = parse(*state, text);
		assert_int_equal(conf->n_faults, 0);
		assert_int_equal(conf->capture_bytes, sizes[i].bytes);
	}
	conf = parse(*state, "[trace]\norphans=drop\norphans=trace\n");
	assert_int_equal(conf->orphans, TS_ORPHANS_TRACE);

	/* a faulty line under [pipeline] names a pipeline; under [tool] it does not */
	conf = parse(*state, "[pipeline]\na = strng f()\n[tool]\nb = g\n");
	assert_int_equal(conf->orphans, TS_ORPHANS_DROP);
	conf = parse(*state, "[pipeline]\na = strng f()\n[trace]\norphans = trace\n");
	assert_int_equal(conf->orphans, TS_ORPHANS_TRACE);
	conf = parse(*state, "[trace]\norphans = trace\n[pipeline]\na = strng f()\n");
	assert_int_equal(conf->orphans, TS_ORPHANS_TRACE);
	conf = parse(*state, "[tool]\na = strng f()\nb = g\n");
	assert_int_equal(conf->orphans, TS_ORPHANS_AUTO);

	/* set after the rules it redacts */
	conf = parse(*state, "[tool]\na = int f(int token, int pin)\n[trace]\nredact = pin\n");
	assert_false(conf->rules[0].redacted[0]);
	assert_true(conf->rules[0].redacted[1]);
	conf = parse(*state, "[tool]\na = int f(int tok, int token, int tokens)\n");
	assert_false(conf->rules[0].redacted[0]);
	assert_true(conf->rules[0].redacted[1]);
	assert_false(conf->rules[0].redacted[2]);
}

/* A '#' counts at the start of a line and after white space only. */
static void comments(void **state)
{
	struct ts_conf *conf = parse(*state, "[tool]#none\n#a = f\na = f #g\nb = f#g\nc = f\t#\n");

	assert_int_equal(conf->n_rules, 2);
	assert_int_equal(conf->n_faults, 2);
	check_fault(conf, 0, 1, 7, "expected the end of the line after ']', found '#none'");
	check_fault(conf, 1, 4, 6, "expected the end of the name, found '#'");
}

/* --- what is wrong --------------------------------------------------------------------------- */

/* Each stands in line 4 between rules that hold. */
static const struct {
	const char *line;
	uint32_t column;
	const char *message;
} bad[] = {
	{"x = int f(long id, strng q)", 20, "unknown type 'strng' (did you mean 'string'?)"},
	{"  x = int f(long id, strng q)", 22, "unknown type 'strng' (did you mean 'string'?)"},
	{"x = int f(long id : fails if < 0", 18, "expected ',' or ')', found the end"},
	{"x", 2, "expected '=' after 'x'"},
	{"x  # = f", 2, "expected '=' after 'x'"},
	{"int f(void)", 5, "expected '=' after 'int', found 'f(void)'"},
	{"x y = f", 3, "expected '=' after 'x', found 'y = f'"},
	{"x$ = f", 2, "expected '=' after 'x', found '$ = f'"},
	{"= int f(void)", 1, "expected a name before '='"},
	{"x =", 4, "expected a function after 'x ='"},
	{"x =   # f", 4, "expected a function after 'x ='"},
	{"x = : fails if < 0", 5, "expected a function"},
	{"{x} = f", 1, "expected a name, a [section] or a comment, found '{'"},
	{"\xd1\x84 = f", 1, "expected a name, a [section] or a comment, found '\\xd1'"},
	{"x =\xc2\xa0"
	 "f",
	 4, "expected a function, found '\\xc2'"},
	{"x = int f(void) : fails if NULL", 28,
	 "'fails if NULL' needs a function that returns a pointer, this one returns 'int'"},
	{"x = f : fails if < 0", 18,
	 "'fails if < 0' needs the result's type, which a bare name does not give; write the "
	 "prototype"},
	{"x = f* : fails if < 0", 19,
	 "'fails if < 0' needs the result's type, which a bare name does not give; write the "
	 "prototype"},
	{"x = int f(void) : fial if < 0", 19, "expected 'fails if', found 'fial'"},
	{"x = int f(void) :", 18, "expected 'fails if', found the end"},
	{"x = int f(void) fails if < 0", 17, "expected ':' before 'fails if', found 'fails'"},
	{"x* = int f(void)", 1, "a name with '*' stands for the functions of a glob, 'f' is none"},
	{"x = python bot.agents.Trainer.run", 34,
	 "expected ':' between the module and its function"},
	{"x* = python bot.agents:Trainer.run", 1,
	 "a name with '*' stands for the functions of a glob, 'bot.agents:Trainer.run' is none"},
	{"x = std::string bot::run(this) : fails if NULL", 43,
	 "'fails if NULL' needs a function that returns a pointer, this one returns 'std::string'"},
	{"x = std::vector<int> bot::run(this) : fails if NULL", 48,
	 "'fails if NULL' needs a function that returns a pointer, this one returns "
	 "'std::vector<int>'"},
};

#define N_BAD (sizeof(bad) / sizeof(bad[0]))

static void each_fault_among_rules(void **state)
{
	for (size_t i = 0; i < N_BAD; i++) {
		char text[512];
		struct ts_conf *conf;

		snprintf(text, sizeof(text),
			 "[tool]\na = int a(int n) : fails if < 0\nb = b\n%s\nc* = c_*\n",
			 bad[i].line);
		conf = parse(*state, text);
		assert_int_equal(conf->n_faults, 1);
		check_fault(conf, 0, 4, bad[i].column, bad[i].message);
		assert_int_equal(conf->n_rules, 3);
		assert_string_equal(conf->rules[0].name, "a");
		assert_string_equal(conf->rules[1].name, "b");
		/* a rule that was given up leaves nothing behind in the next */
		assert_null(conf->rules[2].name);
		assert_string_equal(conf->rules[2].key, "c*");
		assert_string_equal(conf->rules[2].prototype.function, "c_*");
		assert_int_equal(conf->rules[2].fails, TS_FAILS_NEVER);
		assert_int_equal(conf->rules[2].prototype.n_params, 0);
	}
}

static void faults_in_order(void **state)
{
	char text[4096] = "[step]\n";
	struct ts_conf *conf;

	for (size_t i = 0; i < N_BAD; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\nr%zu = f\n",
			 bad[i].line, i);
	conf = parse(*state, text);
	assert_int_equal(conf->n_rules, N_BAD);
	assert_int_equal(conf->n_faults, N_BAD);
	for (size_t i = 0; i < N_BAD; i++)
		check_fault(conf, i, 2 + 2 * (uint32_t)i, bad[i].column, bad[i].message);
}

static void wrong_sections(void **state)
{
	struct ts_conf *conf =
		parse(*state, "a = f\n[agnet]\na = f\n = \n[llm\nb = f\n[TOOL]\nc = f\n"
			      "[step] x\nd = f\n[]\n[zzz]\n");

	assert_int_equal(conf->n_faults, 8);
	check_fault(conf, 0, 1, 1,
		    "'a' stands in no section: write [pipeline], [agent], [llm], [tool], [step], "
		    "[wire] or [trace] before it");
	check_fault(
		conf, 1, 2, 2,
		"unknown section 'agnet' (did you mean 'agent'?); what stands in it is left out");
	check_fault(conf, 2, 4, 2, "expected a name before '='");
	check_fault(conf, 3, 5, 5, "expected ']' after the section's name");
	check_fault(conf, 4, 7, 2,
		    "unknown section 'TOOL' (did you mean 'tool'?); what stands in it is left out");
	check_fault(conf, 5, 9, 8, "expected the end of the line after ']', found 'x'");
	check_fault(conf, 6, 11, 2, "unknown section ''; what stands in it is left out");
	check_fault(conf, 7, 12, 2, "unknown section 'zzz'; what stands in it is left out");

	/* a known name counts, whatever is wrong about its brackets */
	assert_int_equal(conf->n_rules, 2);
	assert_string_equal(conf->rules[0].name, "b");
	assert_int_equal(conf->rules[0].kind, TS_KIND_LLM);
	assert_string_equal(conf->rules[1].name, "d");
	assert_int_equal(conf->rules[1].kind, TS_KIND_STEP);
}

static void wrong_settings(void **state)
{
	static const struct {
		const char *line;
		uint32_t column;
		const char *message;
	} lines[] = {
		{"capture = 51KB", 11, "capture is at most 50KB, found '51KB'"},
		{"capture = 51201", 11, "capture is at most 50KB, found '51201'"},
		{"capture = 1MB", 11, "capture is at most 50KB, found '1MB'"},
		{"capture = 18446744073709551617", 11,
		 "capture is at most 50KB, found '18446744073709551617'"},
		{"capture = lots", 11, "expected a size such as 50KB, 2000 or 0, found 'lots'"},
		{"capture = KB", 11, "expected a size such as 50KB, 2000 or 0, found 'KB'"},
		{"capture = -1", 11, "expected a size such as 50KB, 2000 or 0, found '-1'"},
		{"capture = 5GB", 11, "capture is at most 50KB, found '5GB'"},
		{"capture = 5 0KB", 11, "expected a size such as 50KB, 2000 or 0, found '5 0KB'"},
		{"capture =", 10, "expected a value after 'capture ='"},
		{"redact = a, b c", 14,
		 "expected names to redact with ',' between them, found ' '"},
		{"redact = a, \"b\"", 13,
		 "expected names to redact with ',' between them, found '\"'"},
		{"redact = a,, b", 12, "expected a name to redact"},
		{"redact = a, b,", 15, "expected a name to redact"},
		{"orphans = dorp", 11,
		 "expected 'drop' or 'trace', found 'dorp' (did you mean 'drop'?)"},
		{"orphans = keep", 11, "expected 'drop' or 'trace', found 'keep'"},
		{"stacks = yes", 10, "expected 'on' or 'off', found 'yes'"},
		{"backlog = 4096GB", 11, "backlog is at most 1024GB, found '4096GB'"},
		{"backlog = some", 11, "expected a size such as 256MB, 2000 or 0, found 'some'"},
		{"captrue = 50KB", 1,
		 "unknown setting 'captrue' (did you mean 'capture'?); expected capture, redact, "
		 "orphans, stacks, backlog or prices"},
		{"colour = red", 1,
		 "unknown setting 'colour'; expected capture, redact, orphans, stacks, backlog or "
		 "prices"},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[256];
		struct ts_conf *conf;

		snprintf(text, sizeof(text), "[trace]\n%s\n[tool]\na = f\n", lines[i].line);
		conf = parse(*state, text);
		assert_int_equal(conf->n_faults, 1);
		check_fault(conf, 0, 2, lines[i].column, lines[i].message);
		assert_int_equal(conf->n_rules, 1);
		assert_int_equal(conf->capture_bytes, TS_ABI_MAX_CAPTURE);
		assert_int_equal(conf->orphans, TS_ORPHANS_AUTO);
		check_redact(conf, DEFAULT_REDACT);
	}
}

static void too_many_names(void **state)
{
	char text[4096] = "[trace]\nredact = n";
	struct ts_conf *conf;

	for (int i = 1; i < 256; i++)
		strcat(text, ",n");
	conf = parse(*state, text);
	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(conf->n_redact, 256);
	strcat(text, ",n");
	conf = parse(*state, text);
	assert_int_equal(conf->n_faults, 1);
	check_fault(conf, 0, 2, 10, "more than 256 names to redact");
}

static void too_many_faults(void **state)
{
	char text[4096] = "[tool]\na = f\n";
	struct ts_conf *conf;

	for (int i = 0; i < 100; i++)
		strcat(text, "x\n");
	conf = parse(*state, text);
	assert_int_equal(conf->n_faults, 100);
	check_fault(conf, 99, 102, 2, "expected '=' after 'x'");
	strcat(text, "b = f\nx\n");
	conf = parse(*state, text);
	assert_int_equal(conf->n_faults, 101);
	check_fault(conf, 100, 104, 1, "wrong lines from here on: 1");
	for (int i = 0; i < 41; i++)
		strcat(text, "y = strng f(void)\n");
	strcat(text, "c = f\n");
	conf = parse(*state, text);
	assert_int_equal(conf->n_faults, 101);
	check_fault(conf, 100, 104, 1, "wrong lines from here on: 42");
	assert_int_equal(conf->n_rules, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_file),      TEST(other_editors),   TEST(nothing),
		TEST(settings),        TEST(comments),        TEST(each_fault_among_rules),
		TEST(faults_in_order), TEST(wrong_sections),  TEST(wrong_settings),
		TEST(too_many_names),  TEST(too_many_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
