// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../command.h"
#include "../functions/catalogue.h"
#include "../options.h"
#include "../program/ask.h"
#include "../terminal/display.h"
#include "../terminal/guess.h"
#include "../terminal/print.h"
#include "../terminal/progress.h"
#include "document.h"
#include "python.h"
#include "reach.h"

#define COMMENT 22 /* columns that a comment should find beside a rule */

static const char help[] =
	"usage: traceshim symbols [--debug-dir DIR] [--json] PROGRAM [GLOB]\n"
	"       traceshim symbols [--json] FILE.py|FOLDER [GLOB]\n\n"
	"Prints the functions of PROGRAM and of its libraries as lines for symbols.conf,\n"
	"and how the shim reaches each: through slots, or by its entry. PROGRAM is\n"
	"loaded, but ends before its main. Without GLOB: functions of the program and of\n"
	"the libraries outside /lib and /usr/lib. GLOB, in which * is any text and ? any\n"
	"character, is compared with names, C++ names and NAME@OBJECT, in all objects.\n"
	"Prototypes come from debug information; without it a line records times only.\n\n"
	"Of a Python source, or of all in a package or another folder, the functions are\n"
	"listed as they are imported from the folder above the outermost package. Sources\n"
	"are read by the python3 on PATH, and not run.\n\n"
	"  --debug-dir DIR  look for separate debug files there, too\n"
	"  --json           one JSON document instead\n"
	"  -h, --help       this text\n\n"
	"exit status: 0 done, 1 no function matches or it failed, 2 wrong usage\n\n"
	"example: traceshim symbols ./bot 'handle_*'\n";

struct options {
	bool json;
	const char *folder;
	char **arguments; /* PROGRAM, then NULL or GLOB */
};

/* --- the lines ------------------------------------------------------------------------------- */

/* "slots", "entry", and what else is to be known of it. */
static char *comment_of(const struct ts_catalogue_function *function)
{
	char *comment = NULL;
	size_t bytes;
	FILE *to = open_memstream(&comment, &bytes);

	if (!to)
		return NULL;
	fputs(function->type                       ? function->type
	      : function->entry && function->slots ? "entry, slots"
	      : function->entry                    ? "entry"
						   : "slots",
	      to);
	if (function->qualified && !function->prototype)
		fprintf(to, "; %s", function->qualified);
	if (function->note && strcmp(function->note, TS_CATALOGUE_NO_DEBUG) == 0)
		fputs("; times only", to); /* the heading says why */
	else if (function->note)
		fprintf(to, "; %s", function->note);
	if (function->unseen)
		fprintf(to, "; not seen: %s", function->unseen);
	if (fclose(to))
		return NULL;
	return comment;
}

static char *line_of(const struct ts_catalogue_object *object,
		     const struct ts_catalogue_function *function)
{
	char *rule = ts_reach_rule(object, function);
	char *line = NULL;

	if (!rule || asprintf(&line, "%s = %s", function->key, rule) < 0)
		line = NULL;
	free(rule);
	return line;
}

/* Where the comments of most lines can stand below each other. */
static size_t comment_column(const struct ts_catalogue_object *object)
{
	size_t most = ts_terminal()->columns - COMMENT;
	size_t column = 0;

	for (size_t i = 0; i < object->n_functions; i++) {
		char *line = object->functions[i].reached ? line_of(object, &object->functions[i])
							  : NULL;
		size_t n = line ? strlen(line) : 0;

		if (n <= most && n > column)
			column = n;
		free(line);
	}
	return column;
}

static void print_line(const struct ts_catalogue_object *object,
		       const struct ts_catalogue_function *function, size_t column)
{
	char *line = line_of(object, function);
	char *comment = comment_of(function);

	if (line && comment) {
		ts_display_put_padded(stdout, line, strlen(line) > column ? strlen(line) : column,
				      "");
		fputs(ts_style(TS_STYLE_DIM), stdout);
		fputs("  # ", stdout);
		ts_display_put(stdout, comment, SIZE_MAX / 2, "");
		fputs(ts_style(TS_STYLE_PLAIN), stdout);
		putchar('\n');
	}
	free(line);
	free(comment);
}

/* --- what is out of reach -------------------------------------------------------------------- */

/* A group of functions that are out of reach for one reason. */
static void print_group(const struct ts_catalogue_object *object, size_t first)
{
	const char *reason = object->functions[first].reason;
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return;
	fputs("# not reachable: ", to);
	for (size_t i = first; i < object->n_functions; i++) {
		const struct ts_catalogue_function *function = &object->functions[i];

		if (!function->reason || function->variant || strcmp(function->reason, reason) != 0)
			continue;
		fprintf(to, "%s%s", i == first ? "" : ", ",
			function->qualified ? function->qualified : function->name);
	}
	fprintf(to, " (%s)", reason);
	if (!fclose(to))
		ts_display_wrap(stdout, text, "#   ", ts_terminal()->columns);
	free(text);
}

static void print_unreachable(const struct ts_catalogue_object *object)
{
	for (size_t i = 0; i < object->n_functions; i++) {
		const char *reason = object->functions[i].reason;
		size_t j = 0;

		if (!reason || object->functions[i].variant)
			continue;
		while (j < i && (!object->functions[j].reason || object->functions[j].variant ||
				 strcmp(object->functions[j].reason, reason) != 0))
			j++;
		if (j == i)
			print_group(object, i);
	}
}

/* --- all of it ------------------------------------------------------------------------------- */

/* As short as it can be said from here. */
static const char *from_here(const char *path)
{
	char here[PATH_MAX];
	size_t n = getcwd(here, sizeof(here)) ? strlen(here) : 0;

	return n > 1 && strncmp(path, here, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

static bool lacks_debug(const struct ts_catalogue_object *object)
{
	for (size_t i = 0; i < object->n_functions; i++) {
		const char *note = object->functions[i].note;

		if (note && strcmp(note, TS_CATALOGUE_NO_DEBUG) == 0)
			return true;
	}
	return false;
}

static void print_heading(const struct ts_catalogue_object *object)
{
	char *text = NULL;
	int n;

	if (object->error)
		n = asprintf(&text, "# %s cannot be read: %s", object->name, object->error);
	else
		n = asprintf(&text, "# %s (%s): %zu function%s%s", object->name,
			     from_here(object->path), object->n_functions,
			     object->n_functions == 1 ? "" : "s",
			     lacks_debug(object) ? "; " TS_CATALOGUE_NO_DEBUG : "");
	if (n < 0)
		return;
	putchar('\n');
	fputs(ts_style(TS_STYLE_BOLD), stdout);
	ts_display_wrap(stdout, text, "#   ", ts_terminal()->columns);
	fputs(ts_style(TS_STYLE_PLAIN), stdout);
	free(text);
}

/* A constructor's variants are functions of one rule. */
static bool is_said(const struct ts_catalogue_object *object, size_t i)
{
	const struct ts_catalogue_function *function = &object->functions[i];
	const struct ts_catalogue_function *before = i ? function - 1 : NULL;

	return before && before->reached && before->prototype && function->prototype &&
	       strcmp(before->prototype, function->prototype) == 0;
}

static void print_object(const struct ts_catalogue_object *object)
{
	size_t column = comment_column(object);

	print_heading(object);
	for (size_t i = 0; i < object->n_functions; i++)
		if (object->functions[i].reached && !is_said(object, i))
			print_line(object, &object->functions[i], column);
	print_unreachable(object);
}

static void print_catalogue(const struct ts_catalogue *catalogue)
{
	puts("# Paste what counts under [pipeline], [agent], [llm], [tool] or [step].");
	for (size_t i = 0; i < catalogue->n_objects; i++)
		if (catalogue->objects[i].n_functions || catalogue->objects[i].error)
			print_object(&catalogue->objects[i]);
}

/* --- nothing --------------------------------------------------------------------------------- */

static void offer(void *context, const char *name, const char *object)
{
	(void)object;
	ts_nearest_offer(context, name);
}

static void say_nothing_matches(struct ts_catalogue *catalogue, const char *program,
				const char *glob)
{
	struct ts_nearest nearest;
	char text[512];

	if (!glob && ts_python_is_source(program)) {
		for (size_t i = 0; i < catalogue->n_objects; i++)
			ts_say("%s", catalogue->objects[i].error);
		if (!catalogue->n_objects)
			ts_say("%s has no function in Python", program);
		return;
	}
	if (!glob) {
		ts_say("%s and its own libraries have no function that has a name; "
		       "traceshim symbols %s '*' lists all that is loaded",
		       program, program);
		return;
	}
	ts_nearest_init(&nearest, glob);
	ts_catalogue_names(catalogue, offer, &nearest);
	ts_nearest_list(&nearest, text, sizeof(text));
	if (*text)
		ts_say("no function is named %s (did you mean %s?)", glob, text);
	else
		ts_say("no function is named %s", glob);
	ts_nearest_release(&nearest);
}

static size_t count(const struct ts_catalogue *catalogue)
{
	size_t n = 0;

	for (size_t i = 0; i < catalogue->n_objects; i++)
		n += catalogue->objects[i].n_functions;
	return n;
}

/* --- the command ----------------------------------------------------------------------------- */

static int tell(struct ts_catalogue *catalogue, const char *path, const struct options *options)
{
	size_t n = count(catalogue);
	int status = TS_EXIT_DONE;

	if (options->json)
		status = ts_print_document(ts_document_symbols(path, catalogue));
	else if (n)
		print_catalogue(catalogue);
	if (!n)
		say_nothing_matches(catalogue, options->arguments[0], options->arguments[1]);
	return n ? status : TS_EXIT_FAILED;
}

static int list_python(const struct options *options)
{
	struct ts_catalogue catalogue;
	char path[PATH_MAX];
	int status;

	if (!realpath(options->arguments[0], path) ||
	    ts_python_catalogue(&catalogue, options->arguments[0], options->arguments[1]) < 0)
		return TS_EXIT_FAILED;
	status = tell(&catalogue, path, options);
	ts_catalogue_release(&catalogue);
	return status;
}

/* Loads the program under the shim, to learn which objects it brings. */
static int list(const struct options *options)
{
	struct ts_catalogue catalogue;
	struct ts_rules report;
	char path[PATH_MAX];
	int status = TS_EXIT_FAILED;
	bool reached;
	int result;

	if (ts_ask_find(options->arguments[0], path) < 0)
		return TS_EXIT_FAILED;
	ts_progress_begin("functions");
	if (ts_ask(path, options->arguments, "/dev/null", &report) < 0) {
		ts_progress_end();
		return TS_EXIT_FAILED;
	}
	result = ts_catalogue_open(&catalogue, &report, options->folder);
	if (!result) {
		result = ts_catalogue_select(&catalogue, options->arguments[1]);
		reached = !result && (!count(&catalogue) ||
				      ts_reach(&catalogue, path, options->arguments) == 0);
		ts_progress_end();
		if (reached)
			status = tell(&catalogue, path, options);
		ts_catalogue_release(&catalogue);
	}
	ts_progress_end();
	if (result < 0)
		ts_say("out of memory");
	ts_rules_release(&report);
	return status;
}

static int take_options(struct options *options, int argc, char **argv)
{
	const struct ts_option known[] = {
		{"debug-dir", .text = &options->folder}, {"json", .flag = &options->json}, {NULL}};
	int result = ts_options_take(&ts_command_symbols, known, argc, argv);

	if (result)
		return result;
	if (argc - optind < 1 || argc - optind > 2) {
		ts_say("whose symbols? traceshim symbols PROGRAM [GLOB]");
		return -EINVAL;
	}
	options->arguments = argv + optind;
	return 0;
}

static int run(int argc, char **argv)
{
	struct options options = {.json = false};
	int result = take_options(&options, argc, argv);

	if (result)
		return result < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	return ts_python_is_source(options.arguments[0]) ? list_python(&options) : list(&options);
}

const struct ts_command ts_command_symbols = {
	.name = "symbols",
	.summary = "print a program's functions as lines for symbols.conf",
	.help = help,
	.run = run,
};
