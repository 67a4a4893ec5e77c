// SPDX-License-Identifier: Apache-2.0
/* One connection: its messages in their order to the reader of wires, the calls that it tells of to rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../log/event.h"
#include "connections_impl.h"
#include "wirecall.h"

/* --- calls ----------------------------------------------------------------------------- */

static unsigned rows_of(const struct ts_connections *connections, const void *context)
{
	struct ts_sender sender;

	memcpy(&sender, context, sizeof(sender));
	return ts_wirecall_rows(&sender, connections->fill->settings->orphans);
}

void ts_connection_asked(void *user, const void *context)
{
	struct ts_connections *connections = user;

	connections->current->open_rows += rows_of(connections, context);
}

static bool is_told(const struct ts_connection *connection, const struct ts_uuid *id)
{
	for (size_t i = 0; i < connection->n_told; i++)
		if (!memcmp(connection->told[i].span_id, id->bytes, sizeof(id->bytes)))
			return true;
	return false;
}

int ts_connection_tell(struct ts_connection *connection, struct ts_told told)
{
	size_t room = connection->told_room ? connection->told_room * 2 : 4;
	struct ts_told *grown;

	if (connection->n_told == connection->told_room) {
		grown = reallocarray(connection->told, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		connection->told = grown;
		connection->told_room = room;
	}
	connection->told[connection->n_told++] = told;
	return 0;
}

/* 0 or -ENOMEM. */
static int add_rows(struct ts_connections *connections, const struct ts_told_call *call,
		    const struct ts_uuid *id, unsigned n_rows)
{
	struct ts_told told = {.rows = (uint8_t)n_rows};
	struct ts_rows *rows = connections->rows;

	memcpy(told.span_id, id->bytes, sizeof(told.span_id));
	if (ts_rows_reserve(rows) < 0 ||
	    ts_wirecall_fill(connections->fill, call, &rows->traces[rows->n_traces],
			     &rows->spans[rows->n_spans]) < 0 ||
	    ts_connection_tell(connections->current, told) < 0)
		return -ENOMEM;
	rows->n_spans++;
	rows->n_traces += n_rows - 1;
	connections->rows_told += n_rows;
	return 0;
}

/* Of a call that has all of its answer nothing is under way, whatever passes yet. */
static void look_at(struct ts_connections *connections, const struct ts_told_call *told)
{
	if (connections->look && told->call->outcome == TS_WIRE_UNSEEN &&
	    connections->look_result == 0)
		connections->look_result = connections->look(connections->look_user, told);
}

void ts_connection_called(void *user, const struct ts_wire_call *call)
{
	struct ts_connections *connections = user;
	struct ts_connection *connection = connections->current;
	unsigned n_rows = rows_of(connections, call->context);
	struct ts_told_call told = {
		.call = call,
		.connection = connection->id,
		.run_id = connections->run_id,
		.exec = connections->exec,
	};
	struct ts_uuid id;

	connection->open_rows -= n_rows;
	if (connections->muted || connections->failed || !n_rows)
		return;
	memcpy(&told.sender, call->context, sizeof(told.sender));
	id = ts_wirecall_id(&connections->fill->clock, &told);
	if (is_told(connection, &id))
		return;
	if (!connections->rows)
		look_at(connections, &told);
	else if (add_rows(connections, &told, &id, n_rows) < 0)
		connections->failed = true;
}

/* --- what is undone where memory ran out ------------------------------------------------ */

struct before {
	size_t n_traces, n_spans, n_told;
	uint64_t rows_told;
};

static struct before begin(struct ts_connections *connections, struct ts_connection *connection)
{
	const struct ts_rows *rows = connections->rows;

	connections->current = connection;
	connections->failed = false;
	return (struct before){rows ? rows->n_traces : 0, rows ? rows->n_spans : 0,
			       connection->n_told, connections->rows_told};
}

/* As it was; but the reader has gone on, so it has to begin anew. */
static int undo(struct ts_connections *connections, const struct before *before)
{
	struct ts_connection *connection = connections->current;

	if (connections->rows) {
		connections->rows->n_traces = before->n_traces;
		connections->rows->n_spans = before->n_spans;
	}
	connections->rows_told = before->rows_told;
	connection->n_told = before->n_told;
	connection->stale = connections->behind = true;
	return -ENOMEM;
}

/* --- feeding --------------------------------------------------------------------------- */

static void fill_sender(const struct ts_event_message *message,
			uint8_t context[TS_WIRE_CONTEXT_BYTES])
{
	struct ts_text tenant = ts_message_tenant(message);
	struct ts_sender sender = {
		.flags = message->event.flags & (TS_MESSAGE_INSIDE | TS_MESSAGE_PARENT),
		.tid = message->tid,
		.sequence = message->sequence,
		.tenant_bytes = message->tenant_bytes,
	};

	memcpy(sender.trace_id, message->trace_id, sizeof(sender.trace_id));
	memcpy(sender.parent_id, message->parent_id, sizeof(sender.parent_id));
	memcpy(sender.tenant, tenant.data, tenant.bytes);
	memset(context, 0, TS_WIRE_CONTEXT_BYTES);
	memcpy(context, &sender, sizeof(sender));
}

static enum ts_wire_how how_of(const struct ts_event_message *message)
{
	static const enum ts_wire_how hows[] = {
		[TS_ENDING_CLIENT] = TS_WIRE_BY_CLIENT,
		[TS_ENDING_PEER] = TS_WIRE_BY_PEER,
		[TS_ENDING_ERROR] = TS_WIRE_BY_ERROR,
		[TS_ENDING_UNSEEN] = TS_WIRE_BY_LOSS,
	};

	return hows[message->ending];
}

/* Bytes before the message that nobody saw. `skipped`: messages before it are missing. */
static uint64_t gap_before(const struct ts_event_message *message, const struct ts_offset *offset,
			   bool skipped)
{
	if (offset->known)
		return message->offset > offset->at ? message->offset - offset->at : 0;
	return skipped;
}

static void close_wire(struct ts_connection *connection, enum ts_wire_how how, uint64_t ticks)
{
	ts_wire_close(connection->wire, how, ticks);
	connection->wire = NULL;
}

void ts_connection_stop(struct ts_connections *connections, struct ts_connection *connection)
{
	connections->current = connection;
	connections->muted = true;
	close_wire(connection, TS_WIRE_BY_LOSS, 0);
	connections->muted = false;
	connection->open_rows = 0;
}

void ts_connection_lose(struct ts_connections *connections, struct ts_connection *connection)
{
	connections->current = connection;
	close_wire(connection, TS_WIRE_BY_LOSS, 0);
}

/* 0 or -ENOMEM. */
static int feed_text(struct ts_connections *connections, struct ts_connection *connection,
		     const struct ts_event_message *message, uint64_t gap)
{
	bool received = message->event.flags & TS_MESSAGE_RECEIVED;
	struct ts_text text = ts_message_text(message);
	uint8_t context[TS_WIRE_CONTEXT_BYTES];

	if (connection->dead || (!text.bytes && !gap))
		return 0;
	if (!connection->wire &&
	    ts_wire_new(&connection->wire, &connections->settings[connection->listed]) < 0)
		return -ENOMEM;
	fill_sender(message, context);
	if (!ts_wire_feed(connection->wire, received ? TS_WIRE_RECEIVED : TS_WIRE_SENT, text.data,
			  text.bytes, gap, message->ticks, context)) {
		close_wire(connection, TS_WIRE_BY_LOSS, message->ticks);
		connection->dead = true;
	}
	return 0;
}

static int feed_one(struct ts_connections *connections, struct ts_connection *connection,
		    const struct ts_event_message *message)
{
	struct ts_offset *offset =
		&connection->offset[!!(message->event.flags & TS_MESSAGE_RECEIVED)];
	bool skipped = message->sequence > connection->sequence;
	struct before before = begin(connections, connection);

	connection->listed |= (message->event.flags & TS_MESSAGE_LISTED) != 0;
	if (feed_text(connections, connection, message, gap_before(message, offset, skipped)) < 0)
		return undo(connections, &before);
	if (message->event.flags & TS_MESSAGE_LAST) {
		close_wire(connection, how_of(message), message->ticks);
		connection->closed = true;
	}
	if (connections->failed)
		return undo(connections, &before);
	*offset = (struct ts_offset){message->offset + message->text_bytes, true};
	connection->sequence = (uint64_t)message->sequence + 1;
	return 0;
}

/* --- what is kept ---------------------------------------------------------------------- */

int ts_connection_add(struct ts_connections *connections, struct ts_connection *connection,
		      struct ts_kept kept)
{
	int result = ts_history_add(&connection->history, kept);

	if (result > 0)
		connections->bytes += kept.message->event.bytes;
	return result;
}

/* The message that was fed. */
static void keep(struct ts_connections *connections, struct ts_connection *connection)
{
	size_t before = connection->history.bytes;

	if (connection->cut)
		ts_history_skip(&connection->history);
	else
		ts_history_feed(&connection->history);
	connections->bytes -= before - connection->history.bytes;
}

void ts_connection_forget(struct ts_connections *connections, struct ts_connection *connection)
{
	size_t before = connection->history.bytes;

	ts_history_forget(&connection->history);
	connections->bytes -= before - connection->history.bytes;
	for (size_t i = 0; i < connection->n_told; i++)
		connection->rows_forgot +=
			connection->told[i].in_open ? 0 : connection->told[i].rows;
	free(connection->told);
	connection->told = NULL;
	connection->n_told = connection->told_room = 0;
	memcpy(connection->base, connection->offset, sizeof(connection->base));
	connection->start = connection->sequence;
	connection->forgot = true;
	connection->cut = false;
}

/* What can be forgotten is; what there is too much of is not kept from here on. */
static void settle(struct ts_connections *connections, struct ts_connection *connection)
{
	bool full = connection->history.fed_bytes > TS_HISTORY_MOST ||
		    connections->bytes > TS_HISTORIES_MOST;
	enum ts_wire_progress progress =
		connection->wire ? ts_wire_progress(connection->wire) : TS_WIRE_FRESH;

	if (progress == TS_WIRE_FRESH)
		close_wire(connection, TS_WIRE_BY_LOSS, 0);
	if (progress == TS_WIRE_FRESH || (progress == TS_WIRE_IDLE && full))
		ts_connection_forget(connections, connection);
	else
		connection->cut |= full;
}

/* --- all of them ----------------------------------------------------------------------- */

/* The message that can be fed; NULL: none is there, or one before it is missing. */
static const struct ts_event_message *next_of(struct ts_connection *connection)
{
	const struct ts_event_message *message = ts_history_next(&connection->history);
	uint64_t reached = connection->sequence;

	if (!message || message->sequence > reached)
		reached = connection->given_up > reached ? connection->given_up : reached;
	return message && message->sequence <= reached ? message : NULL;
}

int ts_connection_feed(struct ts_connections *connections, struct ts_connection *connection)
{
	const struct ts_event_message *message;

	while (!connection->stale && !connection->closed && (message = next_of(connection))) {
		if (feed_one(connections, connection, message) < 0)
			return -ENOMEM;
		keep(connections, connection);
		settle(connections, connection);
	}
	if (connection->sequence < connection->given_up && !ts_history_next(&connection->history))
		connection->sequence = connection->given_up;
	return 0;
}

int ts_connection_read_again(struct ts_connections *connections, struct ts_connection *connection)
{
	size_t n_fed = connection->history.n_fed;
	uint64_t reached = connection->sequence;
	int result = 0;

	ts_connection_stop(connections, connection);
	ts_history_rewind(&connection->history);
	connection->dead = connection->closed = false;
	connection->sequence = connection->start;
	memcpy(connection->offset, connection->base, sizeof(connection->offset));
	while (result == 0 && connection->history.n_fed < n_fed) {
		result = feed_one(connections, connection, ts_history_next(&connection->history));
		if (result == 0)
			ts_history_feed(&connection->history);
	}
	while (connection->history.n_fed < n_fed)
		ts_history_feed(&connection->history);
	connection->sequence = reached;
	connection->stale = result < 0;
	return result;
}

int ts_connection_end(struct ts_connections *connections, struct ts_connection *connection,
		      uint64_t ticks)
{
	struct before before;

	if (connection->history.n)
		connection->given_up = UINT32_MAX;
	if (ts_connection_feed(connections, connection) < 0)
		return -ENOMEM;
	before = begin(connections, connection);
	close_wire(connection, TS_WIRE_BY_END, ticks);
	if (connections->failed)
		return undo(connections, &before);
	connection->closed = true;
	ts_connection_forget(connections, connection);
	return 0;
}
