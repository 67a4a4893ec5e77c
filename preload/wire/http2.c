// SPDX-License-Identifier: Apache-2.0
#include "http2.h"

#include <errno.h>

#include "block.h"
#include "frame.h"
#include "hpack.h"

#define MOST_STREAMS 1024 /* that a client sends DATA on at once; of more the oldest are left out */
#define MOST_BLOCK   65536
#define SETTING      6

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#define PREFACE_BYTES (sizeof(preface) - 1)

/* What is made of the block of headers under way. */
enum purpose {
	NO_BLOCK,
	REQUEST,
	ENDS_DATA, /* a trailer */
	LEFT_OUT,
};

struct ts_heads_http2 {
	struct ts_heads_hpack *hpack;
	size_t n_preface;
	struct ts_heads_frame frame;
	bool passes; /* the frame's content */
	enum purpose purpose;
	uint32_t stream; /* of the block */
	bool ends_stream;
	size_t block_bytes;
	struct ts_heads_block block;
	uint32_t last; /* stream that a request was sent on */
	size_t n_streams;
	uint32_t streams[MOST_STREAMS]; /* on which DATA counts */
};

struct ts_heads_http2 *ts_heads_http2_new(struct ts_heads_memory *memory)
{
	struct ts_heads_http2 *http = ts_heads_alloc(memory, sizeof(*http));

	if (!http)
		return NULL;
	memset(http, 0, sizeof(*http));
	ts_heads_frame_init(&http->frame);
	http->hpack = ts_heads_hpack_new(memory);
	return http->hpack ? http : NULL;
}

/* --- streams --------------------------------------------------------------------------- */

/* n_streams: it is not among them. */
static size_t place_of(const struct ts_heads_http2 *http, uint32_t stream)
{
	size_t i = 0;

	while (i < http->n_streams && http->streams[i] != stream)
		i++;
	return i;
}

static bool has(const struct ts_heads_http2 *http, uint32_t stream)
{
	return place_of(http, stream) < http->n_streams;
}

static void take_off(struct ts_heads_http2 *http, size_t place)
{
	if (place >= http->n_streams)
		return;
	http->n_streams--;
	memmove(http->streams + place, http->streams + place + 1,
		(http->n_streams - place) * sizeof(*http->streams));
}

/* One that the server has reset leaves no trace here. */
static void add_stream(struct ts_heads_http2 *http, uint32_t stream)
{
	if (http->n_streams == MOST_STREAMS)
		take_off(http, 0);
	http->streams[http->n_streams++] = stream;
}

/* --- what is put ----------------------------------------------------------------------- */

/* False: there is no room to hold it back. */
static bool put(struct ts_wire_client *client, const void *bytes, size_t n)
{
	if (!client->counts)
		return ts_heads_out_add(&client->out, bytes, n);
	ts_heads_out_pass(&client->out, bytes, n);
	return true;
}

static bool put_head(struct ts_wire_client *client, size_t content, uint8_t type, uint8_t flags,
		     uint32_t stream)
{
	uint8_t head[TS_HEADS_FRAME_HEAD];

	ts_heads_frame_write(head, content, type, flags, stream);
	return put(client, head, sizeof(head));
}

/* A frame all of which stands before its content. */
static bool put_short(struct ts_wire_client *client, const struct ts_heads_frame *frame)
{
	const uint8_t *before = frame->bytes + TS_HEADS_FRAME_HEAD;
	size_t n = frame->n - TS_HEADS_FRAME_HEAD;

	return !client->counts ||
	       (put_head(client, n, frame->type, 0, frame->stream) && put(client, before, n));
}

/* --- blocks of headers ----------------------------------------------------------------- */

static enum purpose purpose_of(struct ts_heads_http2 *http, uint32_t stream)
{
	if (stream > http->last)
		return REQUEST;
	return has(http, stream) ? ENDS_DATA : LEFT_OUT;
}

static bool begin_block(struct ts_wire_client *client, struct ts_heads_http2 *http)
{
	static const char room_for_head[TS_HEADS_FRAME_HEAD];
	const struct ts_heads_frame *frame = &http->frame;

	if (frame->stream % 2 == 0)
		return false;
	http->purpose = purpose_of(http, frame->stream);
	http->stream = frame->stream;
	http->ends_stream = frame->flags & TS_HEADS_END_STREAM;
	http->block_bytes = 0;
	if (http->purpose == ENDS_DATA)
		return http->ends_stream;
	if (http->purpose == LEFT_OUT)
		return true;
	http->last = frame->stream;
	ts_heads_block_init(&http->block, &client->out);
	ts_wire_client_begin(client);
	return ts_heads_out_add(&client->out, room_for_head, sizeof(room_for_head));
}

/* A request is all there. False: it is none. */
static bool end_request(struct ts_wire_client *client, struct ts_heads_http2 *http)
{
	struct ts_heads_out *out = &client->out;

	if (!ts_heads_block_is_request(&http->block))
		return false;
	if (!ts_heads_block_counts(&http->block, client)) {
		if (!client->counts)
			ts_wire_client_end(client, TS_WIRE_STATE_OTHER_HOST);
		ts_heads_out_drop(out);
		return true;
	}
	ts_heads_frame_write((uint8_t *)out->bytes + out->mark,
			     out->n - out->mark - TS_HEADS_FRAME_HEAD, TS_HEADS_HEADERS,
			     TS_HEADS_END_HEADERS | (http->ends_stream ? TS_HEADS_END_STREAM : 0),
			     http->stream);
	ts_wire_client_keep(client);
	if (!http->ends_stream)
		add_stream(http, http->stream);
	return true;
}

static bool end_block(struct ts_wire_client *client, struct ts_heads_http2 *http)
{
	enum purpose purpose = http->purpose;

	http->purpose = NO_BLOCK;
	if (purpose == REQUEST)
		return end_request(client, http);
	if (purpose == LEFT_OUT)
		return true;
	take_off(http, place_of(http, http->stream));
	return put_head(client, 0, TS_HEADS_DATA, TS_HEADS_END_STREAM, http->stream);
}

static void take_field(void *user, struct ts_slice name, struct ts_slice value)
{
	struct ts_heads_http2 *http = user;

	if (http->purpose == REQUEST)
		ts_heads_block_add(&http->block, name, value);
}

static bool read_block(struct ts_wire_client *client, struct ts_heads_http2 *http,
		       const char *bytes, size_t n, bool last)
{
	int r = ts_heads_hpack_read(http->hpack, bytes, n, last, take_field, http);

	if (r == -ENOMEM)
		ts_wire_client_end(client, TS_WIRE_STATE_NO_MEMORY);
	return r == 0;
}

/* --- frames ---------------------------------------------------------------------------- */

static bool begin_data(struct ts_wire_client *client, struct ts_heads_http2 *http)
{
	const struct ts_heads_frame *frame = &http->frame;

	if (!frame->stream)
		return false;
	http->passes = has(http, frame->stream);
	return !http->passes || put_head(client, frame->content, TS_HEADS_DATA,
					 frame->flags & TS_HEADS_END_STREAM, frame->stream);
}

static bool begin_settings(struct ts_wire_client *client, struct ts_heads_http2 *http)
{
	const struct ts_heads_frame *frame = &http->frame;

	http->passes = true;
	return !frame->stream && frame->content % SETTING == 0 &&
	       put_head(client, frame->content, TS_HEADS_SETTINGS, frame->flags, 0);
}

/* All up to the content is there. False: this cannot be followed. */
static bool begin_frame(struct ts_wire_client *client, struct ts_heads_http2 *http)
{
	const struct ts_heads_frame *frame = &http->frame;

	if ((frame->type == TS_HEADS_CONTINUATION) != (http->purpose != NO_BLOCK))
		return false;
	http->passes = false;
	switch (frame->type) {
	case TS_HEADS_DATA:
		return begin_data(client, http);
	case TS_HEADS_HEADERS:
		return begin_block(client, http);
	case TS_HEADS_CONTINUATION:
		return frame->stream == http->stream;
	case TS_HEADS_SETTINGS:
		return begin_settings(client, http);
	case TS_HEADS_RST_STREAM:
		take_off(http, place_of(http, frame->stream));
		return frame->stream && !frame->content && put_short(client, frame);
	case TS_HEADS_GOAWAY:
		return !frame->stream && put_short(client, frame);
	default:
		return frame->type != TS_HEADS_PUSH_PROMISE;
	}
}

static bool take_content(struct ts_wire_client *client, struct ts_heads_http2 *http,
			 const char *bytes, size_t n)
{
	if (http->passes)
		return put(client, bytes, n);
	if (http->purpose == NO_BLOCK)
		return true;
	http->block_bytes += n;
	return http->block_bytes <= MOST_BLOCK && read_block(client, http, bytes, n, false);
}

static bool end_frame(struct ts_wire_client *client, struct ts_heads_http2 *http)
{
	const struct ts_heads_frame *frame = &http->frame;

	if (http->purpose != NO_BLOCK)
		return !(frame->flags & TS_HEADS_END_HEADERS) ||
		       (read_block(client, http, "", 0, true) && end_block(client, http));
	if (frame->type == TS_HEADS_DATA && frame->flags & TS_HEADS_END_STREAM)
		take_off(http, place_of(http, frame->stream));
	return true;
}

/* Takes bytes of one part of a frame. False: this cannot be followed. */
static bool take_part(struct ts_wire_client *client, struct ts_heads_http2 *http, const char *bytes,
		      size_t n, size_t *ret_taken)
{
	struct ts_heads_frame *frame = &http->frame;
	uint32_t *left = frame->content ? &frame->content : &frame->padding;
	bool is_content = frame->content;

	*ret_taken = 1;
	if (!ts_heads_frame_has_begun(frame)) {
		if (!ts_heads_frame_add(frame, (uint8_t)*bytes))
			return false;
		return !ts_heads_frame_has_begun(frame) || begin_frame(client, http);
	}
	*ret_taken = n < *left ? n : *left;
	*left -= (uint32_t)*ret_taken;
	return !is_content || take_content(client, http, bytes, *ret_taken);
}

static size_t take_preface(struct ts_wire_client *client, struct ts_heads_http2 *http, char byte)
{
	if (byte != preface[http->n_preface++])
		ts_wire_client_end(client, TS_WIRE_STATE_UNREADABLE);
	else if (http->n_preface == PREFACE_BYTES)
		put(client, preface, PREFACE_BYTES);
	return 1;
}

size_t ts_heads_http2_take(struct ts_wire_client *client, const char *bytes, size_t n)
{
	struct ts_heads_http2 *http = client->http2;
	struct ts_heads_frame *frame = &http->frame;
	size_t taken;
	bool goes_on;

	if (http->n_preface < PREFACE_BYTES)
		return take_preface(client, http, *bytes);
	goes_on = take_part(client, http, bytes, n, &taken);
	if (goes_on && ts_heads_frame_has_begun(frame) && !frame->content && !frame->padding) {
		goes_on = end_frame(client, http);
		ts_heads_frame_init(frame);
	}
	if (!goes_on && !ts_wire_client_is_over(client))
		ts_wire_client_end(client, TS_WIRE_STATE_UNREADABLE);
	return taken;
}
