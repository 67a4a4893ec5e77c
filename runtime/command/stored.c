// SPDX-License-Identifier: Apache-2.0
#include "stored.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../backlog.h"
#include "../spool.h"
#include "module.h"
#include "fate.h"
#include "print.h"

static const char *as_tenant;

void ts_stored_as(const char *tenant)
{
	as_tenant = tenant;
}

/* Backlogs whose spools are gone: after a reboot, say. */
static void recover_backlogs(void)
{
	struct ts_recovered recovered = {.spools = 0};
	struct ts_error err = {.text = ""};
	char *state = ts_backlog_state();
	int result =
		state ? ts_backlog_recover(state, ts_module_symbol, NULL, &recovered, &err) : 0;

	if (result < 0 || err.text[0])
		ts_say("recovering backlogs: %s", err.text[0] ? err.text : strerror(-result));
	free(state);
}

static void recover(void)
{
	struct ts_recovered recovered = {.spools = 0};
	struct ts_error err = {.text = ""};
	char *root = ts_spool_root();
	int result;

	if (!root) {
		ts_say("out of memory");
		return;
	}
	result = ts_spool_recover(root, ts_module_symbol, NULL, &recovered, &err);
	if (recovered.damaged)
		ts_say("%zu damaged spools set aside in %s", recovered.damaged, root);
	if (result < 0 || err.text[0])
		ts_say("recovering spools: %s", err.text[0] ? err.text : strerror(-result));
	else if (recovered.postponed)
		ts_say("%zu spools could not be stored yet and stay in %s", recovered.postponed,
		       root);
	free(root);
}

int ts_stored_open(struct ts_query **ret)
{
	struct ts_error err = {.text = ""};
	const struct ts_source *source;
	char *url;
	int result = -EINVAL;

	recover();
	recover_backlogs();
	url = ts_store_default_url(&err);
	source = url ? ts_source_find(url, ts_module_symbol, &err) : NULL;
	if (source)
		result = ts_query_new(ret, source, url, as_tenant, &err);
	free(url);
	if (result < 0 && result != -ENOENT)
		ts_say("%s", err.text[0] ? err.text : strerror(-result));
	return result;
}

void ts_stored_say_nothing(void)
{
	char sentence[4 * PATH_MAX] = "";
	char path[PATH_MAX];
	struct ts_fate fate;
	char *root = ts_spool_root();

	snprintf(path, sizeof(path), "%s/" TS_LAST_RUN, root ? root : "");
	free(root);
	ts_fate_read(path, &fate);
	if (fate.started || fate.passive)
		ts_fate_sentence(&fate, *fate.program ? fate.program : "CMD", sentence,
				 sizeof(sentence));
	if (*sentence)
		ts_say("no traces are stored; the last program, %s: %s",
		       *fate.program ? fate.program : "which stood down", sentence);
	else if (fate.reached)
		ts_say("no traces are stored; the last program, %s, reached its rules, but ended "
		       "no trace",
		       fate.program);
	else
		ts_say("no traces are stored; traceshim run -- CMD makes some");
}
