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
	case TS_VALUE_OMITTED:
		return value->bytes == 8;
	case TS_VALUE_STRING:
	case TS_VALUE_OPAQUE:
	case TS_VALUE_LIST: /* what they hold is looked at by values_fit */
	case TS_VALUE_OBJECT:
		return true;
	case TS_VALUE_CUT:
		return value->bytes >= sizeof(*cut) &&
		       (uint64_t)cut->head_bytes + cut->tail_bytes == value->bytes - sizeof(*cut);
	default:
		return false;
	}
}

/* The first of the values, taken off; NULL: it is not whole, or not as its type wants it. */
static const struct ts_value *take_value(struct ts_values *values)
{
	const struct ts_value *value = (const void *)values->data;

	if (values->bytes < sizeof(*value) ||
	    sizeof(*value) + TS_ALIGN8((uint64_t)value->bytes) > values->bytes ||
	    !payload_fits(value))
		return NULL;
	return ts_values_next(values);
}

static bool is_key(const struct ts_value *value)
{
	return value->type == TS_VALUE_STRING || value->type == TS_VALUE_CUT;
}

/* `in`: the list or object that they stand in, NULL: none; `depth`: how many that is. */
static bool values_fit(struct ts_values values, const struct ts_value *in, unsigned depth)
{
	bool object = in && in->type == TS_VALUE_OBJECT, key_next = object;

	while (values.bytes) {
		const struct ts_value *value = take_value(&values);
		bool nested =
			value && (value->type == TS_VALUE_LIST || value->type == TS_VALUE_OBJECT);

		if (!value || (key_next && !is_key(value) && value->type != TS_VALUE_OMITTED))
			return false;
		if (nested && (depth == TS_MAX_NESTING ||
			       !values_fit(ts_value_members(value), value, depth + 1)))
			return false;
		key_next = object && (!key_next || value->type == TS_VALUE_OMITTED);
	}
	return key_next == object;
}

static bool message_fits(const struct ts_event_message *message)
{
	uint16_t flags = message->event.flags;

	if (message->event.bytes < sizeof(*message) ||
	    message->event.bytes != sizeof(*message) + TS_ALIGN8(message->tenant_bytes) +
					    TS_ALIGN8((uint64_t)message->text_bytes))
		return false;
	return !(flags & TS_MESSAGE_LAST) ||
	       (message->ending >= TS_ENDING_CLIENT && message->ending <= TS_ENDING_UNSEEN);
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
		       values_fit(ts_event_values(event), NULL, 0);
	case TS_EVENT_END:
		return event->bytes >= sizeof(struct ts_event_end) &&
		       values_fit(ts_event_values(event), NULL, 0);
	case TS_EVENT_EXEC:
		return event->bytes == sizeof(struct ts_event_exec);
	case TS_EVENT_MESSAGE:
		return message_fits((const void *)event);
	case TS_EVENT_TOLD:
		return event->bytes == sizeof(struct ts_event_told);
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
	    event->type > TS_EVENT_TOLD)
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

struct ts_text ts_message_tenant(const struct ts_event_message *message)
{
	return (struct ts_text){(const char *)(message + 1), message->tenant_bytes};
}

struct ts_text ts_message_text(const struct ts_event_message *message)
{
	return (struct ts_text){(const char *)(message + 1) + TS_ALIGN8(message->tenant_bytes),
				message->text_bytes};
}

const struct ts_value *ts_event_find(const struct ts_event *event, uint16_t param)
{
	struct ts_values values = ts_event_values(event);
	const struct ts_value *value;

	do
		value = ts_values_next(&values);
	while (value && value->param != param);
	return value;
}

struct ts_values ts_value_members(const struct ts_value *value)
{
	return (struct ts_values){(const void *)(value + 1), value->bytes};
}

const struct ts_value *ts_values_next_member(struct ts_values *values,
					     const struct ts_value **ret_key)
{
	const struct ts_value *first = ts_values_next(values);

	*ret_key = NULL;
	if (!first || first->type == TS_VALUE_OMITTED)
		return first;
	*ret_key = first;
	return ts_values_next(values);
}
