// SPDX-License-Identifier: Apache-2.0
#include "calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../log/event.h"

#define FIRST_BUCKETS 256
#define ID_BYTES      32 /* trace_id and span_id, side by side in both events */

_Static_assert(offsetof(struct ts_event_begin, span_id) ==
		       offsetof(struct ts_event_begin, trace_id) + 16,
	       "ids are compared as one");
_Static_assert(offsetof(struct ts_event_stack, span_id) ==
		       offsetof(struct ts_event_stack, trace_id) + 16,
	       "ids are compared as one");
_Static_assert(offsetof(struct ts_event_end, span_id) ==
		       offsetof(struct ts_event_end, trace_id) + 16,
	       "ids are compared as one");

static const uint8_t *ids(const struct ts_event *event)
{
	if (event->type == TS_EVENT_BEGIN)
		return ((const struct ts_event_begin *)event)->trace_id;
	if (event->type == TS_EVENT_STACK)
		return ((const struct ts_event_stack *)event)->trace_id;
	return ((const struct ts_event_end *)event)->trace_id;
}

/* Of the low halves: the high ones hold the time, which calls share. */
static uint64_t hash_of(const struct ts_event *event)
{
	uint64_t trace, span;

	memcpy(&trace, ids(event) + 8, sizeof(trace));
	memcpy(&span, ids(event) + 24, sizeof(span));
	trace ^= (span << 32 | span >> 32) ^ span * 0x9e3779b97f4a7c15ULL;
	trace *= 0x9e3779b97f4a7c15ULL;
	return trace ^ trace >> 32;
}

int ts_calls_init(struct ts_calls *calls)
{
	memset(calls, 0, sizeof(*calls));
	calls->buckets = calloc(FIRST_BUCKETS, sizeof(struct ts_call *));
	if (!calls->buckets)
		return -ENOMEM;
	calls->n_buckets = FIRST_BUCKETS;
	return 0;
}

static void free_call(struct ts_call *call)
{
	if (call->owned)
		free((void *)call->event);
	free(call->stack);
	free(call);
}

void ts_calls_release(struct ts_calls *calls)
{
	for (size_t i = 0; i < calls->n_buckets; i++) {
		while (calls->buckets[i]) {
			struct ts_call *call = calls->buckets[i];

			calls->buckets[i] = call->next;
			free_call(call);
		}
	}
	free(calls->buckets);
	memset(calls, 0, sizeof(*calls));
}

struct ts_call *ts_calls_find(const struct ts_calls *calls, const struct ts_event *event)
{
	struct ts_call *call = calls->buckets[hash_of(event) & (calls->n_buckets - 1)];

	while (call && memcmp(ids(call->event), ids(event), ID_BYTES))
		call = call->next;
	return call;
}

/* Without memory the chains grow longer instead. */
static void grow(struct ts_calls *calls)
{
	size_t n = calls->n_buckets * 2;
	struct ts_call **buckets = calloc(n, sizeof(struct ts_call *));

	if (!buckets)
		return;
	for (size_t i = 0; i < calls->n_buckets; i++) {
		while (calls->buckets[i]) {
			struct ts_call *call = calls->buckets[i];
			struct ts_call **bucket = &buckets[call->hash & (n - 1)];

			calls->buckets[i] = call->next;
			call->next = *bucket;
			*bucket = call;
		}
	}
	free(calls->buckets);
	calls->buckets = buckets;
	calls->n_buckets = n;
}

struct ts_call *ts_calls_add(struct ts_calls *calls, const struct ts_event *event,
			     const char *thread_name)
{
	struct ts_call *call = calloc(1, sizeof(*call));
	struct ts_call **bucket;

	if (!call)
		return NULL;
	if (calls->n >= calls->n_buckets)
		grow(calls);
	call->hash = hash_of(event);
	call->event = event;
	if (thread_name)
		memcpy(call->thread_name, thread_name,
		       strnlen(thread_name, sizeof(call->thread_name) - 1));
	bucket = &calls->buckets[call->hash & (calls->n_buckets - 1)];
	call->next = *bucket;
	*bucket = call;
	calls->n++;
	calls->n_ends += event->type == TS_EVENT_END;
	calls->open_rows += ts_event_rows(event);
	return call;
}

int ts_call_own(struct ts_call *call)
{
	void *copy;

	if (call->owned)
		return 0;
	copy = malloc(call->event->bytes);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, call->event, call->event->bytes);
	call->event = copy;
	call->owned = true;
	return 0;
}

int ts_call_keep_stack(struct ts_call *call, const struct ts_event_stack *stack)
{
	void *copy = malloc(stack->event.bytes);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, stack, stack->event.bytes);
	free(call->stack);
	call->stack = copy;
	return 0;
}

void ts_calls_remove(struct ts_calls *calls, struct ts_call *call)
{
	struct ts_call **link = &calls->buckets[call->hash & (calls->n_buckets - 1)];

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	calls->n--;
	calls->n_ends -= call->event->type == TS_EVENT_END;
	calls->open_rows -= ts_event_rows(call->event);
	free_call(call);
}

struct ts_call *ts_calls_next(const struct ts_calls *calls, const struct ts_call *call)
{
	size_t bucket = call ? (call->hash & (calls->n_buckets - 1)) + 1 : 0;

	if (call && call->next)
		return call->next;
	while (bucket < calls->n_buckets && !calls->buckets[bucket])
		bucket++;
	return bucket < calls->n_buckets ? calls->buckets[bucket] : NULL;
}
