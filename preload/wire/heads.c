// SPDX-License-Identifier: Apache-2.0
/* Module `wire`: what its clients send, told apart (../wire.h). README.md has the rules. */

#include "client.h"
#include "http1.h"
#include "http2.h"

#include "../system/pages.h"

#define CLIENT_BYTES ((size_t)240 * 1024) /* of a connection, all in all */

static struct ts_wire_client *open_client(const struct ts_wire_conf *conf, bool listed)
{
	struct ts_wire_client *client = ts_pages_new(CLIENT_BYTES);
	size_t own = (sizeof(*client) + 15) & ~(size_t)15;

	if (!client)
		return NULL;
	client->conf = conf;
	client->listed = listed;
	client->state = TS_WIRE_STATE_UNDECIDED;
	ts_heads_memory_init(&client->memory, (char *)client + own, CLIENT_BYTES - own);
	return client;
}

static size_t take(struct ts_wire_client *client, const char *bytes, size_t n)
{
	if (client->http1)
		return ts_heads_http1_take(client, bytes, n);
	return ts_heads_http2_take(client, bytes, n);
}

static void take_all(struct ts_wire_client *client, const char *bytes, size_t n)
{
	while (n && !ts_wire_client_is_over(client)) {
		size_t taken = take(client, bytes, n);

		bytes += taken;
		n -= taken;
	}
}

/* One byte more of the first ones, until it is known what is spoken. */
static void take_early(struct ts_wire_client *client, char byte)
{
	enum ts_heads_sniffed sniffed;

	client->early[client->n_early++] = byte;
	sniffed = ts_heads_sniff(client->early, client->n_early);
	if (sniffed == TS_HEADS_MORE)
		return;
	if (sniffed == TS_HEADS_HTTP1)
		client->http1 = ts_heads_http1_new(&client->memory);
	else if (sniffed == TS_HEADS_HTTP2)
		client->http2 = ts_heads_http2_new(&client->memory);
	else
		client->state = TS_WIRE_STATE_NOT_HTTP;
	if (client->http1 || client->http2)
		take_all(client, client->early, client->n_early);
	else if (sniffed != TS_HEADS_OTHER)
		client->state = TS_WIRE_STATE_NO_MEMORY;
}

static enum ts_wire_state sent(struct ts_wire_client *client, const void *bytes, size_t n,
			       ts_wire_put_fn *put, void *user)
{
	const char *next = bytes;

	client->out.put = put;
	client->out.user = user;
	for (; n && !client->http1 && !client->http2 && !ts_wire_client_is_over(client); n--)
		take_early(client, *next++);
	take_all(client, next, n);
	if (client->counts)
		ts_heads_out_flush(&client->out);
	return client->state;
}

static bool missed(struct ts_wire_client *client, uint64_t n)
{
	return client->http1 && !ts_wire_client_is_over(client) &&
	       ts_heads_http1_miss(client->http1, n);
}

static void close_client(struct ts_wire_client *client)
{
	ts_pages_free(client, CLIENT_BYTES);
}

const struct ts_wire_heads ts_wire_heads = {open_client, sent, missed, close_client};
