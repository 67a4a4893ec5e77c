// SPDX-License-Identifier: Apache-2.0
#include "assemble.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "impl.h"
#include "../price.h"
#include "../log/reader.h"
#include "redact.h"
#include "../log/segment.h"
#include "stack.h"

/*
 * A begin is committed before its end, and messages of a connection nearly in their order. So a pass that sees all rings' heads as they are after the
 * end was read brings it; the pass that brought the end may have looked at the begin's ring before.
 */
#define MAX_ROUNDS 3

/* --- life ------------------------------------------------------------------------------ */

static void note_ticks(struct ts_assembler *assembler, const struct ts_event *event)
{
	/* which stand in the same place in begins, ends and messages */
	uint64_t ticks = ((const struct ts_event_begin *)event)->ticks;

	if (ticks > assembler->last_ticks)
		assembler->last_ticks = ticks;
}

_Static_assert(offsetof(struct ts_event_end, ticks) == offsetof(struct ts_event_begin, ticks) &&
		       offsetof(struct ts_event_message, ticks) ==
			       offsetof(struct ts_event_begin, ticks),
	       "ticks stand in the same place");

/* An end behind its begin says that the call is stored; one without is a half like any other. */
static int load(void *context, const struct ts_event *event, const char *thread_name)
{
	struct ts_assembler *assembler = context;
	struct ts_call *call;

	if (event->type == TS_EVENT_EXEC)
		ts_marks_take(&assembler->marks, (const void *)event, true);
	if (event->type == TS_EVENT_MESSAGE)
		note_ticks(assembler, event);
	if (event->type == TS_EVENT_MESSAGE || event->type == TS_EVENT_TOLD)
		return ts_connections_load(assembler->connections, event);
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

int ts_assembler_update(struct ts_assembler *assembler, struct ts_error *err)
{
	int result = ts_dictionary_update(assembler->dictionary, err);
	const char *names = ts_dictionary_settings(assembler->dictionary)->redact;

	if (!assembler->redact && ts_redact_new(&assembler->redact, names) < 0)
		return ts_error_set(err, -ENOMEM, "no memory");
	assembler->fill.json.redact = assembler->redact;
	return result;
}

/* 0 or -ENOMEM: a wrong file is a fault to be told, and no more. */
static int open_prices(struct ts_assembler *assembler)
{
	const char *path = assembler->fill.settings->prices;

	ts_prices_open(&assembler->fill.prices, path, &assembler->price_fault);
	return assembler->fill.prices ? 0 : -ENOMEM;
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
	result = ts_assembler_update(assembler, err);
	if (result < 0 && result != -EBADMSG)
		return result;
	assembler->fill.dictionary = assembler->dictionary;
	assembler->fill.settings = ts_dictionary_settings(assembler->dictionary);
	assembler->fill.pid = page->pid;
	assembler->fill.json.pool = &assembler->rows.pool;
	if (open_prices(assembler) < 0 ||
	    ts_connections_new(&assembler->connections, &assembler->fill, &assembler->rows,
			       page->run_id) < 0)
		return ts_error_set(err, -ENOMEM, "no memory");
	open_bytes = ts_segment_read(spool, load, assembler, err);
	if (open_bytes < 0)
		return (int)open_bytes;
	assembler->memory.bytes = (uint64_t)open_bytes;
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
	ts_connections_free(assembler->connections);
	ts_rows_release(&assembler->rows);
	ts_stacks_free(assembler->fill.stacks);
	ts_recent_release(&assembler->recent);
	ts_pool_release(&assembler->fill.json.scratch);
	ts_prices_close(assembler->fill.prices);
	ts_redact_free(assembler->redact);
	ts_dictionary_free(assembler->dictionary);
	ts_memory_release(&assembler->memory);
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

const char *ts_assembler_price_fault(const struct ts_assembler *assembler)
{
	return assembler->price_fault.text;
}

/* --- two halves meet ------------------------------------------------------------------- */

/* NULL in *ret: unknown for good. 0, or a negative errno: not known now. */
static int find_thunk(struct ts_assembler *assembler, uint32_t index, const struct ts_thunk **ret)
{
	int result = 0;

	*ret = ts_dictionary_thunk(assembler->dictionary, index);
	if (!*ret)
		result = ts_assembler_update(assembler, NULL);
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
		result = ts_assembler_update(assembler, NULL);
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
	const struct ts_event_begin *whole = (const void *)begin;
	size_t told = assembler->memory.told.bytes;
	int result;

	if (call->in_open && call->event == begin &&
	    ts_memory_close(&assembler->memory, whole,
			    end ? ((const struct ts_event_end *)end)->ticks : whole->ticks) < 0)
		return -ENOMEM;
	result = complete(assembler, begin, end, call->stack, thread_name);
	if (result < 0) {
		assembler->memory.told.bytes = told;
		return result;
	}
	ts_calls_remove(&assembler->calls, call);
	return 0;
}

static int take_mark(struct ts_assembler *assembler, const struct ts_event_exec *event)
{
	const struct ts_mark *mark = ts_marks_find(&assembler->marks, event);

	if (mark && mark->in_open && event->event.flags & TS_EXEC_FAILED &&
	    ts_memory_take_back(&assembler->memory, event) < 0)
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
	if (event->type == TS_EVENT_MESSAGE) {
		note_ticks(assembler, event);
		return ts_connections_take(assembler->connections, (const void *)event);
	}
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

static bool has_rows(const struct ts_assembler *assembler)
{
	return assembler->rows.n_traces || assembler->rows.n_spans;
}

int ts_assembler_pass(struct ts_assembler *assembler, struct ts_batch *ret, struct ts_error *err)
{
	int result;

	result = begin_batch(assembler, err);
	if (result < 0)
		return result;
	if (ts_connections_catch_up(assembler->connections) < 0 && !has_rows(assembler))
		return ts_error_set(err, -ENOMEM, "no memory");
	result = ts_reader_pass(assembler->reader, take, assembler, err);
	if (result < 0 && !has_rows(assembler)) {
		drop_rows(assembler);
		return result;
	}
	if (result == 0) {
		age_ends(assembler);
		ts_connections_age(assembler->connections, MAX_ROUNDS);
	}
	hand_out(assembler, ret);
	return result < 0 ? 1 : result;
}

/* Calls that are open. 1: there are more; 0; or a negative errno. */
static int interrupt_calls(struct ts_assembler *assembler)
{
	struct ts_call *next, *call = ts_calls_next(&assembler->calls, NULL);
	size_t bytes = 0;
	int result;

	for (; call && bytes < TS_READER_PASS_BYTES; call = next) {
		next = ts_calls_next(&assembler->calls, call);
		if (call->event->type == TS_EVENT_END) {
			ts_calls_remove(&assembler->calls, call);
			continue;
		}
		bytes += call->event->bytes;
		result = close_call(assembler, call, call->event, NULL, call->thread_name);
		if (result < 0)
			return result;
	}
	return call != NULL;
}

/* The same on the wire. */
static int interrupt_connections(struct ts_assembler *assembler)
{
	uint64_t exec_ticks = ts_marks_last(&assembler->marks);
	uint64_t seen_ticks =
		ts_run_seen(ts_reader_process(assembler->reader), assembler->last_ticks);

	return ts_connections_end(assembler->connections, exec_ticks ? exec_ticks : seen_ticks,
				  exec_ticks != 0);
}

int ts_assembler_interrupt(struct ts_assembler *assembler, struct ts_batch *ret,
			   struct ts_error *err)
{
	int result = begin_batch(assembler, err);

	if (result < 0)
		return result;
	ts_run_interrupted(ts_reader_process(assembler->reader), assembler->fill.interrupted);
	result = interrupt_calls(assembler);
	if (result == 0)
		result = interrupt_connections(assembler);
	if (result < 0 && !has_rows(assembler)) {
		drop_rows(assembler);
		return ts_error_set(err, result, "%s", strerrordesc_np(-result));
	}
	hand_out(assembler, ret);
	return result != 0;
}

/* --- commit ---------------------------------------------------------------------------- */

int ts_assembler_commit(struct ts_assembler *assembler, struct ts_error *err)
{
	const struct ts_remembered remembered = {&assembler->calls, &assembler->marks,
						 assembler->connections};
	int result = ts_memory_write(&assembler->memory, ts_reader_spool(assembler->reader),
				     &remembered, err);

	if (result < 0)
		return result;
	ts_reader_commit(assembler->reader);
	if (assembler->lost_told)
		ts_reader_lost_told(assembler->reader);
	ts_reader_rest(assembler->reader);
	drop_rows(assembler);
	return 0;
}

size_t ts_assembler_n_open(const struct ts_assembler *assembler)
{
	return assembler->calls.n - assembler->calls.n_ends;
}
