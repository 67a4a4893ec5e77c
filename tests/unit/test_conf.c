// SPDX-License-Identifier: Apache-2.0
/* symbols.conf: what is read from it, what is said of what is wrong, and where it is looked for. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/arena.h"
#include "preload/conf.h"

static const char *const variables[] = {
	"TRACESHIM_CONF", "TRACESHIM_CAPTURE", "TRACESHIM_REDACT", "TRACESHIM_ORPHANS",
	"XDG_CONFIG_HOME", "HOME",
};

struct fixture {
	struct ts_arena arena;
	struct ts_conf conf;
	char folder[PATH_MAX];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char name[] = "/tmp/traceshim-conf-XXXXXX";

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	if (!f || !mkdtemp(name) || !realpath(name, f->folder) || chdir(f->folder))
		return -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[PATH_MAX + 16];
	int r;

	snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
	r = chdir("/");
	if (r == 0)
		r = system(command);
	ts_arena_release(&f->arena);
	free(f);
	return r;
}

/* From a copy that ends where the text ends, so that AddressSanitizer sees a read past it. */
static struct ts_conf *parse_bytes(struct fixture *f, const char *text, size_t bytes)
{
	char *exact = malloc(bytes ? bytes : 1);

	memcpy(exact, text, bytes);
	assert_int_equal(ts_conf_parse(exact, bytes, "symbols.conf", &f->arena, &f->conf), 0);
	free(exact);
	return &f->conf;
}

static struct ts_conf *parse(struct fixture *f, const char *text)
{
	return parse_bytes(f, text, strlen(text));
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void check_fault(const struct ts_conf *conf, size_t i, uint32_t line, uint32_t column,
			const char *message)
{
	assert_true(i < conf->n_faults);
	if (conf->faults[i].line != line || conf->faults[i].column != column ||
	    strcmp(conf->faults[i].message, message))
		fail_msg("%u:%u: %s, expected\n%u:%u: %s", conf->faults[i].line, conf->faults[i].column,
			 conf->faults[i].message, line, column, message);
}

static void check_redact(const struct ts_conf *conf, const char *expected)
{
	char all[512] = "";

	for (size_t i = 0; i < conf->n_redact; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? "," : "",
			 conf->redact[i]);
	assert_string_equal(all, expected);
}

#define DEFAULT_REDACT "password,passwd,secret,api_key,apikey,token,authorization"

/* --- what is right ------------------------------------------------------------------------------------- */

static const char whole[] =
	"# the bot\n"
	"[trace]\n"
	"capture = 20KB                       # per span and side\n"
	"redact  = password, API_Key ,x-token\n"
	"orphans = drop\n"
	"\n"
	"[pipeline]\n"
	"learn   = int handle_learn(long telegram_id, long user_id, const char *text)      : fails if < 0\n"
	"  [ agent ]  # who thinks\n"
	"trainer = char *trainer_run(const char *prompt, const char *Password) : fails if NULL # why not\n"
	"search* = search_*@bot\n"
	"s*h = f?\n"
	"same.name = one\n"
	"same.name = two\n"
	"\t# indented\n"
	"[llm]\n"
	"claude-3=bool c(const char *model,const char *prompt):fails if false\n"
	"[tool]\n"
	"all_sql = PQ*\n"
	"[step]\n"
	"s=size_t s(void)";

static const struct {
	enum ts_kind kind;
	const char *name, *function, *object;
	uint32_t line;
	bool glob;
	enum ts_fails fails;
	uint8_t n_params;
} whole_rules[] = {
	{TS_KIND_PIPELINE, "learn", "handle_learn", NULL, 8, false, TS_FAILS_BELOW_ZERO, 3},
	{TS_KIND_AGENT, "trainer", "trainer_run", NULL, 10, false, TS_FAILS_NULL, 2},
	{TS_KIND_AGENT, NULL, "search_*", "bot", 11, true, TS_FAILS_NEVER, 0},
	{TS_KIND_AGENT, NULL, "f?", NULL, 12, true, TS_FAILS_NEVER, 0},
	{TS_KIND_AGENT, "same.name", "one", NULL, 13, false, TS_FAILS_NEVER, 0},
	{TS_KIND_AGENT, "same.name", "two", NULL, 14, false, TS_FAILS_NEVER, 0},
	{TS_KIND_LLM, "claude-3", "c", NULL, 17, false, TS_FAILS_FALSE, 2},
	{TS_KIND_TOOL, "all_sql", "PQ*", NULL, 19, true, TS_FAILS_NEVER, 0},
	{TS_KIND_STEP, "s", "s", NULL, 21, false, TS_FAILS_NEVER, 0},
};

#define N_WHOLE (sizeof(whole_rules) / sizeof(whole_rules[0]))

static void assert_same_text(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_ptr_equal(a, b);
}

static void check_whole(const struct ts_conf *conf)
{
	if (conf->n_faults)
		fail_msg("%u:%u: %s", conf->faults[0].line, conf->faults[0].column,
			 conf->faults[0].message);
	assert_int_equal(conf->n_rules, N_WHOLE);
	for (size_t i = 0; i < N_WHOLE; i++) {
		const struct ts_rule *rule = &conf->rules[i];

		assert_int_equal(rule->kind, whole_rules[i].kind);
		assert_same_text(rule->name, whole_rules[i].name);
		assert_string_equal(rule->prototype.function, whole_rules[i].function);
		assert_same_text(rule->prototype.object, whole_rules[i].object);
		assert_int_equal(rule->line, whole_rules[i].line);
		assert_int_equal(rule->glob, whole_rules[i].glob);
		assert_int_equal(rule->fails, whole_rules[i].fails);
		assert_int_equal(rule->prototype.n_params, whole_rules[i].n_params);
		assert_false(rule->python);
	}
	assert_int_equal(conf->capture_bytes, 20 * 1024);
	assert_int_equal(conf->orphans, TS_ORPHANS_DROP);
	check_redact(conf, "password,api_key,x-token");
	assert_false(conf->rules[1].redacted[0]);
	assert_true(conf->rules[1].redacted[1]); /* whatever its capitals */
	assert_string_equal(conf->path, "symbols.conf");
}

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
	static const char *const texts[] = {"", "\n", "\n\n# only words\n   \n\t", "[agent]\n[llm]"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ts_conf *conf = parse(*state, texts[i]);

		assert_int_equal(conf->n_rules, 0);
		assert_int_equal(conf->n_faults, 0);
		assert_int_equal(conf->capture_bytes, TS_ABI_MAX_CAPTURE);
		assert_int_equal(conf->orphans, TS_ORPHANS_AUTO);
		check_redact(conf, DEFAULT_REDACT);
	}
}

static void settings(void **state)
{
	static const struct {
		const char *text;
		uint32_t bytes;
	} sizes[] = {
		{"0", 0},	{"1", 1},	    {"0MB", 0},	  {"51200", 51200}, {"51200 B", 51200},
		{"50KB", 51200}, {"50 kb", 51200}, {"007KB", 7168},
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

/* --- what is wrong ------------------------------------------------------------------------------------- */

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
	{"\xd1\x84 = f", 1, "expected a name, a [section] or a comment, found '?'"},
	{"x = int f(void) : fails if NULL", 28,
	 "'fails if NULL' needs a function that returns a pointer, this one returns 'int'"},
	{"x = f : fails if < 0", 18,
	 "'fails if < 0' needs the result's type, which a bare name does not give; write the prototype"},
	{"x = f* : fails if < 0", 19,
	 "'fails if < 0' needs the result's type, which a bare name does not give; write the prototype"},
	{"x = int f(void) : fial if < 0", 19, "expected 'fails if', found 'fial'"},
	{"x = int f(void) :", 18, "expected 'fails if', found the end"},
	{"x = int f(void) fails if < 0", 17, "expected ':' before 'fails if', found 'fails'"},
	{"x* = int f(void)", 1, "a name with '*' stands for the functions of a glob, 'f' is none"},
	{"x = python bot.agents:Trainer.run", 5, "python functions are not supported yet"},
	{"x = std::string bot::run(this) : fails if NULL", 5,
	 "C++ functions are not supported yet; the bare mangled name, as nm prints it, records times"},
};

#define N_BAD (sizeof(bad) / sizeof(bad[0]))

static void each_fault_among_rules(void **state)
{
	for (size_t i = 0; i < N_BAD; i++) {
		char text[512];
		struct ts_conf *conf;

		snprintf(text, sizeof(text), "[tool]\na = int a(int n) : fails if < 0\nb = b\n%s\nc = c\n",
			 bad[i].line);
		conf = parse(*state, text);
		assert_int_equal(conf->n_faults, 1);
		check_fault(conf, 0, 4, bad[i].column, bad[i].message);
		assert_int_equal(conf->n_rules, 3);
		assert_string_equal(conf->rules[0].name, "a");
		assert_string_equal(conf->rules[1].name, "b");
		assert_string_equal(conf->rules[2].name, "c");
		/* a rule that was given up leaves nothing behind in the next */
		assert_int_equal(conf->rules[2].fails, TS_FAILS_NEVER);
		assert_int_equal(conf->rules[2].prototype.n_params, 0);
		assert_false(conf->rules[2].glob);
	}
}

static void faults_in_order(void **state)
{
	char text[4096] = "[step]\n";
	struct ts_conf *conf;

	for (size_t i = 0; i < N_BAD; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s\nr%zu = f\n", bad[i].line, i);
	conf = parse(*state, text);
	assert_int_equal(conf->n_rules, N_BAD);
	assert_int_equal(conf->n_faults, N_BAD);
	for (size_t i = 0; i < N_BAD; i++)
		check_fault(conf, i, 2 + 2 * (uint32_t)i, bad[i].column, bad[i].message);
}

static void wrong_sections(void **state)
{
	struct ts_conf *conf = parse(*state, "a = f\n[agnet]\na = f\n = \n[llm\nb = f\n[TOOL]\nc = f\n"
					     "[step] x\nd = f\n[]\n[zzz]\n");

	assert_int_equal(conf->n_faults, 8);
	check_fault(conf, 0, 1, 1,
		    "'a' stands in no section: write [pipeline], [agent], [llm], [tool], [step] or [trace] "
		    "before it");
	check_fault(conf, 1, 2, 2,
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
		{"capture = 99999999999999999999999999", 11,
		 "capture is at most 50KB, found '99999999999999999999999999'"},
		{"capture = lots", 11, "expected a size such as 50KB, 2000 or 0, found 'lots'"},
		{"capture = KB", 11, "expected a size such as 50KB, 2000 or 0, found 'KB'"},
		{"capture = -1", 11, "expected a size such as 50KB, 2000 or 0, found '-1'"},
		{"capture = 5GB", 11, "expected a size such as 50KB, 2000 or 0, found '5GB'"},
		{"capture = 5 0KB", 11, "expected a size such as 50KB, 2000 or 0, found '5 0KB'"},
		{"capture =", 10, "expected a value after 'capture ='"},
		{"redact = a, b c", 14, "expected names to redact with ',' between them, found ' '"},
		{"redact = a, \"b\"", 13, "expected names to redact with ',' between them, found '\"'"},
		{"redact = a,, b", 12, "expected a name to redact"},
		{"redact = a, b,", 15, "expected a name to redact"},
		{"orphans = dorp", 11, "expected 'drop' or 'trace', found 'dorp' (did you mean 'drop'?)"},
		{"orphans = keep", 11, "expected 'drop' or 'trace', found 'keep'"},
		{"captrue = 50KB", 1,
		 "unknown setting 'captrue' (did you mean 'capture'?); expected capture, redact or orphans"},
		{"backlog = 256MB", 1,
		 "unknown setting 'backlog'; expected capture, redact or orphans"},
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

/* --- any bytes ------------------------------------------------------------------------------------------ */

static void zero_bytes(void **state)
{
	static const char text[] = "[tool]\na = f\0\nb\0 = f\n\0\nc = f # \0\n[st\0ep]\n\0";
	struct ts_conf *conf = parse_bytes(*state, text, sizeof(text) - 1);

	assert_int_equal(conf->n_rules, 1);
	assert_string_equal(conf->rules[0].name, "c");
	assert_int_equal(conf->n_faults, 5);
	check_fault(conf, 0, 2, 6, "expected the end of the name, found '?'");
	check_fault(conf, 1, 3, 2, "expected '=' after 'b', found '? = f'");
	check_fault(conf, 2, 4, 1, "expected a name, a [section] or a comment, found '?'");
	check_fault(conf, 3, 6, 2,
		    "unknown section 'st?ep' (did you mean 'step'?); what stands in it is left out");
	check_fault(conf, 4, 7, 1, "expected a name, a [section] or a comment, found '?'");
}

static void check_sound(const struct ts_conf *conf)
{
	uint32_t line = 0;

	assert_true(conf->n_faults <= 101);
	for (size_t i = 0; i < conf->n_faults; i++) {
		assert_true(conf->faults[i].line > line);
		assert_true(conf->faults[i].column >= 1);
		assert_true(conf->faults[i].message[0]);
		for (const char *at = conf->faults[i].message; *at; at++)
			assert_true(*at >= ' ' && *at <= '~');
		line = conf->faults[i].line;
	}
	for (size_t i = 0; i < conf->n_rules; i++) {
		assert_non_null(conf->rules[i].prototype.function);
		assert_true(conf->rules[i].name || conf->rules[i].glob);
		assert_true(conf->rules[i].kind >= TS_KIND_PIPELINE);
	}
}

static void noise(void **state)
{
	const size_t bytes = 1 << 20;
	char *text = malloc(bytes);
	unsigned int seed = 20240917;
	struct ts_conf *conf;

	for (size_t i = 0; i < bytes; i++)
		text[i] = (char)rand_r(&seed);
	conf = parse_bytes(*state, text, bytes);
	assert_int_equal(conf->n_faults, 101);
	check_sound(conf);

	/* one line of it */
	for (size_t i = 0; i < bytes; i++)
		if (text[i] == '\n')
			text[i] = 'n';
	conf = parse_bytes(*state, text, bytes);
	assert_int_equal(conf->n_faults, 1);

	/* noise that comes further: what rules consist of, in any order */
	for (size_t i = 0; i < bytes; i++)
		text[i] = "[tool]\n\n=== int f(char *s, strng x) : fails < 0 #*\0"[rand_r(&seed) % 50];
	memcpy(text, "[tool]\n", 7);
	conf = parse_bytes(*state, text, bytes);
	assert_int_equal(conf->n_faults, 101);
	check_sound(conf);
	free(text);
}

/* Valid text with bytes changed, dropped, doubled. */
static void mutations(void **state)
{
	static const char marks[] = "[]=#:*@(),\n\r\t \0\xff" "ax0";
	struct fixture *f = *state;
	unsigned int seed = 20240918;

	for (int round = 0; round < 1500; round++) {
		char text[2 * sizeof(whole)];
		size_t n = sizeof(whole) - 1;

		memcpy(text, whole, n);
		for (int edits = 1 + rand_r(&seed) % 16; edits && n; edits--) {
			size_t at = (size_t)rand_r(&seed) % n;
			size_t length = 1 + (size_t)rand_r(&seed) % (n - at);

			switch (rand_r(&seed) % 8) {
			case 0:
				memmove(text + at, text + at + length, n - at - length);
				n -= length;
				break;
			case 1:
				if (n + length > sizeof(text))
					break;
				memmove(text + at + length, text + at, n - at);
				n += length;
				break;
			default:
				text[at] = marks[(size_t)rand_r(&seed) % sizeof(marks)];
			}
		}
		check_sound(parse_bytes(f, text, n));
		ts_arena_release(&f->arena);
	}
}

static void long_lines(void **state)
{
	const size_t bytes = 1 << 20;
	char *text = malloc(bytes);
	struct ts_conf *conf;

	memset(text, 'k', bytes);
	memcpy(text, "[tool]\n", 7);
	memcpy(text + bytes - 4, " = f", 4);
	conf = parse_bytes(*state, text, bytes);
	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(strlen(conf->rules[0].name), bytes - 7 - 4);

	memcpy(text + 7, "a =", 3);
	memset(text + 10, ' ', bytes - 11);
	conf = parse_bytes(*state, text, bytes);
	assert_int_equal(conf->n_rules, 1);
	assert_string_equal(conf->rules[0].prototype.function, "f");
	free(text);
}

/* --- many rules ----------------------------------------------------------------------------------------- */

static void ten_thousand_rules(void **state)
{
	const size_t rules = 10000;
	char *text = malloc(rules * 128);
	size_t n = (size_t)sprintf(text, "[tool]\n");
	struct ts_conf *conf;

	for (size_t i = 0; i < rules; i++)
		n += (size_t)sprintf(text + n,
				     "r%zu = int f_%zu(long id, const char *q, double token) : fails if != 0\n",
				     i, i);
	conf = parse_bytes(*state, text, n);
	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(conf->n_rules, rules);
	assert_string_equal(conf->rules[rules - 1].name, "r9999");
	assert_string_equal(conf->rules[rules - 1].prototype.function, "f_9999");
	assert_int_equal(conf->rules[rules - 1].line, rules + 1);
	assert_true(conf->rules[rules - 1].redacted[2]);
	assert_int_equal(conf->rules[rules - 1].fails, TS_FAILS_NOT_ZERO);
	free(text);
}

static void too_many_rules(void **state)
{
	const size_t rules = 65536;
	char *text = malloc((rules + 2) * 4 + 8);
	size_t n = (size_t)sprintf(text, "[tool]\n");
	struct ts_conf *conf;

	for (size_t i = 0; i < rules + 2; i++)
		n += (size_t)sprintf(text + n, "a=f\n");
	conf = parse_bytes(*state, text, n);
	assert_int_equal(conf->n_rules, rules);
	assert_int_equal(conf->n_faults, 2);
	check_fault(conf, 0, (uint32_t)rules + 2, 1, "more than 65536 rules");
	free(text);
}

/* --- files ---------------------------------------------------------------------------------------------- */

static struct ts_conf *read_conf(struct fixture *f, const char *path)
{
	assert_int_equal(ts_conf_read(path, &f->arena, &f->conf), 0);
	return &f->conf;
}

static void from_a_file(void **state)
{
	write_file("symbols.conf", whole);
	check_whole(read_conf(*state, "symbols.conf"));
}

static void overrides(void **state)
{
	struct ts_conf *conf;

	write_file("symbols.conf", whole);
	setenv("TRACESHIM_CAPTURE", " 1KB ", 1);
	setenv("TRACESHIM_REDACT", "Prompt", 1);
	setenv("TRACESHIM_ORPHANS", "trace", 1);
	conf = read_conf(*state, "symbols.conf");
	assert_int_equal(conf->n_faults, 0);
	assert_int_equal(conf->capture_bytes, 1024);
	assert_int_equal(conf->orphans, TS_ORPHANS_TRACE);
	check_redact(conf, "prompt");
	assert_true(conf->rules[1].redacted[0]);
	assert_false(conf->rules[1].redacted[1]);

	/* text in memory is read without them */
	check_whole(parse(*state, whole));

	/* empty is as good as not set */
	setenv("TRACESHIM_CAPTURE", "", 1);
	setenv("TRACESHIM_REDACT", "", 1);
	setenv("TRACESHIM_ORPHANS", "", 1);
	check_whole(read_conf(*state, "symbols.conf"));
}

static void wrong_overrides(void **state)
{
	struct ts_conf *conf;

	write_file("symbols.conf", "[trace]\ncapture = 2KB\nwhat = 1\n");
	setenv("TRACESHIM_CAPTURE", "1MB", 1);
	setenv("TRACESHIM_REDACT", "a,", 1);
	setenv("TRACESHIM_ORPHANS", "dropp", 1);
	conf = read_conf(*state, "symbols.conf");
	assert_int_equal(conf->n_faults, 4);
	check_fault(conf, 0, 0, 0, "TRACESHIM_CAPTURE: capture is at most 50KB, found '1MB'");
	check_fault(conf, 1, 0, 0, "TRACESHIM_REDACT: expected a name to redact");
	check_fault(conf, 2, 0, 0,
		    "TRACESHIM_ORPHANS: expected 'drop' or 'trace', found 'dropp' (did you mean 'drop'?)");
	check_fault(conf, 3, 3, 1, "unknown setting 'what'; expected capture, redact or orphans");
	assert_int_equal(conf->capture_bytes, 2048);
	assert_int_equal(conf->orphans, TS_ORPHANS_AUTO);
	check_redact(conf, DEFAULT_REDACT);
}

static void check_unreadable(struct fixture *f, const char *path, const char *message)
{
	struct ts_conf *conf = read_conf(f, path);

	assert_int_equal(conf->n_rules, 0);
	assert_int_equal(conf->n_faults, 1);
	check_fault(conf, 0, 0, 0, message);
	assert_string_equal(conf->path, path);
	assert_int_equal(conf->capture_bytes, 100); /* the variable's word holds all the same */
	check_redact(conf, DEFAULT_REDACT);
}

static void unreadable_files(void **state)
{
	char loop[] = "loop";

	setenv("TRACESHIM_CAPTURE", "100", 1);
	check_unreadable(*state, "missing", "cannot be read: there is no such file");
	write_file("file", "[tool]\n");
	check_unreadable(*state, "file/below", "cannot be read: there is no such file");
	assert_int_equal(mkdir("folder", 0700), 0);
	check_unreadable(*state, "folder", "cannot be read: it is a directory");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	check_unreadable(*state, "pipe", "cannot be read: it is not a regular file");
	assert_int_equal(symlink(loop, loop), 0);
	check_unreadable(*state, loop, "cannot be read: error 40");
	write_file("large", "");
	assert_int_equal(truncate("large", 10 * 1024 * 1024 + 1), 0);
	check_unreadable(*state, "large", "cannot be read: it is larger than 10 MB");
	assert_int_equal(truncate("large", 10 * 1024 * 1024), 0);
	assert_int_equal(read_conf(*state, "large")->faults[0].line, 1);
}

/* Root may read everything, so the test becomes nobody for it. */
static void forbidden_file(void **state)
{
	bool root = geteuid() == 0;

	write_file("secret", whole);
	assert_int_equal(chmod("secret", 0), 0);
	setenv("TRACESHIM_CAPTURE", "100", 1);
	if (root)
		assert_int_equal(chmod(".", 0755) | seteuid(65534), 0);
	check_unreadable(*state, "secret", "cannot be read: permission denied");
	if (root)
		assert_int_equal(seteuid(0), 0);
}

/* --- where it is ---------------------------------------------------------------------------------------- */

static void check_found(struct fixture *f, const char *expected)
{
	const char *found = ts_conf_find(&f->arena);
	char path[2 * PATH_MAX];

	/* the last place, outside this test's hands */
	if (!expected && access("/etc/traceshim/symbols.conf", F_OK) == 0)
		expected = "/etc/traceshim/symbols.conf";
	if (!expected) {
		assert_null(found);
		return;
	}
	snprintf(path, sizeof(path), "%s%s%s", expected[0] == '/' ? "" : f->folder,
		 expected[0] == '/' ? "" : "/", expected);
	assert_non_null(found);
	assert_string_equal(found, path);
}

static void find_order(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX + 16];

	check_found(f, NULL);
	assert_int_equal(mkdir("home", 0700) | mkdir("home/.config", 0700) |
				 mkdir("home/.config/traceshim", 0700) | mkdir("xdg", 0700) |
				 mkdir("xdg/traceshim", 0700),
			 0);
	snprintf(path, sizeof(path), "%s/home", f->folder);
	setenv("HOME", path, 1);
	check_found(f, NULL);
	write_file("home/.config/traceshim/symbols.conf", "");
	check_found(f, "home/.config/traceshim/symbols.conf");

	setenv("XDG_CONFIG_HOME", "xdg", 1); /* relative: ignored */
	write_file("xdg/traceshim/symbols.conf", "");
	check_found(f, "home/.config/traceshim/symbols.conf");
	snprintf(path, sizeof(path), "%s/xdg", f->folder);
	setenv("XDG_CONFIG_HOME", path, 1);
	check_found(f, "xdg/traceshim/symbols.conf");

	write_file("symbols.conf", "");
	check_found(f, "symbols.conf");

	setenv("TRACESHIM_CONF", "other.conf", 1); /* there or not */
	check_found(f, "other.conf");
	setenv("TRACESHIM_CONF", "/elsewhere/bot.conf", 1);
	check_found(f, "/elsewhere/bot.conf");
	setenv("TRACESHIM_CONF", "", 1);
	check_found(f, "symbols.conf");

	assert_int_equal(chdir("/"), 0);
	setenv("TRACESHIM_CONF", "x.conf", 1);
	check_found(f, "/x.conf");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_file),	TEST(other_editors),   TEST(nothing),
		TEST(settings),		TEST(comments),	       TEST(each_fault_among_rules),
		TEST(faults_in_order),	TEST(wrong_sections),  TEST(wrong_settings),
		TEST(too_many_names),	TEST(too_many_faults), TEST(zero_bytes),
		TEST(noise),		TEST(mutations),       TEST(long_lines),
		TEST(ten_thousand_rules), TEST(too_many_rules), TEST(from_a_file),
		TEST(overrides),	TEST(wrong_overrides), TEST(unreadable_files),
		TEST(forbidden_file),	TEST(find_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
