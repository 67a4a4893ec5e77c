// SPDX-License-Identifier: Apache-2.0
/* What goes from a backlog, and the book of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "impl.h"
#include "../file.h"
#include "folder.h"
#include "kept.h"

#define LOST_NEW        TS_BACKLOG_LOST_NAME ".new"
#define MOST_LOST_BYTES (4 << 20) /* four times what the latest traces take */

/* `lost` with one record in place of all, and only the latest of the traces. */
static int rewrite_lost(struct ts_backlog *backlog, const struct ts_bytes *data)
{
	int fd = ts_folder_file(backlog->folder, LOST_NEW, O_WRONLY | O_CREAT | O_TRUNC);
	int result = fd < 0 ? fd : ts_file_write(fd, data->data, data->bytes, 0);

	if (fd >= 0) {
		if (result == 0 && fdatasync(fd))
			result = -errno;
		close(fd);
	}
	if (result == 0 &&
	    renameat(backlog->folder, LOST_NEW, backlog->folder, TS_BACKLOG_LOST_NAME))
		result = -errno;
	if (result == 0)
		fsync(backlog->folder);
	return result;
}

static int append_lost(struct ts_backlog *backlog, const struct ts_bytes *data)
{
	int fd = ts_folder_file(backlog->folder, TS_BACKLOG_LOST_NAME, O_WRONLY | O_CREAT), result;

	if (fd < 0)
		return fd;
	/* what a torn write left behind must not stand before ours */
	result = ftruncate(fd, (off_t)backlog->lost_bytes) ? -errno : 0;
	if (result == 0)
		result = ts_file_write(fd, data->data, data->bytes, backlog->lost_bytes);
	if (result == 0 && fdatasync(fd))
		result = -errno;
	close(fd);
	if (backlog->lost_bytes == 0)
		fsync(backlog->folder);
	return result;
}

static void put_lost(struct ts_backlog *backlog, struct ts_bytes *to, uint64_t rows,
		     const struct ts_idset *traces)
{
	struct ts_backlog_lost lost = {
		.segment = backlog->n ? backlog->segments[0].number : 0,
		.n_traces = traces ? (uint32_t)traces->n : 0,
		.rows = rows,
	};
	size_t record;

	if (to->bytes == 0 && backlog->lost_bytes == 0)
		ts_backlog_put_header(backlog, to);
	record = ts_record_begin(to, TS_BACKLOG_LOST);
	ts_bytes_add(to, &lost, sizeof(lost));
	for (uint32_t i = 0; i < lost.n_traces; i++)
		ts_bytes_add(to, &traces->ids[i].trace, sizeof(struct ts_uuid));
	ts_record_end(to, record);
}

int ts_backlog_write_lost(struct ts_backlog *backlog, uint64_t rows, const struct ts_idset *traces)
{
	struct ts_bytes data = {0};
	uint64_t at = backlog->lost_bytes;
	int result = 0;

	if (!rows && !traces)
		return 0;
	if (at > MOST_LOST_BYTES) {
		ts_backlog_put_header(backlog, &data);
		put_lost(backlog, &data, backlog->lost_rows + rows, &backlog->dropped);
		at = 0;
	} else {
		put_lost(backlog, &data, rows, traces);
	}
	if (data.failed)
		result = -ENOMEM;
	else
		result = at || !backlog->lost_bytes ? append_lost(backlog, &data)
						    : rewrite_lost(backlog, &data);
	if (result == 0) {
		backlog->lost_bytes = at + data.bytes;
		backlog->lost_rows += rows;
	}
	ts_bytes_release(&data);
	return result;
}

/* <state>/backlog/NAME-NUMBER.damaged: nobody reads it again. */
static void set_aside(struct ts_backlog *backlog, const char *name)
{
	char aside[sizeof(backlog->path) + 32];

	snprintf(aside, sizeof(aside), "%s-%s.damaged", backlog->path, name);
	if (renameat(backlog->folder, name, AT_FDCWD, aside))
		unlinkat(backlog->folder, name, 0);
	else
		ts_kept_trim(backlog->state, backlog->delivery.most_bytes,
			     backlog->delivery.outlets);
}

void ts_backlog_forget_oldest(struct ts_backlog *backlog)
{
	char name[16];

	ts_backlog_name(name, backlog->segments[0].number);
	if (backlog->damaged)
		set_aside(backlog, name);
	else
		unlinkat(backlog->folder, name, 0);
	backlog->n--;
	memmove(backlog->segments, backlog->segments + 1, backlog->n * sizeof(*backlog->segments));
	backlog->offset = backlog->delivered = backlog->lost_here = 0;
	backlog->since_piece = 0;
	backlog->damaged = false;
	backlog->writing &= backlog->n > 0;
}

void ts_backlog_clear(struct ts_backlog *backlog)
{
	ts_idset_release(&backlog->latest[0]);
	ts_idset_release(&backlog->latest[1]);
	ts_bytes_release(&backlog->run);
	if (backlog->lost_bytes && !backlog->orphan)
		return;
	unlinkat(backlog->folder, TS_BACKLOG_LOST_NAME, 0);
	unlinkat(backlog->folder, LOST_NEW, 0);
	if (rmdir(backlog->path))
		return;
	close(backlog->folder);
	backlog->folder = -1;
	backlog->place = TS_BACKLOG_NONE;
	ts_backlog_forget_all(backlog);
}

void ts_backlog_retire(struct ts_backlog *backlog)
{
	backlog->orphan = true;
	ts_backlog_clear(backlog);
}
