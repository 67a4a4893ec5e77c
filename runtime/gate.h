/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_GATE_H
#define TS_GATE_H

/*
 * Where a fork of the program around us may come in. What the flusher does between two openings of the
 * gate (memory of its own, a database connection) a child would find half done. Whoever waits for somebody
 * else, or has long to do, opens it: a fork must not wait for that.
 */

#include <stdbool.h>
#include <stddef.h>

struct ts_gate {
	void (*open)(void *context);
	void (*close)(void *context); /* waits for a fork that is under way */
	/* NULL, or called now and then in long work, with the gate closed: does what cannot wait for its end;
	 * false: leave the rest */
	bool (*between)(void *context);
	void *context;
	bool keeps; /* what is open stays ours while the gate is open: descriptors are not shared with the
		       program */
};

/* NULL: nobody forks here. */
static inline void ts_gate_open(const struct ts_gate *gate)
{
	if (gate)
		gate->open(gate->context);
}

static inline void ts_gate_close(const struct ts_gate *gate)
{
	if (gate)
		gate->close(gate->context);
}

/* Lets a fork by that waits. False: leave the rest of the work. */
static inline bool ts_gate_pass(const struct ts_gate *gate)
{
	ts_gate_open(gate);
	ts_gate_close(gate);
	return !gate || !gate->between || gate->between(gate->context);
}

#endif
