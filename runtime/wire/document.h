/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_DOCUMENT_H
#define TS_DOCUMENT_H

/*
 * One JSON value that comes in pieces, of any size. Up to a bound it is kept as it came. Beyond, it is made shorter while
 * it comes, and stays valid JSON:
 *
 *   string          {"head": "...", "tail": "...", "truncated": N}, N its full length in bytes
 *   list            of messages and the like, which lie near the top: the first elements, {"truncated": N} for N that
 *                   were left out, the last ones; of others the first ones
 *   object          members that do not fit are left out, "truncated": N says how many; small ones near the top fit for
 *                   long, so that what follows a large one (model, usage) is not lost
 *
 * What is made of it depends on its bytes alone, not on the pieces they came in.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../text.h"
#include "buffer.h"

struct ts_shorten;

struct ts_document {
	struct ts_buffer text;
	size_t bound;  /* of `text`; twice that when it is shortened */
	size_t string; /* of one string, when it is shortened */
	uint64_t full_bytes;
	bool broken;                /* no JSON */
	struct ts_shorten *shorten; /* NULL: it is as it came */
};

void ts_document_init(struct ts_document *document, struct ts_memory *memory, size_t bound,
		      size_t string);

void ts_document_add(struct ts_document *document, const char *data, size_t bytes);

/* Bytes that were not seen belong here: what follows cannot be read. */
void ts_document_miss(struct ts_document *document);

/* It is all there: its text, which is sound JSON, or NULL data if it is none. Valid until the next call. */
struct ts_text ts_document_end(struct ts_document *document);

/* For the next one; the memory stays. */
void ts_document_reset(struct ts_document *document);

void ts_document_release(struct ts_document *document);

#endif
