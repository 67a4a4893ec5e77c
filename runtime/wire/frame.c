// SPDX-License-Identifier: Apache-2.0
#include "frame.h"

#include <string.h>

#define FLAG_PADDED   0x8
#define FLAG_PRIORITY 0x20
#define STREAM_MASK   0x7fffffff

static uint32_t number_at(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static bool is_padded(const struct ts_frame *frame)
{
	return frame->flags & FLAG_PADDED &&
	       (frame->type == TS_FRAME_DATA || frame->type == TS_FRAME_HEADERS ||
		frame->type == TS_FRAME_PUSH_PROMISE);
}

static size_t before_wanted(const struct ts_frame *frame)
{
	size_t wanted = is_padded(frame);

	if (frame->type == TS_FRAME_HEADERS && frame->flags & FLAG_PRIORITY)
		wanted += 5;
	else if (frame->type == TS_FRAME_PUSH_PROMISE || frame->type == TS_FRAME_RST_STREAM)
		wanted += 4;
	else if (frame->type == TS_FRAME_GOAWAY)
		wanted += 8;
	return wanted;
}

static void read_head(struct ts_frame *frame)
{
	frame->content_left = number_at(frame->head) >> 8;
	frame->type = frame->head[3];
	frame->flags = frame->head[4];
	frame->stream = number_at(frame->head + 5) & STREAM_MASK;
	frame->before_wanted = before_wanted(frame);
}

/* All up to the content is there. */
static enum ts_frame_part begin(struct ts_frame *frame)
{
	frame->padding_left = is_padded(frame) ? frame->before[0] : 0;
	if (frame->content_left < frame->padding_left)
		return TS_FRAME_BROKEN;
	frame->content_left -= frame->padding_left;
	frame->begun = true;
	return TS_FRAME_BEGINS;
}

static enum ts_frame_part add_byte(struct ts_frame *frame, unsigned char byte)
{
	if (frame->head_bytes < TS_FRAME_HEAD) {
		frame->head[frame->head_bytes++] = byte;
		if (frame->head_bytes < TS_FRAME_HEAD)
			return TS_FRAME_INCOMPLETE;
		read_head(frame);
		if (frame->before_wanted > frame->content_left)
			return TS_FRAME_BROKEN;
		frame->content_left -= (uint32_t)frame->before_wanted;
	} else {
		frame->before[frame->before_bytes++] = byte;
	}
	return frame->before_bytes < frame->before_wanted ? TS_FRAME_INCOMPLETE : begin(frame);
}

size_t ts_frame_add(struct ts_frame *frame, const char *bytes, size_t n,
		    enum ts_frame_part *ret_part)
{
	uint32_t *left = frame->content_left ? &frame->content_left : &frame->padding_left;

	if (!frame->begun) {
		*ret_part = add_byte(frame, (unsigned char)*bytes);
		return 1;
	}
	*ret_part = frame->content_left ? TS_FRAME_CONTENT : TS_FRAME_PADDING;
	if (n > *left)
		n = *left;
	*left -= (uint32_t)n;
	return n;
}

bool ts_frame_is_over(const struct ts_frame *frame)
{
	return frame->begun && !frame->content_left && !frame->padding_left;
}

bool ts_frame_is_new(const struct ts_frame *frame)
{
	return !frame->head_bytes;
}

void ts_frame_reset(struct ts_frame *frame)
{
	*frame = (struct ts_frame){0};
}

bool ts_frame_skip(struct ts_frame *frame, uint64_t bytes)
{
	if (!frame->begun || bytes > (uint64_t)frame->content_left + frame->padding_left)
		return false;
	if (bytes > frame->content_left) {
		frame->padding_left -= (uint32_t)(bytes - frame->content_left);
		bytes = frame->content_left;
	}
	frame->content_left -= (uint32_t)bytes;
	return true;
}

uint32_t ts_frame_last_stream(const struct ts_frame *frame)
{
	return number_at(frame->before) & STREAM_MASK;
}
