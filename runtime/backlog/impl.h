/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_BACKLOG_IMPL_H
#define TS_BACKLOG_IMPL_H

/* What the files of the backlog share. */

#include <limits.h>

#include "backlog.h"
#include "../bytes.h"
#include "../delivery.h"
#include "idset.h"
#include "packed.h"
#include "record.h"

#define TS_BACKLOG_VERSION   1
#define TS_BACKLOG_LOST_NAME "lost"

enum ts_backlog_record {
	TS_BACKLOG_HEADER = 1, /* struct ts_backlog_header, then its strings */
	TS_BACKLOG_TRACE,      /* struct ts_row_id, then the packed row */
	TS_BACKLOG_SPAN,       /* the same */
	TS_BACKLOG_STUB,       /* struct ts_row_id: a row of a trace that was dropped */
	TS_BACKLOG_RUN,        /* struct ts_backlog_run, then the packed row */
	TS_BACKLOG_PIECE,      /* struct ts_backlog_piece: what was written at once ends */
	TS_BACKLOG_LOST,       /* struct ts_backlog_lost, then ids of traces */
};

/* Strings: store, spool, program; the columns of traces, spans, runs. */
struct ts_backlog_header {
	uint32_t version;
	uint32_t reserved;
};

struct ts_backlog_run {
	uint64_t dropped, rejected; /* what it knows of */
};

struct ts_backlog_piece {
	uint32_t rows; /* since the one before; so many are missing where fewer are found */
	uint32_t last; /* of its batch: 1 */
};

/* What a segment that is gone took with it. One of this number, or less, that is there is gone, too. */
struct ts_backlog_lost {
	uint32_t segment;
	uint32_t n_traces;
	uint64_t rows;
};

struct ts_backlog_segment {
	uint32_t number;
	uint64_t bytes;
	uint64_t rows;
	uint64_t stubs;
};

enum ts_backlog_place { TS_BACKLOG_NONE, TS_BACKLOG_UNKNOWN, TS_BACKLOG_THERE };

struct ts_backlog {
	char state[PATH_MAX];
	char name[NAME_MAX + 1];
	char path[PATH_MAX + NAME_MAX + 16];
	char spool[PATH_MAX]; /* empty: of no settings, and no header has told */
	char program[PATH_MAX];
	char *store;
	uint64_t budget; /* in bytes */
	bool orphan;     /* its spool is gone: what is not delivered is its last word */
	struct ts_delivery delivery;

	struct ts_backlog_delivered brought;

	enum ts_backlog_place place;
	int folder; /* with the flock; -1 */
	bool foreign_version;

	struct ts_backlog_segment *segments; /* oldest first */
	size_t n, room;
	uint32_t last_number; /* that was ever used */
	bool writing;         /* the newest segment is ours to add to */
	uint64_t lost_rows;   /* as the file `lost` says */
	uint64_t lost_bytes;
	uint64_t
		removed; /* rows that went with a folder which somebody removed, not in `lost` yet */
	struct ts_idset dropped; /* traces */
	struct ts_idset
		latest[2];   /* rows of the last batch at the start, and of a torn one behind it */
	struct ts_bytes out; /* records that are to be written */
	struct ts_backlog_piece piece; /* the rows in there */
	uint64_t out_stubs;
	struct ts_bytes run; /* the payload of the latest run */

	/* of the oldest segment; only a hint, for rows that come twice are stored once */
	uint64_t offset;
	uint64_t delivered;   /* rows */
	uint64_t lost_here;   /* rows of dropped traces, and missing ones */
	uint32_t since_piece; /* rows */
	bool damaged;
};

/* One that nothing was read of yet. 0 or -ENOMEM. */
int ts_backlog_make(struct ts_backlog **ret, const char *state, const char *name, const char *spool,
		    uint64_t budget, struct ts_outlets *outlets);

/* Opens the folder and takes its lock. 0, -ENOENT, -EAGAIN: another has it. */
int ts_backlog_lock(struct ts_backlog *backlog, bool make, struct ts_error *err);

/* The same; the first time, reads what is there. */
int ts_backlog_enter(struct ts_backlog *backlog, bool make, struct ts_error *err);

/* Lets go of what may not stay open. */
void ts_backlog_leave(struct ts_backlog *backlog);

/* Of the segment's file. */
void ts_backlog_name(char ret[16], uint32_t number);

/* As if nothing had been read. */
void ts_backlog_forget_all(struct ts_backlog *backlog);

/* Is the spool there that a header named? */
bool ts_backlog_has_spool(const struct ts_backlog *backlog);

/* Lists the segments that are there, with the folder open; removes those that are known to be lost. */
int ts_backlog_find_segments(struct ts_backlog *backlog);

/* Adds a segment to the list. 0 or -ENOMEM. */
int ts_backlog_reserve(struct ts_backlog *backlog, uint32_t number);

void ts_backlog_put_header(const struct ts_backlog *backlog, struct ts_bytes *to);

/* Writes down that the oldest segment, if there is one, is gone, if any row is lost by that. 0, or a negative errno. */
int ts_backlog_write_lost(struct ts_backlog *backlog, uint64_t rows, const struct ts_idset *traces);

/* Removes the oldest segment; a damaged one is set aside. */
void ts_backlog_forget_oldest(struct ts_backlog *backlog);

/* When nothing waits: removes the folder, unless it still counts for something. */
void ts_backlog_clear(struct ts_backlog *backlog);

/* The same where its spool is gone, and with it what the counts were for. */
void ts_backlog_retire(struct ts_backlog *backlog);

/* Reads a header: false where it is none of ours. NULL maps are skipped. */
bool ts_backlog_read_header(struct ts_backlog *backlog, const struct ts_record *record,
			    struct ts_packed_map maps[3]);

static inline bool ts_backlog_is_row(const struct ts_record *record)
{
	return (record->type == TS_BACKLOG_TRACE || record->type == TS_BACKLOG_SPAN) &&
	       ts_record_payload_bytes(record) >= sizeof(struct ts_row_id);
}

static inline const struct ts_row_id *ts_backlog_id(const struct ts_record *record)
{
	return (const struct ts_row_id *)ts_record_payload(record);
}

#endif
