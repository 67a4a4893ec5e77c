// SPDX-License-Identifier: Apache-2.0
#include "http1.h"

#include "head.h"
#include "host.h"

#define SECTION_BYTES 65536
#define SIZE_BYTES    17 /* of the line before a chunk: fifteen digits and its end */

enum phase {
	HEAD,
	BODY_BEGINS, /* or what should be one */
	BODY,
	CHUNK_SIZE,
	CHUNK,
	CHUNK_END,
	TRAILER,
};

struct ts_heads_http1 {
	enum phase phase;
	uint64_t left; /* of the body, or of the chunk */
	size_t n; /* of the section: what is looked at when it is complete, in each phase but BODY and CHUNK */
	char section[SECTION_BYTES];
};

struct ts_heads_http1 *ts_heads_http1_new(struct ts_heads_memory *memory)
{
	struct ts_heads_http1 *http = ts_heads_alloc(memory, sizeof(*http));

	if (http) {
		http->phase = HEAD;
		http->n = 0;
	}
	return http;
}

static void enter(struct ts_heads_http1 *http, enum phase phase)
{
	http->phase = phase;
	http->n = 0;
}

static bool ends_with(const struct ts_heads_http1 *http, const char *end)
{
	size_t n = strlen(end);

	return http->n >= n && !memcmp(http->section + http->n - n, end, n);
}

/* A line ends with both of its bytes, and has no others that are not text. */
static bool is_sound(const struct ts_heads_http1 *http)
{
	char c = http->section[http->n - 1];
	bool behind_cr = http->n > 1 && http->section[http->n - 2] == '\r';

	return c == '\n' ? behind_cr
			 : !behind_cr && c != 0x7f && (c == '\r' || c == '\t' || c < 0 || c >= ' ');
}

/* --- heads ----------------------------------------------------------------------------- */

/* To somebody else: without it, responses would not be those to the requests that are recorded. */
static bool leaves(struct ts_wire_client *client, const struct ts_heads_head *head)
{
	if (client->listed || ts_heads_host_counts(client->conf, head->host))
		return false;
	ts_wire_client_end(client,
			   client->counts ? TS_WIRE_STATE_UNREADABLE : TS_WIRE_STATE_OTHER_HOST);
	return true;
}

static void end_head(struct ts_wire_client *client, struct ts_heads_http1 *http)
{
	struct ts_heads_head head;

	if (!ts_heads_head_read((struct ts_slice){http->section, http->n, 0}, &head)) {
		ts_wire_client_end(client, TS_WIRE_STATE_UNREADABLE);
		return;
	}
	if (leaves(client, &head))
		return;
	ts_wire_client_begin(client);
	if (!ts_heads_head_add(&head, &client->out)) {
		ts_wire_client_end(client, TS_WIRE_STATE_UNREADABLE);
		return;
	}
	ts_wire_client_keep(client);
	http->left = head.length;
	enter(http, head.chunked ? CHUNK_SIZE : head.length ? BODY_BEGINS : HEAD);
}

/* One byte more. False: this cannot be followed. */
static bool add_to_head(struct ts_wire_client *client, struct ts_heads_http1 *http)
{
	if (http->n == 2 && ends_with(http, "\r\n")) {
		http->n = 0; /* servers pass over an empty line before a request, too */
		return true;
	}
	if (*http->section != '\r' && http->n <= TS_HEADS_SNIFFED &&
	    ts_heads_sniff(http->section, http->n) > TS_HEADS_HTTP1)
		return false;
	if (ends_with(http, "\r\n\r\n"))
		end_head(client, http);
	return true;
}

/* --- bodies ---------------------------------------------------------------------------- */

/*
 * A client that was refused, with "expect: 100-continue" or without, may send another request in place of the body: then what
 * should pass is a head.
 */
static bool add_to_begin(struct ts_wire_client *client, struct ts_heads_http1 *http)
{
	enum ts_heads_sniffed sniffed = ts_heads_sniff(http->section, http->n);

	if (sniffed == TS_HEADS_HTTP1 || sniffed == TS_HEADS_HTTP2)
		return false;
	if (sniffed == TS_HEADS_MORE && http->n < http->left)
		return true;
	ts_heads_out_pass(&client->out, http->section, http->n);
	http->left -= http->n;
	enter(http, http->left ? BODY : HEAD);
	return true;
}

static int digit(char c)
{
	c = ts_lower(c);
	return ts_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Digits and the end of the line: of extensions nobody knows what they hold. */
static bool add_to_size(struct ts_wire_client *client, struct ts_heads_http1 *http)
{
	bool complete = ends_with(http, "\r\n");
	uint64_t size = 0;

	if (!complete)
		return http->n < SIZE_BYTES &&
		       (digit(http->section[http->n - 1]) >= 0 || ends_with(http, "\r"));
	if (http->n < 3)
		return false;
	for (size_t i = 0; i < http->n - 2; i++)
		size = 16 * size + (uint64_t)digit(http->section[i]);
	if (size)
		ts_heads_out_pass(&client->out, http->section, http->n);
	http->left = size;
	enter(http, size ? CHUNK : TRAILER);
	return true;
}

static bool add_to_chunk_end(struct ts_wire_client *client, struct ts_heads_http1 *http)
{
	if (http->n < 2)
		return *http->section == '\r';
	ts_heads_out_pass(&client->out, "\r\n", 2);
	enter(http, CHUNK_SIZE);
	return true;
}

/* The last chunk goes out with the end of what follows it. */
static bool add_to_trailer(struct ts_wire_client *client, struct ts_heads_http1 *http)
{
	if (!ends_with(http, "\r\n\r\n") && !(http->n == 2 && ends_with(http, "\r\n")))
		return true;
	if (!ts_heads_trailer_is_sound((struct ts_slice){http->section, http->n, 0}))
		return false;
	ts_heads_out_pass(&client->out, "0\r\n\r\n", 5);
	enter(http, HEAD);
	return true;
}

static size_t take_body(struct ts_wire_client *client, struct ts_heads_http1 *http,
			const char *bytes, size_t n)
{
	if (n > http->left)
		n = (size_t)http->left;
	ts_heads_out_pass(&client->out, bytes, n);
	http->left -= n;
	if (!http->left)
		enter(http, http->phase == CHUNK ? CHUNK_END : HEAD);
	return n;
}

/* --- */

static bool add(struct ts_wire_client *client, struct ts_heads_http1 *http)
{
	if (http->phase == BODY_BEGINS)
		return add_to_begin(client, http);
	if (!is_sound(http))
		return false;
	switch (http->phase) {
	case HEAD:
		return add_to_head(client, http);
	case CHUNK_SIZE:
		return add_to_size(client, http);
	case CHUNK_END:
		return add_to_chunk_end(client, http);
	default:
		return add_to_trailer(client, http);
	}
}

size_t ts_heads_http1_take(struct ts_wire_client *client, const char *bytes, size_t n)
{
	struct ts_heads_http1 *http = client->http1;

	if (http->phase == BODY || http->phase == CHUNK)
		return take_body(client, http, bytes, n);
	if (http->n == sizeof(http->section)) {
		ts_wire_client_end(client, TS_WIRE_STATE_UNREADABLE);
		return 1;
	}
	http->section[http->n++] = *bytes;
	if (!add(client, http))
		ts_wire_client_end(client, TS_WIRE_STATE_UNREADABLE);
	return 1;
}

bool ts_heads_http1_miss(struct ts_heads_http1 *http, uint64_t n)
{
	bool in_body = http->phase == BODY || http->phase == CHUNK ||
		       (http->phase == BODY_BEGINS && !http->n);

	if (!in_body || n > http->left)
		return false;
	http->left -= n;
	if (!http->left)
		enter(http, http->phase == CHUNK ? CHUNK_END : HEAD);
	else if (http->phase == BODY_BEGINS)
		enter(http, BODY);
	return true;
}
