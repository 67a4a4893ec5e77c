/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CONNECTIONS_IMPL_H
#define TS_CONNECTIONS_IMPL_H

/*
 * One connection, and what is the same for all: connections.c has the table of them, follow.c reads one, reread.c sees to it
 * that another consumer can.
 */

#include "../wire/wire.h"
#include "connections.h"
#include "history.h"

/* A call that has rows. */
struct ts_told {
	uint8_t span_id[16];
	uint8_t rows;
	bool in_open;
};

/* Where the next byte of a direction lies; not known behind what another consumer forgot. */
struct ts_offset {
	uint64_t at;
	bool known;
};

struct ts_connection {
	struct ts_connection *next; /* in its bucket */
	uint64_t id;
	struct ts_wire *wire;       /* NULL: nothing is under way */
	struct ts_history history;  /* from `start` on */
	uint64_t start;             /* sequence of its first message */
	uint64_t sequence;          /* of the message that is to be fed next */
	uint64_t given_up;          /* what is missing below it does not come any more */
	struct ts_offset base[2];   /* at `start`, by enum ts_wire_direction */
	struct ts_offset offset[2]; /* at `sequence` */
	bool listed;                /* whatever host is called */
	bool dead;                  /* nothing can come of it any more */
	bool closed;
	bool loaded; /* it was closed by another consumer: rings may still have messages of it */
	bool stale;  /* it has to be read again from `start` on */
	bool cut;    /* its history lacks messages that were fed */
	bool forgot; /* `start` has moved, and `open` does not know */
	bool known;  /* `open` has something of it */
	bool held; /* who only looks reads no further: what follows needs messages that `open` lacks */
	struct ts_told *told; /* since `start` */
	size_t n_told, told_room;
	uint64_t rows_forgot; /* of calls told before `start`, of which `open` does not know */
	uint64_t open_rows;   /* of calls under way */
};

#define TS_CONNECTION_BUCKETS 256

struct ts_connections {
	struct ts_fill *fill;
	struct ts_rows *rows;         /* NULL: it only looks */
	ts_connections_look_fn *look; /* NULL, too: not yet */
	void *look_user;
	int look_result;
	const uint8_t *run_id;
	struct ts_wire_settings settings[2]; /* the second for listed addresses */
	struct ts_wire_gateway *gateways;
	char *gateways_text;
	struct ts_connection *buckets[TS_CONNECTION_BUCKETS];
	size_t n;
	size_t bytes; /* of all histories */
	uint64_t rows_told;
	uint64_t rows_in_open; /* that `open` knows of */
	bool behind;           /* some have messages that could not be fed */
	bool all_read;         /* every ring was read to its head once */
	bool exec;             /* the program became another */
	/* while one is fed */
	struct ts_connection *current;
	bool muted;  /* what is told is of no account */
	bool failed; /* what was told has no rows: no memory */
};

/* --- connections.c ------------------------------------------------------------------------- */

/* The connection, made if it is new. 0, NULL where there are too many; or -ENOMEM. */
int ts_connection_get(struct ts_connections *connections, uint64_t id, struct ts_connection **ret);

/* Each in turn: the first for NULL, NULL after the last. */
struct ts_connection *ts_connection_next(const struct ts_connections *connections,
					 const struct ts_connection *connection);

void ts_connection_remove(struct ts_connections *connections, struct ts_connection *connection);

/* --- follow.c ------------------------------------------------------------------------------ */

/* For struct ts_wire_settings; `user` are the connections. */
void ts_connection_asked(void *user, const void *context);
void ts_connection_called(void *user, const struct ts_wire_call *call);

/* Adds to the history. As ts_history_add. */
int ts_connection_add(struct ts_connections *connections, struct ts_connection *connection,
		      struct ts_kept kept);

/* Feeds what is in order. 0; or -ENOMEM: it is stale. */
int ts_connection_feed(struct ts_connections *connections, struct ts_connection *connection);

/* Reads a stale one again as far as it was read. 0 or -ENOMEM. */
int ts_connection_read_again(struct ts_connections *connections, struct ts_connection *connection);

/* What is under way does not end: the program has. 0; or -ENOMEM: it is stale. */
int ts_connection_end(struct ts_connections *connections, struct ts_connection *connection,
		      uint64_t ticks);

/* What was fed is not needed any more. */
void ts_connection_forget(struct ts_connections *connections, struct ts_connection *connection);

/* Adds a call that has rows. 0 or -ENOMEM. */
int ts_connection_tell(struct ts_connection *connection, struct ts_told told);

/* Frees what reads it, which tells of nothing. */
void ts_connection_stop(struct ts_connections *connections, struct ts_connection *connection);

/* The same, but it tells of the calls under way as of such whose end was not recorded. */
void ts_connection_lose(struct ts_connections *connections, struct ts_connection *connection);

#endif
