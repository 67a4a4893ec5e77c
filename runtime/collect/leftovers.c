// SPDX-License-Identifier: Apache-2.0
#include "leftovers.h"

#include <stdlib.h>
#include <string.h>

#include "../backlog/backlog.h"
#include "../log/spool.h"

#define LOOK_NS 10000000000LL

void ts_leftovers_init(struct ts_leftovers *leftovers)
{
	char *own = ts_backlog_state();

	if (own)
		ts_leftovers_note(leftovers, own);
	free(own);
}

void ts_leftovers_release(struct ts_leftovers *leftovers)
{
	for (size_t i = 0; i < leftovers->n; i++)
		free(leftovers->places[i]);
	leftovers->n = 0;
}

void ts_leftovers_note(struct ts_leftovers *leftovers, const char *place)
{
	if (!*place || leftovers->n == TS_LEFTOVERS_PLACES)
		return;
	for (size_t i = 0; i < leftovers->n; i++)
		if (strcmp(leftovers->places[i], place) == 0)
			return;
	leftovers->places[leftovers->n] = strdup(place);
	leftovers->n += leftovers->places[leftovers->n] != NULL;
}

void ts_leftovers_hurry(struct ts_leftovers *leftovers)
{
	leftovers->next_ns = 0;
}

void ts_leftovers_turn(struct ts_leftovers *leftovers, struct ts_outlets *outlets,
		       struct ts_recovered *ret)
{
	size_t before = ret->postponed;
	int64_t now_ns = ts_backoff_now_ns();

	if (now_ns < leftovers->next_ns || !ts_backoff_is_due(&leftovers->backoff))
		return;
	for (size_t i = 0; i < leftovers->n; i++)
		ts_backlog_recover_by(leftovers->places[i], outlets, NULL, ret, NULL);
	leftovers->postponed = ret->postponed - before;
	/* with a store away the back-off tells when; else somebody may leave one any time */
	leftovers->next_ns = leftovers->postponed ? 0 : now_ns + LOOK_NS;
	if (leftovers->postponed)
		ts_backoff_failed(&leftovers->backoff);
	else
		ts_backoff_worked(&leftovers->backoff);
}
