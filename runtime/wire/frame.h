/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_FRAME_H
#define TS_FRAME_H

/* Frames of HTTP/2 (RFC 9113, 4 and 6), in pieces: head, what stands before the content, the content, padding. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ts_frame_type {
	TS_FRAME_DATA = 0,
	TS_FRAME_HEADERS = 1,
	TS_FRAME_RST_STREAM = 3,
	TS_FRAME_PUSH_PROMISE = 5,
	TS_FRAME_GOAWAY = 7,
	TS_FRAME_CONTINUATION = 9,
};

#define TS_FLAG_END_STREAM  0x1
#define TS_FLAG_END_HEADERS 0x4

#define TS_FRAME_HEAD   9
#define TS_FRAME_BEFORE 8 /* the most that stands before a content: of GOAWAY */

struct ts_frame { /* zeroed: before a frame */
	unsigned char head[TS_FRAME_HEAD];
	unsigned char before[TS_FRAME_BEFORE];
	size_t head_bytes, before_bytes; /* that are there */
	size_t before_wanted;
	uint8_t type, flags;
	uint32_t stream;
	uint32_t content_left, padding_left;
	bool begun; /* all up to the content is there */
};

/* What the bytes taken are. */
enum ts_frame_part {
	TS_FRAME_INCOMPLETE, /* of the head, or of what follows it */
	TS_FRAME_BEGINS,     /* the last of those: type, flags and stream hold */
	TS_FRAME_CONTENT,
	TS_FRAME_PADDING,
	TS_FRAME_BROKEN, /* lengths that contradict each other */
};

/* Takes bytes of one part of the frame, of at least one; how many. */
size_t ts_frame_add(struct ts_frame *frame, const char *bytes, size_t n,
		    enum ts_frame_part *ret_part);

/* Whether all of it was taken; ts_frame_reset makes room for the next. */
bool ts_frame_is_over(const struct ts_frame *frame);
void ts_frame_reset(struct ts_frame *frame);
bool ts_frame_is_new(const struct ts_frame *frame);

/* Passes over bytes that nobody saw. False: not all of them belong to its content and padding. */
bool ts_frame_skip(struct ts_frame *frame, uint64_t bytes);

/* Of GOAWAY. */
uint32_t ts_frame_last_stream(const struct ts_frame *frame);

#endif
