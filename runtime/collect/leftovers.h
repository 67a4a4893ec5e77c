/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COLLECT_LEFTOVERS_H
#define TS_COLLECT_LEFTOVERS_H

/* Backlogs of spools that are gone, in the folders that programs name for them: brought to their stores in time. */

#include <stddef.h>
#include <stdint.h>

#include "../backoff.h"

struct ts_outlets;
struct ts_recovered;

#define TS_LEFTOVERS_PLACES 16

struct ts_leftovers {
	char *places[TS_LEFTOVERS_PLACES];
	size_t n;
	size_t postponed; /* that could not be stored when last looked at */
	struct ts_backoff backoff;
	int64_t next_ns;
};

/* Zeroed before. The place of our own environment is known from the outset. */
void ts_leftovers_init(struct ts_leftovers *leftovers);
void ts_leftovers_release(struct ts_leftovers *leftovers);

/* A program keeps its backlogs there. More than TS_LEFTOVERS_PLACES: left to their programs and to recover. */
void ts_leftovers_note(struct ts_leftovers *leftovers, const char *place);

/* Delivers what is there, if it is time to look; adds to *ret. */
void ts_leftovers_turn(struct ts_leftovers *leftovers, struct ts_outlets *outlets,
		       struct ts_recovered *ret);

/* It is time. */
void ts_leftovers_hurry(struct ts_leftovers *leftovers);

#endif
