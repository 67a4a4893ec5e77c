// SPDX-License-Identifier: Apache-2.0
/* Function names -> rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "preload/hook/names.h"

static void test_a_pattern_matches_the_whole_text(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool expected;
	} cases[] = {
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "anything", true},
		{"**", "x", true},
		{"?", "", false},
		{"?", "a", true},
		{"?", "ab", false},
		{"run", "run", true},
		{"run", "ru", false},
		{"run", "runs", false},
		{"run", "Run", false},
		{"search_*", "search_", true},
		{"search_*", "search_web", true},
		{"search_*", "search", false},
		{"search_*", "research_web", false},
		{"*_run", "trainer_run", true},
		{"*_run", "_run", true},
		{"*_run", "trainer_run_2", false},
		{"*_run", "a_run_run", true},
		{"a*b*c", "abc", true},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYbZ", false},
		{"a*b*c", "ac", false},
		{"a**", "a", true},
		{"a?c*", "abcd", true},
		{"a?c*", "acd", false},
		{"*ab?", "xababc", true},
		{"*?", "", false},
		{"?*?", "a", false},
		{"?*?", "ab", true},
		{"*aab", "aaaaab", true},
		{"lib*.so*", "libtrainer.so.1", true},
		{"lib*.so", "libtrainer.so.1", false},
		{"[ab]", "a", false},
		{"[ab]", "[ab]", true},
		{"\xc3\xa9*", "\xc3\xa9tude", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (ts_names_match(cases[i].pattern, cases[i].text) != cases[i].expected)
			fail_msg("\"%s\" on \"%s\": not %d", cases[i].pattern, cases[i].text,
				 cases[i].expected);
}

static bool match_at_length(void)
{
	static char text[2001];

	memset(text, 'a', sizeof(text) - 1);
	return ts_names_match("*a*a*a*a*a*a*a*a*a*a*a*a*b", text);
}

/* A matcher that tries every way to share the text out would not come back. */
static void test_many_stars_cost_little(void **state)
{
	(void)state;
	assert_false(match_at_length());
}

/* --- rules ------------------------------------------------------------------------------------ */

struct table {
	struct ts_rule rules[8];
	struct ts_conf conf;
	struct ts_arena arena;
	struct ts_names names;
};

static void add_rule(struct table *table, const char *function, const char *object)
{
	struct ts_rule *rule = &table->rules[table->conf.n_rules++];

	rule->line = (uint32_t)table->conf.n_rules;
	rule->prototype.function = function;
	rule->prototype.object = object;
	rule->glob = strpbrk(function, "*?") != NULL;
	table->conf.rules = table->rules;
}

static void make_names(struct table *table)
{
	assert_int_equal(ts_names_init(&table->names, &table->conf, &table->arena), 0);
}

/* The line of the rule that is found; 0: none. */
static uint32_t find(const struct table *table, const char *name, const char *path)
{
	const struct ts_rule *rule = ts_names_find(&table->names, name, path);

	return rule ? rule->line : 0;
}

static void test_no_rules(void **state)
{
	struct table table = {0};

	(void)state;
	make_names(&table);
	assert_int_equal(find(&table, "run", NULL), 0);
	assert_int_equal(find(&table, "", NULL), 0);
	ts_arena_release(&table.arena);
}

static void test_a_plain_name_before_any_glob(void **state)
{
	struct table table = {0};

	(void)state;
	add_rule(&table, "run*", NULL);
	add_rule(&table, "run", NULL);
	add_rule(&table, "*", NULL);
	make_names(&table);
	assert_int_equal(find(&table, "run", NULL), 2);
	assert_int_equal(find(&table, "runs", NULL), 1);
	assert_int_equal(find(&table, "walk", NULL), 3);
	ts_arena_release(&table.arena);
}

static void test_the_first_of_two_rules_for_a_name(void **state)
{
	struct table table = {0};

	(void)state;
	add_rule(&table, "run", NULL);
	add_rule(&table, "run", NULL);
	make_names(&table);
	assert_int_equal(find(&table, "run", "/usr/lib/libx.so"), 1);
	ts_arena_release(&table.arena);
}

static void test_a_rule_may_name_its_object(void **state)
{
	struct table table = {0};

	(void)state;
	add_rule(&table, "run", "libtrainer.so*");
	add_rule(&table, "run", "bot");
	add_rule(&table, "walk*", "bot");
	make_names(&table);
	assert_int_equal(find(&table, "run", "/opt/lib/libtrainer.so.2"), 1);
	assert_int_equal(find(&table, "run", "/srv/bot"), 2);
	assert_int_equal(find(&table, "run", "bot"), 2);
	assert_int_equal(find(&table, "run", "/srv/bot/other"), 0);
	assert_int_equal(find(&table, "run", "/srv/robot"), 0);
	assert_int_equal(find(&table, "run", NULL), 1);
	assert_int_equal(find(&table, "walks", "/srv/bot"), 3);
	assert_int_equal(find(&table, "walks", "/srv/cat"), 0);
	ts_arena_release(&table.arena);
}

/* More names than any bucket count they could share by chance. */
static void test_many_names(void **state)
{
	static struct ts_rule rules[5000];
	static char functions[5000][16];
	struct ts_conf conf = {.rules = rules, .n_rules = 5000};
	struct ts_arena arena = {0};
	struct ts_names names = {0};

	(void)state;
	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(functions[i], sizeof(functions[i]), "function_%u", i);
		rules[i] = (struct ts_rule){.line = i, .prototype.function = functions[i]};
	}
	assert_int_equal(ts_names_init(&names, &conf, &arena), 0);
	for (uint32_t i = 0; i < 5000; i++)
		assert_ptr_equal(ts_names_find(&names, functions[i], NULL), &rules[i]);
	assert_null(ts_names_find(&names, "function_5000", NULL));
	assert_null(ts_names_find(&names, "function_", NULL));
	ts_arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pattern_matches_the_whole_text),
		cmocka_unit_test(test_many_stars_cost_little),
		cmocka_unit_test(test_no_rules),
		cmocka_unit_test(test_a_plain_name_before_any_glob),
		cmocka_unit_test(test_the_first_of_two_rules_for_a_name),
		cmocka_unit_test(test_a_rule_may_name_its_object),
		cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
