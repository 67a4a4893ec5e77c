// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "terminal/guess.h"
#include "terminal/print.h"
#include "traces/stored.h"

static const struct ts_command *const commands[] = {
	&ts_command_run,     &ts_command_check,   &ts_command_symbols, &ts_command_list,
	&ts_command_show,    &ts_command_ps,      &ts_command_tail,    &ts_command_export,
	&ts_command_report,  &ts_command_compare, &ts_command_gate,    &ts_command_reprice,
	&ts_command_collect, &ts_command_recover, &ts_command_store};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct ts_command *ts_command_at(size_t index)
{
	return index < N_COMMANDS ? commands[index] : NULL;
}

void ts_command_help(const struct ts_command *command)
{
	fputs(command->help, stdout);
	if (command != &ts_command_complete)
		printf("\nmanual: man traceshim-%s\n", command->name);
}

static void print_overview(FILE *out)
{
	fputs("traceshim shows what the agents and LLM calls of an unmodified program did.\n\n"
	      "usage: traceshim [--tenant T] COMMAND ...\n\n",
	      out);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n  --tenant T               show the rows of one tenant only\n"
	      "  traceshim help COMMAND   the options of a command\n"
	      "  traceshim --version      the version\n\n"
	      "example: traceshim run -- ./bot\n\n"
	      "manual: man traceshim\n",
	      out);
}

static const struct ts_command *find(const char *name)
{
	const char *names[N_COMMANDS + 1];
	const char *guess;

	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
		names[i] = commands[i]->name;
	}
	if (!strcmp(ts_command_complete.name, name))
		return &ts_command_complete;
	names[N_COMMANDS] = "help";
	guess = ts_guess(name, names, N_COMMANDS + 1);
	if (guess)
		ts_say("unknown command %s (did you mean %s?)", name, guess);
	else
		ts_say("unknown command %s; traceshim help lists them", name);
	return NULL;
}

static int help(int argc, char **argv)
{
	const struct ts_command *command;

	if (argc < 2 || !strcmp(argv[1], "help")) {
		print_overview(stdout);
		return TS_EXIT_DONE;
	}
	command = find(argv[1]);
	if (!command)
		return TS_EXIT_USAGE;
	ts_command_help(command);
	return TS_EXIT_DONE;
}

static int run(const struct ts_command *command, const char *tenant, int argc, char **argv)
{
	if (tenant && !command->reads) {
		ts_say("--tenant is for commands that show what is stored, not for %s",
		       command->name);
		return TS_EXIT_USAGE;
	}
	ts_stored_as(tenant);
	return command->run(argc, argv);
}

/* --tenant T, or --tenant=T: how many arguments that is, or -EINVAL with the sentence printed. */
static int take_tenant(int argc, char **argv, const char **ret)
{
	static const char option[] = "--tenant";
	size_t n = strlen(option);

	if (strncmp(argv[1], option, n) != 0 || (argv[1][n] && argv[1][n] != '='))
		return 0;
	*ret = argv[1][n] ? argv[1] + n + 1 : argv[2];
	if (!*ret || !**ret || argc < (argv[1][n] ? 3 : 4)) {
		ts_say("--tenant needs a tenant and a command, as in traceshim --tenant acme list");
		return -EINVAL;
	}
	return argv[1][n] ? 1 : 2;
}

static int dispatch(int argc, char **argv)
{
	const struct ts_command *command;
	const char *tenant = NULL;
	int taken;

	if (argc < 2) {
		print_overview(stderr);
		return TS_EXIT_USAGE;
	}
	taken = take_tenant(argc, argv, &tenant);
	if (taken < 0)
		return TS_EXIT_USAGE;
	argc -= taken;
	argv += taken;
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("traceshim " TS_VERSION);
		return TS_EXIT_DONE;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(argc - 1, argv + 1);
	if (argv[1][0] == '-') {
		ts_say("unknown option %s; traceshim help lists the commands", argv[1]);
		return TS_EXIT_USAGE;
	}
	command = find(argv[1]);
	return command ? run(command, tenant, argc - 1, argv + 1) : TS_EXIT_USAGE;
}

/* Whoever read our output has seen enough? errno may be of something that came later. */
static bool is_unread(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	return poll(&out, 1, 0) == 1 && out.revents & POLLERR;
}

int main(int argc, char **argv)
{
	int status;

	setlocale(LC_CTYPE, "");
	status = dispatch(argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		if (errno != EPIPE && !is_unread())
			ts_say("standard output: %s", strerror(errno));
		return status ? status : TS_EXIT_FAILED;
	}
	return status;
}
