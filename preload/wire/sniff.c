// SPDX-License-Identifier: Apache-2.0
#include "sniff.h"

#include <string.h>

#include "../system/slice.h"

static const char preface[] = "PRI * HTTP/2.0\r\n";

_Static_assert(sizeof(preface) - 1 == TS_HEADS_SNIFFED, "what is looked at");

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The methods that the runtime looks for, too, but for CONNECT: what goes through a tunnel is something else. */
static enum ts_heads_sniffed request_line(const char *bytes, size_t n)
{
	static const char *const methods[] = {"GET ",   "POST ",   "PUT ",    "HEAD ",
					      "PATCH ", "DELETE ", "OPTIONS "};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		size_t length = strlen(methods[i]);

		if (memcmp(bytes, methods[i], least(n, length)) != 0)
			continue;
		if (n <= length)
			return TS_HEADS_MORE;
		return bytes[length] > ' ' && bytes[length] <= '~' ? TS_HEADS_HTTP1
								   : TS_HEADS_OTHER;
	}
	return TS_HEADS_OTHER;
}

enum ts_heads_sniffed ts_heads_sniff(const char *bytes, size_t n)
{
	if (!n)
		return TS_HEADS_MORE;
	if (!memcmp(bytes, preface, least(n, TS_HEADS_SNIFFED)))
		return n < TS_HEADS_SNIFFED ? TS_HEADS_MORE : TS_HEADS_HTTP2;
	return request_line(bytes, n);
}
