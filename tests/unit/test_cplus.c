// SPDX-License-Identifier: Apache-2.0
/* Mangled names of g++, clang++ with libc++, the old ABI and rustc -> the rules that name them. */

#include "prototype_fixture.h"

#include "preload/conf/conf.h"
#include "preload/hook/cplus.h"
#include "preload/demangle.h"

extern ts_demangle_fn ts_demangle;

struct table {
	struct ts_arena arena;
	struct ts_conf conf;
	struct ts_names names;
	struct ts_cplus cplus;
};

/* A symbols.conf of these lines, in a section. */
static void read_rules(struct table *table, const char *rules)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), "[agent]\n%s\n", rules);

	*table = (struct table){.arena = {0}};
	assert_int_equal(
		ts_conf_parse(text, (size_t)n, "symbols.conf", &table->arena, &table->conf), 0);
	if (table->conf.n_faults)
		fail_msg("%s\n%u: %s", rules, table->conf.faults[0].column,
			 table->conf.faults[0].message);
	assert_int_equal(ts_names_init(&table->names, &table->conf, &table->arena), 0);
	assert_int_equal(ts_cplus_init(&table->cplus, &table->conf, &table->arena), 0);
	table->cplus.demangle = ts_demangle;
}

static void release(struct table *table)
{
	ts_arena_release(&table->arena);
}

static void enter(struct table *table, const char *mangled)
{
	assert_int_equal(ts_cplus_enter(&table->cplus, &table->names, mangled, "/lib/libbot.so",
					&table->arena),
			 0);
}

/* 1-based place of the rule among the rules; 0: none. */
static size_t rule_of(struct table *table, const char *mangled)
{
	const struct ts_rule *rule = ts_names_find(&table->names, mangled, "/lib/libbot.so");

	return rule ? (size_t)(rule - table->conf.rules) + 1 : 0;
}

static bool fits(const char *rules, const char *mangled)
{
	struct table table;
	bool found;

	read_rules(&table, rules);
	enter(&table, mangled);
	found = rule_of(&table, mangled) == 1;
	release(&table);
	return found;
}

#define STD11  "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
#define STD1   "NSt3__112basic_stringIcNS1_11char_traitsIcEENS1_9allocatorIcEEEE"
#define VIEW   "St17basic_string_viewIcSt11char_traitsIcEE"
#define TRAITS "_ZN56_$LT$agents..memory..Memory$u20$as$u20$agents..Agent$GT$6answer17h"

static void test_what_fits(void **state)
{
	static const struct {
		const char *rule, *mangled;
		bool expected;
	} cases[] = {
		/* the same function of three libraries */
		{"x = std::string bot::Memory::run(this, const std::string &query)",
		 "_ZN3bot6Memory3runERK" STD11, true},
		{"x = std::string bot::Memory::run(this, const std::string &query)",
		 "_ZN3bot6Memory3runERK" STD1, true},
		{"x = std::string bot::Memory::run(this, const std::string &query)",
		 "_ZN3bot6Memory3runERKSs", true},
		{"x = std::string bot::Memory::run(this, std::string const& q) const",
		 "_ZNK3bot6Memory3runERK" STD11, true},

		/* overloads */
		{"x = std::string bot::Memory::run(this, const std::string &query)",
		 "_ZNK3bot6Memory3runERK" STD11 "i", false},
		{"x = std::string bot::Memory::run(this, const std::string &query, int limit)",
		 "_ZNK3bot6Memory3runERK" STD11 "i", true},
		{"x = std::string bot::Memory::run(this, const std::string &query)",
		 "_ZN3bot6Memory3runB5cxx11E" VIEW, false},
		{"x = std::string bot::Memory::run(this, std::string_view query)",
		 "_ZN3bot6Memory3runB5cxx11E" VIEW, true},
		{"x = std::string bot::Memory::run(this, ...)", "_ZNK3bot6Memory3runERK" STD11 "i",
		 true},
		{"x = std::string bot::Memory::run(this, const std::string &q, ...)",
		 "_ZNK3bot6Memory3runERK" STD11 "i", true},
		{"x = std::string bot::Memory::run(this, int q, ...)",
		 "_ZNK3bot6Memory3runERK" STD11 "i", false},
		{"x = bot::Memory::run", "_ZNK3bot6Memory3runERK" STD11 "i", true},
		{"x = bot::Memory::run", "_ZN3bot6Memory6recallB5cxx11Ei", false},
		{"x = bot::Memory::run", "_ZN3bot6Memory4runsEv", false},
		{"x = bot::Memory::run", "_ZN5other3bot6Memory3runEv", false},
		{"x = bot::run", "_ZN3bot6Memory3runEv", false},

		/* member functions that cannot be anything else want `this` */
		{"x = int bot::X::get(int key)", "_ZNK3bot1X3getEi", false},
		{"x = int bot::X::get(this, int key)", "_ZNK3bot1X3getEi", true},
		{"x = int bot::X::get(this, int key) const", "_ZN3bot1X3getEi", false},
		{"x = int bot::X::get(int key)", "_ZN3bot1X3getEi", true},

		/* types */
		{"x = int bot::parse(const char *s, size_t n)", "_ZN3bot5parseEPKcm", true},
		{"x = int bot::parse(const char *s, unsigned n)", "_ZN3bot5parseEPKcm", false},
		{"x = int bot::parse(char *s, size_t n)", "_ZN3bot5parseEPKcm", false},
		{"x = long bot::wide(int64_t, uint32_t, unsigned long long, const long &)",
		 "_ZN3bot4wideEljyRKl", true},
		{"x = long bot::sum(const std::vector<int> &n, const std::map<std::string, long> "
		 "&w)",
		 "_ZN3bot3sumERKSt6vectorIiSaIiEERKSt3mapI" STD11
		 "lSt4lessISB_ESaISt4pairIKSB_lEEE",
		 true},
		{"x = long bot::sum(const std::vector<int> &n, const std::map<std::string, long> "
		 "&w)",
		 "_ZN3bot3sumERKNSt3__16vectorIiNS0_9allocatorIiEEEERKNS0_3mapINS0_12basic_"
		 "stringIcNS0_11char_traitsIcEENS2_IcEEEElNS0_4lessISC_EENS2_INS0_"
		 "4pairIKSC_lEEEEEE",
		 true},
		{"x = int bot::call(const std::function<int(int)> &f, int (*g)(int, const char *), "
		 "int)",
		 "_ZN3bot4callERKSt8functionIFiiEEPFiiPKcEi", true},
		{"x = int ::plain(const char *a)", "_Z5plainPKc", true},
		{"x = int ::plain()", "_Z5plainv", true},
		{"x = int ::plain(enum Kind k)", "_Z5plain4Kind", true},
		{"x = ::plain", "_Z5plainv", true},
		{"x = ::plain", "_ZN3bot5plainEv", false},

		/* templates, operators, what has no name */
		{"x = int bot::Box<int>::get(this, int n)", "_ZNK3bot3BoxIiE3getEi", true},
		{"x = int bot::Box<long>::get(this, int n)", "_ZNK3bot3BoxIiE3getEi", false},
		{"x = bot::Box::get", "_ZNK3bot3BoxIiE3getEi", true},
		{"x = bot::Box<std::string>::get", "_ZNK3bot3BoxI" STD11 "E3getEi", true},
		{"x = bot::Box<std::string>::get", "_ZNK3bot3BoxI" STD1 "E3getEi", true},
		{"x = int bot::twice<int>(int value, const std::string &label)",
		 "_ZN3bot5twiceIiEET_S1_RK" STD11, true},
		{"x = int bot::twice(int value, const std::string &label)",
		 "_ZN3bot5twiceIiEET_S1_RK" STD11, true},
		{"x = bot::X::operator()", "_ZN3bot1XclEii", true},
		{"x = bot::X::operator[]", "_ZN3bot1XclEii", false},
		{"x = bool bot::operator<(const bot::X &, const bot::X &)", "_ZN3botltERKNS_1XES2_",
		 true},
		{"x = bot::operator*", "_ZN3botmlERKNS_1XES2_", true},
		{"x = (anonymous namespace)::f", "_ZN12_GLOBAL__N_11fEi", true},
		{"x = bot::(anonymous namespace)::f", "_ZN3bot12_GLOBAL__N_11fEi", true},
		{"x = bot2::run", "_ZN4bot23runEv", true},
		{"x = bot::_hidden", "_ZN3bot7_hiddenEv", true},
		{"x = static int bot::help(int)", "_ZN3botL4helpEi", true},
		{"x = void bot::Memory::Memory(this, const std::string &name)",
		 "_ZN3bot6MemoryC1ERK" STD11, true},
		{"x = bot::Memory::Memory", "_ZN3bot6MemoryC2ERK" STD11, true},
		{"x = bot::Memory::~Memory", "_ZN3bot6MemoryD0Ev", true},
		{"x = bot::Memory::~Memory", "_ZN3bot6MemoryC1Ev", false},
		{"x = std::terminate", "_ZSt9terminatev", true},
		{"x = std::__cxx11::to_string", "_ZNSt7__cxx119to_stringEi", true},

		/* what is no function of a program's author */
		{"x = bot::Memory", "_ZTVN3bot6MemoryE", false},
		{"x = bot::Memory::run", "_ZThn16_N3bot6Memory3runEv", false},
		{"x = bot::Memory::run", "_ZN3bot6Memory3runEv.cold", false},
		{"x = bot::Memory::run", "_ZN3bot6Memory3run", false},
		{"x = bot::Memory::run", "bot::Memory::run", false},

		/* globs */
		{"x* = bot::*::run", "_ZN3bot6Memory3runEv", true},
		{"x* = bot::*::run", "_ZN3bot3runEv", false},
		{"x* = bot::*", "_ZN3bot6Memory3runEv", true},
		{"x* = bot::search_*", "_ZN3bot10search_webEi", true},
		{"x* = *::search_*", "_ZN3bot10search_webEi", true},
		{"x* = bot::se?rch_web", "_ZN3bot10search_webEi", true},
		{"x* = bot::*", "_ZN5other3botEv", false},
		{"x* = bot::Box<*>::get", "_ZNK3bot3BoxIiE3getEi", true},

		/* Rust */
		{"x = agents::memory::run", "_ZN6agents6memory3run17hc3e70bb0599e02d1E", true},
		{"x = agents::memory::run", "_RNvNtCsebKvcrljZua_6agents6memory3run", true},
		{"x = agents::search::run", "_RNvNtCsebKvcrljZua_6agents6memory3run", false},
		{"x = agents::memory::Memory::recall",
		 "_ZN6agents6memory6Memory6recall17hc77a99332a6599a1E", true},
		{"x = agents::memory::Memory::recall",
		 "_RNvMNtCsebKvcrljZua_6agents6memoryNtB2_6Memory6recall", true},
		{"x = <agents::memory::Memory as agents::Agent>::answer",
		 TRAITS "a03620769ed787ecE", true},
		{"x = <agents::memory::Memory as agents::Agent>::answer",
		 "_RNvXs_NtCsebKvcrljZua_6agents6memoryNtB4_6MemoryNtB6_5Agent6answer", true},
		{"x* = agents::*::run", "_RNvNtCsebKvcrljZua_6agents6memory3run", true},
		{"x* = agents::*::run", "_ZN6agents6memory3run17hc3e70bb0599e02d1E", true},
		{"x = agents::twice", "_RINvCs1_6agents5twicelE", true},
		{"x = int agents::memory::run(int n)", "_RNvNtCsebKvcrljZua_6agents6memory3run",
		 false},
		{"x = agents::_run", "_RNvCs1_6agents4__run", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (fits(cases[i].rule, cases[i].mangled) != cases[i].expected)
			fail_msg("%s\n%s\nnot %d", cases[i].rule, cases[i].mangled,
				 cases[i].expected);
}

static void test_each_overload_has_its_rule(void **state)
{
	static const char *const mangled[] = {
		"_ZN3bot6Memory3runERK" STD11,
		"_ZNK3bot6Memory3runERK" STD11 "i",
		"_ZN3bot6Memory3runB5cxx11E" VIEW,
		"_ZN3bot6Memory3runEd",
	};
	struct table table;

	(void)state;
	read_rules(&table,
		   "any* = bot::Memory::*\n"
		   "view = std::string bot::Memory::run(this, std::string_view query)\n"
		   "one = std::string bot::Memory::run(this, const std::string &query)\n"
		   "two = std::string bot::Memory::run(this, const std::string &, int n)\n");
	for (size_t i = 0; i < 4; i++)
		enter(&table, mangled[i]);
	assert_int_equal(rule_of(&table, mangled[0]), 3);
	assert_int_equal(rule_of(&table, mangled[1]), 4);
	assert_int_equal(rule_of(&table, mangled[2]), 2);
	assert_int_equal(rule_of(&table, mangled[3]), 1);
	assert_string_equal(
		ts_names_alias_of(&table.names, mangled[3], &table.conf.rules[0])->function,
		"bot::Memory::run");
	release(&table);
}

static void test_a_rule_may_name_its_object(void **state)
{
	static const char mangled[] = "_ZN3bot3runEv";
	struct table table;

	(void)state;
	read_rules(&table, "a = int bot::run@libother.so()\nb = bot::run@libbot.so\n");
	enter(&table, mangled);
	assert_int_equal(rule_of(&table, mangled), 2);
	assert_ptr_equal(ts_names_find(&table.names, mangled, "/x/libother.so"),
			 &table.conf.rules[0]);
	assert_null(ts_names_find(&table.names, mangled, "/x/libthird.so"));
	release(&table);
}

/* So many that the table grows, and each name's rules stay in order. */
static void test_a_thousand_aliases(void **state)
{
	struct table table;
	char mangled[64];

	(void)state;
	read_rules(&table, "a* = bot::f*@libother.so\nb* = bot::*\n");
	for (int i = 1000; i < 2000; i++) {
		snprintf(mangled, sizeof(mangled), "_ZN3bot5f%dEv", i);
		enter(&table, mangled);
	}
	for (int i = 1000; i < 2000; i++) {
		snprintf(mangled, sizeof(mangled), "_ZN3bot5f%dEv", i);
		assert_int_equal(rule_of(&table, mangled), 2);
		assert_ptr_equal(ts_names_find(&table.names, mangled, "/x/libother.so"),
				 &table.conf.rules[0]);
	}
	assert_int_equal(table.names.n_aliases, 2000);
	release(&table);
}

static void test_which_library(void **state)
{
	static const struct {
		const char *mangled;
		enum ts_dialect expected;
	} cases[] = {
		{"_ZN3bot3runERK" STD11, TS_DIALECT_GNU},
		{"_ZN3bot3runB5cxx11Ev", TS_DIALECT_GNU},
		{"_ZN3bot3runB5cxx11E" VIEW, TS_DIALECT_GNU},
		{"_ZN3bot3runERK" STD1, TS_DIALECT_LLVM},
		{"_ZN3bot3runENSt3__16vectorIiNS0_9allocatorIiEEEE", TS_DIALECT_LLVM},
		{"_ZN3bot3runERKSs", TS_DIALECT_GNU_OLD},
		{"_ZN3bot3runE" VIEW, TS_DIALECT_GNU_OLD},
		{"_ZN3bot3runERKSt6vectorIiSaIiEE", TS_DIALECT_GNU_OLD},
		{"_ZN3bot3runEv", TS_DIALECT_UNKNOWN},
		{"_ZN3bot3runESt16initializer_listIiE", TS_DIALECT_UNKNOWN},
		{"_ZN3bot3runERKSt9exception", TS_DIALECT_UNKNOWN},
		{"_ZN3bot3runERKNSt3__212basic_stringIcNS1_11char_traitsIcEENS1_"
		 "9allocatorIcEEEE",
		 TS_DIALECT_UNKNOWN},
		{"_ZN6agents6memory3run17hc3e70bb0599e02d1E", TS_DIALECT_UNKNOWN},
	};
	static char buffer[8192];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ts_demangled demangled;

		assert_int_equal(ts_demangle(cases[i].mangled, buffer, sizeof(buffer), &demangled),
				 0);
		if (ts_dialect_of_name(&demangled) != cases[i].expected)
			fail_msg("%s: %d", cases[i].mangled, ts_dialect_of_name(&demangled));
	}
}

static void test_what_is_missing_is_told(void **state)
{
	struct table table;
	char why[256];

	(void)state;
	read_rules(&table, "a = int bot::run(int n)\nb = int bot::get(int n)\nc = bot::none\n");
	assert_false(ts_cplus_miss(&table.cplus, &table.conf.rules[0], why, sizeof(why)));
	enter(&table, "_ZN3bot3runERK" STD11 "l");
	enter(&table, "_ZNK3bot3getEi");
	assert_true(ts_cplus_miss(&table.cplus, &table.conf.rules[0], why, sizeof(why)));
	assert_string_equal(why, "/lib/libbot.so defines it with other parameters: (std::string "
				 "const&,long)");
	assert_true(ts_cplus_miss(&table.cplus, &table.conf.rules[1], why, sizeof(why)));
	assert_string_equal(why, "/lib/libbot.so defines it with other parameters: (int) const; "
				 "'this' stands before those of a member function");
	assert_false(ts_cplus_miss(&table.cplus, &table.conf.rules[2], why, sizeof(why)));
	release(&table);
}

/* Names in which a rule's identifiers do not stand are not worth the module. */
static void test_few_names_ask_for_the_module(void **state)
{
	static const char *const others[] = {
		"printf",         "_ZN3bot6recallEv", "_ZN3bot7forerunEv", "_ZN4bots3runEv",
		"_ZN4llvm3runEv", "_Z3runv",          "_ZN3run3botEv",     "_RNvCs1_6agents3run",
	};
	struct table table;

	(void)state;
	read_rules(&table, "a = bot::run\n");
	table.cplus.demangle = NULL;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		enter(&table, others[i]);
		if (table.cplus.wanted)
			fail_msg("%s", others[i]);
	}
	enter(&table, "_ZN3bot3runEv");
	assert_true(table.cplus.wanted);
	assert_int_equal(table.names.n_aliases, 0);
	release(&table);
}

/* Whatever bytes a symbol table holds. */
static void test_broken_names(void **state)
{
	static const char whole[] = "_ZNK3bot3BoxI" STD11 "E3getERKSt3mapIilSt4lessIiESaIiEE";
	struct table table;

	(void)state;
	read_rules(&table, "a* = *::*\nb* = bot::*\n");
	for (size_t i = 0; i < sizeof(whole); i++) {
		char *exact = strndup(whole, i);

		enter(&table, exact);
		for (size_t j = 2; j < i; j += 3) {
			exact[j] ^= (char)(1 + i % 7);
			enter(&table, exact);
		}
		free(exact);
	}
	assert_int_equal(rule_of(&table, whole), 1);
	release(&table);
}

static void test_long_names_are_left_out(void **state)
{
	static char mangled[20000] = "_ZN3bot3runE";
	struct table table;

	(void)state;
	memset(mangled + 12, 'P', sizeof(mangled) - 14);
	mangled[sizeof(mangled) - 2] = 'i';
	read_rules(&table, "a = bot::run\n");
	enter(&table, mangled);
	assert_int_equal(table.names.n_aliases, 0);
	mangled[3000] = 'i';
	mangled[3001] = 0;
	enter(&table, mangled);
	release(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_fits),
		cmocka_unit_test(test_each_overload_has_its_rule),
		cmocka_unit_test(test_a_rule_may_name_its_object),
		cmocka_unit_test(test_a_thousand_aliases),
		cmocka_unit_test(test_which_library),
		cmocka_unit_test(test_what_is_missing_is_told),
		cmocka_unit_test(test_few_names_ask_for_the_module),
		cmocka_unit_test(test_broken_names),
		cmocka_unit_test(test_long_names_are_left_out),
	};

	return cmocka_run_group_tests_name("cplus", tests, NULL, NULL);
}
