// SPDX-License-Identifier: Apache-2.0
/*
 * The file tells all there is to know: its rows, and on its first line how many stood in files before it. So a
 * kill at any moment leaves the count right: the first line is there before any other, and a torn line is cut
 * off by who adds the next.
 */
#include "rejected.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../bytes.h"
#include "../file.h"
#include "folder.h"
#include "idset.h"
#include "../rowjson.h"
#include "../uuid.h"

#define STEP_BYTES 65536 /* so often it is told that there is more */
#define CARRIED    "{\"table\":\"rejected\",\"before\":"

struct ts_rejected {
	char path[PATH_MAX];
	const char *name; /* in path: behind its last slash */
	char folder[PATH_MAX];
	const char *state; /* in folder; or NULL */
	bool loaded;
	struct ts_idset ids; /* of the rows in the file */
	uint64_t before;     /* rows in files before it */
	uint64_t rows;
	uint64_t bytes; /* of whole lines */
	uint64_t most;  /* then another file begins */
};

int ts_rejected_new(struct ts_rejected **ret, const char *state, const char *spool,
		    uint64_t most_bytes)
{
	struct ts_rejected *rejected = calloc(1, sizeof(*rejected));
	const char *name = strrchr(spool, '/');

	if (!rejected)
		return -ENOMEM;
	rejected->most = most_bytes;
	name = name ? name + 1 : spool;
	if (state && *state == '/')
		snprintf(rejected->path, sizeof(rejected->path), "%s/rejected/%s.jsonl", state,
			 name);
	else
		snprintf(rejected->path, sizeof(rejected->path), "%s.rejected.jsonl", spool);
	if (state && *state == '/') {
		snprintf(rejected->folder, sizeof(rejected->folder), "%s", state);
		rejected->state = rejected->folder;
	}
	rejected->name = strrchr(rejected->path, '/');
	rejected->name = rejected->name ? rejected->name + 1 : rejected->path;
	*ret = rejected;
	return 0;
}

void ts_rejected_free(struct ts_rejected *rejected)
{
	if (!rejected)
		return;
	ts_idset_release(&rejected->ids);
	free(rejected);
}

const char *ts_rejected_path(const struct ts_rejected *rejected)
{
	return rejected->path;
}

/* --- what is there ------------------------------------------------------------------------------ */

/* The id behind `key`, 36 characters in quotes. */
static void find_id(const char *line, size_t bytes, const char *key, struct ts_uuid *ret)
{
	const char *found = memmem(line, bytes, key, strlen(key));
	char text[TS_UUID_TEXT] = "";
	struct ts_uuid high;

	*ret = (struct ts_uuid){0};
	if (found && bytes - (size_t)(found - line) >= strlen(key) + TS_UUID_TEXT - 1) {
		memcpy(text, found + strlen(key), TS_UUID_TEXT - 1);
		if (ts_uuid_prefix_range(text, ret, &high) < 0)
			*ret = (struct ts_uuid){0};
	}
}

static void read_line(struct ts_rejected *rejected, const char *line, size_t bytes)
{
	size_t head = bytes < 160 ? bytes : 160; /* where the ids are */
	struct ts_row_id id;

	if (bytes > strlen(CARRIED) && memcmp(line, CARRIED, strlen(CARRIED)) == 0) {
		rejected->before = strtoull(line + strlen(CARRIED), NULL, 10);
		rejected->rows = 0;
		return;
	}
	find_id(line, head, "\"trace_id\":\"", &id.trace);
	find_id(line, head, "\"span_id\":\"", &id.span);
	ts_idset_add(&rejected->ids, &id);
	rejected->rows++;
}

static void read_lines(struct ts_rejected *rejected, const char *data, size_t bytes)
{
	const char *end;

	while ((end = memchr(data, '\n', bytes))) {
		size_t line = (size_t)(end - data) + 1;

		read_line(rejected, data, line);
		rejected->bytes += line;
		data += line;
		bytes -= line;
	}
}

/* 0, or a negative errno. */
static int load_named(struct ts_rejected *rejected, int folder, const char *name)
{
	struct ts_bytes data = {0};
	int result = ts_folder_read(folder, name, 0, &data);

	if (result == 0)
		read_lines(rejected, data.data, data.bytes);
	ts_bytes_release(&data);
	return result;
}

/*
 * Between the renaming of a full file and the first line of the next there is only the former. 0, or a negative errno:
 * what is there is not known, and must not be cut off.
 */
static int load(struct ts_rejected *rejected, int folder)
{
	char former[PATH_MAX];
	int result;

	if (rejected->loaded)
		return 0;
	result = load_named(rejected, folder, rejected->name);
	if (result == -ENOENT || (result == 0 && !rejected->bytes)) {
		snprintf(former, sizeof(former), "%s.1", rejected->name);
		result = load_named(rejected, folder, former);
		rejected->before += rejected->rows;
		rejected->rows = rejected->bytes = 0;
	}
	rejected->loaded = result == 0 || result == -ENOENT;
	return rejected->loaded ? 0 : result;
}

/* A descriptor of the folder, or a negative errno. */
static int open_folder(const struct ts_rejected *rejected, bool make)
{
	char parent[PATH_MAX];
	int fd;

	if (rejected->state)
		return ts_folder_open(rejected->state, "rejected", NULL, make);
	snprintf(parent, sizeof(parent), "%.*s", (int)(rejected->name - rejected->path),
		 rejected->path);
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

uint64_t ts_rejected_count(struct ts_rejected *rejected)
{
	int folder = rejected->loaded ? -1 : open_folder(rejected, false);

	if (folder >= 0) {
		load(rejected, folder);
		close(folder);
	}
	rejected->loaded |= folder == -ENOENT;
	return rejected->before + rejected->rows;
}

/* --- one more ----------------------------------------------------------------------------------- */

/* Where the file is shorter than it was, somebody has taken rows away, we, or whoever wanted the room: they still count. */
static bool has_lost_count(const struct ts_rejected *rejected, uint64_t there)
{
	return there < rejected->bytes || (!rejected->bytes && rejected->before);
}

static void put_text(const struct ts_rejected *rejected, bool count, const char *line,
		     struct ts_bytes *ret)
{
	char counted[96];

	snprintf(counted, sizeof(counted), CARRIED "%" PRIu64 "}\n",
		 rejected->before + rejected->rows);
	if (count)
		ts_bytes_add(ret, counted, strlen(counted));
	ts_bytes_add(ret, line, strlen(line));
	ts_bytes_add(ret, "\n", 1);
}

static int append(struct ts_rejected *rejected, int fd, const char *line)
{
	int64_t there = ts_file_bytes(fd);
	bool count = there >= 0 && has_lost_count(rejected, (uint64_t)there);
	uint64_t at = count ? (uint64_t)there : rejected->bytes;
	struct ts_bytes text = {0};
	int result = there < 0 ? (int)there : 0;

	put_text(rejected, count, line, &text);
	if (text.failed)
		result = -ENOMEM;
	/* what a torn write left behind must not stand before our line */
	if (result == 0 && ftruncate(fd, (off_t)at))
		result = -errno;
	if (result == 0)
		result = ts_file_write(fd, text.data, text.bytes, at);
	if (result == 0 && fdatasync(fd))
		result = -errno;
	if (result == 0) {
		rejected->before += count ? rejected->rows : 0;
		rejected->rows = count ? 1 : rejected->rows + 1;
		rejected->bytes = at + text.bytes;
	}
	ts_bytes_release(&text);
	return result;
}

/* A full file makes way for another. */
static int rotate(struct ts_rejected *rejected, int folder)
{
	char former[PATH_MAX];

	snprintf(former, sizeof(former), "%s.1", rejected->name);
	if (renameat(folder, rejected->name, folder, former) && errno != ENOENT)
		return -errno;
	ts_idset_release(&rejected->ids);
	return 0;
}

static int add_line(struct ts_rejected *rejected, int folder, const struct ts_row_id *id,
		    const char *line)
{
	int result = load(rejected, folder), fd;
	uint64_t before;

	if (result < 0)
		return result;
	if (ts_idset_has(&rejected->ids, id))
		return 0;
	if (rejected->bytes && rejected->bytes + strlen(line) > rejected->most)
		result = rotate(rejected, folder);
	fd = result < 0 ? result : ts_folder_file(folder, rejected->name, O_WRONLY | O_CREAT);
	if (fd < 0)
		return fd;
	before = rejected->bytes;
	result = append(rejected, fd, line);
	close(fd);
	if (result < 0)
		return result;
	if (rejected->bytes < before || !before)
		fsync(folder);
	ts_idset_add(&rejected->ids, id);
	return rejected->bytes / STEP_BYTES != before / STEP_BYTES || !before;
}

int ts_rejected_add(struct ts_rejected *rejected, const struct ts_table *table, const void *row,
		    const char *refused, struct ts_error *err)
{
	const struct ts_span *span = row;
	const struct ts_trace *trace = row;
	struct ts_row_id id = {.trace = trace->trace_id};
	int folder = open_folder(rejected, true), result = folder;
	char *line;

	if (table == &ts_span_table)
		id = (struct ts_row_id){span->trace_id, span->span_id};
	line = ts_row_line(table, row, "refused", refused);
	if (folder >= 0)
		result = line ? add_line(rejected, folder, &id, line) : -ENOMEM;
	free(line);
	if (folder >= 0)
		close(folder);
	if (result < 0)
		return ts_error_set(err, result, "cannot keep a refused row in %s: %s",
				    rejected->path, strerrordesc_np(-result));
	return result;
}
