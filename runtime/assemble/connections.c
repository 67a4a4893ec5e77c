// SPDX-License-Identifier: Apache-2.0
#include "connections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../log/event.h"
#include "connections_impl.h"

#define LEAST_BYTES  4096 /* of a request or answer, so that models and counts are found */
#define EARLY_MOST   (4 * TS_HISTORIES_MOST) /* as much as all rings of a program */
#define EARLY_OF_ONE (2 * TS_HISTORIES_MOST) /* more than a thread leaves behind in rings */
#define ROWS_AT_END  256
#define LOOK_BYTES   ((size_t)128 << 10) /* of a connection, for who only looks */

/* --- settings -------------------------------------------------------------------------- */

/* "HOST[/PATH] PROVIDER", which becomes three strings. False: it is none. */
static bool split_gateway(char *text, struct ts_wire_gateway *ret, char *path, size_t path_room)
{
	char *space = strchr(text, ' '), *slash;

	if (!space)
		return false;
	*space = 0;
	slash = strchr(text, '/');
	*ret = (struct ts_wire_gateway){.host = text, .provider = space[1] ? space + 1 : NULL};
	if (!slash)
		return true;
	if (strlen(slash) >= path_room)
		return false;
	strcpy(path, slash);
	ret->path = path;
	*slash = 0;
	return true;
}

/* 0 or -ENOMEM. */
static int read_gateways(struct ts_connections *connections)
{
	const char *text = connections->fill->settings->gateways;
	size_t bytes = strlen(text) + 1, n = 1;
	char *rest, *one, *path;

	for (const char *at = text; *at; at++)
		n += *at == ',';
	/* a path is moved, for its '/' ends the host */
	connections->gateways_text = malloc(bytes * 3);
	connections->gateways = calloc(n, sizeof(*connections->gateways));
	if (!connections->gateways_text || !connections->gateways)
		return -ENOMEM;
	memcpy(connections->gateways_text, text, bytes);
	path = connections->gateways_text + bytes;
	rest = connections->gateways_text;
	n = 0;
	while ((one = strsep(&rest, ","))) {
		struct ts_wire_gateway *gateway = &connections->gateways[n];
		size_t room = (size_t)(connections->gateways_text + bytes * 3 - path);

		if (!split_gateway(one, gateway, path, room))
			continue;
		path += gateway->path ? strlen(gateway->path) + 1 : 0;
		n++;
	}
	connections->settings[0].n_gateways = n;
	return 0;
}

static int set_up(struct ts_connections *connections)
{
	size_t most = connections->fill->settings->capture_bytes;
	struct ts_wire_settings *settings = connections->settings;

	if (read_gateways(connections) < 0)
		return -ENOMEM;
	most = most > LEAST_BYTES && connections->rows ? most : LEAST_BYTES;
	settings[0].gateways = connections->gateways;
	settings[0].asked = ts_connection_asked;
	settings[0].called = ts_connection_called;
	settings[0].user = connections;
	settings[0].request_bytes = settings[0].answer_bytes = most;
	settings[0].connection_bytes = connections->rows ? 0 : LOOK_BYTES;
	settings[1] = settings[0];
	settings[1].any_host = true;
	return 0;
}

int ts_connections_new(struct ts_connections **ret, struct ts_fill *fill, struct ts_rows *rows,
		       const uint8_t run_id[16])
{
	struct ts_connections *connections = calloc(1, sizeof(*connections));

	if (!connections)
		return -ENOMEM;
	connections->fill = fill;
	connections->rows = rows;
	connections->run_id = run_id;
	if (set_up(connections) < 0) {
		ts_connections_free(connections);
		return -ENOMEM;
	}
	*ret = connections;
	return 0;
}

void ts_connections_free(struct ts_connections *connections)
{
	struct ts_connection *connection;

	if (!connections)
		return;
	while ((connection = ts_connection_next(connections, NULL)))
		ts_connection_remove(connections, connection);
	free(connections->gateways);
	free(connections->gateways_text);
	free(connections);
}

/* --- the table ------------------------------------------------------------------------- */

static struct ts_connection **bucket_of(struct ts_connections *connections, uint64_t id)
{
	return &connections->buckets[id % TS_CONNECTION_BUCKETS];
}

struct ts_connection *ts_connection_next(const struct ts_connections *connections,
					 const struct ts_connection *connection)
{
	size_t bucket = connection ? connection->id % TS_CONNECTION_BUCKETS + 1 : 0;

	if (connection && connection->next)
		return connection->next;
	while (bucket < TS_CONNECTION_BUCKETS && !connections->buckets[bucket])
		bucket++;
	return bucket < TS_CONNECTION_BUCKETS ? connections->buckets[bucket] : NULL;
}

void ts_connection_remove(struct ts_connections *connections, struct ts_connection *connection)
{
	struct ts_connection **link = bucket_of(connections, connection->id);

	while (*link != connection)
		link = &(*link)->next;
	*link = connection->next;
	connections->n--;
	connections->bytes -= connection->history.bytes;
	ts_connection_stop(connections, connection);
	ts_history_release(&connection->history);
	free(connection->told);
	free(connection);
}

/* One that rests has nothing to lose but its place in the numbers: what comes next is read as that of one joined late. */
static bool make_room(struct ts_connections *connections)
{
	struct ts_connection *connection = NULL;

	if (connections->n < TS_CONNECTIONS_MOST)
		return true;
	while ((connection = ts_connection_next(connections, connection))) {
		if (connection->wire || connection->history.n || connection->rows_forgot ||
		    connection->stale || connection->loaded)
			continue;
		ts_connection_remove(connections, connection);
		return true;
	}
	return false;
}

int ts_connection_get(struct ts_connections *connections, uint64_t id, struct ts_connection **ret)
{
	struct ts_connection **bucket = bucket_of(connections, id), *connection = *bucket;

	while (connection && connection->id != id)
		connection = connection->next;
	*ret = connection;
	if (connection || !make_room(connections))
		return 0;
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return -ENOMEM;
	connection->id = id;
	for (int i = 0; i < 2; i++)
		connection->base[i].known = connection->offset[i].known = true;
	connection->next = *bucket;
	*bucket = connection;
	connections->n++;
	*ret = connection;
	return 0;
}

/* --- reading --------------------------------------------------------------------------- */

static size_t early_bytes(const struct ts_connection *connection)
{
	return connection->history.bytes - connection->history.fed_bytes;
}

int ts_connections_take(struct ts_connections *connections, const struct ts_event_message *message)
{
	struct ts_connection *connection;
	int result = ts_connection_get(connections, message->connection, &connection);

	if (result < 0 || !connection)
		return result;
	if (connection->closed || message->sequence < connection->sequence ||
	    message->sequence < connection->given_up)
		return 0;
	if (connection->held) {
		connection->closed = message->event.flags & TS_MESSAGE_LAST;
		return 0;
	}
	result = ts_connection_add(connections, connection, (struct ts_kept){.message = message});
	if (result <= 0)
		return result;
	if (early_bytes(connection) > EARLY_OF_ONE || connections->bytes > EARLY_MOST)
		connection->given_up = ts_history_next(&connection->history)->sequence;
	ts_connection_feed(connections, connection); /* if it fails, it is to be caught up */
	return 0;
}

int ts_connections_catch_up(struct ts_connections *connections)
{
	struct ts_connection *connection = NULL;
	bool behind = false;

	if (!connections->behind)
		return 0;
	while ((connection = ts_connection_next(connections, connection))) {
		if (connection->stale && ts_connection_read_again(connections, connection) < 0)
			behind = true;
		else if (ts_connection_feed(connections, connection) < 0)
			behind = true;
	}
	connections->behind = behind;
	return behind ? -ENOMEM : 0;
}

void ts_connections_age(struct ts_connections *connections, unsigned rounds)
{
	struct ts_connection *connection = NULL;

	connections->all_read = true;
	while ((connection = ts_connection_next(connections, connection))) {
		struct ts_history *history = &connection->history;

		for (size_t i = history->n_fed; i < history->n && !connection->held; i++)
			if (++history->kept[i].rounds >= rounds)
				connection->given_up = history->kept[i].message->sequence;
		ts_connection_feed(connections, connection);
	}
}

int ts_connections_end(struct ts_connections *connections, uint64_t ticks, bool exec)
{
	size_t before = connections->rows->n_spans;
	struct ts_connection *connection = NULL;
	int result = ts_connections_catch_up(connections);

	connections->exec = exec;
	while (result == 0 && (connection = ts_connection_next(connections, connection))) {
		if (connections->rows->n_spans - before >= ROWS_AT_END)
			return 1;
		if (!connection->closed)
			result = ts_connection_end(connections, connection, ticks);
	}
	return result;
}

int ts_connections_look(struct ts_connections *connections, ts_connections_look_fn *look,
			void *user)
{
	struct ts_connection *connection = NULL;

	ts_connections_age(connections, 1);
	if (connections->behind)
		return -ENOMEM;
	connections->look = look;
	connections->look_user = user;
	while ((connection = ts_connection_next(connections, connection)))
		if (!connection->closed)
			ts_connection_lose(connections, connection);
	return connections->look_result;
}

/* --- what there is --------------------------------------------------------------------- */

struct ts_wire_rows ts_connections_rows(const struct ts_connections *connections)
{
	struct ts_wire_rows rows = {.told = connections->rows_told};
	struct ts_connection *connection = NULL;

	while ((connection = ts_connection_next(connections, connection)))
		rows.open += connection->open_rows;
	return rows;
}

bool ts_connections_are_busy(const struct ts_connections *connections)
{
	struct ts_connection *connection = NULL;

	while ((connection = ts_connection_next(connections, connection)))
		if (connection->open_rows || connection->stale || early_bytes(connection))
			return true;
	return connections->behind;
}
