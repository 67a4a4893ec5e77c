// SPDX-License-Identifier: Apache-2.0
#include "frame.h"

#define PADDED      0x8
#define PRIORITY    0x20
#define STREAM_MASK 0x7fffffff

void ts_heads_frame_init(struct ts_heads_frame *frame)
{
	*frame = (struct ts_heads_frame){.wanted = TS_HEADS_FRAME_HEAD};
}

bool ts_heads_frame_has_begun(const struct ts_heads_frame *frame)
{
	return frame->n == frame->wanted;
}

static bool is_padded(const struct ts_heads_frame *frame)
{
	return frame->flags & PADDED &&
	       (frame->type == TS_HEADS_DATA || frame->type == TS_HEADS_HEADERS);
}

static size_t before_content(const struct ts_heads_frame *frame)
{
	switch (frame->type) {
	case TS_HEADS_HEADERS:
		return (is_padded(frame) ? 1 : 0) + (frame->flags & PRIORITY ? 5 : 0);
	case TS_HEADS_RST_STREAM:
		return 4;
	case TS_HEADS_GOAWAY:
		return 8;
	default:
		return is_padded(frame);
	}
}

static bool read_head(struct ts_heads_frame *frame)
{
	const uint8_t *head = frame->bytes;
	size_t before;

	frame->content = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
	frame->type = head[3];
	frame->flags = head[4];
	frame->stream = ((uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 |
			 (uint32_t)head[7] << 8 | head[8]) &
			STREAM_MASK;
	before = before_content(frame);
	frame->wanted += before;
	if (before > frame->content)
		return false;
	frame->content -= (uint32_t)before;
	return true;
}

bool ts_heads_frame_add(struct ts_heads_frame *frame, uint8_t byte)
{
	frame->bytes[frame->n++] = byte;
	if (frame->n == TS_HEADS_FRAME_HEAD && !read_head(frame))
		return false;
	if (frame->n != frame->wanted || !is_padded(frame))
		return true;
	frame->padding = frame->bytes[TS_HEADS_FRAME_HEAD];
	if (frame->padding > frame->content)
		return false;
	frame->content -= frame->padding;
	return true;
}

void ts_heads_frame_write(uint8_t to[TS_HEADS_FRAME_HEAD], size_t content, uint8_t type,
			  uint8_t flags, uint32_t stream)
{
	const uint8_t head[TS_HEADS_FRAME_HEAD] = {
		(uint8_t)(content >> 16),
		(uint8_t)(content >> 8),
		(uint8_t)content,
		type,
		flags,
		(uint8_t)(stream >> 24),
		(uint8_t)(stream >> 16),
		(uint8_t)(stream >> 8),
		(uint8_t)stream,
	};

	for (size_t i = 0; i < sizeof(head); i++)
		to[i] = head[i];
}
