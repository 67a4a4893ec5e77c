// SPDX-License-Identifier: Apache-2.0
/* The shim's report, as the command reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "../../runtime/command/program/lines.c"
#include "../../runtime/command/program/rules.c"

static void read_text(struct ts_rules *ret, const char *text)
{
	char path[] = "/tmp/test_rules-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(ts_rules_read(ret, path), 0);
	unlink(path);
}

static void everything(void **state)
{
	struct ts_rules rules;

	(void)state;
	read_text(
		&rules,
		"conf\t/c\nprogram\t/bin/bot\nobject\t/bin/bot\t0x5500\nobject\t/lib/l.so\t0x7f00\n"
		"fault\t3\t9\tunknown\\ttype\n"
		"setting\tcapture\t10\n"
		"rule\t2\ttool\tfind*\tget*\n"
		"hook\t2\tgetenv\t/lib/l.so\t0x7f10\tslots\t3\n"
		"hook\t2\tget\t/bin/bot\t0x5510\tentry\t0\n"
		"unseen\t2\tget\t/bin/bot\ta jump leads into it\n"
		"rule\t4\tllm\tgone\tgone\n"
		"miss\t4\ttoo short: 3 bytes\n"
		"later\t4\twhat a newer shim may say\n");
	assert_string_equal(rules.conf, "/c");
	assert_int_equal(rules.n_objects, 2);
	assert_string_equal(rules.objects[1].path, "/lib/l.so");
	assert_int_equal(rules.objects[1].base, 0x7f00);
	assert_string_equal(rules.faults[0].message, "unknown\ttype");
	assert_int_equal(rules.n_rules, 2);
	assert_string_equal(rules.rules[0].name, "find*");
	assert_int_equal(rules.rules[0].n_hooks, 2);
	assert_false(rules.rules[0].hooks[0].entry);
	assert_int_equal(rules.rules[0].hooks[0].slots, 3);
	assert_true(rules.rules[0].hooks[1].entry);
	assert_int_equal(rules.rules[0].n_unseen, 1);
	assert_string_equal(rules.rules[0].unseen[0].object, "/bin/bot");
	assert_string_equal(rules.rules[0].unseen[0].reason, "a jump leads into it");
	assert_string_equal(rules.rules[1].misses[0], "too short: 3 bytes");
	ts_rules_release(&rules);
}

/* What the interpreter says comes after what the shim could know. */
static void later_lines_count_more(void **state)
{
	struct ts_rules rules;

	(void)state;
	read_text(&rules,
		  "conf\t/c\nprogram\t/usr/bin/python3.11\n"
		  "rule\t2\tagent\ttrainer\tbot.agents:Trainer.run\tpython\nmiss\t2\tearly\n"
		  "rule\t3\ttool\tgone\tbot:gone\tpython\nmiss\t3\tearly\n"
		  "rule\t4\ttool\tget\tgetenv\tnative\nmiss\t4\tno\n"
		  "rule\t5\ttool\tquiet\tbot:quiet\tpython\nmiss\t5\tearly\n"
		  "def\t2\tbot.agents:Trainer.run\t/b/agents.py\t12\tcoroutine\n"
		  "param\t2\tprompt\t\nparam\t2\ttoken\tredacted\n"
		  "hint\t3\tdid you mean bot:gown?\nmiss\t3\tlate\n");
	assert_true(rules.rules[0].python);
	assert_int_equal(rules.rules[0].n_misses, 0);
	assert_int_equal(rules.rules[0].n_hooks, 1);
	assert_string_equal(rules.rules[0].hooks[0].object, "/b/agents.py");
	assert_string_equal(rules.rules[0].hooks[0].type, "coroutine");
	assert_int_equal(rules.rules[0].hooks[0].line, 12);
	assert_null(rules.rules[0].hooks[0].address);
	assert_string_equal(rules.rules[0].params[0].value, "");
	assert_int_equal(rules.rules[1].n_misses, 1);
	assert_string_equal(rules.rules[1].misses[0], "late");
	assert_string_equal(rules.rules[1].hints[0], "did you mean bot:gown?");
	assert_false(rules.rules[2].python);
	assert_string_equal(rules.rules[3].misses[0], "early");
	ts_rules_release(&rules);
}

static void objects_are_forgotten(void **state)
{
	struct ts_rules rules;

	(void)state;
	read_text(&rules,
		  "conf\t/c\nprogram\t/p\nrule\t2\ttool\ta\ta\nhook\t2\ta\t/l\t0x1\tslots\t1\n"
		  "unseen\t2\ta\t/l\twhy\nrule\t3\ttool\tb\tb\nmiss\t3\twhy\n");
	assert_int_equal(ts_rules_add_hint(&rules.rules[1], "did you mean a?"), 0);
	ts_rules_forget_objects(&rules);
	for (size_t i = 0; i < rules.n_rules; i++) {
		assert_int_equal(rules.rules[i].n_hooks, 0);
		assert_int_equal(rules.rules[i].n_unseen, 0);
		assert_int_equal(rules.rules[i].n_misses, 0);
		assert_int_equal(rules.rules[i].n_hints, 0);
	}
	assert_string_equal(rules.program, "");
	ts_rules_release(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything),
		cmocka_unit_test(later_lines_count_more),
		cmocka_unit_test(objects_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
