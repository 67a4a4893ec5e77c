// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../live/programs.h"
#include "../../log/spool.h"
#include "../command.h"
#include "../options.h"
#include "../terminal/keys.h"
#include "../terminal/print.h"
#include "table.h"

#define WATCH_MS 1000

static const char help[] =
	"usage: traceshim ps [--watch] [--json]\n\n"
	"Shows every program under the shim that runs, and for each of its threads what\n"
	"it is inside of now: how long, in which trace, and the calls from the pipeline\n"
	"to the innermost one. What has been open longest comes first, marked with *, so\n"
	"that a call which hangs is on top. Calls of language models that [wire] reads\n"
	"off connections are among them, with the model and what has come of the answer.\n"
	"Nothing is stopped or taken by looking.\n\n"
	"  --watch     look again each second; q ends\n"
	"  --json      an array of programs, each with what it is inside of; with --watch\n"
	"              one such document a line\n"
	"  -h, --help  this text\n\n"
	"The spool folder is that of TRACESHIM_SPOOL, as programs find it.\n\n"
	"exit status: 0 done, 1 failed, 2 wrong usage, or no spool folder\n\n"
	"example: traceshim ps\n"
	"         traceshim ps --json | jq '.[].inside[] | select(.inside_ms > 60000)'\n";

struct options {
	bool watch;
	bool json;
};

static int take_options(struct options *options, int argc, char **argv)
{
	const struct ts_option known[] = {
		{"watch", .flag = &options->watch}, {"json", .flag = &options->json}, {NULL}};

	return ts_options_only(&ts_command_ps, known, argc, argv);
}

/* What is no answer, and worth a line. */
static void say_rest(const struct ts_programs *programs, const char *root)
{
	if (!programs->n)
		ts_say("no program runs under the shim in %s; traceshim run -- CMD starts one",
		       root);
	if (programs->ended)
		ts_say("%zu program%s ended and left something; traceshim recover stores it",
		       programs->ended, programs->ended == 1 ? " has" : "s have");
	if (programs->others)
		ts_say("%zu spool%s of other users in %s left out", programs->others,
		       programs->others == 1 ? "" : "s", root);
}

/* Prints what is there now. */
static int print(FILE *out, const struct ts_programs *programs, bool json)
{
	char *document;

	if (!json)
		return ts_pstable_print(out, programs);
	document = ts_pstable_document(programs);
	if (!document)
		return -ENOMEM;
	fprintf(out, "%s\n", document);
	free(document);
	return 0;
}

static int fail(int result, const char *root, const struct ts_error *err)
{
	if (result != -ENOENT) {
		ts_say("%s", err->text);
		return TS_EXIT_FAILED;
	}
	ts_say("nothing has run under the shim here: there is no folder %s "
	       "(TRACESHIM_SPOOL names another); traceshim run -- CMD makes it",
	       root);
	return TS_EXIT_USAGE;
}

static int look_once(const char *root, bool json)
{
	struct ts_error err = {.text = ""};
	struct ts_programs programs;
	int result = ts_programs_look(&programs, root, &err);

	if (result < 0)
		return fail(result, root, &err);
	result = print(stdout, &programs, json);
	fflush(stdout);
	if (result < 0)
		ts_say("out of memory");
	else
		say_rest(&programs, root);
	ts_programs_release(&programs);
	return result < 0 ? TS_EXIT_FAILED : TS_EXIT_DONE;
}

/* --- again and again --------------------------------------------------------------------------- */

/* On the screen, in the place of what stood there. */
static void put_on_screen(char *text)
{
	size_t rows = ts_terminal()->rows, n = 2, more = 0;
	char *line;

	printf("\033[H%sq ends%s\033[K\n", ts_style(TS_STYLE_DIM), ts_style(TS_STYLE_PLAIN));
	while ((line = strsep(&text, "\n")) && (text || *line)) {
		if (n++ < rows)
			printf("%s\033[K\n", line);
		else
			more++;
	}
	if (more)
		printf("%zu more lines", more);
	fputs("\033[J", stdout);
}

static int look_again(const char *root, const struct options *options, bool screen,
		      struct ts_error *err)
{
	struct ts_programs programs;
	char *text = NULL;
	size_t bytes;
	FILE *to;
	int result = ts_programs_look(&programs, root, err);

	if (result < 0)
		return result;
	if (screen)
		ts_terminal_measure();
	to = open_memstream(&text, &bytes);
	result = to ? print(to, &programs, options->json) : -ENOMEM;
	if (to && !programs.n && !options->json)
		fputs("no program runs under the shim\n", to);
	if (to && fclose(to) && result == 0)
		result = -ENOMEM;
	if (result < 0)
		ts_error_set(err, result, "out of memory");
	else if (screen)
		put_on_screen(text);
	else
		printf("%s%s", text, options->json ? "" : "\n");
	fflush(stdout);
	free(text);
	ts_programs_release(&programs);
	return result;
}

static int watch(const char *root, const struct options *options)
{
	struct ts_error err = {.text = ""};
	const char *kind = getenv("TERM");
	bool screen = !options->json && kind && strcmp(kind, "dumb") != 0 && ts_keys_begin(true);
	int result, key = TS_KEY_NONE;

	do {
		result = look_again(root, options, screen, &err);
		if (result == 0 && !ferror(stdout))
			key = ts_keys_wait(WATCH_MS);
	} while (result == 0 && key != 'q' && key != TS_KEY_ENDED && !ferror(stdout));
	ts_keys_end();
	return result < 0 ? fail(result, root, &err) : TS_EXIT_DONE;
}

static int run(int argc, char **argv)
{
	struct options options = {.json = false};
	int result = take_options(&options, argc, argv);
	char *root;

	if (result)
		return result < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	root = ts_spool_root();
	if (!root) {
		ts_say("out of memory");
		return TS_EXIT_FAILED;
	}
	result = options.watch ? watch(root, &options) : look_once(root, options.json);
	free(root);
	return result;
}

const struct ts_command ts_command_ps = {
	.name = "ps",
	.summary = "show what programs are inside of now",
	.help = help,
	.run = run,
};
