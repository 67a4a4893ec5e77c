/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SNIFF_H
#define TS_SNIFF_H

/* What a connection's first bytes, by the client, say of it. */

#include <stddef.h>

enum ts_sniffed {
	TS_SNIFFED_MORE, /* needed, up to TS_WIRE_SNIFFED */
	TS_SNIFFED_HTTP1,
	TS_SNIFFED_HTTP2,
	TS_SNIFFED_OTHER,
};

enum ts_sniffed ts_sniff(const char *bytes, size_t n);

#endif
