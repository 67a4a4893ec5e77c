// SPDX-License-Identifier: Apache-2.0
/* gzip, and deflate, which servers send with zlib's header, as they should, or bare. */
#include "coding.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_ONLY (15 + 16)
#define ZLIB      15
#define BARE      (-15)

struct inflating {
	z_stream stream;
	bool deflate;
	bool began; /* the first byte has told which deflate it is */
	bool over;  /* what follows is the next member, or padding */
	bool padding;
};

static void *begin_as(bool deflate)
{
	struct inflating *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	state->deflate = deflate;
	if (inflateInit2(&state->stream, deflate ? ZLIB : GZIP_ONLY) != Z_OK) {
		free(state);
		return NULL;
	}
	return state;
}

static void *begin_gzip(void)
{
	return begin_as(false);
}

static void *begin_deflate(void)
{
	return begin_as(true);
}

/* zlib's header has 8 in the lower half of its first byte; a bare stream would have to begin with a stored block. */
static bool choose_deflate(struct inflating *state, const char *data)
{
	state->began = true;
	return !state->deflate || (*data & 15) == 8 || inflateReset2(&state->stream, BARE) == Z_OK;
}

/* Behind the end: another member of gzip, or from here on something to ignore. */
static bool goes_on(struct inflating *state, const char *data)
{
	state->padding |= state->deflate || (unsigned char)*data != 0x1f;
	return !state->padding && inflateReset(&state->stream) == Z_OK;
}

static long decode(void *opaque, const char **data, size_t *bytes, char *to, size_t room,
		   bool *ret_more)
{
	struct inflating *state = opaque;
	z_stream *stream = &state->stream;
	size_t most = *bytes < 1 << 30 ? *bytes : 1 << 30;
	int result;

	if (*bytes && !state->began && !choose_deflate(state, *data))
		return -EBADMSG;
	if (*bytes && state->over)
		state->over = !goes_on(state, *data);
	if (state->over) {
		*bytes = 0;
		return 0;
	}
	stream->next_in = (z_const Bytef *)*data;
	stream->avail_in = (uInt)most;
	stream->next_out = (Bytef *)to;
	stream->avail_out = (uInt)room;
	result = inflate(stream, Z_NO_FLUSH);
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return -EBADMSG;
	state->over = result == Z_STREAM_END;
	*data += most - stream->avail_in;
	*bytes -= most - stream->avail_in;
	*ret_more = !stream->avail_out && !state->over;
	return (long)(room - stream->avail_out);
}

static void end(void *opaque)
{
	struct inflating *state = opaque;

	inflateEnd(&state->stream);
	free(state);
}

const struct ts_coding ts_coding_gzip = {{"gzip", "x-gzip", NULL}, begin_gzip, decode, end};
const struct ts_coding ts_coding_deflate = {{"deflate", NULL}, begin_deflate, decode, end};
