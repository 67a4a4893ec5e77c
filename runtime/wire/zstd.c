// SPDX-License-Identifier: Apache-2.0
#include "coding.h"

#include <errno.h>
#include <zstd.h>

#define WINDOW_LOG 23 /* 8 MB, which RFC 9659 allows of HTTP */

static void *begin(void)
{
	ZSTD_DStream *stream = ZSTD_createDStream();

	if (stream)
		ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, WINDOW_LOG);
	return stream;
}

static long decode(void *state, const char **data, size_t *bytes, char *to, size_t room,
		   bool *ret_more)
{
	ZSTD_inBuffer in = {*data, *bytes, 0};
	ZSTD_outBuffer out = {to, room, 0};

	if (ZSTD_isError(ZSTD_decompressStream(state, &out, &in)))
		return -EBADMSG;
	*data += in.pos;
	*bytes -= in.pos;
	*ret_more = out.pos == room;
	return (long)out.pos;
}

static void end(void *state)
{
	ZSTD_freeDStream(state);
}

const struct ts_coding ts_coding_zstd = {{"zstd", NULL}, begin, decode, end};
