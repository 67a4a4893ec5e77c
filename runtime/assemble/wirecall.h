/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_WIRECALL_H
#define TS_WIRECALL_H

/* Fills the rows of a call that was read off its connection, as fill.h does those of a function's. */

#include <stdint.h>

#include "../../preload/abi.h"
#include "../span.h"
#include "../wire/wire.h"
#include "fill.h"

/* Who sent a message: what a request's context holds. */
struct ts_sender {
	uint8_t trace_id[16];
	uint8_t parent_id[16];
	uint32_t flags; /* TS_MESSAGE_INSIDE, TS_MESSAGE_PARENT */
	uint32_t tid;
	uint32_t sequence;
	uint8_t tenant_bytes; /* 0: the settings' default */
	char tenant[TS_ABI_MAX_TENANT];
};

_Static_assert(sizeof(struct ts_sender) <= TS_WIRE_CONTEXT_BYTES, "it fits a context");

struct ts_told_call {
	const struct ts_wire_call *call;
	struct ts_sender sender;
	uint64_t connection;
	const uint8_t *run_id; /* 16 bytes */
	bool exec;             /* the process became another program */
};

/* The rows it makes: a span; outside of every trace a trace as well, or, without `orphans`, none. */
unsigned ts_wirecall_rows(const struct ts_sender *sender, bool orphans);

/* Its span's id: whoever reads the same messages makes the same. */
struct ts_uuid ts_wirecall_id(const struct ts_clock *clock, const struct ts_told_call *told);

/* Of the trace that it is in: outside of every trace of one of its own. */
struct ts_uuid ts_wirecall_trace_id(const struct ts_clock *clock, const struct ts_told_call *told);

/* Its span's name and function. NULL: no memory. */
const char *ts_wirecall_name(struct ts_pool *pool, const struct ts_wire_call *call);
const char *ts_wirecall_function(struct ts_pool *pool, const struct ts_wire_call *call);

/* The span, and outside of every trace its trace; else that stays untouched. 0 or -ENOMEM. */
int ts_wirecall_fill(struct ts_fill *fill, const struct ts_told_call *told,
		     struct ts_trace *ret_trace, struct ts_span *ret_span);

#endif
