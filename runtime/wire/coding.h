/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CODING_H
#define TS_CODING_H

/* Content codings (RFC 9110 8.4.1), undone in pieces. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One way of coding. */
struct ts_coding {
	const char *names[4]; /* as headers have them; NULL behind the last */
	void *(*begin)(void); /* NULL: no memory */
	/*
	 * Decodes from *data, which it moves on, into `to`. Answers the bytes that it wrote, of which `more` may wait; -EBADMSG:
	 * that is no such coding.
	 */
	long (*decode)(void *state, const char **data, size_t *bytes, char *to, size_t room,
		       bool *ret_more);
	void (*end)(void *state);
};

extern const struct ts_coding ts_coding_gzip, ts_coding_deflate, ts_coding_brotli, ts_coding_zstd;

enum ts_decoder_state {
	TS_DECODER_PLAIN, /* nothing to undo */
	TS_DECODER_WORKS,
	TS_DECODER_FAILED, /* unknown, damaged, no memory, or a bomb: nothing more comes out */
};

#define TS_MOST_CODINGS 3 /* one on top of the other */

struct ts_decoder { /* zeroed: plain */
	enum ts_decoder_state state;
	const struct ts_coding *codings[TS_MOST_CODINGS]; /* the last applied first */
	void *states[TS_MOST_CODINGS];
	unsigned n;
	uint64_t in, out; /* bytes */
};

/* For a body with this Content-Encoding, of which NULL and "" are none. */
void ts_decoder_begin(struct ts_decoder *decoder, const char *encoding);

/* Passes on what the next bytes mean. */
void ts_decoder_add(struct ts_decoder *decoder, const char *data, size_t bytes,
		    void (*target)(void *user, const char *data, size_t bytes), void *user);

/* Bytes were not seen: what comes behind them cannot be decoded. */
void ts_decoder_miss(struct ts_decoder *decoder);

void ts_decoder_end(struct ts_decoder *decoder);

#endif
