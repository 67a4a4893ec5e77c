// SPDX-License-Identifier: Apache-2.0
/* Who waits: backlogs that are looked at while others may work on them. */
#include <dirent.h>
#include <unistd.h>

#include "../columns.h"
#include "folder.h"
#include "impl.h"

/* The last row of the process in a segment. False: there is none. */
static bool find_run(struct ts_backlog *backlog, uint32_t number, struct ts_run *ret)
{
	struct ts_packed_map maps[3] = {{.table = NULL}};
	struct ts_bytes data = {0};
	const struct ts_record *record;
	bool damaged = false, found = false;
	char name[16];
	size_t at = 0;

	ts_backlog_name(name, number);
	if (ts_folder_read(backlog->folder, name, 0, &data) < 0)
		return false;
	while ((record = ts_record_next(data.data, data.bytes, &at, &damaged))) {
		const char *packed = ts_record_payload(record) + sizeof(struct ts_backlog_run);
		size_t bytes = ts_record_payload_bytes(record);

		if (record->type == TS_BACKLOG_HEADER)
			ts_backlog_read_header(backlog, record, maps);
		else if (record->type == TS_BACKLOG_RUN && maps[2].table &&
			 bytes > sizeof(struct ts_backlog_run))
			found |= ts_packed_read(&maps[2], packed,
						bytes - sizeof(struct ts_backlog_run), ret) == 0;
	}
	/* its texts pointed there */
	ts_bytes_release(&data);
	return found;
}

static void look(const char *state, const char *name,
		 void (*take)(void *context, const struct ts_uuid *run), void *context)
{
	struct ts_backlog *backlog;
	struct ts_run run = {.begun = 0};
	bool found = false;

	if (ts_backlog_make(&backlog, state, name, name, 0, NULL) < 0)
		return;
	backlog->folder = ts_folder_open(state, "backlog", name, false);
	if (backlog->folder >= 0 && ts_backlog_find_segments(backlog) == 0)
		for (size_t i = backlog->n; i > 0 && !found; i--)
			found = find_run(backlog, backlog->segments[i - 1].number, &run);
	if (found && !ts_backlog_has_spool(backlog))
		take(context, &run.run_id);
	ts_backlog_free(backlog);
}

void ts_backlog_each_ended(const char *state,
			   void (*take)(void *context, const struct ts_uuid *run), void *context)
{
	int fd = *state == '/' ? ts_folder_open(state, "backlog", NULL, false) : -1;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir && fd >= 0)
		close(fd);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			look(state, entry->d_name, take, context);
	if (dir)
		closedir(dir);
}
