/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REQUEST_H
#define TS_REQUEST_H

/* The body of a request: what the model is given, and how it is to answer. */

#include <stdint.h>

#include "coding.h"
#include "cut.h"
#include "document.h"

struct ts_wire_api;

struct ts_request {
	struct ts_decoder decoder;
	struct ts_document document;
	struct ts_cut rest; /* behind bytes that nobody saw, escaped */
	bool missed;
};

void ts_request_init(struct ts_request *request, struct ts_memory *memory, size_t bound,
		     const char *encoding);

void ts_request_add(struct ts_request *request, const char *data, size_t bytes);

/* `bytes` that nobody saw. */
void ts_request_miss(struct ts_request *request, uint64_t bytes);

/*
 * No more comes: the name of the model, still escaped, and the members that the model reads and the others, as objects. What is
 * not known stays empty. Of one that is no JSON, or not all of it, there is {"body": "..."} for the first; where bytes are missing,
 * or it is too long, {"body": {"head", "tail", "truncated"}}.
 */
void ts_request_end(struct ts_request *request, const struct ts_wire_api *api,
		    struct ts_text *ret_model, struct ts_buffer *messages,
		    struct ts_buffer *parameters);

void ts_request_release(struct ts_request *request);

#endif
