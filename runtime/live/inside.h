/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_INSIDE_H
#define TS_INSIDE_H

/*
 * What a program is inside of: the calls of its spool that have begun and not ended, and those on its connections, looked
 * at from outside while the program makes more of them and its consumer takes them away. Nothing is written and no lock is
 * taken.
 *
 * All that is answered was so at one moment, ts_inside_ticks: a call that is there without the one around it does not
 * occur, however fast they come and go.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../log/dictionary.h"
#include "../error.h"
#include "../span.h"

struct ts_inside;

struct ts_inside_call {
	const struct ts_event_begin *begin;
	const struct ts_thunk *thunk; /* NULL: unknown */
	const char
		*thread_name; /* as it was when the thread's ring became its own; "" if unknown */
};

/* A call of an LLM's API that is under way on a connection. */
struct ts_inside_exchange {
	struct ts_uuid trace_id;
	struct ts_uuid span_id;   /* both as its rows will have them */
	struct ts_uuid parent_id; /* zeros: the trace's own call */
	bool is_trace;            /* it was made outside of every trace, and is one */
	int64_t tid;              /* who began to send the request */
	uint64_t started_ticks;
	const char *name; /* "llm:openai" */
	const char *function;
	const char *model;       /* that answers, else that was asked for; NULL: unknown */
	bool answered;           /* the head of a response is there */
	uint64_t received_bytes; /* of its body, as far as is known */
};

/*
 * Of the spool folder `spool` (copied). 0; -ENOENT: no such spool; -EBADMSG: it is not a spool of our version; or
 * another negative errno.
 */
int ts_inside_new(struct ts_inside **ret, const char *spool, struct ts_error *err);
void ts_inside_free(struct ts_inside *inside); /* NULL is fine */

/* The spool's page, which is not to be written; lives as long as *inside. */
const struct ts_abi_process *ts_inside_process(const struct ts_inside *inside);

/* Never NULL; empty strings before the first look, and where the dictionary is damaged. */
const struct ts_settings *ts_inside_settings(const struct ts_inside *inside);

/* Its TLS libraries, *ret_n of them, as far as a look has found them. */
const struct ts_tls *ts_inside_tls(const struct ts_inside *inside, size_t *ret_n);

/*
 * Looks, now; to be done once. 0, damaged rings being left out; -EAGAIN: rings moved on quicker than they could be
 * read, each time; or another negative errno.
 */
int ts_inside_look(struct ts_inside *inside, struct ts_error *err);

/* What the look saw, in no order, and at what moment; calls live as long as *inside. */
const struct ts_inside_call *ts_inside_calls(const struct ts_inside *inside, size_t *ret_n);
const struct ts_inside_exchange *ts_inside_exchanges(const struct ts_inside *inside, size_t *ret_n);
uint64_t ts_inside_ticks(const struct ts_inside *inside);

/* How many of its rings are damaged, so that calls may be missing, or be there although they have ended. */
size_t ts_inside_damaged(const struct ts_inside *inside);

#endif
