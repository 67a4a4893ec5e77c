// SPDX-License-Identifier: Apache-2.0
#include "coding.h"

#include <brotli/decode.h>
#include <errno.h>

static void *begin(void)
{
	return BrotliDecoderCreateInstance(NULL, NULL, NULL);
}

static long decode(void *state, const char **data, size_t *bytes, char *to, size_t room,
		   bool *ret_more)
{
	const uint8_t *in = (const uint8_t *)*data;
	uint8_t *out = (uint8_t *)to;
	size_t left = room;
	BrotliDecoderResult result;

	if (BrotliDecoderIsFinished(state)) {
		*bytes = 0;
		return 0;
	}
	result = BrotliDecoderDecompressStream(state, bytes, &in, &left, &out, NULL);
	if (result == BROTLI_DECODER_RESULT_ERROR)
		return -EBADMSG;
	*data = (const char *)in;
	*ret_more = BrotliDecoderHasMoreOutput(state);
	return (long)(room - left);
}

static void end(void *state)
{
	BrotliDecoderDestroyInstance(state);
}

const struct ts_coding ts_coding_brotli = {{"br", NULL}, begin, decode, end};
