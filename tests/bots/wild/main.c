// SPDX-License-Identifier: Apache-2.0
/* wild WHAT [HOW] */

#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "nowhere.h"
#include "wild.h"

static const char *program, *how = "";
static int status;

static int pointers(void)
{
	for (int i = 0; i < 3; i++)
		call_all();
	puts("all calls came back");
	return 0;
}

static int run_die(void)
{
	return die(how);
}

static int run_watch(void)
{
	return watch(how);
}

static int run_exec(void)
{
	return ignore_and_exec(program);
}

static const struct {
	const char *name;
	int (*what)(void);
} parts[] = {
	{"pointers", pointers},     {"handle", handle},      {"jump", jump_out},
	{"query", query},           {"race", race},          {"overflow", overflow_handled},
	{"die", run_die},           {"watch", run_watch},    {"block", block},
	{"call", set_by_call},      {"exec", run_exec},      {"disposition", disposition},
	{"vfork", vfork_and_reset}, {"fork", fork_and_call},
};

static int (*chosen)(void);

static void run(void)
{
	status = chosen();
}

int main(int argc, char **argv)
{
	program = argv[0];
	if (argc > 2)
		how = argv[2];
	for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strcmp(argv[1], parts[i].name))
			chosen = parts[i].what;
	if (!chosen)
		return 2;
	setbuf(stdout, NULL);
	make_nowhere();
	if (argc > 2 && !strcmp(how, "tenant"))
		visit_for(nowhere.dangling, run);
	else
		visit(run);
	return status;
}
