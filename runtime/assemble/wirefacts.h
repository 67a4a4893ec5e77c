/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_WIREFACTS_H
#define TS_WIREFACTS_H

/*
 * What a call's connection showed and no column has, as members of its attributes:
 *
 *   "wire": {"http": "1.1", "host": "api.openai.com", "path": "/v1/chat/completions", "api": "chat_completions", "status": 200,
 *            "request_id": "...", "response_id": "...", "error_type": "...", "attempt": 1, "sent_bytes": 1, "received_bytes": 1,
 *            "unseen_bytes": 1, "undecoded": true, "time_to_first_byte_ms": 1.5, "time_to_first_token_ms": 1.5,
 *            "tokens_per_second": 1.5, "longest_gap_ms": 1.5, "pieces": 1},
 *   "tool_calls": [{"id": "...", "name": "..."}]
 *
 * each where it is known. "tool_calls" is their number where there are more than can be listed.
 */

#include "../log/clock.h"
#include "../span.h"
#include "item.h"

struct ts_wire_call;

struct ts_wire_facts {
	const struct ts_wire_call *call;
	const struct ts_clock *clock;
	struct ts_maybe output_tokens;
};

/* What is added lives in the document's pool, or in the call. */
void ts_wire_facts_add(struct ts_items *items, struct cJSON *object,
		       const struct ts_wire_facts *facts);

#endif
