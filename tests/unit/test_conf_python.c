// SPDX-License-Identifier: Apache-2.0
/* symbols.conf: rules for Python functions. */

#include "conf_fixture.h"

/* --- what is right --------------------------------------------------------------------------- */

static const struct {
	const char *value;
	const char *module, *function;
	enum ts_fails fails;
} good[] = {
	{"python bot.agents:Trainer.run", "bot.agents", "Trainer.run", TS_FAILS_NEVER},
	{"python bot:main", "bot", "main", TS_FAILS_NEVER},
	{"python\t  bot:main", "bot", "main", TS_FAILS_NEVER},
	{"python __main__:main", "__main__", "main", TS_FAILS_NEVER},
	{"python bot:make.<locals>.inner", "bot", "make.<locals>.inner", TS_FAILS_NEVER},
	{"python m.0001_initial:f", "m.0001_initial", "f", TS_FAILS_NEVER},
	{"python b\xc3\xb6t.\xd0\xb1\xd0\xbe\xd1\x82:h\xe2\x82\xac\xf0\x9d\x94\x98",
	 "b\xc3\xb6t.\xd0\xb1\xd0\xbe\xd1\x82", "h\xe2\x82\xac\xf0\x9d\x94\x98", TS_FAILS_NEVER},
	{"python bot.agents:Trainer.run : fails if None", "bot.agents", "Trainer.run",
	 TS_FAILS_NULL},
	{"python bot:f:fails if NULL", "bot", "f", TS_FAILS_NULL},
	{"python bot:f : fails if False", "bot", "f", TS_FAILS_FALSE},
	{"python bot:f : fails\tif   false", "bot", "f", TS_FAILS_FALSE},
	{"python bot:f : fails if < 0", "bot", "f", TS_FAILS_BELOW_ZERO},
	{"python bot:f : fails if <0", "bot", "f", TS_FAILS_BELOW_ZERO},
	{"python bot:f : fails if<0", "bot", "f", TS_FAILS_BELOW_ZERO},
	{"python bot:f : fails if != 0", "bot", "f", TS_FAILS_NOT_ZERO},
	{"python bot:f : fails if !=  0", "bot", "f", TS_FAILS_NOT_ZERO},
	{"python bot:f # : fails if what", "bot", "f", TS_FAILS_NEVER},
};

static void names_and_conditions(void **state)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char text[256], whole_name[128];
		const struct ts_rule *rule;
		struct ts_conf *conf;

		snprintf(text, sizeof(text), "[agent]\nx = %s\n", good[i].value);
		conf = parse(*state, text);
		if (conf->n_faults)
			fail_msg("%s: %s", good[i].value, conf->faults[0].message);
		rule = &conf->rules[0];
		assert_string_equal(rule->python.module, good[i].module);
		assert_string_equal(rule->python.function, good[i].function);
		assert_false(rule->python.glob);
		assert_int_equal(rule->fails, good[i].fails);
		assert_int_equal(rule->kind, TS_KIND_AGENT);
		assert_string_equal(rule->name, "x");
		snprintf(whole_name, sizeof(whole_name), "%s:%s", good[i].module, good[i].function);
		assert_string_equal(rule->prototype.function, whole_name);
		/* what only native functions have */
		assert_false(rule->glob);
		assert_int_equal(rule->prototype.n_params, 0);
	}
}

static void globs(void **state)
{
	static const struct {
		const char *line;
		const char *name; /* of the span; NULL: the function's */
	} lines[] = {
		{"agents* = python bot.agents.*:*", NULL},
		{"agents = python bot.agents.*:*.run", "agents"},
		{"*.run = python bot:*.run", NULL},
		{"one = python bot:r?n", "one"},
		{"m* = python b*:main", NULL},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[128];
		struct ts_conf *conf;

		snprintf(text, sizeof(text), "[step]\n%s\n", lines[i].line);
		conf = parse(*state, text);
		assert_int_equal(conf->n_faults, 0);
		assert_true(conf->rules[0].python.glob);
		assert_false(conf->rules[0].glob);
		if (lines[i].name)
			assert_string_equal(conf->rules[0].name, lines[i].name);
		else
			assert_null(conf->rules[0].name);
	}
	/* '?' is no byte of a key */
	check_fault(parse(*state, "[step]\nm? = python b?t:main\n"), 0, 2, 2,
		    "expected '=' after 'm', found '? = python b?t:main'");
}

/* What only begins like it is C. */
static void is_no_python(void **state)
{
	struct ts_conf *conf = parse(
		*state,
		"[step]\na = python_run\nb = int python(int n)\nc = pythons *\nd = python3\n");

	assert_int_equal(conf->n_rules, 3);
	for (size_t i = 0; i < conf->n_rules; i++)
		assert_null(conf->rules[i].python.module);
	assert_int_equal(conf->n_faults, 1);
	assert_int_equal(conf->faults[0].line, 4);
}

/* --- what is wrong --------------------------------------------------------------------------- */

static const struct {
	const char *line;
	uint32_t column;
	const char *message;
} bad[] = {
	{"x = python", 11, "expected a module, as in 'python bot.agents:Trainer.run'"},
	{"x = python   # later", 11, "expected a module, as in 'python bot.agents:Trainer.run'"},
	{"x = python :f", 12,
	 "expected a module, as in 'python bot.agents:Trainer.run', found ':f'"},
	{"x = python .bot:f", 12,
	 "expected a module, as in 'python bot.agents:Trainer.run', found '.bot:f'"},
	{"x = python bot..agents:f", 12,
	 "expected a module, as in 'python bot.agents:Trainer.run', found 'bot..agents:f'"},
	{"x = python bot.:f", 12,
	 "expected a module, as in 'python bot.agents:Trainer.run', found 'bot.:f'"},
	{"x = python 'bot':f", 12,
	 "expected a module, as in 'python bot.agents:Trainer.run', found ''bot':f'"},
	{"x = python $bot:f", 12,
	 "expected a module, as in 'python bot.agents:Trainer.run', found '$bot:f'"},
	{"x = python bot", 15, "expected ':' between the module and its function"},
	{"x = python bot/agents.py:f", 15,
	 "expected ':' between the module and its function, found '/agents.py:f'"},
	{"x = python bot.agents Trainer.run", 22,
	 "expected ':' between the module and its function, found ' Trainer.run'"},
	{"x = python run(self)", 15,
	 "expected ':' between the module and its function, found '(self)'"},
	{"x = python bot:", 16, "expected a function behind the ':'"},
	{"x = python bot: f", 16, "expected a function behind the ':', found ' f'"},
	{"x = python bot::f", 16, "expected a function behind the ':', found ':f'"},
	{"x = python bot:A..run", 16, "expected a function behind the ':', found 'A..run'"},
	{"x = python bot:A.", 16, "expected a function behind the ':', found 'A.'"},
	{"x = python bot:f()", 17, "expected the end of the line, or ': fails if', found '()'"},
	{"x = python bot:f fails if None", 18,
	 "expected the end of the line, or ': fails if', found 'fails if None'"},
	{"x = python bot:f-g", 17, "expected the end of the line, or ': fails if', found '-g'"},
	{"x = python bot:f :", 19, "expected 'fails if' after ':'"},
	{"x = python bot:f : fails", 20, "expected 'fails if' after ':', found 'fails'"},
	{"x = python bot:f : fial if None", 20,
	 "expected 'fails if' after ':', found 'fial if None'"},
	{"x = python bot:f : failsif None", 20,
	 "expected 'fails if' after ':', found 'failsif None'"},
	{"x = python bot:f : fails ifNone", 20,
	 "expected 'fails if' after ':', found 'fails ifNone'"},
	{"x = python bot:f : fails if", 28,
	 "expected 'None', 'False', '< 0' or '!= 0' after 'fails if'"},
	{"x = python bot:f : fails if none", 29,
	 "expected 'None', 'False', '< 0' or '!= 0' after 'fails if', found 'none'"},
	{"x = python bot:f : fails if Nonesuch", 29,
	 "expected 'None', 'False', '< 0' or '!= 0' after 'fails if', found 'Nonesuch'"},
	{"x = python bot:f : fails if < 1", 29,
	 "expected 'None', 'False', '< 0' or '!= 0' after 'fails if', found '< 1'"},
	{"x = python bot:f : fails if < 01", 29,
	 "expected 'None', 'False', '< 0' or '!= 0' after 'fails if', found '< 01'"},
	{"x = python bot:f : fails if == 0", 29,
	 "expected 'None', 'False', '< 0' or '!= 0' after 'fails if', found '== 0'"},
	{"x = python bot:f : fails if None or False", 34,
	 "expected the end of the line, found 'or False'"},
	/* no UTF-8: cut short, longer than need be, half of a pair, beyond the last letter, Latin-1 */
	{"x = python bot:f\xc3", 17,
	 "expected the end of the line, or ': fails if', found '\\xc3'"},
	{"x = python bot:\xc0\xae", 16,
	 "expected a function behind the ':', found '?"
	 "?'"},
	{"x = python bot:\xed\xa0\x80", 16,
	 "expected a function behind the ':', found '?"
	 "?"
	 "?'"},
	{"x = python bot:\xf4\x90\x80\x80", 16,
	 "expected a function behind the ':', found '?"
	 "?"
	 "?"
	 "?'"},
	{"x = python b\xf6t:f", 13,
	 "expected ':' between the module and its function, found '?t:f'"},
};

static void each_fault(void **state)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[256];
		struct ts_conf *conf;

		snprintf(text, sizeof(text),
			 "[tool]\na = python bot:a : fails if None\n%s\nb = b\n", bad[i].line);
		conf = parse(*state, text);
		assert_int_equal(conf->n_faults, 1);
		check_fault(conf, 0, 3, bad[i].column, bad[i].message);
		assert_int_equal(conf->n_rules, 2);
		/* a rule that was given up leaves nothing behind in the next */
		assert_string_equal(conf->rules[1].name, "b");
		assert_null(conf->rules[1].python.module);
		assert_int_equal(conf->rules[1].fails, TS_FAILS_NEVER);
	}
}

/* A faulty line under [pipeline] names one, in Python, too. */
static void lost_pipeline(void **state)
{
	struct ts_conf *conf =
		parse(*state, "[pipeline]\na = python bot.f\n[tool]\nb = python bot:g\n");

	assert_int_equal(conf->orphans, TS_ORPHANS_DROP);
	assert_int_equal(conf->n_rules, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_and_conditions), TEST(globs),         TEST(is_no_python),
		TEST(each_fault),           TEST(lost_pipeline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
