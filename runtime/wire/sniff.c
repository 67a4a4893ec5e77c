// SPDX-License-Identifier: Apache-2.0
#include "sniff.h"

#include <stdbool.h>
#include <string.h>

#include "wire.h"

static const char preface[] = "PRI * HTTP/2.0\r\n";

_Static_assert(sizeof(preface) - 1 == TS_WIRE_SNIFFED, "what is looked at");

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A method, and the beginning of a target: a path, a URL, "*", or a host for CONNECT. */
static enum ts_sniffed request_line(const char *bytes, size_t n)
{
	static const char *const methods[] = {"GET ",   "POST ",   "PUT ",     "HEAD ",
					      "PATCH ", "DELETE ", "OPTIONS ", "CONNECT "};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		size_t length = strlen(methods[i]);

		if (memcmp(bytes, methods[i], least(n, length)) != 0)
			continue;
		if (n <= length)
			return TS_SNIFFED_MORE;
		return bytes[length] > ' ' && bytes[length] != 0x7f ? TS_SNIFFED_HTTP1
								    : TS_SNIFFED_OTHER;
	}
	return TS_SNIFFED_OTHER;
}

enum ts_sniffed ts_sniff(const char *bytes, size_t n)
{
	if (!n)
		return TS_SNIFFED_MORE;
	if (!memcmp(bytes, preface, least(n, TS_WIRE_SNIFFED)))
		return n < TS_WIRE_SNIFFED ? TS_SNIFFED_MORE : TS_SNIFFED_HTTP2;
	return request_line(bytes, n);
}
