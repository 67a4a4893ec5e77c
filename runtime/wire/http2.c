// SPDX-License-Identifier: Apache-2.0
#include "http2.h"

#include <stdlib.h>
#include <string.h>

#include "exchange.h"
#include "frame.h"
#include "hpack.h"

#define PREFACE_BYTES 24
#define MOST_STREAMS  1000 /* that are open at once; more are not followed */

struct stream {
	struct stream *next;
	uint32_t id;
	struct ts_exchange *exchange;
	bool asked; /* the request's head is complete */
	bool answered;
	uint64_t
		left; /* of the response's body, by the length it tells; UINT64_MAX: it tells none */
};

/* A block of headers, in one direction. */
struct block {
	uint32_t stream; /* 0: none is open */
	bool ends_stream;
	bool counts; /* it is a head: not a promise, not a trailer */
	int status;
};

struct side {
	struct ts_http2 *http;
	enum ts_wire_direction direction;
	struct ts_hpack *hpack;
	size_t preface_left;
	struct ts_frame frame;
	struct block block;
	uint64_t began_ticks; /* of the frame's first byte */
	uint8_t began_context[TS_WIRE_CONTEXT_BYTES];
};

struct ts_http2 {
	const struct ts_wire_settings *settings;
	struct ts_memory *memory;
	struct side sides[2];
	struct stream *streams; /* those used lately first */
	unsigned n_streams;
	uint32_t last_id; /* of a request */
	struct ts_ordinals ordinals;
	bool dead;
	uint64_t ticks;
	const void *context;
};

/* --- streams --------------------------------------------------------------------------- */

static struct stream *stream_of(struct ts_http2 *http, uint32_t id)
{
	for (struct stream **at = &http->streams, *stream; (stream = *at); at = &stream->next) {
		if (stream->id != id)
			continue;
		*at = stream->next;
		stream->next = http->streams;
		http->streams = stream;
		return stream;
	}
	return NULL;
}

static void finish(struct ts_http2 *http, struct stream **at, enum ts_exchange_end end)
{
	struct stream *stream = *at;

	*at = stream->next;
	http->n_streams--;
	if (!stream->left)
		end = TS_EXCHANGE_COMPLETE; /* who has all of it need not wait for END_STREAM */
	ts_exchange_finish(stream->exchange, end, http->ticks);
	free(stream);
}

static void finish_all(struct ts_http2 *http, enum ts_exchange_end end)
{
	while (http->streams)
		finish(http, &http->streams, end);
}

static void finish_stream(struct ts_http2 *http, uint32_t id, enum ts_exchange_end end)
{
	if (stream_of(http, id))
		finish(http, &http->streams, end);
}

/* The first frame of a request. */
static void open_stream(struct side *side, uint32_t id)
{
	struct ts_http2 *http = side->http;
	struct stream *stream;

	if (id % 2 == 0 || id <= http->last_id)
		return;
	http->last_id = id;
	stream = http->n_streams < MOST_STREAMS ? calloc(1, sizeof(*stream)) : NULL;
	if (!stream)
		return;
	stream->exchange = ts_exchange_new(http->settings, http->memory, "2", side->began_ticks,
					   side->began_context, &http->ordinals);
	if (!stream->exchange) {
		free(stream);
		return;
	}
	stream->id = id;
	stream->left = UINT64_MAX;
	stream->next = http->streams;
	http->streams = stream;
	http->n_streams++;
}

static void give_up(struct ts_http2 *http)
{
	http->dead = true;
	finish_all(http, TS_EXCHANGE_UNSEEN);
}

/* --- header blocks --------------------------------------------------------------------- */

static bool is(struct ts_text name, const char *wanted)
{
	return name.bytes == strlen(wanted) && !memcmp(name.data, wanted, name.bytes);
}

static int number_of(struct ts_text digits)
{
	int number = 0;

	for (size_t i = 0; i < digits.bytes && i < 3; i++)
		number = 10 * number + (digits.data[i] - '0');
	return number;
}

/* A content-length; what is none tells nothing. */
static uint64_t length_of(struct ts_text digits)
{
	uint64_t length = 0;

	if (!digits.bytes || digits.bytes > 18)
		return UINT64_MAX;
	for (size_t i = 0; i < digits.bytes; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return UINT64_MAX;
		length = 10 * length + (uint64_t)(digits.data[i] - '0');
	}
	return length;
}

/* Bytes of the response's body have passed. More than it told: it told wrong. */
static void pass(struct stream *stream, enum ts_wire_direction direction, uint64_t bytes)
{
	if (direction == TS_WIRE_RECEIVED && stream->left != UINT64_MAX)
		stream->left = bytes > stream->left ? UINT64_MAX : stream->left - bytes;
}

static void take_field(void *user, struct ts_text name, struct ts_text value)
{
	struct side *side = user;
	struct stream *stream =
		side->block.counts ? stream_of(side->http, side->block.stream) : NULL;

	if (is(name, ":status"))
		side->block.status = number_of(value);
	if (!stream || !name.bytes)
		return;
	if (*name.data == ':' && side->direction == TS_WIRE_RECEIVED)
		return;
	if (side->direction == TS_WIRE_RECEIVED && is(name, "content-length"))
		stream->left = length_of(value);
	if (is(name, ":method"))
		ts_exchange_method(stream->exchange, value);
	else if (is(name, ":path"))
		ts_exchange_target(stream->exchange, value);
	else if (is(name, ":authority"))
		ts_exchange_host(stream->exchange, value);
	else
		ts_exchange_field(stream->exchange, side->direction, name, value);
}

/* A request's head is complete; if it is no call, nothing of its stream counts. */
static void end_request_head(struct ts_http2 *http, struct stream *stream)
{
	stream->asked = true;
	if (!ts_exchange_asked(stream->exchange))
		finish(http, &http->streams, TS_EXCHANGE_COMPLETE); /* stream_of has put it first */
}

static void end_response_head(struct side *side, struct stream *stream)
{
	if (side->block.status < 200)
		return; /* another one comes */
	stream->answered = true;
	ts_exchange_answered(stream->exchange, side->began_ticks);
	ts_exchange_status(stream->exchange, side->block.status);
}

static void end_stream(struct side *side, uint32_t id)
{
	if (side->direction == TS_WIRE_RECEIVED)
		finish_stream(side->http, id, TS_EXCHANGE_COMPLETE);
}

static void end_block(struct side *side)
{
	struct block block = side->block;
	struct stream *stream;

	if (!ts_hpack_end(side->hpack, take_field, side)) {
		give_up(side->http);
		return;
	}
	stream = block.counts ? stream_of(side->http, block.stream) : NULL;
	if (stream && side->direction == TS_WIRE_SENT)
		end_request_head(side->http, stream);
	else if (stream)
		end_response_head(side, stream);
	if (block.ends_stream)
		end_stream(side, block.stream);
	side->block = (struct block){0};
}

static void begin_block(struct side *side)
{
	const struct ts_frame *frame = &side->frame;
	struct stream *stream;

	if (side->direction == TS_WIRE_SENT && frame->type == TS_FRAME_HEADERS)
		open_stream(side, frame->stream);
	stream = stream_of(side->http, frame->stream);
	side->block = (struct block){
		.stream = frame->stream,
		.ends_stream = frame->type == TS_FRAME_HEADERS && frame->flags & TS_FLAG_END_STREAM,
		.counts = frame->type == TS_FRAME_HEADERS && stream &&
			  !(side->direction == TS_WIRE_SENT ? stream->asked : stream->answered),
	};
}

/* --- frames ---------------------------------------------------------------------------- */

static bool is_block(const struct ts_frame *frame)
{
	return frame->type == TS_FRAME_HEADERS || frame->type == TS_FRAME_PUSH_PROMISE ||
	       frame->type == TS_FRAME_CONTINUATION;
}

/* The head of a frame, and what stands before its content, are there. False: it may not stand here. */
static bool begin_frame(struct side *side)
{
	const struct ts_frame *frame = &side->frame;

	if ((frame->type == TS_FRAME_CONTINUATION) != (side->block.stream != 0) ||
	    (side->block.stream && frame->stream != side->block.stream) ||
	    (is_block(frame) && !frame->stream))
		return false;
	if (is_block(frame) && frame->type != TS_FRAME_CONTINUATION)
		begin_block(side);
	return true;
}

static void take_content(struct side *side, const char *data, size_t bytes)
{
	struct stream *stream;

	if (is_block(&side->frame)) {
		if (!ts_hpack_add(side->hpack, data, bytes, take_field, side))
			give_up(side->http);
		return;
	}
	if (side->frame.type != TS_FRAME_DATA)
		return;
	stream = stream_of(side->http, side->frame.stream);
	if (!stream)
		return;
	pass(stream, side->direction, bytes);
	ts_exchange_body(stream->exchange, side->direction, data, bytes, side->http->ticks);
}

/* Streams above `last` were not looked at by the peer. */
static void go_away(struct ts_http2 *http, uint32_t last)
{
	struct stream **at = &http->streams;

	while (*at) {
		if ((*at)->id > last)
			finish(http, at, TS_EXCHANGE_NOT_PROCESSED);
		else
			at = &(*at)->next;
	}
}

static void end_frame(struct side *side)
{
	const struct ts_frame *frame = &side->frame;

	if (is_block(frame) && frame->flags & TS_FLAG_END_HEADERS)
		end_block(side);
	else if (frame->type == TS_FRAME_DATA && frame->flags & TS_FLAG_END_STREAM)
		end_stream(side, frame->stream);
	else if (frame->type == TS_FRAME_RST_STREAM)
		finish_stream(side->http, frame->stream,
			      side->direction == TS_WIRE_SENT ? TS_EXCHANGE_BY_CLIENT
							      : TS_EXCHANGE_BY_PEER);
	else if (frame->type == TS_FRAME_GOAWAY && side->direction == TS_WIRE_RECEIVED)
		go_away(side->http, ts_frame_last_stream(frame));
}

/* Where a frame begins: when, and with what. */
static void note_begin(struct side *side)
{
	side->began_ticks = side->http->ticks;
	if (side->http->context)
		memcpy(side->began_context, side->http->context, sizeof(side->began_context));
	else
		memset(side->began_context, 0, sizeof(side->began_context));
}

/* Takes bytes of one part of a frame; how many. */
static size_t take(struct side *side, const char *bytes, size_t n)
{
	struct ts_frame *frame = &side->frame;
	enum ts_frame_part part;
	size_t taken;

	if (ts_frame_is_new(frame))
		note_begin(side);
	taken = ts_frame_add(frame, bytes, n, &part);
	if (part == TS_FRAME_BROKEN || (part == TS_FRAME_BEGINS && !begin_frame(side))) {
		give_up(side->http);
		return n;
	}
	if (part == TS_FRAME_CONTENT)
		take_content(side, bytes, taken);
	if (ts_frame_is_over(frame)) {
		if (!side->http->dead)
			end_frame(side);
		ts_frame_reset(frame);
	}
	return taken;
}

/* Bytes that nobody saw. */
static void skip(struct side *side, uint64_t gap)
{
	struct stream *stream;

	if (side->preface_left || is_block(&side->frame) || !ts_frame_skip(&side->frame, gap)) {
		give_up(side->http);
		return;
	}
	stream = side->frame.type == TS_FRAME_DATA ? stream_of(side->http, side->frame.stream)
						   : NULL;
	if (stream) {
		pass(stream, side->direction, gap);
		ts_exchange_miss(stream->exchange, side->direction, gap);
	}
	if (ts_frame_is_over(&side->frame)) {
		end_frame(side);
		ts_frame_reset(&side->frame);
	}
}

/* --- */

struct ts_http2 *ts_http2_new(const struct ts_wire_settings *settings, struct ts_memory *memory)
{
	struct ts_http2 *http = calloc(1, sizeof(*http));

	if (!http)
		return NULL;
	http->settings = settings;
	http->memory = memory;
	http->sides[TS_WIRE_SENT].preface_left = PREFACE_BYTES;
	for (int i = 0; i < 2; i++) {
		http->sides[i].http = http;
		http->sides[i].direction = (enum ts_wire_direction)i;
		http->sides[i].hpack = ts_hpack_new();
	}
	if (!http->sides[0].hpack || !http->sides[1].hpack) {
		ts_http2_close(http, TS_WIRE_BY_ERROR, 0);
		return NULL;
	}
	return http;
}

bool ts_http2_feed(struct ts_http2 *http, enum ts_wire_direction direction, const char *bytes,
		   size_t n, uint64_t gap, uint64_t ticks, const void *context)
{
	struct side *side = &http->sides[direction];
	size_t preface;

	http->ticks = ticks;
	http->context = context;
	if (gap && !http->dead)
		skip(side, gap);
	preface = n < side->preface_left ? n : side->preface_left;
	side->preface_left -= preface;
	bytes += preface;
	n -= preface;
	while (n && !http->dead) {
		size_t taken = take(side, bytes, n);

		bytes += taken;
		n -= taken;
	}
	return !http->dead;
}

enum ts_wire_progress ts_http2_progress(const struct ts_http2 *http)
{
	bool busy = http->streams || http->sides[TS_WIRE_SENT].preface_left;

	for (int i = 0; i < 2; i++)
		busy |= http->sides[i].block.stream || !ts_frame_is_new(&http->sides[i].frame);
	return busy ? TS_WIRE_BUSY : TS_WIRE_IDLE;
}

void ts_http2_close(struct ts_http2 *http, enum ts_wire_how how, uint64_t ticks)
{
	http->ticks = ticks;
	finish_all(http, ts_exchange_end_by(how));
	ts_hpack_free(http->sides[0].hpack);
	ts_hpack_free(http->sides[1].hpack);
	free(http);
}
