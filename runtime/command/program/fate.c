// SPDX-License-Identifier: Apache-2.0
#include "fate.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal/print.h"
#include "config.h"
#include "lines.h"

#define LONGEST_COMMAND 200

static void take_start(struct ts_fate *fate, char *const fields[TS_LINES_FIELDS])
{
	long hooked = strtol(fields[3], NULL, 10);

	/* Of a shell and what it runs, the one in which most was found is the one meant. */
	if (!fate->started || hooked > fate->hooked) {
		fate->rules = strtol(fields[2], NULL, 10);
		fate->wire = strstr(fields[2], "+wire") != NULL;
		fate->hooked = hooked;
		snprintf(fate->program, sizeof(fate->program), "%s", fields[4]);
	}
	fate->started = true;
}

static int take_line(void *context, char *const fields[TS_LINES_FIELDS])
{
	struct ts_fate *fate = context;

	if (!strcmp(fields[0], "start")) {
		take_start(fate, fields);
	} else if (!strcmp(fields[0], "passive")) {
		fate->passive = true;
		snprintf(fate->why, sizeof(fate->why), "%s", fields[2]);
	} else if (!strcmp(fields[0], "reached") || !strcmp(fields[0], "hooked")) {
		long hooked = strtol(fields[2], NULL, 10);

		/* Python's functions are found when their modules are imported */
		fate->hooked = hooked > fate->hooked ? hooked : fate->hooked;
		fate->reached |= !strcmp(fields[0], "reached");
	}
	return 0;
}

void ts_fate_read(const char *path, struct ts_fate *ret)
{
	memset(ret, 0, sizeof(*ret));
	ts_lines_read(path, take_line, ret);
}

static void say_no_rules(const char *command, char *ret, size_t bytes)
{
	char places[3 * PATH_MAX];
	char conf[PATH_MAX];

	if (getenv("TRACESHIM_DISABLE")) {
		snprintf(ret, bytes, "nothing was traced: TRACESHIM_DISABLE is set");
	} else if (ts_config_find(conf) < 0) {
		ts_config_places(places, sizeof(places));
		snprintf(ret, bytes, "nothing was traced: there is no symbols.conf (looked for %s)",
			 places);
	} else {
		snprintf(ret, bytes,
			 "nothing was traced: %s has no rules in force; see traceshim check -- %s",
			 conf, command);
	}
}

/* From malloc, or NULL. */
static char *as_typed(char *const *command, size_t n)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	for (size_t i = 0; to && i < n && command[i]; i++) {
		char *quoted = ts_shell_quote(command[i]);

		fprintf(to, "%s%s", i ? " " : "", quoted ? quoted : command[i]);
		free(quoted);
	}
	return to && !fclose(to) ? text : NULL;
}

/* All of it, for an interpreter is nothing without its script; of a long one its beginning. */
static char *shortly_typed(char *const *command)
{
	char *text = as_typed(command, SIZE_MAX), *cut = NULL;

	if (!text || strlen(text) <= LONGEST_COMMAND)
		return text;
	free(text);
	text = as_typed(command, 1);
	if (!text || asprintf(&cut, "%s ...", text) < 0)
		cut = NULL;
	free(text);
	return cut;
}

void ts_fate_sentence(const struct ts_fate *fate, char *const *argv, char *ret, size_t bytes)
{
	char *typed = argv ? shortly_typed(argv) : NULL;
	const char *command = typed ? typed : "CMD";

	*ret = '\0';
	if (fate->reached)
		;
	else if (fate->passive)
		snprintf(ret, bytes, "nothing was traced: %s", fate->why);
	else if (fate->wire && fate->rules == 1)
		snprintf(ret, bytes,
			 "no LLM call seen on its connections; see traceshim check -- %s", command);
	else if (fate->rules > 0)
		snprintf(ret, bytes, "0 of %ld rules reached%s; see traceshim check -- %s",
			 fate->rules - fate->wire,
			 fate->wire ? ", no LLM call seen on its connections" : "", command);
	else
		say_no_rules(command, ret, bytes);
	free(typed);
}
