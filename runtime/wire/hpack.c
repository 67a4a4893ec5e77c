// SPDX-License-Identifier: Apache-2.0
#include "hpack.h"

#include <nghttp2/nghttp2.h>

#define MOST_TABLE 65536 /* of the sizes in use the largest */

static nghttp2_hd_inflater *inflater_of(struct ts_hpack *hpack)
{
	return (nghttp2_hd_inflater *)hpack;
}

struct ts_hpack *ts_hpack_new(void)
{
	nghttp2_hd_inflater *inflater;

	if (nghttp2_hd_inflate_new(&inflater) != 0)
		return NULL;
	nghttp2_hd_inflate_change_table_size(inflater, MOST_TABLE);
	return (struct ts_hpack *)inflater;
}

void ts_hpack_free(struct ts_hpack *hpack)
{
	if (hpack)
		nghttp2_hd_inflate_del(inflater_of(hpack));
}

static bool take(struct ts_hpack *hpack, const char *data, size_t bytes, bool last,
		 ts_hpack_field_fn *field, void *user)
{
	int flags;

	do {
		nghttp2_nv nv;
		ssize_t n;

		flags = 0;
		n = nghttp2_hd_inflate_hd2(inflater_of(hpack), &nv, &flags, (const uint8_t *)data,
					   bytes, last);
		if (n < 0)
			return false;
		data += n;
		bytes -= (size_t)n;
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			field(user, (struct ts_text){(const char *)nv.name, nv.namelen},
			      (struct ts_text){(const char *)nv.value, nv.valuelen});
	} while (bytes || flags & NGHTTP2_HD_INFLATE_EMIT);
	return !last || nghttp2_hd_inflate_end_headers(inflater_of(hpack)) == 0;
}

bool ts_hpack_add(struct ts_hpack *hpack, const char *data, size_t bytes, ts_hpack_field_fn *field,
		  void *user)
{
	return take(hpack, data, bytes, false, field, user);
}

bool ts_hpack_end(struct ts_hpack *hpack, ts_hpack_field_fn *field, void *user)
{
	return take(hpack, "", 0, true, field, user);
}
