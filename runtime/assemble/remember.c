// SPDX-License-Identifier: Apache-2.0
#include "remember.h"

#include <errno.h>
#include <string.h>

#include "connections.h"
#include "../log/segment.h"

#define COMPACT_BYTES ((uint64_t)1 << 20)

int ts_memory_close(struct ts_memory *memory, const struct ts_event_begin *begin, uint64_t ticks)
{
	struct ts_event_end end = {
		.event = {.type = TS_EVENT_END, .bytes = sizeof(end)},
		.ticks = ticks,
	};

	if (ts_bytes_reserve(&memory->told, sizeof(end)) < 0) {
		memory->told.failed = false;
		return -ENOMEM;
	}
	memcpy(end.trace_id, begin->trace_id, sizeof(end.trace_id));
	memcpy(end.span_id, begin->span_id, sizeof(end.span_id));
	ts_bytes_add(&memory->told, &end, sizeof(end));
	return 0;
}

int ts_memory_take_back(struct ts_memory *memory, const struct ts_event_exec *event)
{
	if (ts_bytes_reserve(&memory->told, sizeof(*event)) < 0) {
		memory->told.failed = false;
		return -ENOMEM;
	}
	ts_bytes_add(&memory->told, event, sizeof(*event));
	return 0;
}

/* What the segment remembers a call by: a begin's thread name, if known; the event itself. */
static void add_call(struct ts_bytes *to, const struct ts_call *call)
{
	struct ts_event_thread thread = {
		.event = {.type = TS_EVENT_THREAD, .bytes = sizeof(thread)},
	};

	if (call->event->type == TS_EVENT_BEGIN) {
		thread.tid = ((const struct ts_event_begin *)call->event)->tid;
		memcpy(thread.name, call->thread_name, sizeof(thread.name));
		ts_bytes_add(to, &thread, sizeof(thread));
	}
	ts_bytes_add(to, call->event, call->event->bytes);
}

static void add_mark(struct ts_bytes *to, const struct ts_mark *mark)
{
	struct ts_event_exec event = {
		.event = {.type = TS_EVENT_EXEC, .bytes = sizeof(event)},
		.ticks = mark->ticks,
	};

	ts_bytes_add(to, &event, sizeof(event));
}

/* What it does not remember yet, or all; and how many bytes all of the calls take. 0 or -ENOMEM. */
static int gather_calls(struct ts_calls *calls, bool all, struct ts_bytes *to, uint64_t *ret_live)
{
	uint64_t live = 0;

	for (struct ts_call *call = NULL; (call = ts_calls_next(calls, call));) {
		if (ts_call_own(call) < 0)
			return -ENOMEM;
		live += call->event->bytes + sizeof(struct ts_event_thread);
		if (all || !call->in_open)
			add_call(to, call);
	}
	*ret_live = live;
	return 0;
}

/* The same of all there is. */
static int gather(const struct ts_remembered *remembered, bool all, struct ts_bytes *to,
		  uint64_t *ret_live)
{
	const struct ts_marks *marks = remembered->marks;
	uint64_t of_connections;

	if (gather_calls(remembered->calls, all, to, ret_live) < 0 ||
	    ts_connections_gather(remembered->connections, all, to, &of_connections) < 0)
		return -ENOMEM;
	*ret_live += of_connections;
	for (size_t i = 0; i < marks->n; i++)
		if (all || !marks->marks[i].in_open)
			add_mark(to, &marks->marks[i]);
	return to->failed ? -ENOMEM : 0;
}

static int compact(struct ts_memory *memory, const char *spool,
		   const struct ts_remembered *remembered, struct ts_error *err)
{
	struct ts_bytes events = {0};
	uint64_t live;
	int result = gather(remembered, true, &events, &live);

	if (result == 0)
		result = ts_segment_replace(spool, events.data, events.bytes, err);
	if (result == 0)
		memory->bytes = events.bytes;
	ts_bytes_release(&events);
	return result;
}

static int append(struct ts_memory *memory, const char *spool, struct ts_error *err)
{
	int result =
		ts_segment_append(spool, memory->bytes, memory->told.data, memory->told.bytes, err);

	if (result == 0)
		memory->bytes += memory->told.bytes;
	return result;
}

static void note_all_in(const struct ts_remembered *remembered)
{
	struct ts_marks *marks = remembered->marks;

	for (struct ts_call *call = NULL; (call = ts_calls_next(remembered->calls, call));)
		call->in_open = true;
	for (size_t i = 0; i < marks->n; i++)
		marks->marks[i].in_open = true;
	ts_connections_note_all_in(remembered->connections);
}

int ts_memory_write(struct ts_memory *memory, const char *spool,
		    const struct ts_remembered *remembered, struct ts_error *err)
{
	size_t before = memory->told.bytes;
	uint64_t live = 0, grown;
	int result = gather(remembered, false, &memory->told, &live);

	grown = memory->bytes + memory->told.bytes;
	if (result < 0)
		ts_error_set(err, result, "no memory");
	/* without its folder the segment only grows */
	else if (memory->told.bytes && (grown <= COMPACT_BYTES || live >= grown / 2 ||
					compact(memory, spool, remembered, err) < 0))
		result = append(memory, spool, err);
	if (result < 0) {
		memory->told.bytes = before;
		memory->told.failed = false;
		return result;
	}
	ts_bytes_release(&memory->told);
	note_all_in(remembered);
	return 0;
}

void ts_memory_release(struct ts_memory *memory)
{
	ts_bytes_release(&memory->told);
}
