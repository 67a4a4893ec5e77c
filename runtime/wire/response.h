/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_RESPONSE_H
#define TS_RESPONSE_H

/* The body of a response: its coding undone, its framing, its JSON values, and what the API means by them. */

#include <stdbool.h>
#include <stdint.h>

#include "coding.h"
#include "document.h"
#include "eventstream.h"
#include "reading.h"
#include "sse.h"
#include "values.h"

#define TS_RESPONSE_BEGIN 512

struct ts_wire_api;

enum ts_framing { TS_FRAMING_VALUES, TS_FRAMING_SSE, TS_FRAMING_EVENTSTREAM };

struct ts_response {
	const struct ts_wire_api *api;
	int status;
	struct ts_decoder decoder;
	enum ts_framing framing;
	struct ts_sse sse;
	struct ts_json_values values;
	struct ts_eventstream eventstream;
	struct ts_document document;
	struct ts_reading reading;
	char begin[TS_RESPONSE_BEGIN]; /* of the body of an error, which may be no JSON */
	size_t begin_bytes;
};

/* `type` and `encoding` are headers, NULL where there is none. `bound` is of the answer's text. */
void ts_response_init(struct ts_response *response, const struct ts_wire_api *api,
		      struct ts_memory *memory, size_t bound, int status, const char *type,
		      const char *encoding);

void ts_response_add(struct ts_response *response, const char *data, size_t bytes, uint64_t ticks);

/* Bytes that nobody saw. */
void ts_response_miss(struct ts_response *response);

/* No more comes. */
void ts_response_end(struct ts_response *response);

void ts_response_release(struct ts_response *response);

#endif
