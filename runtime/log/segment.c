// SPDX-License-Identifier: Apache-2.0
#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event.h"
#include "../file.h"
#include "held.h"

#define NAME     "open"
#define NAME_NEW "open.new"

static int fault(struct ts_error *err, int result, const char *spool)
{
	return ts_error_set(err, result, "%s/" NAME ": %s", spool, strerrordesc_np(-result));
}

static int64_t walk(const char *data, size_t bytes, ts_segment_fn *take, void *context)
{
	char name[sizeof(((struct ts_event_thread *)0)->name) + 1] = "";
	size_t at = 0;

	while (at < bytes) {
		const struct ts_event *event = (const void *)(data + at);
		long whole = ts_event_check(event, bytes - at);
		int result;

		if (whole <= 0)
			break;
		if (event->type == TS_EVENT_THREAD)
			memcpy(name, ((const struct ts_event_thread *)event)->name,
			       sizeof(name) - 1);
		result = take(context, event, *name ? name : NULL);
		if (result < 0)
			return result;
		at += (size_t)whole;
	}
	return (int64_t)at;
}

int64_t ts_segment_read(const char *spool, ts_segment_fn *take, void *context, struct ts_error *err)
{
	int fd = ts_file_open(spool, NAME, O_RDONLY);
	int64_t bytes, result;
	char *data;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fault(err, fd, spool);
	bytes = ts_file_bytes(fd);
	data = bytes > 0 ? malloc((size_t)bytes) : NULL;
	result = bytes <= 0 ? bytes : data ? ts_file_read(fd, data, (size_t)bytes, 0) : -ENOMEM;
	close(fd);
	if (result > 0)
		result = walk(data, (size_t)result, take, context);
	free(data);
	return result < 0 ? fault(err, (int)result, spool) : result;
}

static int write_at(const char *spool, const char *name, uint64_t offset, const void *events,
		    size_t bytes)
{
	int fd = ts_file_open(spool, name, O_WRONLY | O_CREAT);
	int result;

	if (fd < 0)
		return fd;
	/* what a torn write left behind must not follow our events */
	result = ftruncate(fd, (off_t)offset) ? -errno : ts_file_write(fd, events, bytes, offset);
	close(fd);
	return result;
}

int ts_segment_append(const char *spool, uint64_t offset, const void *events, size_t bytes,
		      struct ts_error *err)
{
	int result = write_at(spool, NAME, offset, events, bytes);

	return result < 0 ? fault(err, result, spool) : 0;
}

int ts_segment_replace(const char *spool, const void *events, size_t bytes, struct ts_error *err)
{
	char from[PATH_MAX], to[PATH_MAX];
	int result = write_at(spool, NAME_NEW, 0, events, bytes);

	if (result < 0)
		return fault(err, result, spool);
	/* write_at has shown that the longer of the two fits */
	snprintf(from, sizeof(from), "%s/" NAME_NEW, spool);
	snprintf(to, sizeof(to), "%s/" NAME, spool);
	if (rename(from, to))
		return fault(err, -errno, spool);
	ts_held_renamed(spool, NAME);
	return 0;
}
