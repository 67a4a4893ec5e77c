// SPDX-License-Identifier: Apache-2.0
#include "exchanges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../assemble/wirecall.h"

#define FIRST_ROOM 16

int ts_exchanges_begin(struct ts_exchanges *exchanges, const struct ts_dictionary *dictionary,
		       const struct ts_abi_process *page)
{
	exchanges->fill.settings = ts_dictionary_settings(dictionary);
	ts_clock_init(&exchanges->fill.clock, page);
	return ts_connections_new(&exchanges->connections, &exchanges->fill, NULL, page->run_id);
}

int ts_exchanges_load(struct ts_exchanges *exchanges, const struct ts_event *event)
{
	return ts_connections_load(exchanges->connections, event);
}

int ts_exchanges_take(struct ts_exchanges *exchanges, const struct ts_event_message *message,
		      uint64_t ticks)
{
	/* what was loaded comes first */
	int result = ts_connections_catch_up(exchanges->connections);

	if (result < 0 || message->ticks > ticks)
		return result;
	return ts_connections_take(exchanges->connections, message);
}

/* --- the calls ------------------------------------------------------------------------- */

static int reserve(struct ts_exchanges *exchanges)
{
	size_t room = exchanges->room ? exchanges->room * 2 : FIRST_ROOM;
	struct ts_inside_exchange *grown;

	if (exchanges->n < exchanges->room)
		return 0;
	grown = reallocarray(exchanges->all, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	exchanges->all = grown;
	exchanges->room = room;
	return 0;
}

static int add(void *user, const struct ts_told_call *told)
{
	const struct ts_wire_call *call = told->call;
	const char *model = call->served ? call->served : call->asked;
	struct ts_exchanges *exchanges = user;
	struct ts_pool *pool = &exchanges->pool;
	struct ts_inside_exchange exchange = {
		.trace_id = ts_wirecall_trace_id(&exchanges->fill.clock, told),
		.span_id = ts_wirecall_id(&exchanges->fill.clock, told),
		.is_trace = !(told->sender.flags & TS_MESSAGE_INSIDE),
		.tid = told->sender.tid,
		.started_ticks = call->started_ticks,
		.name = ts_wirecall_name(pool, call),
		.function = ts_wirecall_function(pool, call),
		.model = model ? ts_pool_strndup(pool, model, strlen(model)) : NULL,
		.answered = call->status != 0,
		.received_bytes = call->received_bytes,
	};

	if (!exchange.name || !exchange.function || (model && !exchange.model) ||
	    reserve(exchanges) < 0)
		return -ENOMEM;
	if (!exchange.is_trace && told->sender.flags & TS_MESSAGE_PARENT)
		memcpy(&exchange.parent_id, told->sender.parent_id, sizeof(exchange.parent_id));
	exchanges->all[exchanges->n++] = exchange;
	return 0;
}

int ts_exchanges_end(struct ts_exchanges *exchanges)
{
	int result = ts_connections_catch_up(exchanges->connections);

	if (result == 0)
		result = ts_connections_look(exchanges->connections, add, exchanges);
	ts_connections_free(exchanges->connections);
	exchanges->connections = NULL;
	return result;
}

void ts_exchanges_release(struct ts_exchanges *exchanges)
{
	ts_connections_free(exchanges->connections);
	ts_pool_release(&exchanges->pool);
	free(exchanges->all);
	*exchanges = (struct ts_exchanges){.n = 0};
}
