/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PROGRAMS_H
#define TS_PROGRAMS_H

/* Every program under the shim that lives, and what each of its threads is inside of now. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../error.h"
#include "../span.h"

struct ts_inside;

#define TS_LIVE_NAME 64

/*
 * An open call. A thread is the one that the call began on; what is inside of what is told by ids, so threads may have
 * several calls open that are not inside each other, and calls may go on in other threads and programs.
 */
struct ts_live_call {
	struct ts_uuid trace_id;
	struct ts_uuid span_id;
	struct ts_uuid parent_id; /* of the span around it; zeros: the trace's own call, or none */
	bool is_trace;            /* the pipeline's own call: it has no span, or one besides */
	bool is_span;
	const struct ts_live_call
		*parent;  /* the call it lies in; NULL: none, or none that is known */
	bool innermost;   /* of its thread: nothing in it is open there */
	bool goes_on;     /* something in it is open in another thread or program */
	const char *name; /* "learn", "agent:trainer" */
	const char *kind; /* "agent" */
	const char *function;
	bool on_wire;            /* a call of an LLM's API, on a connection */
	const char *model;       /* of such; NULL: unknown */
	bool answered;           /* ... its response has begun */
	uint64_t received_bytes; /* ... of its body */
	int64_t thread_id;
	char thread_name[TS_LIVE_NAME]; /* UTF-8; "" if unknown */
	int64_t started_us;
	int64_t inside_ns; /* so long it has been open */
};

struct ts_live_program {
	char *spool;         /* the name of its folder */
	const char *program; /* path; "" if unknown */
	const char *host;
	int64_t pid;
	bool here; /* the pid is one of our pid namespace */
	bool sure; /* it lives; else nobody here can tell */
	int64_t started_us;
	int64_t age_ns;
	size_t damaged; /* rings, so that what it is inside of is not quite told */
	char *trouble;  /* why it could not be looked into; or NULL */
	struct ts_live_call *calls;
	size_t n_calls;
	struct ts_inside *inside; /* where strings lie */
};

struct ts_programs {
	struct ts_live_program *all;
	size_t n;
	size_t ended;  /* spools that wait for recovery */
	size_t others; /* of other users, which are left out */
};

/*
 * Of the spool folder `root`. 0; -ENOENT: there is no such folder; or another negative errno: it cannot be read, or is
 * not ours.
 */
int ts_programs_look(struct ts_programs *ret, const char *root, struct ts_error *err);
void ts_programs_release(struct ts_programs *programs); /* zeroed is fine */

#endif
