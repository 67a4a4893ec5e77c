// SPDX-License-Identifier: Apache-2.0
/*
 * Connections in the segment `open`. Of each, in this order, so that whoever finds only the first of it reads the rest in the
 * rings, whose tails have not moved then:
 *
 *   told, FORGET    nothing before `sequence` is needed; `rows` counts calls that were told of until there
 *   messages        since
 *   told            of each call that has rows, by its span
 *   told            of no call: messages below `sequence` were read, although not all of them stand here
 *
 * `rows` is what all of the program's calls came to, as far as it is told here: it grows with each record that adds some.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "connections_impl.h"

/* --- from there ------------------------------------------------------------------------ */

static int load_message(struct ts_connections *connections, struct ts_connection *connection,
			const struct ts_event_message *message)
{
	struct ts_kept kept = {.owned = true, .in_open = true};
	void *copy;
	int result;

	if (message->sequence < connection->start || connection->closed)
		return 0;
	copy = malloc(message->event.bytes);
	if (!copy)
		return -ENOMEM;
	kept.message = memcpy(copy, message, message->event.bytes);
	result = ts_connection_add(connections, connection, kept);
	if (result <= 0)
		free(copy);
	return result < 0 ? result : 0;
}

/* What was forgotten by another. */
static void load_forgotten(struct ts_connections *connections, struct ts_connection *connection,
			   const struct ts_event_told *told)
{
	const struct ts_event_message *message;

	while ((message = ts_history_next(&connection->history)) &&
	       message->sequence < told->sequence) {
		connections->bytes -= message->event.bytes;
		ts_history_skip(&connection->history);
	}
	connection->n_told = 0;
	connection->held = false;
	connection->start = connection->sequence = told->sequence;
	for (int i = 0; i < 2; i++)
		connection->base[i].known = connection->offset[i].known = false;
	connection->closed = connection->loaded = told->event.flags & TS_TOLD_CLOSED;
}

static int load_told(struct ts_connections *connections, struct ts_connection *connection,
		     const struct ts_event_told *told)
{
	bool of_call = memcmp(told->span_id, (uint8_t[16]){0}, sizeof(told->span_id)) != 0;
	struct ts_told call = {.in_open = true};

	if (told->event.flags & TS_TOLD_FORGET)
		load_forgotten(connections, connection, told);
	else
		connection->held |= !of_call && !connections->rows;
	if (told->sequence > connection->given_up && !connection->held)
		connection->given_up = told->sequence;
	if (!of_call)
		return 0;
	memcpy(call.span_id, told->span_id, sizeof(call.span_id));
	return ts_connection_tell(connection, call);
}

int ts_connections_load(struct ts_connections *connections, const struct ts_event *event)
{
	const struct ts_event_message *message = (const void *)event;
	const struct ts_event_told *told = (const void *)event;
	bool is_told = event->type == TS_EVENT_TOLD;
	struct ts_connection *connection;
	int result;

	if (is_told && told->rows > connections->rows_told && told->rows <= INT64_MAX)
		connections->rows_told = connections->rows_in_open = told->rows;
	if (is_told && !told->connection)
		return 0;
	result = ts_connection_get(connections, is_told ? told->connection : message->connection,
				   &connection);
	if (result < 0 || !connection)
		return result;
	connection->known = connections->behind = true;
	return is_told ? load_told(connections, connection, told)
		       : load_message(connections, connection, message);
}

/* --- to there -------------------------------------------------------------------------- */

static void add_told(struct ts_bytes *to, uint64_t connection, uint16_t flags, uint64_t sequence,
		     const uint8_t *span_id, uint64_t rows)
{
	struct ts_event_told told = {
		.event = {.type = TS_EVENT_TOLD, .flags = flags, .bytes = sizeof(told)},
		.connection = connection,
		.rows = rows,
		.sequence = sequence < UINT32_MAX ? (uint32_t)sequence : UINT32_MAX,
	};

	if (span_id)
		memcpy(told.span_id, span_id, sizeof(told.span_id));
	ts_bytes_add(to, &told, sizeof(told));
}

static void gather_forgotten(const struct ts_connection *connection, struct ts_bytes *to,
			     uint64_t rows)
{
	add_told(to, connection->id, TS_TOLD_FORGET | (connection->closed ? TS_TOLD_CLOSED : 0),
		 connection->start, NULL, rows);
}

static void gather_one(const struct ts_connection *connection, bool all, struct ts_bytes *to,
		       uint64_t *rows)
{
	const struct ts_history *history = &connection->history;

	*rows += all ? 0 : connection->rows_forgot;
	/* of one that has come and gone `open` need not know, unless its rows count */
	if ((all || connection->forgot) &&
	    (!connection->closed || connection->known || connection->rows_forgot))
		gather_forgotten(connection, to, *rows);
	if (connection->closed)
		return;
	for (size_t i = 0; i < history->n; i++)
		if (all || !history->kept[i].in_open)
			ts_bytes_add(to, history->kept[i].message,
				     history->kept[i].message->event.bytes);
	for (size_t i = 0; i < connection->n_told; i++) {
		const struct ts_told *told = &connection->told[i];

		if (told->in_open && !all)
			continue;
		*rows += all ? 0 : told->rows;
		add_told(to, connection->id, 0, connection->start, told->span_id, *rows);
	}
	if (connection->cut)
		add_told(to, connection->id, 0, connection->sequence, NULL, *rows);
}

int ts_connections_gather(struct ts_connections *connections, bool all, struct ts_bytes *to,
			  uint64_t *ret_live)
{
	uint64_t rows = all ? connections->rows_told : connections->rows_in_open;
	struct ts_connection *connection = NULL;

	*ret_live = 0;
	if (all && rows)
		add_told(to, 0, 0, 0, NULL, rows);
	while ((connection = ts_connection_next(connections, connection))) {
		if (ts_history_own(&connection->history) < 0)
			return -ENOMEM;
		*ret_live += connection->history.bytes +
			     (connection->n_told + 1) * sizeof(struct ts_event_told);
		gather_one(connection, all, to, &rows);
	}
	return to->failed ? -ENOMEM : 0;
}

void ts_connections_note_all_in(struct ts_connections *connections)
{
	struct ts_connection *next, *connection = ts_connection_next(connections, NULL);

	connections->rows_in_open = connections->rows_told;
	for (; connection; connection = next) {
		next = ts_connection_next(connections, connection);
		connection->known = true;
		connection->forgot = false;
		connection->rows_forgot = 0;
		for (size_t i = 0; i < connection->history.n; i++)
			connection->history.kept[i].in_open = true;
		for (size_t i = 0; i < connection->n_told; i++)
			connection->told[i].in_open = true;
		if (connection->closed && (!connection->loaded || connections->all_read))
			ts_connection_remove(connections, connection);
	}
}
