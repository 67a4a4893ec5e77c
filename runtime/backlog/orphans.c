// SPDX-License-Identifier: Apache-2.0
/* Backlogs whose spools are gone: after a reboot, say, for spools lie in memory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "impl.h"
#include "folder.h"
#include "../log/spool.h"

struct search {
	const char *state;
	const struct ts_gate *gate;
	struct ts_outlets *outlets;
	struct ts_recovered *recovered;
	struct ts_error *err;
};

static bool has_spool(const struct ts_backlog *backlog)
{
	char path[sizeof(backlog->spool) + 16];

	snprintf(path, sizeof(path), "%s/process", backlog->spool);
	return *backlog->spool && access(path, F_OK) == 0;
}

static void postpone(struct search *search, const struct ts_backlog *backlog,
		     const struct ts_error *why)
{
	search->recovered->postponed++;
	if (search->err && !search->err->text[0])
		ts_error_set(search->err, 0,
			     "%.160s stays (remove it to give its traces up): %.300s",
			     backlog->path, why->text);
}

static void deliver(struct search *search, struct ts_backlog *backlog)
{
	struct ts_backlog_delivered brought;
	struct ts_error err = {""};
	int result;

	backlog->orphan = true;
	do {
		result = ts_gate_pass(search->gate) ? ts_backlog_step(backlog, false, &err)
						    : -ECANCELED;
	} while (result > 0);
	brought = ts_backlog_delivered(backlog);
	search->recovered->traces += brought.traces;
	search->recovered->spans += brought.spans;
	if (result < 0 && result != -ECANCELED)
		postpone(search, backlog, &err);
	else if (result == 0)
		search->recovered->backlogs++;
}

static void recover(struct search *search, const char *name)
{
	struct ts_backlog *backlog;
	struct ts_error err = {""};

	if (ts_backlog_make(&backlog, search->state, name, name, search->outlets) < 0)
		return;
	if (ts_backlog_enter(backlog, false, &err) == 0 && !has_spool(backlog)) {
		if (backlog->n)
			deliver(search, backlog);
		else
			ts_backlog_retire(backlog);
	} else if (backlog->foreign_version) {
		postpone(search, backlog, &err);
	}
	ts_backlog_free(backlog);
}

/* The folder of backlogs; NULL: there is none, or *ret_result says why. */
static DIR *open_backlogs(const char *state, int *ret_result)
{
	int fd = ts_folder_open(state, "backlog", NULL, false);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	*ret_result = dir || fd == -ENOENT ? 0 : fd < 0 ? fd : -errno;
	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

int ts_backlog_recover_by(const char *state, struct ts_outlets *outlets, const struct ts_gate *gate,
			  struct ts_recovered *ret, struct ts_error *err)
{
	struct search search = {
		.state = state, .gate = gate, .outlets = outlets, .recovered = ret, .err = err};
	struct dirent *entry;
	struct stat status;
	int result = 0;
	DIR *dir = *state == '/' ? open_backlogs(state, &result) : NULL;

	if (*state != '/')
		return 0;
	if (!dir && result < 0)
		return ts_error_set(err, result, "cannot read %s/backlog: %s", state,
				    strerrordesc_np(-result));
	if (!dir)
		return 0;
	while ((entry = readdir(dir)) && ts_gate_pass(gate)) {
		if (entry->d_name[0] != '.' &&
		    fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(status.st_mode))
			recover(&search, entry->d_name);
	}
	closedir(dir);
	return 0;
}

int ts_backlog_recover(const char *state, ts_module_symbol_fn *load, const struct ts_gate *gate,
		       struct ts_recovered *ret, struct ts_error *err)
{
	struct ts_outlets_options options = {.modules = load, .gate = gate};
	struct ts_outlets *outlets;
	int result;

	if (ts_outlets_new(&outlets, &options) < 0)
		return ts_error_set(err, -ENOMEM, "no memory");
	result = ts_backlog_recover_by(state, outlets, gate, ret, err);
	ts_outlets_free(outlets);
	return result;
}
