// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../collect/collector.h"
#include "../../log/spool.h"
#include "../command.h"
#include "../module.h"
#include "../options.h"
#include "../terminal/print.h"
#include "document.h"

static const char help[] =
	"usage: traceshim collect [--spool DIR] [--socket PATH] [--once | --health]\n\n"
	"Stores what the programs that share a spool folder record, in their place: they\n"
	"hand over as they run and load no store client. Programs that end are finished\n"
	"the moment they do. Runs until SIGTERM or SIGINT; then, or if it is killed, the\n"
	"programs store for themselves again.\n\n"
	"  --spool DIR    the spool folder ($TRACESHIM_SPOOL, ...)\n"
	"  --socket PATH  where it tells how it is (DIR/collector.sock)\n"
	"  --once         store all that is there now, of ended and of live programs\n"
	"  --health       ask the collector that runs, and print its line of JSON\n"
	"  -h, --help     this text\n\n"
	"exit status: 0 done; 1 failed, another collector runs there, something could not\n"
	"be stored (--once), or none runs well (--health); 2 for wrong usage\n\n"
	"example: traceshim collect --once\n";

struct options {
	const char *spool;
	const char *socket;
	bool once;
	bool health;
};

static int take_options(struct options *options, int argc, char **argv)
{
	const struct ts_option known[] = {{"spool", .text = &options->spool},
					  {"socket", .text = &options->socket},
					  {"once", .flag = &options->once},
					  {"health", .flag = &options->health},
					  {NULL}};
	int result = ts_options_only(&ts_command_collect, known, argc, argv);

	if (result || !options->once || !options->health)
		return result;
	ts_say("--once or --health; see traceshim help collect");
	return -EINVAL;
}

/* Absolute, from malloc; NULL once the reason is printed. */
static char *find_root(const struct options *options)
{
	char *root = options->spool ? strdup(options->spool) : ts_spool_root(), *absolute = NULL;
	char folder[PATH_MAX];

	if (root && *root == '/')
		return root;
	if (!root || !getcwd(folder, sizeof(folder)) ||
	    asprintf(&absolute, "%s/%s", folder, root) < 0) {
		ts_say("the spool folder: %s", root ? strerror(errno) : "out of memory");
		absolute = NULL;
	}
	free(root);
	return absolute;
}

static void say(const char *sentence)
{
	ts_say("%s", sentence);
}

static int ask(const struct options *options, const char *root)
{
	char path[PATH_MAX];
	struct ts_error err = {""};
	char *line;
	bool good;

	snprintf(path, sizeof(path), "%s/" TS_HEALTH_SOCKET, root);
	line = ts_health_ask(options->socket ? options->socket : path, &err);
	if (!line) {
		ts_say("%s", err.text);
		return TS_EXIT_FAILED;
	}
	puts(line);
	good = strstr(line, "\"ok\":true") != NULL;
	free(line);
	return good ? TS_EXIT_DONE : TS_EXIT_FAILED;
}

static int collect(const struct options *options, const char *root)
{
	const struct ts_collector_options how = {
		.root = root,
		.socket = options->socket,
		.once = options->once,
		.modules = ts_module_symbol,
		.format = ts_document_health,
		.say = say,
	};
	struct ts_collected collected = {0};
	struct ts_error err = {""};

	/* who looks on sees nothing else for hours; and there may be programs with another folder */
	if (!options->once && isatty(STDERR_FILENO))
		ts_say("storing for the programs of %s, until Ctrl-C", root);
	if (ts_collector_run(&how, &collected, &err) < 0) {
		ts_say("%s", err.text);
		return TS_EXIT_FAILED;
	}
	if (!options->once)
		return TS_EXIT_DONE;
	if (collected.waiting)
		ts_say("what %zu program%s recorded could not be stored yet", collected.waiting,
		       collected.waiting == 1 ? "" : "s");
	if (collected.contested)
		ts_say("%zu program%s did not hand over", collected.contested,
		       collected.contested == 1 ? "" : "s");
	return collected.waiting || collected.contested ? TS_EXIT_FAILED : TS_EXIT_DONE;
}

static int run(int argc, char **argv)
{
	struct options options = {.spool = NULL};
	int status = take_options(&options, argc, argv);
	char *root;

	if (status)
		return status < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	root = find_root(&options);
	if (!root)
		return TS_EXIT_FAILED;
	status = options.health ? ask(&options, root) : collect(&options, root);
	free(root);
	return status;
}

const struct ts_command ts_command_collect = {
	.name = "collect",
	.summary = "store for all programs of a spool folder",
	.help = help,
	.run = run,
};
