// SPDX-License-Identifier: Apache-2.0
#include "history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 16

static int reserve(struct ts_history *history)
{
	size_t room = history->room ? history->room * 2 : FIRST_ROOM;
	struct ts_kept *grown;

	if (history->n < history->room)
		return 0;
	grown = reallocarray(history->kept, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	history->kept = grown;
	history->room = room;
	return 0;
}

int ts_history_add(struct ts_history *history, struct ts_kept kept)
{
	const struct ts_event_message *message = kept.message;
	size_t at = history->n;

	/* they come nearly in order */
	while (at > history->n_fed && history->kept[at - 1].message->sequence > message->sequence)
		at--;
	if (at > history->n_fed && history->kept[at - 1].message->sequence == message->sequence)
		return 0;
	if (reserve(history) < 0)
		return -ENOMEM;
	memmove(&history->kept[at + 1], &history->kept[at],
		(history->n - at) * sizeof(*history->kept));
	history->kept[at] = kept;
	history->n++;
	history->bytes += message->event.bytes;
	return 1;
}

const struct ts_event_message *ts_history_next(const struct ts_history *history)
{
	return history->n_fed < history->n ? history->kept[history->n_fed].message : NULL;
}

void ts_history_feed(struct ts_history *history)
{
	history->fed_bytes += history->kept[history->n_fed++].message->event.bytes;
}

void ts_history_rewind(struct ts_history *history)
{
	history->n_fed = history->fed_bytes = 0;
}

/* Takes out [first, end). */
static void take_out(struct ts_history *history, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		history->bytes -= history->kept[i].message->event.bytes;
		if (history->kept[i].owned)
			free((void *)history->kept[i].message);
	}
	if (end > first)
		memmove(&history->kept[first], &history->kept[end],
			(history->n - end) * sizeof(*history->kept));
	history->n -= end - first;
}

void ts_history_skip(struct ts_history *history)
{
	take_out(history, history->n_fed, history->n_fed + 1);
}

void ts_history_forget(struct ts_history *history)
{
	take_out(history, 0, history->n_fed);
	ts_history_rewind(history);
	if (history->n)
		return;
	free(history->kept);
	history->kept = NULL;
	history->room = 0;
}

int ts_history_own(struct ts_history *history)
{
	for (size_t i = 0; i < history->n; i++) {
		struct ts_kept *kept = &history->kept[i];
		void *copy;

		if (kept->owned)
			continue;
		copy = malloc(kept->message->event.bytes);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, kept->message, kept->message->event.bytes);
		kept->message = copy;
		kept->owned = true;
	}
	return 0;
}

void ts_history_release(struct ts_history *history)
{
	take_out(history, 0, history->n);
	free(history->kept);
	memset(history, 0, sizeof(*history));
}
