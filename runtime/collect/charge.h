/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COLLECT_CHARGE_H
#define TS_COLLECT_CHARGE_H

/*
 * One spool in the collector's charge, from the moment its folder appears until what its program left is stored.
 *
 *     newborn     no process page yet
 *     contested   its program's own flusher consumes, and hands over at its next tick
 *     held        we are its consumer [L3]
 *     ended       its program is gone; given back, and recovered as anybody would
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../error.h"
#include "../outlet.h"

struct ts_charge;
struct ts_holds;
struct ts_leftovers;

/* What all charges share. */
struct ts_charges {
	const char *root;
	ts_module_symbol_fn *modules;
	struct ts_outlets *outlets;
	struct ts_holds *holds;
	/* a line for people */
	void (*say)(void *context, const char *sentence);
	void *context;
	/* what came of all of them */
	uint64_t batches, traces, spans, recovered, damaged;
	size_t warm; /* consumers that are kept */
	struct ts_leftovers *leftovers;
};

enum ts_charge_state { TS_CHARGE_NEWBORN, TS_CHARGE_CONTESTED, TS_CHARGE_HELD, TS_CHARGE_ENDED };

enum ts_charge_turn {
	TS_CHARGE_REST, /* nothing to do before the next period */
	TS_CHARGE_SOON, /* look again shortly */
	TS_CHARGE_MORE, /* there is more to read */
	TS_CHARGE_GONE, /* free it: it is done with, or its folder is gone; stays so */
};

/* Of the folder `name` in charges->root; both copied or outliving it. NULL: no memory. */
struct ts_charge *ts_charge_new(struct ts_charges *charges, const char *name);

/* Gives the spool back, between two batches. */
void ts_charge_free(struct ts_charge *charge);

/* Does what can be done now, a few batches at most. `now_ns`: CLOCK_MONOTONIC. */
enum ts_charge_turn ts_charge_turn(struct ts_charge *charge, int64_t now_ns);

const char *ts_charge_name(const struct ts_charge *charge);
enum ts_charge_state ts_charge_state(const struct ts_charge *charge);

/* All that was there when it was last looked at is stored, or, of an ended one: its store is away. */
bool ts_charge_is_drained(const struct ts_charge *charge);

bool ts_charge_is_gone(const struct ts_charge *charge);

/* Its last batch could not be stored, or rows lie in its backlog: so many. */
bool ts_charge_waits(const struct ts_charge *charge);
uint64_t ts_charge_backlog(const struct ts_charge *charge);

/* The program's bell, NULL while newborn, and whether it rang since the last turn. */
const uint32_t *ts_charge_bell(const struct ts_charge *charge);
bool ts_charge_rang(const struct ts_charge *charge);

/* Its pid, where it is one of our namespace; else 0. */
int ts_charge_pid(const struct ts_charge *charge);

/* Its process seems to have ended: look closely at the next turn. */
void ts_charge_look(struct ts_charge *charge);

/* Gives the spool back, and keeps the page, so that its program can be told. */
void ts_charge_give_back(struct ts_charge *charge);
void ts_charge_tell_program(struct ts_charge *charge);

#endif
