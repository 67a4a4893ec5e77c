// SPDX-License-Identifier: Apache-2.0
#include "impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../columns.h"
#include "../log/dictionary.h"
#include "../file.h"
#include "folder.h"
#include "kept.h"
#include "rejected.h"

#define REJECTED_SHARE 4 /* of what is kept: a file of refused rows */

void ts_backlog_name(char ret[16], uint32_t number)
{
	snprintf(ret, 16, "%08u.rows", number);
}

/* --- life --------------------------------------------------------------------------------------- */

int ts_backlog_make(struct ts_backlog **ret, const char *state, const char *name, const char *spool,
		    uint64_t budget, struct ts_outlets *outlets)
{
	struct ts_backlog *backlog = calloc(1, sizeof(*backlog));

	if (!backlog)
		return -ENOMEM;
	/* a damaged spool may say anything */
	if (*state != '/')
		state = "";
	snprintf(backlog->name, sizeof(backlog->name), "%s", name);
	snprintf(backlog->state, sizeof(backlog->state), "%s", state);
	snprintf(backlog->path, sizeof(backlog->path), "%s/backlog/%s", backlog->state,
		 backlog->name);
	backlog->folder = -1;
	backlog->place = *backlog->state ? TS_BACKLOG_UNKNOWN : TS_BACKLOG_NONE;
	backlog->budget = budget;
	backlog->delivery.outlets = outlets;
	backlog->delivery.state = backlog->state;
	backlog->delivery.most_bytes = ts_kept_most(budget);
	if (ts_rejected_new(&backlog->delivery.rejected, state, spool,
			    backlog->delivery.most_bytes / REJECTED_SHARE) < 0) {
		free(backlog);
		return -ENOMEM;
	}
	*ret = backlog;
	return 0;
}

int ts_backlog_new(struct ts_backlog **ret, const char *spool, const struct ts_settings *settings,
		   struct ts_outlets *outlets)
{
	const char *name = strrchr(spool, '/');
	struct ts_backlog *backlog;

	if (ts_backlog_make(&backlog, settings->state, name ? name + 1 : spool, spool,
			    settings->backlog_bytes, outlets) < 0)
		return -ENOMEM;
	snprintf(backlog->spool, sizeof(backlog->spool), "%s", spool);
	snprintf(backlog->program, sizeof(backlog->program), "%s", settings->program);
	backlog->store = strdup(settings->store);
	backlog->delivery.url = backlog->store;
	if (!backlog->store) {
		ts_backlog_free(backlog);
		return -ENOMEM;
	}
	if (ts_backlog_enter(backlog, false, NULL) == 0)
		ts_backlog_leave(backlog);
	*ret = backlog;
	return 0;
}

void ts_backlog_free(struct ts_backlog *backlog)
{
	if (!backlog)
		return;
	if (backlog->folder >= 0)
		close(backlog->folder);
	ts_rejected_free(backlog->delivery.rejected);
	ts_idset_release(&backlog->dropped);
	ts_idset_release(&backlog->latest[0]);
	ts_idset_release(&backlog->latest[1]);
	ts_bytes_release(&backlog->out);
	ts_bytes_release(&backlog->run);
	free(backlog->segments);
	free(backlog->store);
	free(backlog);
}

const char *ts_backlog_folder(const struct ts_backlog *backlog)
{
	return *backlog->state && backlog->budget ? backlog->path : NULL;
}

bool ts_backlog_waits(const struct ts_backlog *backlog)
{
	return backlog->n || backlog->place == TS_BACKLOG_UNKNOWN;
}

struct ts_backlog_counts ts_backlog_count(const struct ts_backlog *backlog)
{
	struct ts_backlog_counts counts = {
		.dropped = backlog->lost_rows + backlog->lost_here + backlog->removed,
		.rejected = ts_rejected_count(backlog->delivery.rejected),
	};

	for (size_t i = 0; i < backlog->n; i++) {
		counts.waiting += backlog->segments[i].rows;
		counts.dropped += backlog->segments[i].stubs;
	}
	counts.waiting -= backlog->delivered < counts.waiting ? backlog->delivered : counts.waiting;
	return counts;
}

struct ts_backlog_delivered ts_backlog_delivered(const struct ts_backlog *backlog)
{
	return backlog->brought;
}

char *ts_backlog_state(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int n = -1;

	if (state && *state == '/')
		n = asprintf(&path, "%s/traceshim", state);
	else if (home && *home == '/')
		n = asprintf(&path, "%s/.local/state/traceshim", home);
	return n < 0 ? NULL : path;
}

/* --- what is there ------------------------------------------------------------------------------ */

/* The string at *at, which then is behind it; NULL: there is none. */
static const char *next_string(const char **at, const char *end)
{
	const char *string = *at;
	size_t bytes = strnlen(string, (size_t)(end - string));

	if (string + bytes == end)
		return NULL;
	*at += bytes + 1;
	return string;
}

bool ts_backlog_read_header(struct ts_backlog *backlog, const struct ts_record *record,
			    struct ts_packed_map maps[3])
{
	static const struct ts_table *const tables[] = {&ts_trace_table, &ts_span_table,
							&ts_run_table};
	const struct ts_backlog_header *header = (const void *)ts_record_payload(record);
	const char *at = (const char *)(header + 1), *strings[6];
	const char *end = ts_record_payload(record) + ts_record_payload_bytes(record);

	if (ts_record_payload_bytes(record) < sizeof(*header))
		return false;
	backlog->foreign_version |= header->version != TS_BACKLOG_VERSION;
	for (int i = 0; i < 6; i++)
		if (!(strings[i] = next_string(&at, end)))
			return false;
	if (!backlog->store && *strings[0]) {
		backlog->store = strdup(strings[0]);
		backlog->delivery.url = backlog->store;
	}
	if (!*backlog->spool)
		snprintf(backlog->spool, sizeof(backlog->spool), "%s", strings[1]);
	for (int i = 0; maps && i < 3; i++)
		ts_packed_map(&maps[i], tables[i], strings[3 + i]);
	return true;
}

static void take_lost(struct ts_backlog *backlog, const struct ts_record *record)
{
	const struct ts_backlog_lost *lost = (const void *)ts_record_payload(record);
	const struct ts_uuid *traces = (const void *)(lost + 1);

	if (ts_record_payload_bytes(record) < sizeof(*lost) ||
	    ts_record_payload_bytes(record) - sizeof(*lost) != lost->n_traces * sizeof(*traces))
		return;
	backlog->lost_rows += lost->rows;
	if (lost->segment > backlog->last_number)
		backlog->last_number = lost->segment;
	for (uint32_t i = 0; i < lost->n_traces; i++)
		ts_idset_add(&backlog->dropped, &(struct ts_row_id){.trace = traces[i]});
}

static int read_lost(struct ts_backlog *backlog)
{
	struct ts_bytes data = {0};
	int result = ts_folder_read(backlog->folder, TS_BACKLOG_LOST_NAME, 0, &data);
	const struct ts_record *record;
	bool damaged = false;
	size_t at = 0;

	while (result == 0 && (record = ts_record_next(data.data, data.bytes, &at, &damaged))) {
		if (record->type == TS_BACKLOG_HEADER)
			ts_backlog_read_header(backlog, record, NULL);
		else if (record->type == TS_BACKLOG_LOST)
			take_lost(backlog, record);
		backlog->lost_bytes = at;
	}
	ts_bytes_release(&data);
	return result == -ENOENT ? 0 : result;
}

static void read_piece(struct ts_backlog *backlog, const struct ts_record *record)
{
	const struct ts_backlog_piece *piece = (const void *)ts_record_payload(record);

	if (ts_record_payload_bytes(record) < sizeof(*piece) || !piece->last)
		return;
	ts_idset_release(&backlog->latest[1]);
	backlog->latest[1] = backlog->latest[0];
	backlog->latest[0] = (struct ts_idset){0};
}

static void read_record(struct ts_backlog *backlog, struct ts_backlog_segment *segment,
			const struct ts_record *record)
{
	if (ts_backlog_is_row(record)) {
		segment->rows++;
		ts_idset_add(&backlog->latest[0], ts_backlog_id(record));
	} else if (record->type == TS_BACKLOG_STUB &&
		   ts_record_payload_bytes(record) == sizeof(struct ts_row_id)) {
		segment->stubs++;
		ts_idset_add(&backlog->latest[0], ts_backlog_id(record));
		ts_idset_add(&backlog->dropped,
			     &(struct ts_row_id){.trace = ts_backlog_id(record)->trace});
	} else if (record->type == TS_BACKLOG_RUN) {
		ts_bytes_release(&backlog->run);
		ts_bytes_add(&backlog->run, ts_record_payload(record),
			     ts_record_payload_bytes(record));
	} else if (record->type == TS_BACKLOG_PIECE) {
		read_piece(backlog, record);
	} else if (record->type == TS_BACKLOG_HEADER) {
		ts_backlog_read_header(backlog, record, NULL);
	}
}

static int read_segment(struct ts_backlog *backlog, struct ts_backlog_segment *segment)
{
	struct ts_bytes data = {0};
	const struct ts_record *record;
	bool damaged = false;
	char name[16];
	size_t at = 0;
	int result;

	ts_backlog_name(name, segment->number);
	result = ts_folder_read(backlog->folder, name, 0, &data);
	segment->bytes = data.bytes;
	while (result == 0 && (record = ts_record_next(data.data, data.bytes, &at, &damaged)))
		read_record(backlog, segment, record);
	ts_bytes_release(&data);
	return result;
}

bool ts_backlog_has_spool(const struct ts_backlog *backlog)
{
	char path[sizeof(backlog->spool) + 16];

	snprintf(path, sizeof(path), "%s/process", backlog->spool);
	return *backlog->spool && access(path, F_OK) == 0;
}

static int by_number(const void *a, const void *b)
{
	const struct ts_backlog_segment *left = a, *right = b;

	return left->number < right->number ? -1 : left->number > right->number;
}

int ts_backlog_find_segments(struct ts_backlog *backlog)
{
	int copy = openat(backlog->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	char name[16];

	if (!dir) {
		result = -errno;
		if (copy >= 0)
			close(copy);
		return result;
	}
	while (result == 0 && (entry = readdir(dir))) {
		unsigned long number = strtoul(entry->d_name, NULL, 10);

		ts_backlog_name(name, (uint32_t)number);
		if (!number || number > UINT32_MAX || strcmp(name, entry->d_name) != 0)
			continue;
		/* lost before it was removed */
		if (number <= backlog->last_number)
			unlinkat(backlog->folder, name, 0);
		else
			result = ts_backlog_reserve(backlog, (uint32_t)number);
	}
	closedir(dir);
	if (backlog->n)
		qsort(backlog->segments, backlog->n, sizeof(*backlog->segments), by_number);
	return result;
}

void ts_backlog_forget_all(struct ts_backlog *backlog)
{
	backlog->n = 0;
	backlog->last_number = 0;
	backlog->lost_rows = backlog->lost_bytes = 0;
	backlog->offset = backlog->delivered = backlog->lost_here = 0;
	backlog->since_piece = 0;
	backlog->writing = backlog->damaged = false;
	ts_idset_release(&backlog->dropped);
	ts_idset_release(&backlog->latest[0]);
	ts_idset_release(&backlog->latest[1]);
	ts_bytes_release(&backlog->run);
}

/*
 * Its writer may have been killed before it was synced. What stands there is not written again; where it cannot be
 * synced, it is.
 */
static void sync_newest(struct ts_backlog *backlog)
{
	char name[16];
	int fd;

	ts_backlog_name(name, backlog->last_number);
	fd = ts_folder_file(backlog->folder, name, O_RDONLY);
	if (fd < 0 || fdatasync(fd) || fsync(backlog->folder)) {
		ts_idset_release(&backlog->latest[0]);
		ts_idset_release(&backlog->latest[1]);
	}
	if (fd >= 0)
		close(fd);
}

static int read_all(struct ts_backlog *backlog)
{
	int result;

	ts_backlog_forget_all(backlog);
	result = read_lost(backlog);
	if (result == 0)
		result = ts_backlog_find_segments(backlog);
	for (size_t i = 0; result == 0 && i < backlog->n; i++)
		result = read_segment(backlog, &backlog->segments[i]);
	if (backlog->n)
		backlog->last_number = backlog->segments[backlog->n - 1].number;
	if (result == 0 && backlog->n)
		sync_newest(backlog);
	return result;
}

int ts_backlog_reserve(struct ts_backlog *backlog, uint32_t number)
{
	size_t room = backlog->room ? backlog->room * 2 : 16;
	struct ts_backlog_segment *grown;

	if (backlog->n == backlog->room) {
		grown = reallocarray(backlog->segments, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		backlog->segments = grown;
		backlog->room = room;
	}
	backlog->segments[backlog->n++] = (struct ts_backlog_segment){.number = number};
	return 0;
}

static int fail(const struct ts_backlog *backlog, int result, struct ts_error *err)
{
	return ts_error_set(err, result, "%s: %s", backlog->path,
			    result == -EAGAIN ? "another process delivers it"
					      : strerrordesc_np(-result));
}

/* Somebody has removed the folder: what was in there is lost. */
static void note_removed(struct ts_backlog *backlog)
{
	struct ts_backlog_counts counts = ts_backlog_count(backlog);

	if (backlog->folder >= 0)
		close(backlog->folder);
	backlog->folder = -1;
	backlog->place = TS_BACKLOG_NONE;
	ts_backlog_forget_all(backlog);
	backlog->removed = counts.dropped + counts.waiting;
}

static bool is_removed(int folder)
{
	struct stat status;

	return fstat(folder, &status) == 0 && status.st_nlink == 0;
}

/* A descriptor of it, or a negative errno. */
static int open_folder(struct ts_backlog *backlog, bool make)
{
	int fd = ts_folder_open(backlog->state, "backlog", backlog->name, false);

	if (fd == -ENOENT && backlog->place == TS_BACKLOG_THERE)
		note_removed(backlog);
	if (fd == -ENOENT && make)
		fd = ts_folder_open(backlog->state, "backlog", backlog->name, true);
	return fd;
}

/* With the lock. */
static int take_folder(struct ts_backlog *backlog)
{
	int result = backlog->place == TS_BACKLOG_THERE ? 0 : read_all(backlog);

	if (result == 0 && backlog->foreign_version)
		result = -EPROTONOSUPPORT;
	if (result == 0 && backlog->removed && !backlog->n &&
	    ts_backlog_write_lost(backlog, backlog->removed, NULL) == 0)
		backlog->removed = 0;
	return result;
}

/* What it is that keeps us out may be over the next time. */
static bool will_pass(int result)
{
	return result == -EAGAIN || result == -ENOMEM || result == -EMFILE || result == -ENFILE;
}

static int let_go(struct ts_backlog *backlog, int result, struct ts_error *err)
{
	backlog->place = will_pass(result) ? TS_BACKLOG_UNKNOWN : TS_BACKLOG_NONE;
	close(backlog->folder);
	backlog->folder = -1;
	return fail(backlog, result, err);
}

int ts_backlog_lock(struct ts_backlog *backlog, bool make, struct ts_error *err)
{
	int result;

	if (backlog->folder >= 0 && !is_removed(backlog->folder))
		return 0;
	if (backlog->folder >= 0)
		note_removed(backlog);
	if (!make && backlog->place == TS_BACKLOG_NONE)
		return -ENOENT;
	result = open_folder(backlog, make);
	if (result < 0 && backlog->place == TS_BACKLOG_UNKNOWN && !will_pass(result))
		backlog->place = TS_BACKLOG_NONE;
	if (result < 0)
		return fail(backlog, result, err);
	backlog->folder = result;
	return flock(backlog->folder, LOCK_EX | LOCK_NB) ? let_go(backlog, -EAGAIN, err) : 0;
}

int ts_backlog_enter(struct ts_backlog *backlog, bool make, struct ts_error *err)
{
	int result;

	if (backlog->folder >= 0 && backlog->place == TS_BACKLOG_THERE &&
	    !is_removed(backlog->folder))
		return 0;
	result = ts_backlog_lock(backlog, make, err);
	if (result < 0)
		return result;
	result = take_folder(backlog);
	if (result < 0)
		return let_go(backlog, result, err);
	backlog->place = TS_BACKLOG_THERE;
	return 0;
}

void ts_backlog_leave(struct ts_backlog *backlog)
{
	if (backlog->folder < 0 || ts_outlets_keeps(backlog->delivery.outlets))
		return;
	/* Said aloud: a forked child may hold a copy of the descriptor. */
	flock(backlog->folder, LOCK_UN);
	close(backlog->folder);
	backlog->folder = -1;
}
