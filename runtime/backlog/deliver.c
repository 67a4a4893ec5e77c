// SPDX-License-Identifier: Apache-2.0
/* Rows out of a backlog. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "impl.h"
#include "../columns.h"
#include "folder.h"
#include "../pool.h"

#define MOST_ROWS  1000
#define MOST_BYTES ((size_t)1 << 20)

/* What one step takes out of the oldest segment. */
struct load {
	struct ts_backlog *backlog;
	struct ts_packed_map maps[3];
	struct ts_bytes data; /* from the segment's header on */
	size_t at;
	struct ts_pool pool;
	struct ts_trace *traces;
	struct ts_span *spans;
	struct ts_run run;
	struct ts_batch batch;
	uint64_t rows; /* that leave the segment, lost ones counted */
	uint64_t lost;
	uint32_t since_piece;
	bool sound; /* something is */
	bool damaged;
	bool at_end;
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* --- the run ------------------------------------------------------------------------------------ */

/* JSON of counts, `key` raised by `count`. NULL where there is no memory. */
static const char *raise(struct ts_pool *pool, const char *json, const char *key, uint64_t count)
{
	char wanted[64];
	const char *found;
	uint64_t number;
	int rest;

	if (!count)
		return json;
	/* an object that is empty, or, of a file that says what cannot be, none at all */
	if (!json || json[0] != '{' || !strchr(json, ':'))
		return ts_pool_printf(pool, "{\"%s\":%" PRIu64 "}", key, count);
	snprintf(wanted, sizeof(wanted), "\"%s\":", key);
	found = strstr(json, wanted);
	if (!found)
		return ts_pool_printf(pool, "{\"%s\":%" PRIu64 ",%s", key, count, json + 1);
	found += strlen(wanted);
	rest = 0;
	if (sscanf(found, "%" SCNu64 "%n", &number, &rest) != 1)
		return json;
	return ts_pool_printf(pool, "%.*s%" PRIu64 "%s", (int)(found - json), json, number + count,
			      found + rest);
}

/* What was dropped and refused since the run was written down, it does not count as stored any more. */
static int amend_run(struct load *load, const struct ts_backlog_run *known)
{
	struct ts_backlog_counts counts = ts_backlog_count(load->backlog);
	uint64_t dropped = counts.dropped - least(counts.dropped, known->dropped);
	uint64_t rejected = counts.rejected - least(counts.rejected, known->rejected);
	struct ts_run *run = &load->run;
	uint64_t gone = least(dropped + rejected, run->stored > 0 ? (uint64_t)run->stored : 0);

	run->stored -= (int64_t)gone;
	/* only where the file says what cannot be */
	if (__builtin_add_overflow(run->dropped, (int64_t)gone, &run->dropped))
		run->dropped = INT64_MAX;
	run->dropped_by = raise(&load->pool, run->dropped_by, "budget", dropped);
	run->dropped_by = raise(&load->pool, run->dropped_by, "rejected", rejected);
	if ((dropped || rejected) && !run->dropped_by)
		return -ENOMEM;
	if (load->backlog->orphan && !run->outcome) {
		run->outcome = "interrupted";
		run->ended_us = run->seen_us;
	}
	return 0;
}

/* The latest run, when all rows are delivered: what became of them is known then. */
static int deliver_run(struct load *load, bool insist, struct ts_error *err)
{
	struct ts_bytes *latest = &load->backlog->run;
	struct ts_batch batch = {.run = &load->run};
	struct ts_backlog_run known;
	int result;

	if (load->backlog->n > 1 || latest->bytes < sizeof(known))
		return 0;
	memcpy(&known, latest->data, sizeof(known));
	if (ts_packed_read(&load->maps[2], latest->data + sizeof(known),
			   latest->bytes - sizeof(known), &load->run) < 0)
		return 0;
	result = amend_run(load, &known);
	if (result < 0)
		return ts_error_set(err, result, "no memory");
	return ts_delivery_write(&load->backlog->delivery, &batch, insist, err);
}

/* --- rows --------------------------------------------------------------------------------------- */

static void take_row(struct load *load, const struct ts_record *record)
{
	const char *packed = ts_record_payload(record) + sizeof(struct ts_row_id);
	size_t bytes = ts_record_payload_bytes(record) - sizeof(struct ts_row_id);
	struct ts_row_id trace = {.trace = ts_backlog_id(record)->trace};
	int result;

	load->rows++;
	load->since_piece++;
	if (ts_idset_has(&load->backlog->dropped, &trace)) {
		load->lost++;
		return;
	}
	if (record->type == TS_BACKLOG_TRACE) {
		result = ts_packed_read(&load->maps[0], packed, bytes,
					&load->traces[load->batch.n_traces]);
		load->batch.n_traces += result == 0;
	} else {
		result = ts_packed_read(&load->maps[1], packed, bytes,
					&load->spans[load->batch.n_spans]);
		load->batch.n_spans += result == 0;
	}
	load->lost += result < 0;
	load->damaged |= result < 0;
}

static void take_piece(struct load *load, const struct ts_record *record)
{
	const struct ts_backlog_piece *piece = (const void *)ts_record_payload(record);

	if (ts_record_payload_bytes(record) >= sizeof(*piece) && piece->rows > load->since_piece)
		load->lost += piece->rows - load->since_piece;
	load->since_piece = 0;
}

/*
 * Where nothing sound comes any more, somebody was killed while writing: those rows were not committed, and came
 * again.
 */
static void take_rows(struct load *load)
{
	size_t end = load->at + MOST_BYTES;
	const struct ts_record *record;

	while (load->at < end && load->batch.n_traces + load->batch.n_spans < MOST_ROWS) {
		bool damaged = false;

		record = ts_record_next(load->data.data, load->data.bytes, &load->at, &damaged);
		if (!record) {
			load->at_end = true;
			load->damaged |= damaged && !load->sound;
			return;
		}
		load->sound = true;
		load->damaged |= damaged;
		if (ts_backlog_is_row(record))
			take_row(load, record);
		else if (record->type == TS_BACKLOG_STUB)
			load->since_piece++;
		else if (record->type == TS_BACKLOG_PIECE)
			take_piece(load, record);
	}
	load->at_end = load->at >= load->data.bytes;
}

/* Our own columns stand in where the header cannot be read. */
static void default_maps(struct ts_packed_map maps[3])
{
	static const struct ts_table *const tables[] = {&ts_trace_table, &ts_span_table,
							&ts_run_table};

	for (int i = 0; i < 3; i++) {
		maps[i] = (struct ts_packed_map){.table = tables[i], .n = tables[i]->n_columns};
		for (size_t c = 0; c < maps[i].n; c++)
			maps[i].columns[c] = &tables[i]->columns[c];
	}
}

static int open_load(struct load *load)
{
	struct ts_backlog *backlog = load->backlog;
	const struct ts_record *record;
	char name[16];
	int result;

	ts_backlog_name(name, backlog->segments[0].number);
	result = ts_folder_read(backlog->folder, name, 0, &load->data);
	/* gone: somebody else has brought it away */
	if (result < 0 && result != -ENOENT)
		return result;
	load->traces = ts_pool_alloc(&load->pool, MOST_ROWS * sizeof(*load->traces));
	load->spans = ts_pool_alloc(&load->pool, MOST_ROWS * sizeof(*load->spans));
	if (!load->traces || !load->spans)
		return -ENOMEM;
	load->batch.traces = load->traces;
	load->batch.spans = load->spans;
	default_maps(load->maps);
	record = ts_record_next(load->data.data, load->data.bytes, &load->at, &load->damaged);
	load->sound = record != NULL;
	if (record && record->type == TS_BACKLOG_HEADER)
		load->damaged |= !ts_backlog_read_header(backlog, record, load->maps);
	else
		load->at = 0;
	if (load->at < backlog->offset)
		load->at = backlog->offset;
	load->since_piece = backlog->since_piece;
	return 0;
}

static void note_delivered(struct load *load)
{
	struct ts_backlog *backlog = load->backlog;

	backlog->brought.traces += load->batch.n_traces;
	backlog->brought.spans += load->batch.n_spans;
	backlog->offset = load->at;
	backlog->delivered += load->rows;
	backlog->lost_here += load->lost;
	backlog->since_piece = load->since_piece;
	backlog->damaged |= load->damaged;
}

static int finish_oldest(struct ts_backlog *backlog, struct ts_error *err)
{
	int result = ts_backlog_write_lost(backlog, backlog->lost_here + backlog->segments[0].stubs,
					   NULL);

	if (result < 0)
		return ts_error_set(err, result, "%s", strerrordesc_np(-result));
	ts_backlog_forget_oldest(backlog);
	if (!backlog->n)
		ts_backlog_clear(backlog);
	return 0;
}

static int deliver(struct load *load, bool insist, struct ts_error *err)
{
	struct ts_backlog *backlog = load->backlog;
	int result = 0;

	if (!backlog->store)
		return ts_error_set(err, -EBADMSG, "no segment tells the store");
	if (load->batch.n_traces + load->batch.n_spans)
		result = ts_delivery_write(&backlog->delivery, &load->batch, insist, err);
	if (result < 0)
		return result;
	note_delivered(load);
	if (!load->at_end)
		return 0;
	result = deliver_run(load, insist, err);
	return result < 0 ? result : finish_oldest(backlog, err);
}

static int step(struct ts_backlog *backlog, bool insist, struct ts_error *err)
{
	struct load load = {.backlog = backlog};
	int result = open_load(&load);

	if (result < 0) {
		ts_error_set(err, result, "%s", strerrordesc_np(-result));
	} else {
		take_rows(&load);
		result = deliver(&load, insist, err);
	}
	ts_bytes_release(&load.data);
	ts_pool_release(&load.pool);
	return result < 0 ? result : backlog->n > 0;
}

int ts_backlog_step(struct ts_backlog *backlog, bool insist, struct ts_error *err)
{
	int result;

	if (!ts_backlog_waits(backlog))
		return 0;
	/* before anything is read for it */
	if (!insist && backlog->store &&
	    !ts_outlets_is_due(backlog->delivery.outlets, backlog->store, err))
		return TS_AWAY;
	result = ts_backlog_enter(backlog, false, err);
	if (result < 0)
		return result == -ENOENT ? 0 : result;
	if (backlog->n)
		result = step(backlog, insist, err);
	else
		ts_backlog_clear(backlog);
	ts_backlog_leave(backlog);
	return result;
}
