/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_TESTS_CONF_FIXTURE_H
#define TS_TESTS_CONF_FIXTURE_H

/* What the tests of symbols.conf share: a folder of its own, no variables, one good file. */

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

#include "preload/system/arena.h"
#include "preload/conf/conf.h"

static const char *const variables[] = {
	"TRACESHIM_CONF",   "TRACESHIM_CAPTURE", "TRACESHIM_REDACT", "TRACESHIM_ORPHANS",
	"TRACESHIM_STACKS", "TRACESHIM_PRICES",  "XDG_CONFIG_HOME",  "HOME",
};

struct fixture {
	struct ts_arena arena;
	struct ts_conf conf;
	char folder[PATH_MAX];
};

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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
static inline struct ts_conf *parse_bytes(struct fixture *f, const char *text, size_t bytes)
{
	char *exact = malloc(bytes ? bytes : 1);

	memcpy(exact, text, bytes);
	assert_int_equal(ts_conf_parse(exact, bytes, "symbols.conf", &f->arena, &f->conf), 0);
	free(exact);
	return &f->conf;
}

static inline struct ts_conf *parse(struct fixture *f, const char *text)
{
	return parse_bytes(f, text, strlen(text));
}

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static inline void check_fault(const struct ts_conf *conf, size_t i, uint32_t line, uint32_t column,
			       const char *message)
{
	assert_true(i < conf->n_faults);
	if (conf->faults[i].line != line || conf->faults[i].column != column ||
	    strcmp(conf->faults[i].message, message))
		fail_msg("%u:%u: %s, expected\n%u:%u: %s", conf->faults[i].line,
			 conf->faults[i].column, conf->faults[i].message, line, column, message);
}

static inline void check_redact(const struct ts_conf *conf, const char *expected)
{
	char all[512] = "";

	for (size_t i = 0; i < conf->n_redact; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? "," : "",
			 conf->redact[i]);
	assert_string_equal(all, expected);
}

#define DEFAULT_REDACT "password,passwd,secret,api_key,apikey,token,authorization"

static const char whole[] = "# the bot\n"
			    "[trace]\n"
			    "capture = 20KB                       # per span and side\n"
			    "redact  = password, API_Key ,x-token\n"
			    "orphans = drop\n"
			    "\n"
			    "[pipeline]\n"
			    "learn   = int handle_learn(long telegram_id, long user_id, const char "
			    "*text)      : fails if < 0\n"
			    "  [ agent ]  # who thinks\n"
			    "trainer = char *trainer_run(const char *prompt, const char *Password) "
			    ": fails if NULL # why not\n"
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

static inline void assert_same_text(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_ptr_equal(a, b);
}

static inline void check_whole(const struct ts_conf *conf)
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
	}
	assert_int_equal(conf->capture_bytes, 20 * 1024);
	assert_int_equal(conf->orphans, TS_ORPHANS_DROP);
	check_redact(conf, "password,api_key,x-token");
	assert_false(conf->rules[1].redacted[0]);
	assert_true(conf->rules[1].redacted[1]); /* whatever its capitals */
	assert_string_equal(conf->path, "symbols.conf");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
