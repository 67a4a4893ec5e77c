// SPDX-License-Identifier: Apache-2.0
#include "out.h"

#include <string.h>

void ts_heads_out_flush(struct ts_heads_out *out)
{
	size_t n = out->writing ? out->mark : out->n;

	if (!n)
		return;
	out->put(out->user, out->bytes, n);
	memmove(out->bytes, out->bytes + n, out->n - n);
	out->n -= n;
	out->mark = 0;
}

void ts_heads_out_pass(struct ts_heads_out *out, const char *bytes, size_t n)
{
	if (ts_heads_out_add(out, bytes, n))
		return;
	ts_heads_out_flush(out);
	out->put(out->user, bytes, n);
}

bool ts_heads_out_add(struct ts_heads_out *out, const char *bytes, size_t n)
{
	if (n > sizeof(out->bytes) - out->n)
		return false;
	memcpy(out->bytes + out->n, bytes, n);
	out->n += n;
	return true;
}

bool ts_heads_out_slice(struct ts_heads_out *out, struct ts_slice slice)
{
	return !slice.bytes || ts_heads_out_add(out, slice.text, slice.bytes);
}

bool ts_heads_out_text(struct ts_heads_out *out, const char *text)
{
	return ts_heads_out_add(out, text, strlen(text));
}

void ts_heads_out_begin(struct ts_heads_out *out)
{
	out->mark = out->n;
	out->writing = true;
}

void ts_heads_out_keep(struct ts_heads_out *out)
{
	out->writing = false;
}

void ts_heads_out_drop(struct ts_heads_out *out)
{
	if (out->writing)
		out->n = out->mark;
	out->writing = false;
}
