// SPDX-License-Identifier: Apache-2.0
/*
 * What shells ask when a line is completed: `traceshim complete ...`, named in no overview. Options and words are read out of
 * the help texts, so they are those of every command, as it is.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../query/query.h"
#include "../../uuid.h"
#include "../command.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "../traces/period.h"
#include "../traces/stored.h"

#define MOST_TRACES  50
#define OPTION_BYTES 40
#define VALUE_BYTES  120

static const char help[] =
	"usage: traceshim complete commands\n"
	"       traceshim complete options|words COMMAND\n"
	"       traceshim complete pipelines|traces\n\n"
	"For the shells' completion: a candidate a line, and behind tabs what is to be said\n"
	"of it. Of an option that is its value: a name in capitals, or those there are,\n"
	"parted by |; words that begin with @ stand for traces, commands and files.\n\n"
	"example: traceshim complete options list\n";

/* --- out of a help text ------------------------------------------------------------------------ */

/* An option as its line tells it: "  -o, --output FILE  text". */
struct line {
	char letter; /* 0: none */
	char option[OPTION_BYTES];
	char value[VALUE_BYTES];
	const char *text;
	size_t text_bytes;
};

static bool read_line(const char *at, struct line *ret)
{
	size_t n;

	if (strncmp(at, "  -", 3) != 0)
		return false;
	at += 2;
	ret->letter = at[1] == '-' ? '\0' : at[1];
	if (ret->letter)
		at += strcspn(at, " \n") + 1;
	n = 2 + strspn(at + (strncmp(at, "--", 2) == 0 ? 2 : 0), "abcdefghijklmnopqrstuvwxyz-");
	if (strncmp(at, "--", 2) != 0 || n >= OPTION_BYTES)
		return false;
	snprintf(ret->option, sizeof(ret->option), "%.*s", (int)n, at);
	at += n;
	*ret->value = '\0';
	if (at[0] == ' ' && at[1] != ' ') {
		n = strcspn(at + 1, " \n");
		snprintf(ret->value, sizeof(ret->value), "%.*s", (int)n, at + 1);
		at += n + 1;
	} else if (at[0] == '[') {
		at += strcspn(at, " \n"); /* a value that may be left out */
	}
	/* on the next line, where the option is long */
	ret->text = at + strspn(at, " \n");
	ret->text_bytes = strcspn(ret->text, "\n");
	return true;
}

static const char *next_line(const char *at)
{
	at += strcspn(at, "\n");
	return *at ? at + 1 : at;
}

static void print_option(const struct line *line)
{
	printf("%s\t%s\t%.*s\n", line->option, line->value, (int)line->text_bytes, line->text);
	if (line->letter)
		printf("-%c\t%s\t%.*s\n", line->letter, line->value, (int)line->text_bytes,
		       line->text);
}

/* An option has a line for each of its values where those are few. */
static void print_options(const struct ts_command *command)
{
	struct line line, next;

	for (const char *at = command->help; *at; at = next_line(at)) {
		if (!read_line(at, &line))
			continue;
		for (const char *to = next_line(at); *to; to = next_line(to)) {
			if (!read_line(to, &next))
				continue;
			if (strcmp(next.option, line.option) != 0)
				break;
			snprintf(line.value + strlen(line.value),
				 sizeof(line.value) - strlen(line.value), "|%s", next.value);
			line.text_bytes = 0;
			at = to;
		}
		print_option(&line);
	}
}

/* What words of a usage stand for. */
struct words {
	bool traces, commands, files;
};

/* Of an option in brackets, up to the one that closes them; of another, its value. */
static bool is_option(char *token, char **rest)
{
	bool in_brackets = strncmp(token, "[-", 2) == 0 && strcmp(token, "[--") != 0 &&
			   strcmp(token, "[--]") != 0;
	size_t n;

	if (!in_brackets && strncmp(token, "--", 2) != 0)
		return false;
	while (in_brackets && token && token[strlen(token) - 1] != ']')
		token = strtok_r(NULL, " ", rest);
	if (!in_brackets) {
		n = strspn(*rest, " ");
		if (isupper((unsigned char)(*rest)[n]))
			strtok_r(NULL, " ", rest);
	}
	return true;
}

/* What comes behind the command's name on a line of its usage. */
static void read_usage(char *line, struct words *ret)
{
	bool first = true;
	char *rest;

	for (char *token = strtok_r(line, " ", &rest); token; token = strtok_r(NULL, " ", &rest)) {
		if (is_option(token, &rest))
			continue;
		if (first && islower((unsigned char)*token))
			puts(token);
		first = false;
		ret->traces |= strstr(token, "TRACE") != NULL;
		ret->commands |= strstr(token, "CMD") != NULL;
		ret->files |=
			strstr(token, "FILE") || strstr(token, "CONF") || strstr(token, "PROGRAM");
	}
}

static void print_words(const struct ts_command *command)
{
	size_t name = strlen("usage: traceshim ") + strlen(command->name);
	const char *end = strstr(command->help, "\n\n");
	struct words words = {.traces = false};
	char line[256];

	for (const char *at = command->help; at < end; at = next_line(at)) {
		size_t n = strcspn(at, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)n, at);
		if (n > name)
			read_usage(line + name, &words);
	}
	if (words.traces)
		puts("@traces");
	if (words.commands)
		puts("@commands");
	if (words.files)
		puts("@files");
}

/* --- out of the store -------------------------------------------------------------------------- */

static void print_pipelines(struct ts_query *query)
{
	struct ts_names *names;
	const char *const *all;
	size_t n;

	if (ts_query_pipelines(query, &names, NULL) < 0)
		return;
	all = ts_names_all(names, &n);
	for (size_t i = 0; i < n; i++)
		if (!strpbrk(all[i], "\t\n"))
			puts(all[i]);
	ts_names_free(names);
}

static void print_trace(const struct ts_trace *trace, size_t digits)
{
	char id[TS_UUID_TEXT], when[32], took[32];

	ts_uuid_format(&trace->trace_id, id);
	ts_when_short(trace->started_us, ts_now_us(), when, sizeof(when));
	ts_when_duration(trace->duration_ms, took, sizeof(took));
	digits += (digits > 8) + (digits > 12) + (digits > 16) + (digits > 20);
	printf("%.*s\t%s, %s, %s%s\n", (int)digits, id,
	       strpbrk(trace->pipeline_name, "\t\n") ? "" : trace->pipeline_name, when, took,
	       trace->success ? "" : ", failed");
}

static void print_traces(struct ts_query *query)
{
	const struct ts_query_filter filter = {.limit = MOST_TRACES};
	struct ts_listing *listing;

	if (ts_query_list(query, &filter, &listing, NULL) < 0)
		return;
	if (ts_listing_count(listing))
		puts("last\tthe newest");
	for (size_t i = 0; i < ts_listing_count(listing); i++)
		print_trace(&ts_listing_at(listing, i)->trace, ts_listing_digits(listing));
	ts_listing_free(listing);
}

/* --- the command ------------------------------------------------------------------------------- */

static void print_commands(void)
{
	const struct ts_command *command;

	for (size_t i = 0; (command = ts_command_at(i)); i++)
		printf("%s\t%s\n", command->name, command->summary);
	puts("help\tthe options of a command");
}

static const struct ts_command *find(const char *name)
{
	const struct ts_command *command;

	for (size_t i = 0; name && (command = ts_command_at(i)); i++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

/* Of what is not there nothing is said: nobody waits for a sentence in the middle of a line. */
static int run(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	const struct ts_command *command = argc > 2 ? find(argv[2]) : NULL;
	struct ts_query *query = NULL;

	if (!strcmp(what, "commands"))
		print_commands();
	else if (!strcmp(what, "options") && command)
		print_options(command);
	else if (!strcmp(what, "words") && command)
		print_words(command);
	else if (!strcmp(what, "pipelines") && ts_stored_reopen(&query, NULL) == 0)
		print_pipelines(query);
	else if (!strcmp(what, "traces") && ts_stored_reopen(&query, NULL) == 0)
		print_traces(query);
	ts_query_free(query);
	return TS_EXIT_DONE;
}

const struct ts_command ts_command_complete = {
	.name = "complete",
	.help = help,
	.reads = true,
	.run = run,
};
