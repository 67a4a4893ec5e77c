// SPDX-License-Identifier: Apache-2.0
#include "assemble.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "calls.h"
#include "fill.h"
#include "marks.h"
#include "reader.h"
#include "recent.h"
#include "redact.h"
#include "run.h"
#include "segment.h"
#include "stack.h"

#define COMPACT_BYTES ((uint64_t)1 << 20)

/*
 * A begin is committed before its end. So a pass that sees all rings' heads as they are after the
 * end was read brings it; the pass that brought the end may have looked at the begin's ring before.
 */
#define MAX_ROUNDS 3

/* Whole events, one after the other. */
struct events {
	char *data;
	size_t bytes;
	size_t room;
};

struct ts_assembler {
	struct ts_reader *reader;
	struct ts_dictionary *dictionary;
	struct ts_redact *redact;
	struct ts_fill fill;
	struct ts_calls calls;
	struct ts_rows rows;
	bool batch_stands;

	struct ts_recent recent;

	struct events closed; /* bare ends of calls in `open` that this batch completes, and marks
				 taken back */
	struct ts_marks marks;
	uint64_t open_bytes; /* of the segment `open` */
	uint64_t lost[TS_LOST_COUNT];
	bool lost_asked; /* for this batch */
	bool lost_told;  /* by a row of this batch */
	uint64_t last_ticks;
};

/* --- life ------------------------------------------------------------------------------ */

static void note_ticks(struct ts_assembler *assembler, const struct ts_event *event)
{
	uint64_t ticks = event->type == TS_EVENT_BEGIN
				 ? ((const struct ts_event_begin *)event)->ticks
				 : ((const struct ts_event_end *)event)->ticks;

	if (ticks > assembler->last_ticks)
		assembler->last_ticks = ticks;
}

/* An end behind its begin says that the call is stored; one without is a half like any other. */
static int load(void *context, const struct ts_event *event, const char *thread_name)
{
	struct ts_assembler *assembler = context;
	struct ts_call *call;

	if (event->type == TS_EVENT_EXEC)
		ts_marks_take(&assembler->marks, (const void *)event, true);
	if (event->type != TS_EVENT_BEGIN && event->type != TS_EVENT_END)
		return 0;
	note_ticks(assembler, event);
	call = ts_calls_find(&assembler->calls, event);
	if (call && call->event->type == TS_EVENT_BEGIN && event->type == TS_EVENT_END) {
		ts_calls_remove(&assembler->calls, call);
		return 0;
	}
	if (call)
		return 0;
	call = ts_calls_add(&assembler->calls, event, thread_name);
	if (!call)
		return -ENOMEM;
	if (ts_call_own(call) < 0) {
		ts_calls_remove(&assembler->calls, call);
		return -ENOMEM;
	}
	call->in_open = true;
	return 0;
}

/* 0; -EBADMSG: it goes no further; or another negative errno. */
static int update_dictionary(struct ts_assembler *assembler, struct ts_error *err)
{
	int result = ts_dictionary_update(assembler->dictionary, err);
	const char *names = ts_dictionary_settings(assembler->dictionary)->redact;

	if (!assembler->redact && ts_redact_new(&assembler->redact, names) < 0)
		return ts_error_set(err, -ENOMEM, "no memory");
	assembler->fill.json.redact = assembler->redact;
	return result;
}

static int start(struct ts_assembler *assembler, struct ts_error *err)
{
	struct ts_abi_process *page = ts_reader_process(assembler->reader);
	const char *spool = ts_reader_spool(assembler->reader);
	int64_t open_bytes;
	int result;

	if (ts_calls_init(&assembler->calls) < 0 ||
	    ts_dictionary_new(&assembler->dictionary, spool, page) < 0)
		return ts_error_set(err, -ENOMEM, "no memory");
	result = update_dictionary(assembler, err);
	if (result < 0 && result != -EBADMSG)
		return result;
	assembler->fill.dictionary = assembler->dictionary;
	assembler->fill.settings = ts_dictionary_settings(assembler->dictionary);
	assembler->fill.pid = page->pid;
	assembler->fill.json.pool = &assembler->rows.pool;
	open_bytes = ts_segment_read(spool, load, assembler, err);
	if (open_bytes < 0)
		return (int)open_bytes;
	assembler->open_bytes = (uint64_t)open_bytes;
	return 0;
}

int ts_assembler_new(struct ts_assembler **ret, struct ts_reader *reader, struct ts_error *err)
{
	struct ts_assembler *assembler = calloc(1, sizeof(*assembler));
	int result;

	if (!assembler)
		return ts_error_set(err, -ENOMEM, "no memory");
	assembler->reader = reader;
	result = start(assembler, err);
	if (result < 0) {
		ts_assembler_free(assembler);
		return result;
	}
	*ret = assembler;
	return 0;
}

void ts_assembler_free(struct ts_assembler *assembler)
{
	if (!assembler)
		return;
	ts_calls_release(&assembler->calls);
	ts_rows_release(&assembler->rows);
	ts_stacks_free(assembler->fill.stacks);
	ts_recent_release(&assembler->recent);
	ts_pool_release(&assembler->fill.json.scratch);
	ts_redact_free(assembler->redact);
	ts_dictionary_free(assembler->dictionary);
	free(assembler->closed.data);
	free(assembler);
}

int ts_assembler_load(struct ts_assembler *assembler, ts_module_symbol_fn *modules)
{
	ts_stacks_free(assembler->fill.stacks);
	assembler->fill.stacks = NULL;
	return ts_stacks_new(&assembler->fill.stacks, modules);
}

const struct ts_settings *ts_assembler_settings(const struct ts_assembler *assembler)
{
	return assembler->fill.settings;
}

/* --- growing things -------------------------------------------------------------------- */

static int reserve_events(struct events *events, size_t bytes)
{
	size_t wanted = events->room ? events->room : 4096;
	char *grown;

	while (wanted - events->bytes < bytes)
		wanted *= 2;
	if (wanted == events->room)
		return 0;
	grown = realloc(events->data, wanted);
	if (!grown)
		return -ENOMEM;
	events->data = grown;
	events->room = wanted;
	return 0;
}

static int add_event(struct events *events, const void *event, size_t bytes)
{
	if (reserve_events(events, bytes) < 0)
		return -ENOMEM;
	memcpy(events->data + events->bytes, event, bytes);
	events->bytes += bytes;
	return 0;
}

/* --- two halves meet ------------------------------------------------------------------- */

/* NULL in *ret: unknown for good. 0, or a negative errno: not known now. */
static int find_thunk(struct ts_assembler *assembler, uint32_t index, const struct ts_thunk **ret)
{
	int result = 0;

	*ret = ts_dictionary_thunk(assembler->dictionary, index);
	if (!*ret)
		result = update_dictionary(assembler, NULL);
	if (!*ret)
		*ret = ts_dictionary_thunk(assembler->dictionary, index);
	return result == -EBADMSG ? 0 : result;
}

/* What a stack names stands in the dictionary, if it ever will. 0, or a negative errno: not now. */
static int find_objects(struct ts_assembler *assembler, const struct ts_event_stack *stack)
{
	const struct ts_stack_frame *frames = (const void *)(stack + 1);
	int result = 0;

	for (uint32_t i = 0; i < stack->n_frames; i++) {
		if (frames[i].object == TS_NO_OBJECT ||
		    ts_dictionary_object(assembler->dictionary, frames[i].object))
			continue;
		result = update_dictionary(assembler, NULL);
		break;
	}
	return result == -EBADMSG ? 0 : result;
}

/* What the next trace row has to tell, or NULL. */
static const uint64_t *ask_lost(struct ts_assembler *assembler)
{
	bool any = false;

	if (!assembler->lost_asked)
		any = ts_reader_lost(assembler->reader, assembler->lost);
	assembler->lost_asked = true;
	return any ? assembler->lost : NULL;
}

/* Makes the rows of a call; nothing has changed if it fails. `end` is NULL: interrupted. */
static int complete(struct ts_assembler *assembler, const struct ts_event *begin_event,
		    const struct ts_event *end_event, const struct ts_event_stack *stack,
		    const char *thread_name)
{
	const struct ts_event_begin *begin = (const void *)begin_event;
	const struct ts_event_end *end = (const void *)end_event;
	struct ts_ended_call call = {
		.begin = begin,
		.end = end,
		.end_ticks = end ? end->ticks
				 : ts_run_seen(ts_reader_process(assembler->reader),
					       assembler->last_ticks),
		.exec = !end && ts_marks_last(&assembler->marks),
		.thread_name = thread_name && *thread_name ? thread_name : NULL,
		.stack = end ? stack : NULL,
	};
	struct ts_rows *rows = &assembler->rows;
	int result = find_thunk(assembler, begin->thunk, &call.thunk);

	if (call.exec && ts_marks_last(&assembler->marks) > begin->ticks)
		call.end_ticks = ts_marks_last(&assembler->marks);
	if (result == 0 && call.stack)
		result = find_objects(assembler, call.stack);
	if (result < 0)
		return result;
	if (ts_rows_reserve(rows) < 0)
		return -ENOMEM;
	if (begin->event.flags & TS_BEGIN_TRACE)
		call.dropped = ask_lost(assembler);
	if (ts_fill_rows(&assembler->fill, &call, &rows->traces[rows->n_traces],
			 &rows->spans[rows->n_spans]) < 0) {
		assembler->lost_asked = assembler->lost_asked && !call.dropped;
		return -ENOMEM;
	}
	assembler->lost_told |= call.dropped != NULL;
	rows->n_traces += (begin->event.flags & TS_BEGIN_TRACE) != 0;
	rows->n_spans += (begin->event.flags & TS_BEGIN_SPAN) != 0;
	return 0;
}

/* Completes a call that is in the table with its other half, and takes it out. */
static int close_call(struct ts_assembler *assembler, struct ts_call *call,
		      const struct ts_event *begin, const struct ts_event *end,
		      const char *thread_name)
{
	bool tell = call->in_open && call->event == begin;
	struct ts_event_end closed = {
		.event = {.type = TS_EVENT_END, .bytes = sizeof(closed)},
	};
	int result;

	if (tell && reserve_events(&assembler->closed, sizeof(closed)) < 0)
		return -ENOMEM;
	result = complete(assembler, begin, end, call->stack, thread_name);
	if (result < 0)
		return result;
	if (tell) {
		const struct ts_event_begin *whole = (const void *)begin;

		closed.ticks = end ? ((const struct ts_event_end *)end)->ticks : whole->ticks;
		memcpy(closed.trace_id, whole->trace_id, sizeof(closed.trace_id));
		memcpy(closed.span_id, whole->span_id, sizeof(closed.span_id));
		add_event(&assembler->closed, &closed, sizeof(closed));
	}
	ts_calls_remove(&assembler->calls, call);
	return 0;
}

static int take_mark(struct ts_assembler *assembler, const struct ts_event_exec *event)
{
	const struct ts_mark *mark = ts_marks_find(&assembler->marks, event);

	if (mark && mark->in_open && event->event.flags & TS_EXEC_FAILED &&
	    add_event(&assembler->closed, event, sizeof(*event)) < 0)
		return -ENOMEM;
	ts_marks_take(&assembler->marks, event, false);
	return 0;
}

/* Of a call whose begin was not met yet it is lost: one that wandered between threads. */
static int take_stack(struct ts_assembler *assembler, const struct ts_event *event)
{
	struct ts_call *call = ts_calls_find(&assembler->calls, event);
	const struct ts_event_stack *stack =
		ts_recent_resolve(&assembler->recent, (const void *)event);

	if (stack == (const void *)event && ts_recent_add(&assembler->recent, stack) < 0)
		return -ENOMEM;
	if (!call || !stack)
		return 0;
	if (ts_call_keep_stack(call, stack) < 0)
		return -ENOMEM;
	if (stack != (const void *)event)
		call->stack->event.flags = 0; /* it is another function that it begins with */
	return 0;
}

static int take(void *context, const struct ts_event *event, const char *thread_name)
{
	struct ts_assembler *assembler = context;
	struct ts_call *call;

	if (event->type == TS_EVENT_EXEC)
		return take_mark(assembler, (const void *)event);
	if (event->type == TS_EVENT_STACK)
		return take_stack(assembler, event);
	if (event->type != TS_EVENT_BEGIN && event->type != TS_EVENT_END)
		return 0;
	note_ticks(assembler, event);
	call = ts_calls_find(&assembler->calls, event);
	if (!call)
		return ts_calls_add(&assembler->calls, event, thread_name) ? 0 : -ENOMEM;
	if (call->event->type == event->type)
		return 0;
	if (event->type == TS_EVENT_BEGIN)
		return close_call(assembler, call, event, call->event, thread_name);
	return close_call(assembler, call, call->event, event, call->thread_name);
}

/* --- batches --------------------------------------------------------------------------- */

/* Every ring was read to its head: begins that were missing and did not come now never will. */
static void age_ends(struct ts_assembler *assembler)
{
	struct ts_call *next, *call = ts_calls_next(&assembler->calls, NULL);

	for (; call && assembler->calls.n_ends; call = next) {
		next = ts_calls_next(&assembler->calls, call);
		if (call->event->type != TS_EVENT_END || ++call->rounds < MAX_ROUNDS)
			continue;
		ts_calls_remove(&assembler->calls, call);
	}
}

static int begin_batch(struct ts_assembler *assembler, struct ts_error *err)
{
	if (assembler->batch_stands)
		return ts_error_set(err, -EBUSY, "the last batch was not committed");
	ts_clock_init(&assembler->fill.clock, ts_reader_process(assembler->reader));
	return 0;
}

static void hand_out(struct ts_assembler *assembler, struct ts_batch *ret)
{
	assembler->batch_stands = true;
	*ret = ts_rows_batch(&assembler->rows);
}

static void drop_rows(struct ts_assembler *assembler)
{
	assembler->batch_stands = false;
	assembler->lost_asked = assembler->lost_told = false;
	ts_rows_reset(&assembler->rows);
}

int ts_assembler_pass(struct ts_assembler *assembler, struct ts_batch *ret, struct ts_error *err)
{
	int result;

	result = begin_batch(assembler, err);
	if (result < 0)
		return result;
	result = ts_reader_pass(assembler->reader, take, assembler, err);
	if (result < 0) {
		drop_rows(assembler);
		return result;
	}
	if (result == 0)
		age_ends(assembler);
	hand_out(assembler, ret);
	return result;
}

int ts_assembler_interrupt(struct ts_assembler *assembler, struct ts_batch *ret,
			   struct ts_error *err)
{
	struct ts_call *next, *call = ts_calls_next(&assembler->calls, NULL);
	size_t bytes = 0;
	int result = 0;

	result = begin_batch(assembler, err);
	if (result < 0)
		return result;
	ts_run_interrupted(ts_reader_process(assembler->reader), assembler->fill.interrupted);
	for (; call && bytes < TS_READER_PASS_BYTES; call = next) {
		next = ts_calls_next(&assembler->calls, call);
		if (call->event->type == TS_EVENT_END) {
			ts_calls_remove(&assembler->calls, call);
			continue;
		}
		bytes += call->event->bytes;
		result = close_call(assembler, call, call->event, NULL, call->thread_name);
		if (result < 0)
			break;
	}
	if (result < 0 && !assembler->rows.n_traces && !assembler->rows.n_spans) {
		drop_rows(assembler);
		return ts_error_set(err, result, "%s", strerrordesc_np(-result));
	}
	hand_out(assembler, ret);
	return call != NULL;
}

/* --- commit ---------------------------------------------------------------------------- */

/* Adds what `open` remembers a call by: a begin's thread name, if known; the event itself. */
static int add_call(struct events *events, const struct ts_call *call)
{
	struct ts_event_thread thread = {
		.event = {.type = TS_EVENT_THREAD, .bytes = sizeof(thread)},
	};

	if (call->event->type == TS_EVENT_BEGIN) {
		thread.tid = ((const struct ts_event_begin *)call->event)->tid;
		memcpy(thread.name, call->thread_name, sizeof(thread.name));
		if (add_event(events, &thread, sizeof(thread)) < 0)
			return -ENOMEM;
	}
	return add_event(events, call->event, call->event->bytes);
}

static int add_mark(struct events *events, const struct ts_mark *mark)
{
	struct ts_event_exec event = {
		.event = {.type = TS_EVENT_EXEC, .bytes = sizeof(event)},
		.ticks = mark->ticks,
	};

	return add_event(events, &event, sizeof(event));
}

/* What `open` does not remember yet, or all; and how many bytes all of the calls take. */
static int collect(struct ts_assembler *assembler, bool all, struct events *events,
		   uint64_t *ret_live)
{
	uint64_t live = 0;

	for (struct ts_call *call = NULL; (call = ts_calls_next(&assembler->calls, call));) {
		if (ts_call_own(call) < 0)
			return -ENOMEM;
		live += call->event->bytes + sizeof(struct ts_event_thread);
		if ((all || !call->in_open) && add_call(events, call) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < assembler->marks.n; i++) {
		const struct ts_mark *mark = &assembler->marks.marks[i];

		if ((all || !mark->in_open) && add_mark(events, mark) < 0)
			return -ENOMEM;
	}
	*ret_live = live;
	return 0;
}

static int compact(struct ts_assembler *assembler, struct ts_error *err)
{
	struct events events = {0};
	uint64_t live;
	int result = collect(assembler, true, &events, &live);

	if (result < 0)
		ts_error_set(err, result, "no memory");
	else
		result = ts_segment_replace(ts_reader_spool(assembler->reader), events.data,
					    events.bytes, err);
	if (!result)
		assembler->open_bytes = events.bytes;
	free(events.data);
	return result;
}

static int append(struct ts_assembler *assembler, const struct events *events, struct ts_error *err)
{
	int result = ts_segment_append(ts_reader_spool(assembler->reader), assembler->open_bytes,
				       events->data, events->bytes, err);

	if (!result)
		assembler->open_bytes += events->bytes;
	return result;
}

/* Brings `open` up to date [L5]. 0, or a negative errno: as it was. */
static int remember(struct ts_assembler *assembler, struct ts_error *err)
{
	struct events *events = &assembler->closed;
	size_t closed_bytes = events->bytes;
	uint64_t live, grown;
	int result = collect(assembler, false, events, &live);

	grown = assembler->open_bytes + events->bytes;
	if (result < 0)
		ts_error_set(err, result, "no memory");
	/* without its folder the segment only grows */
	else if (events->bytes &&
		 (grown <= COMPACT_BYTES || live >= grown / 2 || compact(assembler, err) < 0))
		result = append(assembler, events, err);
	if (result < 0) {
		events->bytes = closed_bytes;
		return result;
	}
	free(events->data);
	*events = (struct events){0};
	for (struct ts_call *call = NULL; (call = ts_calls_next(&assembler->calls, call));)
		call->in_open = true;
	for (size_t i = 0; i < assembler->marks.n; i++)
		assembler->marks.marks[i].in_open = true;
	return 0;
}

int ts_assembler_commit(struct ts_assembler *assembler, struct ts_error *err)
{
	int result = remember(assembler, err);

	if (result < 0)
		return result;
	ts_reader_commit(assembler->reader);
	if (assembler->lost_told)
		ts_reader_lost_told(assembler->reader);
	ts_reader_rest(assembler->reader);
	drop_rows(assembler);
	return 0;
}

bool ts_assembler_run(const struct ts_assembler *assembler, bool ended, bool all_read,
		      const struct ts_backlog_counts *backlog, struct ts_run_row *ret)
{
	const struct ts_run_facts facts = {
		.settings = assembler->fill.settings,
		.page = ts_reader_process(assembler->reader),
		.clock = &assembler->fill.clock,
		.last_ticks = assembler->last_ticks,
		.exec_ticks = ts_marks_last(&assembler->marks),
		.ended = ended,
	};
	struct ts_tally tally;

	if (!ts_reader_tally(assembler->reader, ended && all_read, &tally))
		return false;
	tally.open = assembler->calls.open_rows;
	ts_run_fill(&facts, ret);
	ts_tally_fill(&tally, backlog, &ret->run, ret->dropped_by);
	return ret->run.begun > 0;
}

size_t ts_assembler_n_open(const struct ts_assembler *assembler)
{
	return assembler->calls.n - assembler->calls.n_ends;
}
