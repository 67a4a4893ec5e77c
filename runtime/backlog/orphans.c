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
#include "../file.h"
#include "../gate.h"
#include "../log/spool.h"
#include "../outlet.h"

#define HEAD_BYTES   65536                 /* more than any header */
#define USUAL_BUDGET ((uint64_t)256 << 20) /* no file tells that of its program */

struct search {
	const char *state;
	const struct ts_gate *gate;
	struct ts_outlets *outlets;
	struct ts_recovered *recovered;
};

static void postpone(struct search *search, const struct ts_backlog *backlog,
		     const struct ts_error *why)
{
	ts_recovered_postpone(search->recovered, backlog->path, why->text);
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

/* What a segment begins with names its store and its spool; where it does not, they are found with all the rest. */
static void read_head(struct ts_backlog *backlog)
{
	const struct ts_record *record;
	bool damaged = false;
	char name[16], *data;
	size_t at = 0;
	ssize_t n;
	int fd;

	if (ts_backlog_find_segments(backlog) < 0 || !backlog->n)
		return;
	ts_backlog_name(name, backlog->segments[0].number);
	fd = ts_folder_file(backlog->folder, name, O_RDONLY);
	if (fd < 0)
		return;
	data = malloc(HEAD_BYTES);
	n = data ? ts_file_read(fd, data, HEAD_BYTES, 0) : 0;
	close(fd);
	record = n > 0 ? ts_record_next(data, (size_t)n, &at, &damaged) : NULL;
	if (record && !damaged && record->type == TS_BACKLOG_HEADER)
		ts_backlog_read_header(backlog, record, NULL);
	free(data);
}

/* There may be a lot to read: not before there is somewhere to bring it. */
static bool is_worth_reading(struct search *search, struct ts_backlog *backlog)
{
	struct ts_error err = {""};

	if (ts_backlog_lock(backlog, false, NULL) < 0)
		return false;
	read_head(backlog);
	if (!backlog->store || backlog->foreign_version)
		return true;
	if (ts_backlog_has_spool(backlog))
		return false;
	if (ts_outlets_write(search->outlets, backlog->store, NULL, false, &err) == 0)
		return true;
	postpone(search, backlog, &err);
	return false;
}

static void recover(struct search *search, const char *name)
{
	struct ts_backlog *backlog;
	struct ts_error err = {""};

	if (ts_backlog_make(&backlog, search->state, name, name, USUAL_BUDGET, search->outlets) < 0)
		return;
	if (!is_worth_reading(search, backlog)) {
		ts_backlog_free(backlog);
		return;
	}
	if (ts_backlog_enter(backlog, false, &err) == 0 && !ts_backlog_has_spool(backlog)) {
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
	struct search search = {.state = state, .gate = gate, .outlets = outlets, .recovered = ret};
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
	struct ts_outlets_options options = {
		.modules = load, .gate = gate, .instead = ret->instead};
	struct ts_outlets *outlets;
	int result;

	if (ts_outlets_new(&outlets, &options) < 0)
		return ts_error_set(err, -ENOMEM, "no memory");
	result = ts_backlog_recover_by(state, outlets, gate, ret, err);
	ts_outlets_free(outlets);
	return result;
}
