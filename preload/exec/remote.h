/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REMOTE_H
#define TS_REMOTE_H

/*
 * Where a call lies, said to another program: the environment variables TRACEPARENT (W3C trace
 * context, level 1) and TRACESTATE.
 *
 *     TRACEPARENT=00-<trace id>-<low half of the span id>-01
 *     TRACESTATE=traceshim=<span id>[-<tenant, in hexadecimal>],<other vendors' entries>
 *
 * Directly under its trace a call has no span: then the span id is all zeros, and TRACEPARENT, which
 * must not say so, repeats the low half of the trace id. The two count only together: a TRACEPARENT that
 * another tracer wrote names a span that our TRACESTATE does not.
 *
 * No libc, no allocation: between vfork and exec, and in signal handlers.
 */

#include "../hot/context.h"

#define TS_TRACEPARENT       "TRACEPARENT="
#define TS_TRACESTATE        "TRACESTATE="
#define TS_TRACEPARENT_BYTES 68   /* the variable, its name and NUL included */
#define TS_TRACESTATE_BYTES  1152 /* the longest tenant, and 512 bytes of other vendors' */

/*
 * Reads the values of the two (NULL: not set) into *ret, with `frame` NULL. False: they are not
 * ours, and *ret is as it was.
 */
bool ts_remote_parse(const char *traceparent, const char *tracestate, struct ts_inherited *ret);

/* The variables NAME=VALUE for a child of the call that `where` tells. */
void ts_remote_put_parent(const struct ts_inherited *where, char ret[TS_TRACEPARENT_BYTES]);

/* `others`: the value of TRACESTATE there is, or NULL; our entry in it is left out. */
void ts_remote_put_state(const struct ts_inherited *where, const char *others,
			 char ret[TS_TRACESTATE_BYTES]);

#endif
