// SPDX-License-Identifier: Apache-2.0
/* Rows into a backlog, and what has to go for them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "impl.h"
#include "../columns.h"
#include "../file.h"
#include "folder.h"

#define LEAST_SEGMENT ((uint64_t)64 << 10)
#define MOST_SEGMENT  ((uint64_t)4 << 20)
#define SHARE         16 /* of the budget: what is dropped at once */

/* --- records ------------------------------------------------------------------------------------ */

static void add_string(struct ts_bytes *to, const char *text)
{
	ts_bytes_add(to, text, strlen(text) + 1);
}

void ts_backlog_put_header(const struct ts_backlog *backlog, struct ts_bytes *to)
{
	struct ts_backlog_header header = {.version = TS_BACKLOG_VERSION};
	size_t record = ts_record_begin(to, TS_BACKLOG_HEADER);

	ts_bytes_add(to, &header, sizeof(header));
	add_string(to, backlog->store ? backlog->store : "");
	add_string(to, backlog->spool);
	add_string(to, backlog->program);
	ts_packed_names(to, &ts_trace_table);
	ts_packed_names(to, &ts_span_table);
	ts_packed_names(to, &ts_run_table);
	ts_record_end(to, record);
}

static void put_stub(struct ts_bytes *out, const struct ts_row_id *id)
{
	size_t record = ts_record_begin(out, TS_BACKLOG_STUB);

	ts_bytes_add(out, id, sizeof(*id));
	ts_record_end(out, record);
}

static void put_run(struct ts_backlog *backlog, const struct ts_run *run,
		    const struct ts_backlog_counts *counts)
{
	struct ts_backlog_run known = {counts->dropped, counts->rejected};
	size_t record = ts_record_begin(&backlog->out, TS_BACKLOG_RUN);

	ts_bytes_add(&backlog->out, &known, sizeof(known));
	ts_packed_add(&backlog->out, &ts_run_table, run);
	ts_record_end(&backlog->out, record);
}

static void put_piece(struct ts_backlog *backlog, bool last)
{
	size_t record = ts_record_begin(&backlog->out, TS_BACKLOG_PIECE);

	backlog->piece.last = last;
	ts_bytes_add(&backlog->out, &backlog->piece, sizeof(backlog->piece));
	ts_record_end(&backlog->out, record);
}

/* --- the budget --------------------------------------------------------------------------------- */

static uint64_t segment_bytes(const struct ts_backlog *backlog)
{
	uint64_t bytes = backlog->budget / SHARE;

	return bytes < LEAST_SEGMENT ? LEAST_SEGMENT : bytes > MOST_SEGMENT ? MOST_SEGMENT : bytes;
}

static uint64_t all_bytes(const struct ts_backlog *backlog)
{
	uint64_t bytes = backlog->lost_bytes;

	for (size_t i = 0; i < backlog->n; i++)
		bytes += backlog->segments[i].bytes;
	return bytes;
}

/* The traces of the rows that stand behind `offset`, if they are not known as dropped. */
static int note_traces(struct ts_backlog *backlog, const struct ts_bytes *data,
		       struct ts_idset *ret)
{
	const struct ts_record *record;
	bool damaged = false;
	size_t at = 0;
	int result = 0;

	while (result >= 0 && (record = ts_record_next(data->data, data->bytes, &at, &damaged))) {
		struct ts_row_id id = {{{0}}, {{0}}};

		if (!ts_backlog_is_row(record))
			continue;
		id.trace = ts_backlog_id(record)->trace;
		if (!ts_idset_has(&backlog->dropped, &id))
			result = ts_idset_add(ret, &id);
	}
	return result < 0 ? result : 0;
}

/* All in the oldest segment, and whatever else comes of its traces. */
static int drop_oldest(struct ts_backlog *backlog)
{
	const struct ts_backlog_segment *oldest = &backlog->segments[0];
	uint64_t rows = backlog->lost_here + oldest->stubs;
	struct ts_bytes data = {0};
	struct ts_idset traces = {0};
	char name[16];
	int result;

	/* what an add took back, but could not cut off, was delivered without having been counted */
	if (oldest->rows > backlog->delivered)
		rows += oldest->rows - backlog->delivered;
	ts_backlog_name(name, oldest->number);
	result = ts_folder_read(backlog->folder, name, backlog->offset, &data);
	if (result == 0)
		result = note_traces(backlog, &data, &traces);
	for (size_t i = 0; result == 0 && i < traces.n; i++)
		if (ts_idset_add(&backlog->dropped, &traces.ids[i]) < 0)
			result = -ENOMEM;
	if (result == 0 || result == -ENOENT)
		result = ts_backlog_write_lost(backlog, rows, &traces);
	if (result == 0)
		ts_backlog_forget_oldest(backlog);
	ts_idset_release(&traces);
	ts_bytes_release(&data);
	return result;
}

/* --- a batch, packed ---------------------------------------------------------------------------- */

struct packed {
	struct ts_bytes records;
	struct ts_bytes places; /* struct place */
};

struct place {
	struct ts_row_id id;
	size_t at; /* in the records */
	size_t bytes;
};

static void pack(struct packed *to, enum ts_backlog_record type, const struct ts_row_id *id,
		 const struct ts_table *table, const void *row)
{
	struct place place = {.id = *id, .at = ts_record_begin(&to->records, type)};

	ts_bytes_add(&to->records, id, sizeof(*id));
	ts_packed_add(&to->records, table, row);
	ts_record_end(&to->records, place.at);
	place.bytes = to->records.bytes - place.at;
	ts_bytes_add(&to->places, &place, sizeof(place));
}

static bool is_dropped(const struct ts_backlog *backlog, const struct ts_row_id *id)
{
	return ts_idset_has(&backlog->dropped, &(struct ts_row_id){.trace = id->trace});
}

/* A row of a batch: a span, or, where that is NULL, a trace. */
struct turn {
	int64_t ended_us;
	const struct ts_span *span;
	const struct ts_trace *trace;
};

static int by_end(const void *a, const void *b)
{
	const struct turn *one = a, *other = b;

	if (one->ended_us != other->ended_us)
		return one->ended_us < other->ended_us ? -1 : 1;
	return !one->span - !other->span;
}

/* A batch has its rows ring by ring. */
static struct turn *put_in_order(const struct ts_batch *batch)
{
	size_t n = batch->n_spans + batch->n_traces;
	struct turn *turns = malloc((n + 1) * sizeof(*turns));

	if (!turns)
		return NULL;
	for (size_t i = 0; i < batch->n_spans; i++)
		turns[i] = (struct turn){batch->spans[i].ended_us, &batch->spans[i], NULL};
	for (size_t i = 0; i < batch->n_traces; i++)
		turns[batch->n_spans + i] =
			(struct turn){batch->traces[i].ended_us, NULL, &batch->traces[i]};
	qsort(turns, n, sizeof(*turns), by_end);
	return turns;
}

static void pack_row(const struct ts_backlog *backlog, const struct turn *turn, struct packed *ret)
{
	struct ts_row_id id = {.trace = turn->span ? turn->span->trace_id : turn->trace->trace_id};

	if (turn->span)
		id.span = turn->span->span_id;
	if (ts_idset_has(&backlog->latest[0], &id) || ts_idset_has(&backlog->latest[1], &id))
		return;
	if (turn->span)
		pack(ret, TS_BACKLOG_SPAN, &id, &ts_span_table, turn->span);
	else
		pack(ret, TS_BACKLOG_TRACE, &id, &ts_trace_table, turn->trace);
}

/* What is not there yet, in the order of its ends, so that the rows of a trace lie together, and go together. */
static int pack_batch(const struct ts_backlog *backlog, const struct ts_batch *batch,
		      struct packed *ret)
{
	struct turn *turns = put_in_order(batch);

	if (!turns)
		return -ENOMEM;
	for (size_t i = 0; i < batch->n_traces + batch->n_spans; i++)
		pack_row(backlog, &turns[i], ret);
	free(turns);
	return ret->records.failed || ret->places.failed ? -ENOMEM : 0;
}

/* Of a batch that is more than the budget by itself, the oldest rows' traces go. */
static int cut_batch(struct ts_backlog *backlog, const struct packed *packed)
{
	const struct place *places = (const void *)packed->places.data;
	size_t n = packed->places.bytes / sizeof(*places);
	uint64_t kept = 0;
	int result = 0;

	for (; n > 0 && kept + places[n - 1].bytes <= backlog->budget; n--)
		kept += places[n - 1].bytes;
	for (size_t i = 0; result >= 0 && i < n; i++)
		result = ts_idset_add(&backlog->dropped,
				      &(struct ts_row_id){.trace = places[i].id.trace});
	return result < 0 ? result : 0;
}

static uint64_t packed_bytes(const struct ts_backlog *backlog, const struct packed *packed)
{
	const struct place *places = (const void *)packed->places.data;
	uint64_t bytes = 0;

	for (size_t i = 0; i < packed->places.bytes / sizeof(*places); i++)
		if (!is_dropped(backlog, &places[i].id))
			bytes += places[i].bytes;
	return bytes;
}

/* Before any of the batch is written: what is dropped then was committed, and will not come again. */
static int make_room(struct ts_backlog *backlog, const struct packed *packed)
{
	int result = 0;

	if (packed->records.bytes > backlog->budget)
		result = cut_batch(backlog, packed);
	while (result == 0 && backlog->n &&
	       all_bytes(backlog) + packed_bytes(backlog, packed) > backlog->budget)
		result = drop_oldest(backlog);
	return result;
}

/* --- writing ------------------------------------------------------------------------------------ */

/* What an add that fails takes back. */
struct before {
	bool writing;
	uint32_t number; /* of the newest */
	struct ts_backlog_segment newest;
};

static int write_out(struct ts_backlog *backlog, bool fresh)
{
	struct ts_backlog_segment *segment = &backlog->segments[backlog->n - 1];
	char name[16];
	int fd, result;

	ts_backlog_name(name, segment->number);
	fd = ts_folder_file(backlog->folder, name, O_WRONLY | O_CREAT | (fresh ? O_EXCL : 0));
	if (fd < 0)
		return fd;
	result = ts_file_write(fd, backlog->out.data, backlog->out.bytes, segment->bytes);
	if (result == 0 && (fdatasync(fd) || (fresh && fsync(backlog->folder))))
		result = -errno;
	close(fd);
	if (result == 0) {
		segment->bytes += backlog->out.bytes;
		segment->rows += backlog->piece.rows - backlog->out_stubs;
		segment->stubs += backlog->out_stubs;
	}
	return result;
}

static void begin_piece(struct ts_backlog *backlog)
{
	backlog->out.bytes = 0;
	backlog->out_stubs = 0;
	backlog->piece = (struct ts_backlog_piece){0};
	if (!backlog->writing)
		ts_backlog_put_header(backlog, &backlog->out);
}

/* What was put so far, to the newest segment, or to another where that is full. */
static int end_piece(struct ts_backlog *backlog, bool last)
{
	bool fresh = !backlog->writing;
	int result = 0;

	put_piece(backlog, last);
	if (backlog->out.failed)
		result = -ENOMEM;
	if (result == 0 && fresh)
		result = ts_backlog_reserve(backlog, backlog->last_number + 1);
	if (result == 0 && fresh) {
		backlog->last_number++;
		backlog->writing = true;
	}
	if (result == 0)
		result = write_out(backlog, fresh);
	if (result == 0 && backlog->segments[backlog->n - 1].bytes >= segment_bytes(backlog))
		backlog->writing = false;
	return result;
}

static int add_row(struct ts_backlog *backlog, const struct packed *packed,
		   const struct place *place)
{
	uint64_t there = backlog->writing ? backlog->segments[backlog->n - 1].bytes : 0;
	bool stub = is_dropped(backlog, &place->id);
	int result = 0;

	if (stub)
		put_stub(&backlog->out, &place->id);
	else
		ts_bytes_add(&backlog->out, packed->records.data + place->at, place->bytes);
	backlog->piece.rows++;
	backlog->out_stubs += stub;
	if (there + backlog->out.bytes >= segment_bytes(backlog)) {
		result = end_piece(backlog, false);
		if (result == 0)
			begin_piece(backlog);
	}
	return result;
}

static int add_rows(struct ts_backlog *backlog, const struct packed *packed)
{
	const struct place *places = (const void *)packed->places.data;
	int result = 0;

	begin_piece(backlog);
	for (size_t i = 0; result == 0 && i < packed->places.bytes / sizeof(*places); i++)
		result = add_row(backlog, packed, &places[i]);
	return result;
}

static struct before note_before(const struct ts_backlog *backlog)
{
	struct before before = {.writing = backlog->writing, .number = backlog->last_number};

	if (backlog->n)
		before.newest = backlog->segments[backlog->n - 1];
	return before;
}

static void take_back(struct ts_backlog *backlog, const struct before *before)
{
	struct ts_backlog_segment *newest;
	char name[16];
	int fd;

	while (backlog->n && backlog->segments[backlog->n - 1].number > before->number) {
		ts_backlog_name(name, backlog->segments[--backlog->n].number);
		unlinkat(backlog->folder, name, 0);
	}
	/* what cannot be cut off there comes twice, and is stored once */
	backlog->writing = false;
	newest = backlog->n ? &backlog->segments[backlog->n - 1] : NULL;
	if (!before->writing || !newest || newest->number != before->newest.number)
		return;
	ts_backlog_name(name, newest->number);
	fd = ts_folder_file(backlog->folder, name, O_WRONLY);
	if (fd < 0)
		return;
	if (ftruncate(fd, (off_t)before->newest.bytes) == 0) {
		*newest = before->newest;
		backlog->writing = true;
	}
	close(fd);
}

static void remember_run(struct ts_backlog *backlog, size_t begun)
{
	const struct ts_record *record = (const void *)(backlog->out.data + begun);

	ts_bytes_release(&backlog->run);
	ts_bytes_add(&backlog->run, ts_record_payload(record), ts_record_payload_bytes(record));
}

static int write_batch(struct ts_backlog *backlog, const struct packed *packed,
		       const struct ts_run *run, const struct ts_backlog_counts *known)
{
	struct before before = note_before(backlog);
	int result = add_rows(backlog, packed);
	size_t run_at = backlog->out.bytes;

	if (result == 0 && run)
		put_run(backlog, run, known);
	if (result == 0)
		result = end_piece(backlog, true);
	if (result < 0)
		take_back(backlog, &before);
	else if (run)
		remember_run(backlog, run_at);
	ts_bytes_release(&backlog->out);
	return result;
}

static int add(struct ts_backlog *backlog, const struct ts_batch *batch)
{
	struct ts_backlog_counts known = ts_backlog_count(backlog);
	struct packed packed = {0};
	int result = pack_batch(backlog, batch, &packed);

	if (result == 0)
		result = make_room(backlog, &packed);
	if (result == 0)
		result = write_batch(backlog, &packed, batch->run, &known);
	ts_bytes_release(&packed.records);
	ts_bytes_release(&packed.places);
	return result;
}

int ts_backlog_add(struct ts_backlog *backlog, const struct ts_batch *batch, struct ts_error *err)
{
	int result;

	if (!ts_backlog_folder(backlog))
		return ts_error_set(err, -ENOTSUP, "there is no backlog");
	if (batch->n_traces + batch->n_spans == 0 && !batch->run)
		return 0;
	result = ts_backlog_enter(backlog, true, err);
	if (result < 0)
		return result;
	result = add(backlog, batch);
	ts_backlog_leave(backlog);
	if (result < 0)
		ts_error_set(err, result, "%s: %s", backlog->path, strerrordesc_np(-result));
	return result;
}
