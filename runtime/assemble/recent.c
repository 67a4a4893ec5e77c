// SPDX-License-Identifier: Apache-2.0
#include "recent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ts_recent_add(struct ts_recent *recent, const struct ts_event_stack *stack)
{
	struct ts_event_stack **place = &recent->stacks[recent->n++ % TS_RECENT_STACKS];

	free(*place);
	*place = malloc(stack->event.bytes);
	if (!*place)
		return -ENOMEM;
	memcpy(*place, stack, stack->event.bytes);
	return 0;
}

const struct ts_event_stack *ts_recent_resolve(const struct ts_recent *recent,
					       const struct ts_event_stack *stack)
{
	if (!(stack->event.flags & TS_STACK_AS_OF))
		return stack;
	for (size_t i = 0; i < TS_RECENT_STACKS; i++) {
		const struct ts_event_stack *other = recent->stacks[i];

		if (other && !memcmp(other->span_id, stack + 1, sizeof(other->span_id)))
			return other;
	}
	return NULL;
}

void ts_recent_release(struct ts_recent *recent)
{
	for (size_t i = 0; i < TS_RECENT_STACKS; i++)
		free(recent->stacks[i]);
}
