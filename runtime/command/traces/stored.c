// SPDX-License-Identifier: Apache-2.0
#include "stored.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../backlog/backlog.h"
#include "../../log/spool.h"
#include "../module.h"
#include "../program/fate.h"
#include "../terminal/print.h"

static const char *as_tenant;
static size_t waiting; /* programs, what they recorded could not be stored yet */

void ts_stored_as(const char *tenant)
{
	as_tenant = tenant;
}

size_t ts_stored_waiting(void)
{
	return waiting;
}

/*
 * A server that does not answer shall not hold up who reads a file. What is for one waits for `traceshim recover`, the
 * next traced program, or who reads from a server, too.
 */
static const void *files_only(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	if (strcmp(module, "store_postgresql") != 0)
		return ts_module_symbol(module, symbol, why, why_bytes);
	snprintf(why, why_bytes, "left to traceshim recover");
	return NULL;
}

/* Backlogs whose spools are gone: after a reboot, say. */
static void recover_backlogs(ts_module_symbol_fn *load)
{
	struct ts_recovered recovered = {.spools = 0};
	struct ts_error err = {.text = ""};
	char *state = ts_backlog_state();
	int result = state ? ts_backlog_recover(state, load, NULL, &recovered, &err) : 0;

	waiting += recovered.postponed;
	if (result < 0)
		ts_say("recovering backlogs: %s", err.text[0] ? err.text : strerror(-result));
	free(state);
}

static void recover(ts_module_symbol_fn *load)
{
	struct ts_recovered recovered = {.spools = 0};
	struct ts_error err = {.text = ""};
	char *root = ts_spool_root();
	int result;

	if (!root) {
		ts_say("out of memory");
		return;
	}
	result = ts_spool_recover(root, load, NULL, &recovered, &err);
	waiting += recovered.postponed;
	if (recovered.damaged)
		ts_say("%zu damaged spool%s set aside in %s", recovered.damaged,
		       recovered.damaged == 1 ? "" : "s", root);
	if (result < 0)
		ts_say("recovering spools: %s", err.text[0] ? err.text : strerror(-result));
	free(root);
}

static ts_module_symbol_fn *modules_for(const char *url)
{
	return url && strncmp(url, "postgres", strlen("postgres")) == 0 ? ts_module_symbol
									: files_only;
}

static int open_store(struct ts_query **ret, const char *url, struct ts_error *err)
{
	const struct ts_source *source = url ? ts_source_find(url, ts_module_symbol, err) : NULL;

	return source ? ts_query_new(ret, source, url, as_tenant, err) : -EINVAL;
}

int ts_stored_open(struct ts_query **ret)
{
	struct ts_error err = {.text = ""};
	char *url = ts_store_default_url(&err);
	int result;

	waiting = 0;
	recover(modules_for(url));
	recover_backlogs(modules_for(url));
	if (waiting)
		ts_say("what %zu program%s left is not stored yet; traceshim recover says why",
		       waiting, waiting == 1 ? "" : "s");
	result = open_store(ret, url, &err);
	free(url);
	if (result < 0 && result != -ENOENT)
		ts_say("%s", err.text[0] ? err.text : strerror(-result));
	return result;
}

void ts_stored_recover(void)
{
	struct ts_recovered recovered;
	char *url = ts_store_default_url(NULL), *root = ts_spool_root();

	if (url && root)
		ts_spool_recover(root, modules_for(url), NULL, &recovered, NULL);
	free(root);
	free(url);
}

int ts_stored_reopen(struct ts_query **ret, struct ts_error *err)
{
	char *url = ts_store_default_url(err);
	int result = open_store(ret, url, err);

	free(url);
	return result;
}

bool ts_stored_is_file(void)
{
	char *url = ts_store_default_url(NULL);
	bool is_file = url && strncmp(url, "sqlite:", strlen("sqlite:")) == 0;

	free(url);
	return is_file;
}

void ts_stored_say_nothing(const char *what)
{
	char sentence[4 * PATH_MAX] = "";
	char path[PATH_MAX];
	struct ts_fate fate;
	char *command[] = {fate.program, NULL};
	char *root;

	if (as_tenant || waiting) {
		ts_say("no %s%s%s are stored%s", what, as_tenant ? " of tenant " : "",
		       as_tenant ? as_tenant : "", waiting ? " yet" : "");
		return;
	}
	root = ts_spool_root();
	snprintf(path, sizeof(path), "%s/" TS_LAST_RUN, root ? root : "");
	free(root);
	ts_fate_read(path, &fate);
	if (fate.started || fate.passive)
		ts_fate_sentence(&fate, *fate.program ? command : NULL, sentence, sizeof(sentence));
	if (*sentence)
		ts_say("no %s are stored; the last program, %s: %s", what,
		       *fate.program ? fate.program : "which stood down", sentence);
	else if (fate.reached)
		ts_say("no %s are stored; the last program, %s, reached its rules: it ended no "
		       "trace, or stores elsewhere (TRACESHIM_STORE)",
		       what, fate.program);
	else
		ts_say("no %s are stored; traceshim run -- CMD makes some", what);
}

int ts_stored_open_some(struct ts_query **ret)
{
	int result = ts_stored_open(ret);

	if (result == -ENOENT)
		ts_stored_say_nothing("traces");
	return result;
}
