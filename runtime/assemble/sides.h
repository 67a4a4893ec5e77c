/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SIDES_H
#define TS_SIDES_H

/* What was said on either side of a call that was read off its connection: JSON, redacted, and within the bound of a side. */

#include <stdint.h>

struct ts_json;
struct ts_wire_call;

/*
 * {"messages": [...], "model": ...}: the request, as far as it is known; and {"result": [...]}, the answer's choices. *ret is NULL
 * where nothing is known, or `most` is 0. A side that has more than `most` bytes and a quarter (what is around texts comes on top)
 * is {"request" | "result": {"head": ..., "tail": ..., "truncated": N}}. 0 or -ENOMEM.
 */
int ts_sides_input(struct ts_json *json, const struct ts_wire_call *call, uint32_t most,
		   const char **ret);
int ts_sides_output(struct ts_json *json, const struct ts_wire_call *call, uint32_t most,
		    const char **ret);

#endif
