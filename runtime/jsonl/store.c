// SPDX-License-Identifier: Apache-2.0
/*
 * The JSON lines store: a file that only grows, a row a line. A batch is one write under the file's lock, synced; a
 * line that a kill or a full disk tore is cut off by who writes next. So what is read up to the last newline is
 * whole at any moment.
 *
 * Nothing looks whether a row is there already: a batch that comes again is written again, with the same ids.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bytes.h"
#include "../columns.h"
#include "../file.h"
#include "../rowjson.h"
#include "../sqlite/dbfile.h"
#include "../store.h"
#include "place.h"

struct ts_store_handle {
	struct ts_jsonl_place place;
	const struct ts_gate *gate;
};

static int fail(const char *verb, const struct ts_store_handle *handle, int result,
		struct ts_error *err)
{
	return ts_dbfile_fail(verb, handle->place.path, -result, err);
}

/* --- lines -------------------------------------------------------------------------------------- */

static int add_rows(struct ts_bytes *to, const struct ts_table *table, const void *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *line =
			ts_row_line(table, (const char *)rows + i * table->row_bytes, NULL, NULL);

		if (!line)
			return -ENOMEM;
		ts_bytes_add(to, line, strlen(line));
		ts_bytes_add(to, "\n", 1);
		free(line);
	}
	return to->failed ? -ENOMEM : 0;
}

static int make_lines(struct ts_bytes *to, const struct ts_batch *batch)
{
	int result = add_rows(to, &ts_trace_table, batch->traces, batch->n_traces);

	if (result == 0)
		result = add_rows(to, &ts_span_table, batch->spans, batch->n_spans);
	if (result == 0)
		result = add_rows(to, &ts_run_table, batch->run, batch->run != NULL);
	return result;
}

/* --- the file ----------------------------------------------------------------------------------- */

/* Where the last whole line ends, of a file of `bytes`; or a negative errno. */
static int64_t end_of_lines(int fd, int64_t bytes)
{
	char block[4096];

	while (bytes > 0) {
		int64_t from = bytes > (int64_t)sizeof(block) ? bytes - (int64_t)sizeof(block) : 0;
		ssize_t n = ts_file_read(fd, block, (size_t)(bytes - from), (uint64_t)from);
		const char *newline = n > 0 ? memrchr(block, '\n', (size_t)n) : NULL;

		if (n < 0)
			return n;
		if (newline)
			return from + (newline - block) + 1;
		bytes = from;
	}
	return 0;
}

/* Cuts a torn line off. The file's size, or a negative errno. */
static int64_t repair(int fd)
{
	int64_t bytes = ts_file_bytes(fd), whole = bytes < 0 ? bytes : end_of_lines(fd, bytes);

	if (whole >= 0 && whole < bytes && ftruncate(fd, whole))
		return -errno;
	return whole;
}

/* PATH.1 becomes PATH.2 and so on; the oldest is overwritten. */
static int rotate(const struct ts_jsonl_place *place)
{
	char from[PATH_MAX + 16], to[PATH_MAX + 16];

	if (place->keep == 1)
		return unlink(place->path) ? -errno : 0;
	for (unsigned int i = place->keep - 1; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%u", place->path, i);
		snprintf(from, sizeof(from), "%s.%u", place->path, i - 1);
		if (rename(i > 1 ? from : place->path, to) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* A descriptor of the file, which ends with a whole line at *ret_bytes; or a negative errno. */
static int open_repaired(const struct ts_jsonl_place *place, int64_t *ret_bytes)
{
	int fd = open(place->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat status;

	if (fd < 0)
		return -errno;
	*ret_bytes = fstat(fd, &status) ? -errno : S_ISREG(status.st_mode) ? repair(fd) : -EINVAL;
	if (*ret_bytes >= 0)
		return fd;
	close(fd);
	return (int)*ret_bytes;
}

static int write_all(int fd, const struct ts_bytes *lines)
{
	size_t done = 0;

	while (done < lines->bytes) {
		ssize_t n = write(fd, lines->data + done, lines->bytes - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return fdatasync(fd) ? -errno : 0;
}

/* With the lock. */
static int append(const struct ts_jsonl_place *place, const struct ts_bytes *lines)
{
	int64_t bytes;
	int fd = open_repaired(place, &bytes), result;

	if (fd >= 0 && bytes > 0 && (uint64_t)bytes + lines->bytes > place->size) {
		close(fd);
		result = rotate(place);
		fd = result < 0 ? result : open_repaired(place, &bytes);
	}
	if (fd < 0)
		return fd;
	result = write_all(fd, lines);
	/* all or nothing; where even that fails, the next writer sees a torn line at most */
	if (result < 0 && ftruncate(fd, bytes))
		result = -errno;
	close(fd);
	return result;
}

static int lock(const struct ts_store_handle *handle, struct ts_error *err)
{
	static const char ours[] = "{\"table\":\"";
	const char *path = handle->place.path;
	int fd = ts_dbfile_lock(path, ours, handle->gate, err), result;

	if (fd != -ENOENT)
		return fd;
	result = ts_dbfile_make_folders(path, err);
	return result < 0 ? result : ts_dbfile_lock(path, ours, handle->gate, err);
}

static int jsonl_write(struct ts_store_handle *handle, const struct ts_batch *batch,
		       struct ts_error *err)
{
	struct ts_bytes lines = {0};
	int result = make_lines(&lines, batch), fd;

	if (result < 0) {
		ts_bytes_release(&lines);
		return ts_error_set(err, result, "out of memory");
	}
	fd = lock(handle, err);
	if (fd < 0) {
		ts_bytes_release(&lines);
		return fd;
	}
	result = append(&handle->place, &lines);
	ts_dbfile_unlock(fd);
	ts_bytes_release(&lines);
	return result < 0 ? fail("write", handle, result, err) : 0;
}

static int jsonl_open(struct ts_store_handle **ret, const char *url, const struct ts_gate *gate,
		      struct ts_error *err)
{
	struct ts_store_handle *handle = calloc(1, sizeof(*handle));
	int result;

	if (!handle)
		return ts_error_set(err, -ENOMEM, "out of memory");
	handle->gate = gate;
	result = ts_jsonl_place_read(&handle->place, url, err);
	if (result == 0)
		result = ts_dbfile_make_folders(handle->place.path, err);
	if (result < 0) {
		free(handle);
		return result;
	}
	*ret = handle;
	return 0;
}

static void jsonl_close(struct ts_store_handle *handle)
{
	free(handle);
}

__attribute__((visibility("default"))) extern const struct ts_store ts_store;
const struct ts_store ts_store = {
	.scheme = "jsonl",
	.open = jsonl_open,
	.write = jsonl_write,
	.close = jsonl_close,
};

static int source_open(struct ts_source_handle **ret, const char *url, const char *tenant,
		       struct ts_error *err)
{
	struct ts_jsonl_place place;

	(void)ret, (void)tenant;
	if (ts_jsonl_place_read(&place, url, err) < 0)
		return -EINVAL;
	return ts_error_set(err, -ENOTSUP,
			    "traces in %s are lines for other programs to read, such as jq; "
			    "traceshim reads them back from sqlite: and postgresql: stores",
			    place.path);
}

__attribute__((visibility("default"))) extern const struct ts_source ts_source;
const struct ts_source ts_source = {.scheme = "jsonl", .open = source_open};
