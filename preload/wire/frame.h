/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_FRAME_H
#define TS_HEADS_FRAME_H

/* Frames of HTTP/2 (RFC 9113, 4 and 6). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ts_heads_frame_type {
	TS_HEADS_DATA = 0,
	TS_HEADS_HEADERS = 1,
	TS_HEADS_RST_STREAM = 3,
	TS_HEADS_SETTINGS = 4,
	TS_HEADS_PUSH_PROMISE = 5,
	TS_HEADS_GOAWAY = 7,
	TS_HEADS_CONTINUATION = 9,
};

#define TS_HEADS_END_STREAM  0x1
#define TS_HEADS_END_HEADERS 0x4

#define TS_HEADS_FRAME_HEAD   9
#define TS_HEADS_FRAME_BEFORE 8 /* the most that stands before a content: of GOAWAY */

struct ts_heads_frame {
	uint8_t bytes[TS_HEADS_FRAME_HEAD +
		      TS_HEADS_FRAME_BEFORE]; /* head, and what stands before the content */
	size_t n, wanted;                     /* of them */
	uint8_t type, flags;
	uint32_t stream;
	uint32_t content, padding; /* bytes that are left of it */
};

void ts_heads_frame_init(struct ts_heads_frame *frame);

/* Is all up to the content there? */
bool ts_heads_frame_has_begun(const struct ts_heads_frame *frame);

/* The next byte, before that. False: lengths that contradict each other. */
bool ts_heads_frame_add(struct ts_heads_frame *frame, uint8_t byte);

/* The head of a frame. */
void ts_heads_frame_write(uint8_t to[TS_HEADS_FRAME_HEAD], size_t content, uint8_t type,
			  uint8_t flags, uint32_t stream);

#endif
