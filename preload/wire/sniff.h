/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_SNIFF_H
#define TS_HEADS_SNIFF_H

/* What a connection's first bytes, or those of what should be a request, say of it. */

#include <stddef.h>

#define TS_HEADS_SNIFFED 16 /* bytes, after which it is known */

enum ts_heads_sniffed {
	TS_HEADS_MORE, /* are needed */
	TS_HEADS_HTTP1,
	TS_HEADS_HTTP2,
	TS_HEADS_OTHER,
};

enum ts_heads_sniffed ts_heads_sniff(const char *bytes, size_t n);

#endif
