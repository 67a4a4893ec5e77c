// SPDX-License-Identifier: Apache-2.0
/*
 * A backlog of any bytes, delivered. The input is a row of parts, each with a head of 8 bytes: what it is, its number,
 * flags, its length (struct part); seeds.py makes them of real backlogs. Unless a part's flag says RAW, its records get
 * the magic and the checksum that make them sound: what only its owner can write, and what then may say anything, as
 * long as it does so within the rows' memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "fuzz.h"
#include "store.h"
#include "runtime/backlog/impl.h"
#include "runtime/columns.h"
#include "runtime/backlog/crc32c.h"
#include "runtime/log/spool.h"

#define FOLDER "00000000-0000-0000-0000-000000000000-1-0"
#define MOST   65536 /* bytes of a file */

enum part_flags {
	RAW = 1,     /* as it is, wrong or not */
	LOST = 2,    /* the file `lost`, else a segment */
	HICCUPS = 4, /* the store takes nothing at first */
	DAMAGED = 8, /* ... or says that a row is to blame */
};

struct part {
	uint16_t flags;
	uint16_t number;
	uint32_t bytes;
};

static char state[64], folder[160];
static volatile size_t sink; /* what is read counts as used */

static void read_row(const struct ts_table *table, const char *row)
{
	for (size_t i = 0; i < table->n_columns; i++) {
		const struct ts_column *column = &table->columns[i];
		bool named = column->type == TS_COLUMN_NAME;
		const char *text;

		if (!named && column->type != TS_COLUMN_TEXT && column->type != TS_COLUMN_JSON)
			continue;
		text = *(const char *const *)(row + column->offset);
		MUST(text || !named);
		sink += text ? strlen(text) : 0;
	}
}

/* Records that are found, one behind the other. */
static void mend(char *data, size_t bytes)
{
	struct ts_record record;

	for (size_t at = 0; at + sizeof(record) <= bytes; at += record.bytes) {
		memcpy(&record, data + at, sizeof(record));
		record.magic = TS_RECORD_MAGIC;
		record.padding %= 8;
		record.bytes &= ~7u;
		if (record.bytes < sizeof(record) + 8 || record.bytes > bytes - at)
			record.bytes = (uint32_t)((bytes - at) & ~(size_t)7);
		if (record.bytes < sizeof(record))
			return;
		memcpy(data + at, &record, sizeof(record));
		record.crc = ts_crc32c(data + at + offsetof(struct ts_record, bytes),
				       record.bytes - offsetof(struct ts_record, bytes));
		memcpy(data + at, &record, sizeof(record));
	}
}

static void write_part(const struct part *part, const uint8_t *bytes)
{
	static char data[MOST];
	size_t n = part->bytes < sizeof(data) ? part->bytes : sizeof(data);
	char path[sizeof(folder) + 32], name[16];
	int fd;

	memcpy(data, bytes, n);
	if (!(part->flags & RAW))
		mend(data, n);
	ts_backlog_name(name, part->number);
	snprintf(path, sizeof(path), "%s/%s", folder,
		 part->flags & LOST ? TS_BACKLOG_LOST_NAME : name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	MUST(fd >= 0 && write(fd, data, n) == (ssize_t)n);
	close(fd);
	if (part->flags & (HICCUPS | DAMAGED) && fake.trouble != -EILSEQ)
		fake.trouble = part->flags & DAMAGED ? -EILSEQ : -EAGAIN;
}

static void write_parts(const uint8_t *data, size_t bytes)
{
	struct part part;

	for (int i = 0; i < 8 && bytes >= sizeof(part); i++) {
		memcpy(&part, data, sizeof(part));
		data += sizeof(part);
		bytes -= sizeof(part);
		part.bytes = part.bytes < bytes ? part.bytes : (uint32_t)bytes;
		write_part(&part, data);
		data += part.bytes;
		bytes -= part.bytes;
	}
}

static void remove_state(void)
{
	empty(AT_FDCWD, state);
}

static void make_state(void)
{
	static bool made;

	if (!made) {
		snprintf(state, sizeof(state), "/dev/shm/traceshim-fuzz.XXXXXX");
		MUST(mkdtemp(state));
		atexit(remove_state);
	}
	made = true;
	snprintf(folder, sizeof(folder), "%s/backlog", state);
	empty(AT_FDCWD, folder);
	MUST(!mkdir(folder, 0700));
	strcat(folder, "/" FOLDER);
	MUST(!mkdir(folder, 0700));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct ts_recovered recovered = {0};
	struct ts_error err = {""};

	make_state();
	memset(&fake, 0, sizeof(fake));
	fake.look = read_row;
	fake.again = 3;
	write_parts(data, bytes);
	MUST(ts_backlog_recover(state, load_fake, NULL, &recovered, &err) == 0);
	/* the second has nothing that the first did not see */
	fake.trouble = 0;
	MUST(ts_backlog_recover(state, load_fake, NULL, &recovered, &err) == 0);
	return 0;
}
