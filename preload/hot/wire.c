// SPDX-License-Identifier: Apache-2.0
/* Connections, and what passes over them. */

#include "wire.h"

#include "call.h"
#include "clock.h"
#include "guarded.h"
#include "record.h"

#include "hot.h"

#define SETS       2048 /* a power of two */
#define WAYS       8
#define MAX_PIECE  32768
#define SHORT      4096       /* as heads are */
#define BEING_MADE UINT64_MAX /* no handle: the place is taken, and not ready */

struct ts_wire_hot ts_wire;

/* A set of handles is one cache line. A connection lies where its handle does. */
static uint64_t handles[SETS][WAYS] __attribute__((aligned(64)));
static struct ts_connection connections[SETS][WAYS];
static uint64_t last_id;

/* --- connections --------------------------------------------------------------------------------- */

static uint64_t set_of(uint64_t handle)
{
	return handle * 0x9e3779b97f4a7c15 >> 32 & (SETS - 1);
}

/*
 * The place of one that is ALONE may become another's at any time. Its state is looked at between two looks at the
 * handle, so that nobody takes that one's for its own.
 */
struct ts_connection *ts_connection_find(uint64_t handle, enum ts_connection_state *ret_state)
{
	uint64_t set = set_of(handle);

	if (unlikely(!handle))
		return NULL;
	for (int i = 0; i < WAYS; i++) {
		if (__atomic_load_n(&handles[set][i], __ATOMIC_ACQUIRE) != handle)
			continue;
		*ret_state = __atomic_load_n(&connections[set][i].state, __ATOMIC_ACQUIRE);
		if (__atomic_load_n(&handles[set][i], __ATOMIC_RELAXED) == handle)
			return &connections[set][i];
	}
	return NULL;
}

bool ts_connection_take_turn(struct ts_connection *connection)
{
	return !__atomic_exchange_n(&connection->turn, 1, __ATOMIC_ACQUIRE);
}

void ts_connection_give_turn(struct ts_connection *connection)
{
	__atomic_store_n(&connection->turn, 0, __ATOMIC_RELEASE);
}

static struct ts_connection *take_way(uint64_t set, int way, uint64_t seen, uint64_t handle)
{
	struct ts_connection *connection = &connections[set][way];

	if (!ts_connection_take_turn(connection))
		return NULL;
	if (!__atomic_compare_exchange_n(&handles[set][way], &seen, BEING_MADE, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		ts_connection_give_turn(connection);
		return NULL;
	}
	connection->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
	connection->offset[0] = connection->offset[1] = 0;
	connection->sequence = 0;
	connection->sent_calls = connection->told_calls = 0;
	__atomic_store_n(&connection->state, TS_CONNECTION_UNDECIDED, __ATOMIC_RELEASE);
	connection->listed = connection->lost_sent = connection->unseen = false;
	connection->client = NULL;
	/* release: who finds the handle finds the connection */
	__atomic_store_n(&handles[set][way], handle, __ATOMIC_RELEASE);
	return connection;
}

struct ts_connection *ts_connection_add(uint64_t handle)
{
	uint64_t set = set_of(handle);
	struct ts_connection *added = NULL;

	if (!handle)
		return NULL;
	for (int i = 0; i < WAYS && !added; i++)
		if (!__atomic_load_n(&handles[set][i], __ATOMIC_RELAXED))
			added = take_way(set, i, 0, handle);
	/* one that is left alone is met anew */
	for (uint64_t i = 0; i < WAYS && !added; i++) {
		int way = (int)((handle + i) % WAYS);
		uint64_t seen = __atomic_load_n(&handles[set][way], __ATOMIC_ACQUIRE);
		uint8_t state = __atomic_load_n(&connections[set][way].state, __ATOMIC_ACQUIRE);

		if (seen && seen != BEING_MADE && state == TS_CONNECTION_ALONE)
			added = take_way(set, way, seen, handle);
	}
	return added;
}

void ts_connection_remove(struct ts_connection *connection, uint64_t handle)
{
	uint64_t *at = &handles[0][0] + (connection - &connections[0][0]);

	__atomic_compare_exchange_n(at, &handle, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

void ts_connections_forget(void)
{
	for (size_t set = 0; set < SETS; set++)
		for (size_t i = 0; i < WAYS; i++)
			if (handles[set][i]) {
				handles[set][i] = 0;
				connections[set][i].turn = 0;
			}
}

/* --- messages ------------------------------------------------------------------------------------ */

void ts_wire_lose(struct ts_connection *connection, uint32_t flags, uint64_t bytes)
{
	connection->offset[flags & TS_MESSAGE_RECEIVED] += bytes;
	__atomic_fetch_add(&ts_wire.counts[TS_WIRE_LOST_BYTES], bytes, __ATOMIC_RELAXED);
	connection->lost_sent |= !(flags & TS_MESSAGE_RECEIVED);
}

/* What lies behind the event's fixed part, before the text. */
static uint32_t tenant_bytes(const struct ts_wire_place *place)
{
	return place && place->trace ? place->trace->tenant_bytes : 0;
}

/* The event at the ring's head, but for its text. */
static struct ts_event_message *build(struct ts_context *context, struct ts_connection *connection,
				      uint32_t flags, const struct ts_wire_place *place,
				      uint64_t bytes)
{
	struct ts_event_message *message =
		(struct ts_event_message *)ts_ring_at_head(context->ring);
	const struct ts_id none = {0, 0};

	message->event.type = TS_EVENT_MESSAGE;
	message->event.flags = (uint16_t)(flags | (connection->listed ? TS_MESSAGE_LISTED : 0) |
					  (place && place->trace ? TS_MESSAGE_INSIDE : 0) |
					  (place && place->has_parent ? TS_MESSAGE_PARENT : 0));
	message->event.bytes =
		(uint32_t)(sizeof(*message) + TS_ALIGN8(tenant_bytes(place)) + TS_ALIGN8(bytes));
	message->ticks = ts_clock_ticks();
	message->connection = connection->id;
	message->offset = connection->offset[flags & TS_MESSAGE_RECEIVED];
	*(struct ts_id *)message->trace_id = place && place->trace ? place->trace->id : none;
	*(struct ts_id *)message->parent_id = place && place->has_parent ? place->parent_id : none;
	message->tid = context->tid;
	message->text_bytes = (uint32_t)bytes;
	message->tenant_bytes = (uint8_t)tenant_bytes(place);
	message->ending = 0;
	message->reserved[0] = message->reserved[1] = 0;
	for (uint32_t i = 0; i < tenant_bytes(place); i++)
		((char *)(message + 1))[i] = place->trace->tenant[i];
	return message;
}

/* Its place among the connection's messages is taken last: one that is not committed has none. */
static void commit(struct ts_ring *ring, struct ts_connection *connection,
		   struct ts_event_message *message)
{
	message->sequence = __atomic_fetch_add(&connection->sequence, 1, __ATOMIC_RELAXED);
	ts_barrier();
	ts_ring_commit(ring, message->event.bytes);
}

/*
 * Messages leave an eighth of the ring to calls, what is short and sent a sixteenth: heads of requests find room where all
 * else has filled it, for a request without its head is no call at all.
 */
static bool has_room(struct ts_ring *ring, uint32_t flags, uint64_t bytes)
{
	bool is_short = bytes <= SHORT && !(flags & TS_MESSAGE_RECEIVED);
	uint64_t wanted = bytes + ring->bytes / (is_short ? 16 : 8);

	return ts_ring_room(ring, wanted) >= wanted;
}

static void record_piece(struct ts_connection *connection, uint32_t flags,
			 const struct ts_wire_place *place, const void *text, uint64_t bytes)
{
	struct ts_context *context = &ts_context;
	uint64_t before = sizeof(struct ts_event_message) + TS_ALIGN8(tenant_bytes(place));
	struct ts_event_message *message;

	if (!has_room(context->ring, flags, before + TS_ALIGN8(bytes))) {
		ts_wire_lose(connection, flags, bytes);
		ts_record_wake(context);
		return;
	}
	message = build(context, connection, flags, place, bytes);
	if (!ts_guarded_copy((char *)message + before, text, bytes)) {
		ts_wire_lose(connection, flags, bytes);
		return;
	}
	connection->offset[flags & TS_MESSAGE_RECEIVED] += bytes;
	connection->lost_sent &= (flags & TS_MESSAGE_RECEIVED) != 0;
	commit(context->ring, connection, message);
}

void ts_wire_record(struct ts_connection *connection, uint32_t flags,
		    const struct ts_wire_place *place, const void *text, uint64_t bytes)
{
	uint64_t most = ts_context.ring->bytes / 8;

	if (most > MAX_PIECE)
		most = MAX_PIECE;
	for (uint64_t done = 0; done < bytes; done += most)
		record_piece(connection, flags, place, (const char *)text + done,
			     bytes - done < most ? bytes - done : most);
	if (unlikely(ts_ring_wants_reader(ts_context.ring)))
		ts_record_wake(&ts_context);
}

void ts_wire_pass_over(struct ts_connection *connection, uint64_t bytes)
{
	struct ts_ring *ring = ts_context.ring;

	connection->offset[0] += bytes;
	if (!has_room(ring, 0, sizeof(struct ts_event_message))) {
		connection->lost_sent = true;
		return;
	}
	commit(ring, connection, build(&ts_context, connection, 0, NULL, 0));
	connection->lost_sent = false;
}

void ts_wire_record_last(struct ts_connection *connection, enum ts_ending ending)
{
	struct ts_context *context = &ts_context;
	struct ts_event_message *message;

	if (ts_ring_room(context->ring, 2 * sizeof(*message)) < 2 * sizeof(*message))
		return;
	if (connection->lost_sent)
		commit(context->ring, connection, build(context, connection, 0, NULL, 0));
	message = build(context, connection, TS_MESSAGE_LAST | TS_MESSAGE_RECEIVED, NULL, 0);
	message->ending = (uint8_t)ending;
	commit(context->ring, connection, message);
}

/* --- the way in ---------------------------------------------------------------------------------- */

static void take_received(void *user, const void *text, uint64_t bytes)
{
	ts_wire_record(user, TS_MESSAGE_RECEIVED, NULL, text, bytes);
}

static bool is_ready(const struct ts_context *context)
{
	return context->generation == *ts_hot.generation && context->ring;
}

/* Nothing is recorded here, or any more. */
static bool is_off(const struct ts_context *context)
{
	return context->untraced || ts_hot.passive;
}

static uintptr_t receive(struct ts_context *context, struct ts_connection *connection,
			 const struct ts_passed *passed, uintptr_t slot)
{
	uint64_t bytes = ts_wire_bytes(passed);

	if (!bytes)
		return !is_off(context) && ts_wire_ending(passed) ? TS_SLOW : 0;
	if (unlikely(is_off(context) || (context->guard && !ts_guard_is_stale(context, slot)))) {
		ts_wire_lose(connection, TS_MESSAGE_RECEIVED, bytes);
		return 0;
	}
	/* as in ts_call_begin: the guard comes before the look at the generation */
	context->guard = slot;
	ts_barrier();
	if (unlikely(!is_ready(context))) {
		context->guard = 0;
		return TS_SLOW;
	}
	ts_wire_pieces(passed, bytes, take_received, connection);
	ts_barrier();
	context->guard = 0;
	return 0;
}

/* A connection that was not met in this process: it counts from the first thing that is sent. */
static uintptr_t pass_new(const struct ts_passed *passed, enum ts_wire_function function)
{
	if (is_off(&ts_context))
		return 0;
	if (function == TS_WIRE_CONNECT || function == TS_WIRE_CLOSE)
		return TS_SLOW;
	return ts_wire_sends(function) && ts_wire_bytes(passed) ? TS_SLOW : 0;
}

/* What the slow path is then not told of, for whatever reason, shows by this count. */
static uintptr_t tell_sent(struct ts_context *context, struct ts_connection *connection)
{
	__atomic_fetch_add(&connection->sent_calls, 1, __ATOMIC_RELAXED);
	return is_off(context) ? 0 : TS_SLOW;
}

uintptr_t ts_wire_passed(struct ts_passed *passed, uintptr_t slot)
{
	struct ts_context *context = &ts_context;
	enum ts_wire_function function = passed->thunk->hook->wire;
	enum ts_connection_state state;
	struct ts_connection *connection;
	uint64_t handle = ts_wire_handle(passed);

	if (!handle)
		return 0; /* a BIO without TLS, SSL_free(NULL) */
	if (unlikely(*ts_wire.ours != TS_WIRE_OURS) || function == TS_WIRE_CONNECT)
		return pass_new(passed, function);
	connection = ts_connection_find(handle, &state);
	if (!connection)
		return pass_new(passed, function);
	if (function == TS_WIRE_SSL_FREE)
		return tell_sent(context, connection);
	if (function == TS_WIRE_CLOSE)
		return is_off(context) ? 0 : TS_SLOW;
	if (state == TS_CONNECTION_ALONE)
		return 0;
	if (ts_wire_sends(function))
		return ts_wire_bytes(passed) ? tell_sent(context, connection) : 0;
	return receive(context, connection, passed, slot);
}

/* What the assembly knows of these structures. */
_Static_assert(sizeof(struct ts_passed) == 64, "pads");
_Static_assert(offsetof(struct ts_passed, thunk) == 48, "pads");
_Static_assert(offsetof(struct ts_passed, result) == 56, "pads");
_Static_assert(offsetof(struct ts_wire_hot, slow) == 8, "pads");
_Static_assert(offsetof(struct ts_wire_hot, listed) == 80, "pads");
