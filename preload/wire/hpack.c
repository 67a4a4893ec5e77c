// SPDX-License-Identifier: Apache-2.0
#include "hpack.h"

#include <errno.h>

#include <nghttp2/nghttp2.h>

#define MOST_TABLE 65536 /* bytes: of the sizes in use the largest */
#define PREFIX     0x7f  /* of a length in seven bits of a byte: more follow */
#define NEITHER_CODED \
	0x00 /* a literal that goes into no table, its name neither (RFC 7541, 6.2.2) */

struct ts_heads_hpack {
	nghttp2_mem calls;
	nghttp2_hd_inflater *inflater;
};

static void *allocate(size_t bytes, void *memory)
{
	return ts_heads_alloc(memory, bytes);
}

static void *allocate_zeroed(size_t n, size_t bytes, void *memory)
{
	void *zeroed = ts_heads_alloc(memory, n * bytes);

	return zeroed ? memset(zeroed, 0, n * bytes) : NULL;
}

static void *reallocate(void *old, size_t bytes, void *memory)
{
	return ts_heads_realloc(memory, old, bytes);
}

static void release(void *piece, void *memory)
{
	(void)memory;
	ts_heads_free(piece);
}

struct ts_heads_hpack *ts_heads_hpack_new(struct ts_heads_memory *memory)
{
	struct ts_heads_hpack *hpack = ts_heads_alloc(memory, sizeof(*hpack));

	if (!hpack)
		return NULL;
	hpack->calls = (nghttp2_mem){memory, allocate, release, allocate_zeroed, reallocate};
	if (nghttp2_hd_inflate_new2(&hpack->inflater, &hpack->calls) != 0)
		return NULL;
	/* the server says how large it may be, which nobody sees here; how large it is the client says */
	nghttp2_hd_inflate_change_table_size(hpack->inflater, MOST_TABLE);
	return hpack;
}

static struct ts_slice slice_of(const uint8_t *bytes, size_t n)
{
	return (struct ts_slice){(const char *)bytes, n, 0};
}

int ts_heads_hpack_read(struct ts_heads_hpack *hpack, const char *bytes, size_t n, bool last,
			ts_heads_field_fn *field, void *user)
{
	int flags;

	do {
		nghttp2_nv nv;
		ssize_t read;

		flags = 0;
		read = nghttp2_hd_inflate_hd2(hpack->inflater, &nv, &flags, (const uint8_t *)bytes,
					      n, last);
		if (read < 0)
			return read == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EBADMSG;
		bytes += read;
		n -= (size_t)read;
		if (flags & NGHTTP2_HD_INFLATE_EMIT)
			field(user, slice_of(nv.name, nv.namelen), slice_of(nv.value, nv.valuelen));
	} while (n || flags & NGHTTP2_HD_INFLATE_EMIT);
	if (last)
		nghttp2_hd_inflate_end_headers(hpack->inflater);
	return 0;
}

/* A length, in a byte or, as it needs them, more. */
static size_t write_length(uint8_t to[4], size_t length)
{
	size_t n = 0;

	if (length < PREFIX) {
		to[n++] = (uint8_t)length;
		return n;
	}
	to[n++] = PREFIX;
	for (length -= PREFIX; length >= 128; length /= 128)
		to[n++] = (uint8_t)(length % 128 | 128);
	to[n++] = (uint8_t)length;
	return n;
}

bool ts_heads_hpack_name(struct ts_heads_out *out, const char *name)
{
	const char head[] = {NEITHER_CODED, (char)strlen(name)};

	return ts_heads_out_add(out, head, sizeof(head)) && ts_heads_out_text(out, name);
}

bool ts_heads_hpack_value(struct ts_heads_out *out, size_t from)
{
	size_t bytes = out->n - from;
	uint8_t length[4];
	size_t n = write_length(length, bytes);

	if (!ts_heads_out_add(out, (const char *)length, n))
		return false;
	memmove(out->bytes + from + n, out->bytes + from, bytes);
	memcpy(out->bytes + from, length, n);
	return true;
}
