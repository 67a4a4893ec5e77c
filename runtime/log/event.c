// SPDX-License-Identifier: Apache-2.0
#include "event.h"

#include <errno.h>
#include <stdbool.h>

static bool payload_fits(const struct ts_value *value)
{
	const struct ts_value_cut *cut = (const void *)(value + 1);

	switch (value->type) {
	case TS_VALUE_NULL:
	case TS_VALUE_REDACTED:
		return value->bytes == 0;
	case TS_VALUE_BOOL:
	case TS_VALUE_INT:
	case TS_VALUE_UINT:
	case TS_VALUE_CHAR:
	case TS_VALUE_FLOAT:
	case TS_VALUE_DOUBLE:
	case TS_VALUE_UNREADABLE:
		return value->bytes == 8;
	case TS_VALUE_STRING:
		return true;
	case TS_VALUE_CUT:
		return value->bytes >= sizeof(*cut) &&
		       (uint64_t)cut->head_bytes + cut->tail_bytes == value->bytes - sizeof(*cut);
	default:
		return false;
	}
}

static bool values_fit(struct ts_values values)
{
	while (values.bytes) {
		const struct ts_value *value = (const void *)values.data;
		uint64_t whole;

		if (values.bytes < sizeof(*value))
			return false;
		whole = sizeof(*value) + TS_ALIGN8((uint64_t)value->bytes);
		if (whole > values.bytes || !payload_fits(value))
			return false;
		values.data += whole;
		values.bytes -= whole;
	}
	return true;
}

static bool body_fits(const struct ts_event *event)
{
	const struct ts_event_begin *begin = (const void *)event;
	const struct ts_event_stack *stack = (const void *)event;

	switch (event->type) {
	case TS_EVENT_THREAD:
		return event->bytes == sizeof(struct ts_event_thread);
	case TS_EVENT_BEGIN:
		return event->bytes >= sizeof(*begin) && begin->tenant_bytes <= TS_ABI_MAX_TENANT &&
		       TS_ALIGN8(begin->tenant_bytes) <= event->bytes - sizeof(*begin) &&
		       values_fit(ts_event_values(event));
	case TS_EVENT_END:
		return event->bytes >= sizeof(struct ts_event_end) &&
		       values_fit(ts_event_values(event));
	case TS_EVENT_EXEC:
		return event->bytes == sizeof(struct ts_event_exec);
	case TS_EVENT_STACK:
		if (event->bytes >= sizeof(*stack) && event->flags & TS_STACK_AS_OF)
			return event->bytes == sizeof(*stack) + sizeof(stack->span_id) &&
			       stack->n_frames == 0;
		return event->bytes >= sizeof(*stack) && stack->n_frames <= TS_MAX_STACK &&
		       event->bytes ==
			       sizeof(*stack) + stack->n_frames * sizeof(struct ts_stack_frame);
	default:
		return false;
	}
}

long ts_event_check(const void *data, size_t available)
{
	const struct ts_event *event = data;

	if (available < sizeof(*event))
		return 0;
	if (event->bytes < sizeof(*event) || event->bytes % 8 ||
	    event->bytes > TS_EVENT_MAX_BYTES || event->type < TS_EVENT_THREAD ||
	    event->type > TS_EVENT_EXEC)
		return -EBADMSG;
	if (event->bytes > available)
		return 0;
	return body_fits(event) ? (long)event->bytes : -EBADMSG;
}

uint64_t ts_event_rows(const struct ts_event *event)
{
	if (event->type != TS_EVENT_BEGIN)
		return 0;
	return !!(event->flags & TS_BEGIN_TRACE) + !!(event->flags & TS_BEGIN_SPAN);
}

struct ts_values ts_event_values(const struct ts_event *event)
{
	const unsigned char *data = (const void *)event;
	size_t before = event->bytes;

	if (event->type == TS_EVENT_BEGIN)
		before = sizeof(struct ts_event_begin) +
			 TS_ALIGN8(((const struct ts_event_begin *)event)->tenant_bytes);
	else if (event->type == TS_EVENT_END)
		before = sizeof(struct ts_event_end);
	return (struct ts_values){data + before, event->bytes - before};
}

const struct ts_value *ts_values_next(struct ts_values *values)
{
	const struct ts_value *value = (const void *)values->data;
	size_t whole;

	if (!values->bytes)
		return NULL;
	whole = sizeof(*value) + TS_ALIGN8(value->bytes);
	values->data += whole;
	values->bytes -= whole;
	return value;
}
