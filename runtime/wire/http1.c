// SPDX-License-Identifier: Apache-2.0
#include "http1.h"

#include <http_parser.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"
#include "sniff.h"

#define NAME_BYTES   64
#define VALUE_BYTES  1024
#define TARGET_BYTES 4096
#define MOST_OPEN    1024 /* requests without a response; beyond, the connection is given up */

/* A request that has no response yet. */
struct asked {
	struct asked *next;
	struct ts_exchange *exchange; /* NULL: it is no call */
	bool head;                    /* HEAD: its response has no body */
	bool connect;
};

struct side {
	struct ts_http1 *http;
	enum ts_wire_direction direction;
	http_parser parser;
	bool lost;
	bool in_message;
	bool in_body;
	bool in_trailer;
	bool in_value; /* the header's value has begun */
	bool missing;  /* what is parsed stands for bytes that nobody saw */
	uint64_t
		left; /* of the body, or of its chunk; UINT64_MAX: up to the end of the connection */
	uint64_t began;      /* ticks of the message's first byte */
	struct asked *asked; /* the request of the message; NULL: unknown, or done with */
	char name[NAME_BYTES];
	char value[VALUE_BYTES];
	char target[TARGET_BYTES];
	size_t name_bytes, value_bytes, target_bytes;
};

struct ts_http1 {
	const struct ts_wire_settings *settings;
	struct ts_memory *memory;
	struct side sides[2];
	struct asked *first;
	unsigned n_asked;
	struct ts_ordinals ordinals;
	bool dead;   /* nothing can come of it any more */
	bool tunnel; /* a CONNECT waits for its answer */
	uint64_t ticks;
	const void *context;
};

/* --- requests without a response ------------------------------------------------------- */

static void finish_first(struct ts_http1 *http, enum ts_exchange_end end)
{
	struct asked *asked = http->first;

	http->first = asked->next;
	http->n_asked--;
	for (int i = 0; i < 2; i++) {
		if (http->sides[i].asked == asked)
			http->sides[i].asked = NULL;
	}
	if (asked->exchange)
		ts_exchange_finish(asked->exchange, end, http->ticks);
	free(asked);
}

static void finish_all(struct ts_http1 *http, enum ts_exchange_end end)
{
	while (http->first)
		finish_first(http, end);
}

static struct asked *add_asked(struct ts_http1 *http)
{
	struct asked *asked = http->n_asked < MOST_OPEN ? calloc(1, sizeof(*asked)) : NULL,
		     **last = &http->first;

	if (!asked) {
		http->dead = true;
		return NULL;
	}
	while (*last)
		last = &(*last)->next;
	*last = asked;
	http->n_asked++;
	asked->exchange = ts_exchange_new(http->settings, http->memory, "1.1", http->ticks,
					  http->context, &http->ordinals);
	return asked;
}

/* --- what the parser tells ------------------------------------------------------------- */

static struct ts_exchange *exchange_of(const struct side *side)
{
	return side->asked ? side->asked->exchange : NULL;
}

static int message_begins(http_parser *parser)
{
	struct side *side = parser->data;

	side->began = side->http->ticks;
	side->in_message = true;
	side->in_trailer = side->in_value = false;
	side->name_bytes = side->value_bytes = side->target_bytes = 0;
	side->asked = side->direction == TS_WIRE_SENT ? add_asked(side->http) : side->http->first;
	return 0;
}

static void keep(char *to, size_t *bytes, size_t room, const char *data, size_t n)
{
	size_t free_room = room - *bytes;

	memcpy(to + *bytes, data, n < free_room ? n : free_room);
	*bytes += n < free_room ? n : free_room;
}

static int target_comes(http_parser *parser, const char *data, size_t n)
{
	struct side *side = parser->data;

	keep(side->target, &side->target_bytes, sizeof(side->target), data, n);
	return 0;
}

/* A header is complete. */
static void end_field(struct side *side)
{
	struct ts_exchange *exchange = exchange_of(side);

	if (exchange && side->name_bytes && !side->in_trailer)
		ts_exchange_field(exchange, side->direction,
				  (struct ts_text){side->name, side->name_bytes},
				  (struct ts_text){side->value, side->value_bytes});
	side->in_value = false;
	side->name_bytes = side->value_bytes = 0;
}

static int name_comes(http_parser *parser, const char *data, size_t n)
{
	struct side *side = parser->data;

	if (side->in_value)
		end_field(side);
	keep(side->name, &side->name_bytes, sizeof(side->name), data, n);
	return 0;
}

static int value_comes(http_parser *parser, const char *data, size_t n)
{
	struct side *side = parser->data;

	side->in_value = true;
	keep(side->value, &side->value_bytes, sizeof(side->value), data, n);
	return 0;
}

static void begin_body(struct side *side)
{
	side->in_trailer = side->in_body = true;
	side->left = side->parser.flags & F_CHUNKED ? 0 : side->parser.content_length;
}

static int request_head_ends(http_parser *parser)
{
	struct side *side = parser->data;
	struct ts_exchange *exchange = exchange_of(side);
	const char *method = http_method_str((enum http_method)parser->method);

	end_field(side);
	begin_body(side);
	if (!side->asked)
		return 0;
	side->asked->head = parser->method == HTTP_HEAD;
	side->asked->connect = parser->method == HTTP_CONNECT;
	if (!exchange)
		return 0;
	if (parser->http_minor == 0)
		ts_exchange_http(exchange, "1.0");
	ts_exchange_method(exchange, (struct ts_text){method, strlen(method)});
	ts_exchange_target(exchange, (struct ts_text){side->target, side->target_bytes});
	if (!ts_exchange_asked(exchange)) {
		ts_exchange_finish(exchange, TS_EXCHANGE_COMPLETE, side->http->ticks);
		side->asked->exchange = NULL;
	}
	return 0;
}

static bool is_interim(const http_parser *parser)
{
	return parser->status_code < 200 && parser->status_code != 101;
}

/* Whatever length it tells of. */
static bool is_empty(const http_parser *parser)
{
	return parser->status_code == 204 || parser->status_code == 304;
}

/* 1: no body comes; 2: nor any other message. */
static int response_head_ends(http_parser *parser)
{
	struct side *side = parser->data;
	struct ts_exchange *exchange = exchange_of(side);

	end_field(side);
	begin_body(side);
	if (is_interim(parser))
		return 0;
	if (!side->asked)
		return is_empty(parser);
	if (exchange) {
		ts_exchange_answered(exchange, side->began);
		ts_exchange_status(exchange, parser->status_code);
	}
	if (side->asked->connect && parser->status_code / 100 == 2)
		return 2;
	return side->asked->head || is_empty(parser);
}

static int body_comes(http_parser *parser, const char *data, size_t n)
{
	struct side *side = parser->data;
	struct ts_exchange *exchange = exchange_of(side);

	if (side->left != UINT64_MAX)
		side->left -= n;
	if (exchange && !side->missing)
		ts_exchange_body(exchange, side->direction, data, n, side->http->ticks);
	return 0;
}

static int chunk_begins(http_parser *parser)
{
	struct side *side = parser->data;

	side->left = parser->content_length;
	return 0;
}

static int request_ends(http_parser *parser)
{
	struct side *side = parser->data;

	side->in_message = side->in_body = false;
	side->http->tunnel = side->asked && side->asked->connect;
	side->asked = NULL;
	return 0;
}

/* Who is answered well has sent all of the request: what was not seen of its body by now has passed all the same. */
static void miss_rest(struct side *sent, const struct asked *answered)
{
	if (sent->asked == answered && answered->exchange && sent->in_body && sent->left &&
	    sent->left != UINT64_MAX)
		ts_exchange_miss(answered->exchange, TS_WIRE_SENT, sent->left);
}

static int response_ends(http_parser *parser)
{
	struct side *side = parser->data;
	struct ts_http1 *http = side->http;

	side->in_message = side->in_body = false;
	if (is_interim(parser) || !side->asked)
		return 0;
	http->dead |= parser->status_code == 101 ||
		      (side->asked->connect && parser->status_code / 100 == 2);
	http->tunnel &= !side->asked->connect;
	if (parser->status_code < 400)
		miss_rest(&http->sides[TS_WIRE_SENT], side->asked);
	finish_first(http,
		     parser->status_code == 101 ? TS_EXCHANGE_SWITCHED : TS_EXCHANGE_COMPLETE);
	return 0;
}

static const http_parser_settings callbacks[2] = {
	[TS_WIRE_SENT] = {.on_message_begin = message_begins,
			  .on_url = target_comes,
			  .on_header_field = name_comes,
			  .on_header_value = value_comes,
			  .on_headers_complete = request_head_ends,
			  .on_body = body_comes,
			  .on_message_complete = request_ends,
			  .on_chunk_header = chunk_begins},
	[TS_WIRE_RECEIVED] = {.on_message_begin = message_begins,
			      .on_header_field = name_comes,
			      .on_header_value = value_comes,
			      .on_headers_complete = response_head_ends,
			      .on_body = body_comes,
			      .on_message_complete = response_ends,
			      .on_chunk_header = chunk_begins},
};

/* --- */

static void begin_side(struct side *side)
{
	http_parser_init(&side->parser,
			 side->direction == TS_WIRE_SENT ? HTTP_REQUEST : HTTP_RESPONSE);
	side->parser.data = side;
	side->lost = side->in_message = side->in_body = false;
	side->asked = NULL;
}

struct ts_http1 *ts_http1_new(const struct ts_wire_settings *settings, struct ts_memory *memory,
			      bool joined)
{
	struct ts_http1 *http = calloc(1, sizeof(*http));

	if (!http)
		return NULL;
	http->settings = settings;
	http->memory = memory;
	for (int i = 0; i < 2; i++) {
		http->sides[i].http = http;
		http->sides[i].direction = (enum ts_wire_direction)i;
		begin_side(&http->sides[i]);
		http->sides[i].lost = joined;
	}
	return http;
}

/* What follows in this direction cannot be read until a message begins. */
static void lose(struct side *side)
{
	struct ts_exchange *exchange = exchange_of(side);

	side->lost = true;
	if (side->direction == TS_WIRE_RECEIVED)
		finish_all(side->http, TS_EXCHANGE_UNSEEN);
	else if (exchange)
		ts_exchange_miss(exchange, TS_WIRE_SENT, 0);
	side->asked = NULL;
}

/* The first bytes of a piece, behind a loss. */
static bool is_found(struct side *side, const char *bytes, size_t n)
{
	if (side->direction == TS_WIRE_SENT)
		return ts_sniff(bytes, n) == TS_SNIFFED_HTTP1;
	return side->http->first && n > 7 && !memcmp(bytes, "HTTP/1.", 7);
}

/*
 * Bytes that nobody saw. Within a body the parser counts down what is left of it, and looks at none of its bytes: so it is
 * told that all but one have passed (2.9.4: `content_length`, in a body by length and in a chunk), and is given that one.
 */
static void skip(struct side *side, uint64_t gap)
{
	struct ts_exchange *exchange = exchange_of(side);

	if (side->lost)
		return;
	if (!side->in_body || side->left < gap) {
		lose(side);
		return;
	}
	if (exchange)
		ts_exchange_miss(exchange, side->direction, gap);
	if (side->left == UINT64_MAX)
		return;
	side->left -= gap - 1;
	side->parser.content_length -= gap - 1;
	side->missing = true;
	http_parser_execute(&side->parser, &callbacks[side->direction], "", 1);
	side->missing = false;
}

static void parse(struct side *side, const char *bytes, size_t n)
{
	struct ts_http1 *http = side->http;

	while (n && !http->dead && !side->lost) {
		size_t parsed =
			http_parser_execute(&side->parser, &callbacks[side->direction], bytes, n);

		if (HTTP_PARSER_ERRNO(&side->parser) != HPE_OK || !parsed) {
			lose(side);
			return;
		}
		bytes += parsed;
		n -= parsed;
		/* a request that offers another protocol is a request all the same, as is what follows it */
		side->parser.upgrade = 0;
		if (side->direction == TS_WIRE_SENT && http->tunnel)
			return;
	}
}

bool ts_http1_feed(struct ts_http1 *http, enum ts_wire_direction direction, const char *bytes,
		   size_t n, uint64_t gap, uint64_t ticks, const void *context)
{
	struct side *side = &http->sides[direction];

	http->ticks = ticks;
	http->context = context;
	if (gap)
		skip(side, gap);
	if (n && side->lost && is_found(side, bytes, n))
		begin_side(side);
	if (!(direction == TS_WIRE_SENT && http->tunnel))
		parse(side, bytes, n);
	if (http->dead)
		finish_all(http, TS_EXCHANGE_UNSEEN);
	return !http->dead;
}

enum ts_wire_progress ts_http1_progress(const struct ts_http1 *http)
{
	bool lost = false;

	if (http->first)
		return TS_WIRE_BUSY;
	for (int i = 0; i < 2; i++) {
		lost |= http->sides[i].lost;
		if (http->sides[i].in_message && !http->sides[i].lost)
			return TS_WIRE_BUSY;
	}
	return lost ? TS_WIRE_IDLE : TS_WIRE_FRESH;
}

void ts_http1_close(struct ts_http1 *http, enum ts_wire_how how, uint64_t ticks)
{
	struct side *side = &http->sides[TS_WIRE_RECEIVED];

	http->ticks = ticks;
	/* a body without a length ends here */
	if (how == TS_WIRE_BY_PEER && !http->dead && !side->lost)
		http_parser_execute(&side->parser, &callbacks[TS_WIRE_RECEIVED], NULL, 0);
	finish_all(http, ts_exchange_end_by(how));
	free(http);
}
