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
static size_t waiting; /* programs, what they recorded could not be stored yet */

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

	waiting += recovered.postponed;
	if (result < 0 || (err.text[0] && !recovered.postponed))
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
	waiting += recovered.postponed;
	if (recovered.damaged)
		ts_say("%zu damaged spool%s set aside in %s", recovered.damaged,
		       recovered.damaged == 1 ? "" : "s", root);
	if (result < 0 || (err.text[0] && !recovered.postponed))
		ts_say("recovering spools: %s", err.text[0] ? err.text : strerror(-result));
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
	if (waiting)
		ts_say("what %zu program%s left is not stored yet; traceshim recover says why",
		       waiting, waiting == 1 ? "" : "s");
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
	char *root;

	if (as_tenant || waiting) {
		ts_say("no traces%s%s are stored%s", as_tenant ? " of tenant " : "",
		       as_tenant ? as_tenant : "", waiting ? " yet" : "");
		return;
	}
	root = ts_spool_root();
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
		ts_say("no traces are stored; the last program, %s, reached its rules: it ended no "
		       "trace, or stores elsewhere (TRACESHIM_STORE)",
		       fate.program);
	else
		ts_say("no traces are stored; traceshim run -- CMD makes some");
}
