// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../backlog/backlog.h"
#include "../../log/spool.h"
#include "../../shown.h"
#include "../../store.h"
#include "../command.h"
#include "../module.h"
#include "../options.h"
#include "../terminal/print.h"
#include "document.h"

static const char help[] =
	"usage: traceshim recover [--into URL] [--json]\n\n"
	"Stores what programs that have ended left in the spool folder, or on disk while\n"
	"their store was away, each in the store that it was started with, and removes\n"
	"it. Calls that were cut off are stored as failed, \"interrupted\". Programs that\n"
	"run are left alone.\n\n"
	"  --into URL  what is for a store that cannot be opened goes into this one:\n"
	"              where a name or a password was wrong, or is another by now\n"
	"  --json      one JSON object\n"
	"  -h, --help  this text\n\n"
	"exit status: 0 done; 1 where something could not be stored, and stays; 2 for\n"
	"wrong usage\n\n"
	"example: traceshim recover\n"
	"example: traceshim recover --into postgresql://bot@db/traces\n";

#define MOST_REASONS 8 /* that are told one by one */

struct reasons {
	char *lines[MOST_REASONS];
	size_t n;   /* that there were */
	bool print; /* as they come */
};

static void note_reason(void *context, const char *sentence)
{
	struct reasons *reasons = context;

	if (reasons->n < MOST_REASONS) {
		reasons->lines[reasons->n] = strdup(sentence);
		if (reasons->print)
			ts_say("%s", sentence);
	}
	reasons->n++;
}

static void release_reasons(struct reasons *reasons)
{
	for (size_t i = 0; i < reasons->n && i < MOST_REASONS; i++)
		free(reasons->lines[i]);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_text(const char *root, const struct ts_recovered *recovered)
{
	size_t programs = recovered->spools + recovered->backlogs;

	if (!programs && !recovered->traces && !recovered->spans && !recovered->damaged &&
	    !recovered->postponed)
		printf("nothing to recover in %s\n", root);
	if (programs || recovered->traces || recovered->spans)
		printf("recovered %zu trace%s and %zu span%s of %zu ended program%s\n",
		       recovered->traces, plural(recovered->traces), recovered->spans,
		       plural(recovered->spans), programs, plural(programs));
	if (recovered->damaged)
		printf("set aside %zu damaged spool%s in %s\n", recovered->damaged,
		       plural(recovered->damaged), root);
	if (recovered->postponed)
		printf("what %zu program%s left could not be stored yet and stays\n",
		       recovered->postponed, plural(recovered->postponed));
}

/* What waited on disk for its store, of spools that are gone. */
static int recover_backlogs(struct ts_recovered *recovered, struct ts_error *err)
{
	char *state = ts_backlog_state();
	int result = state ? ts_backlog_recover(state, ts_module_symbol, NULL, recovered, err) : 0;

	free(state);
	return result;
}

static int recover_all(const char *root, struct ts_recovered *ret)
{
	struct ts_error err = {.text = ""};
	int result = ts_spool_recover(root, ts_module_symbol, NULL, ret, &err), second;

	if (result < 0)
		note_reason(ret->context, err.text);
	second = recover_backlogs(ret, &err);
	if (second < 0)
		note_reason(ret->context, err.text);
	return result < 0 ? result : second;
}

static int recover(bool json, const char *into)
{
	struct reasons reasons = {.print = !json};
	struct ts_recovered recovered = {.tell = note_reason, .context = &reasons, .instead = into};
	char *root = ts_spool_root();
	int result, status = TS_EXIT_DONE;

	if (!root) {
		ts_say("out of memory");
		return TS_EXIT_FAILED;
	}
	result = recover_all(root, &recovered);
	if (reasons.n > MOST_REASONS && !json)
		ts_say("... and %zu more", reasons.n - MOST_REASONS);
	if (recovered.postponed && !json)
		ts_say("%sremove a folder to give its traces up",
		       into ? "" : "traceshim recover --into URL stores them elsewhere; ");
	if (json)
		status = ts_print_document(
			ts_document_recover(root, &recovered, reasons.lines,
					    reasons.n < MOST_REASONS ? reasons.n : MOST_REASONS));
	else if (result == 0)
		print_text(root, &recovered);
	release_reasons(&reasons);
	free(root);
	return result < 0 || recovered.postponed ? TS_EXIT_FAILED : status;
}

static int run(int argc, char **argv)
{
	bool json = false;
	const char *url = NULL;
	const struct ts_option known[] = {{"into", .text = &url}, {"json", .flag = &json}, {NULL}};
	int result = ts_options_only(&ts_command_recover, known, argc, argv);
	struct ts_error err = {.text = ""};
	char *into = NULL;

	if (result)
		return result < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	if (url && !(into = ts_store_absolute_url(url, &err))) {
		ts_say("--into %s: %s", ts_shown(url).text, err.text);
		return TS_EXIT_USAGE;
	}
	result = recover(json, into);
	free(into);
	return result;
}

const struct ts_command ts_command_recover = {
	.name = "recover",
	.summary = "store what ended programs left behind",
	.help = help,
	.run = run,
};
