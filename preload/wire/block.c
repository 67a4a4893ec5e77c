// SPDX-License-Identifier: Apache-2.0
#include "block.h"

#include "field.h"
#include "host.h"
#include "hpack.h"
#include "target.h"

#define MOST_METHOD 16

void ts_heads_block_init(struct ts_heads_block *block, struct ts_heads_out *out)
{
	*block = (struct ts_heads_block){.out = out};
}

static bool add(struct ts_heads_block *block, const char *name, struct ts_slice value)
{
	size_t from;

	if (!ts_heads_hpack_name(block->out, name))
		return false;
	from = block->out->n;
	return ts_heads_out_slice(block->out, value) && ts_heads_hpack_value(block->out, from);
}

static bool add_method(struct ts_heads_block *block, struct ts_slice method)
{
	if (block->method || !method.bytes || method.bytes > MOST_METHOD)
		return false;
	for (size_t i = 0; i < method.bytes; i++) {
		if (method.text[i] < 'A' || method.text[i] > 'Z')
			return false;
	}
	block->method = true;
	block->connects |= ts_slice_is(method, "CONNECT");
	return add(block, ":method", method);
}

static bool add_path(struct ts_heads_block *block, struct ts_slice path)
{
	size_t from;

	if (block->path || (!ts_slice_starts(path, "/") && !ts_slice_is(path, "*")) ||
	    !ts_heads_hpack_name(block->out, ":path"))
		return false;
	block->path = true;
	from = block->out->n;
	return ts_heads_target_add(block->out, path) && ts_heads_hpack_value(block->out, from);
}

/* It may be named twice, but not differently. */
static bool add_host(struct ts_heads_block *block, struct ts_slice sent)
{
	struct ts_slice host, known = {block->host, block->n_host, 0};

	if (!ts_heads_host_read(sent, &host) || !host.bytes)
		return false;
	if (known.bytes)
		return ts_heads_host_same(host, known);
	memcpy(block->host, host.text, host.bytes);
	block->n_host = host.bytes;
	return add(block, block->ended ? "host" : ":authority", host);
}

static bool add_pseudo(struct ts_heads_block *block, struct ts_slice name, struct ts_slice value)
{
	if (block->ended)
		return false;
	if (ts_slice_is(name, ":method"))
		return add_method(block, value);
	if (ts_slice_is(name, ":path"))
		return add_path(block, value);
	if (ts_slice_is(name, ":authority"))
		return add_host(block, value);
	if (ts_slice_is(name, ":scheme") &&
	    (ts_slice_is(value, "https") || ts_slice_is(value, "http")))
		return add(block, ":scheme", value);
	block->connects |= ts_slice_is(name, ":protocol");
	return true;
}

static bool add_regular(struct ts_heads_block *block, struct ts_slice name, struct ts_slice value)
{
	const char *recorded;

	block->ended = true;
	if (ts_heads_field_is(name, "host"))
		return add_host(block, value);
	recorded = ts_heads_field(name, value);
	return !recorded || add(block, recorded, value);
}

void ts_heads_block_add(struct ts_heads_block *block, struct ts_slice name, struct ts_slice value)
{
	bool ok = !block->bad && (ts_slice_starts(name, ":") ? add_pseudo(block, name, value)
							     : add_regular(block, name, value));

	block->bad = !ok;
}

bool ts_heads_block_is_request(const struct ts_heads_block *block)
{
	return !block->bad && block->method && (block->path || block->connects);
}

bool ts_heads_block_counts(const struct ts_heads_block *block, const struct ts_wire_client *client)
{
	struct ts_slice host = {block->host, block->n_host, 0};

	return !block->connects && (client->listed || ts_heads_host_counts(client->conf, host));
}
