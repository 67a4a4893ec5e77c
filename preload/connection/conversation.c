// SPDX-License-Identifier: Apache-2.0
/* What a program sends, and to whom. */

#include "conversation.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../hook/interpreter.h"
#include "../hot/call.h"
#include "../hot/guarded.h"
#include "../hot/wire.h"
#include "../life/life.h"
#include "../system/pages.h"
#include "../system/signals.h"
#include "../system/sys.h"
#include "../wire.h"
#include "heads.h"
#include "peer.h"

#define CHUNK  16384 /* of what is sent, as the module gets it */
#define YIELDS 10000 /* while another thread has its turn */
#define TRIES  4     /* connections of one handle */

static struct {
	const struct ts_wire_conf *conf;
	uint32_t *ours; /* ts_wire.ours, to be written */
} conversation;

/* One call's turn. */
struct turn {
	const struct ts_passed *passed;
	uintptr_t slot;
	uint64_t mask; /* of signals, as the program has it */
};

static void count(enum ts_wire_count what)
{
	__atomic_fetch_add(&ts_wire.counts[what], 1, __ATOMIC_RELAXED);
}

/* --- what a connection is ------------------------------------------------------------------------ */

/* It is never looked at again. */
static void leave(struct ts_connection *connection)
{
	if (connection->client)
		ts_heads()->close(connection->client);
	connection->client = NULL;
	__atomic_store_n(&connection->state, TS_CONNECTION_ALONE, __ATOMIC_RELEASE);
}

static void leave_alone(struct ts_connection *connection, enum ts_wire_count why)
{
	leave(connection);
	count(why);
}

static bool is_socket(const struct ts_passed *passed)
{
	return passed->thunk->hook->wire > TS_WIRE_SSL_FREE;
}

/* A descriptor is something else by now. */
static bool is_gone(const struct ts_passed *passed)
{
	uint32_t fd = (uint32_t)ts_wire_handle(passed);

	if (!is_socket(passed) || ts_peer_is_still_listed(conversation.conf, fd))
		return false;
	ts_wire.listed[fd] = 0;
	return true;
}

/* The program speaks first on a connection that was not met before; its turn is ours. NULL: it is left alone. */
static struct ts_connection *meet(const struct turn *turn, const void *text, uint64_t bytes,
				  struct ts_connection **ret_held)
{
	const struct ts_passed *passed = turn->passed;
	struct ts_connection *connection;
	const struct ts_wire_heads *module;

	if (is_gone(passed))
		return NULL;
	connection = ts_connection_add(ts_wire_handle(passed));
	count(TS_WIRE_SEEN);
	if (!connection) {
		count(TS_WIRE_NO_ROOM);
		return NULL;
	}
	*ret_held = connection;
	connection->listed = is_socket(passed);
	if (!ts_heads_may_be_http(text, bytes)) {
		leave_alone(connection, TS_WIRE_NOT_HTTP);
		return NULL;
	}
	module = ts_heads_open(turn->mask, turn->slot);
	if (module)
		connection->client = module->open(conversation.conf, connection->listed);
	if (!connection->client) {
		leave_alone(connection, TS_WIRE_NO_ROOM);
		return NULL;
	}
	return connection;
}

/* --- where it belongs ---------------------------------------------------------------------------- */

/*
 * As a call of Python would be placed there: a task that a library started has nothing on the stack, but a context. And
 * inside the call of another process that this one runs in: a program that a bot starts to talk to a model has no
 * pipeline of its own. `within` lives as long as what is answered.
 */
static struct ts_wire_place find_place(struct ts_foreign *within, uintptr_t slot)
{
	struct ts_wire_place place = {.trace = NULL};
	struct ts_foreign said;
	int says = ts_interpreter_says(&said);

	if (!ts_foreign_find(within, says >= 0, says > 0 ? &said : NULL, slot))
		return place;
	place.trace = &within->trace;
	place.parent_id = within->parent_id;
	place.has_parent = within->flags & TS_BEGIN_PARENT;
	return place;
}

/* --- sending ------------------------------------------------------------------------------------- */

/* On its way through the module. */
struct sending {
	const struct turn *turn;
	struct ts_connection *connection; /* NULL: not met yet, or left alone */
	struct ts_connection *held;       /* whose turn is ours */
	bool met;
	uint64_t bytes;           /* taken so far */
	struct ts_foreign within; /* what `place` lies in */
	struct ts_wire_place place;
	bool placed;
};

/*
 * The thread becomes ready, with its guard set; the program's mask tells whether the flusher may be started. False:
 * nothing is recorded.
 */
static bool make_ready(const struct turn *turn)
{
	struct ts_context *context = &ts_context;
	bool ready = context->ring && context->generation == *ts_hot.generation;

	if (!ready)
		ready = ts_life_make_ready_blocked(turn->slot, turn->mask) && context->ring;
	context->guard = turn->slot;
	return ready;
}

static void put(void *user, const void *text, size_t bytes)
{
	struct sending *sending = user;

	if (!make_ready(sending->turn)) {
		ts_wire_lose(sending->connection, 0, bytes); /* there is no ring to be had */
		return;
	}
	if (!sending->placed)
		sending->place = find_place(&sending->within, sending->turn->slot);
	sending->placed = true;
	ts_wire_record(sending->connection, 0, &sending->place, text, bytes);
}

static void end(struct ts_connection *connection, enum ts_ending ending, const struct turn *turn)
{
	if (connection->sequence && make_ready(turn))
		ts_wire_record_last(connection, ending);
}

/* False: the connection is no more, or left alone, or another thread does not give its turn back. */
static bool hold(struct ts_connection *connection, uint64_t handle)
{
	enum ts_connection_state state;

	for (int i = 0; !ts_connection_take_turn(connection); i++) {
		if (i == YIELDS)
			return false;
		ts_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
	if (ts_connection_find(handle, &state) == connection && state != TS_CONNECTION_ALONE)
		return true;
	ts_connection_give_turn(connection);
	return false;
}

/* More than one, where two threads were the first to send. */
static void close_connection(const struct turn *turn, enum ts_ending ending)
{
	uint64_t handle = ts_wire_handle(turn->passed);
	enum ts_connection_state state;
	struct ts_connection *connection;

	for (int i = 0; i < TRIES && (connection = ts_connection_find(handle, &state)); i++) {
		bool held = hold(connection, handle);

		if (held) {
			end(connection, ending, turn);
			leave(connection);
			ts_connection_give_turn(connection);
		}
		if (held || state == TS_CONNECTION_ALONE)
			ts_connection_remove(connection, handle);
	}
}

/* What the module makes of what was sent so far. */
static void take_state(struct sending *sending, enum ts_wire_state state)
{
	static const enum ts_wire_count counts[] = {
		[TS_WIRE_STATE_NOT_HTTP] = TS_WIRE_NOT_HTTP,
		[TS_WIRE_STATE_OTHER_HOST] = TS_WIRE_OTHER_HOST,
		[TS_WIRE_STATE_UNREADABLE] = TS_WIRE_UNREADABLE,
		[TS_WIRE_STATE_NO_MEMORY] = TS_WIRE_NO_ROOM,
	};
	struct ts_connection *connection = sending->connection;

	if (state == TS_WIRE_STATE_UNDECIDED)
		return;
	if (state == TS_WIRE_STATE_RECORDED) {
		if (connection->state == TS_CONNECTION_UNDECIDED)
			count(TS_WIRE_RECORDED);
		connection->state = TS_CONNECTION_RECORDED;
		return;
	}
	end(connection, TS_ENDING_UNSEEN, sending->turn);
	leave_alone(connection, counts[state]);
	sending->connection = NULL;
}

static void send_chunk(struct sending *sending, const char *text, uint64_t bytes)
{
	enum ts_wire_state state;

	if (!sending->connection && !sending->met)
		sending->connection = meet(sending->turn, text, bytes, &sending->held);
	sending->met = true;
	if (!sending->connection)
		return;
	state = ts_heads()->sent(sending->connection->client, text, bytes, put, sending);
	take_state(sending, state);
}

/* A copy, for the program's own may not be there, and may change while heads are looked for. */
static void send_piece(void *user, const void *text, uint64_t bytes)
{
	struct sending *sending = user;
	char copy[CHUNK];

	for (uint64_t done = 0, n; done < bytes; done += n) {
		n = bytes - done < CHUNK ? bytes - done : CHUNK;
		if (!ts_guarded_copy(copy, (const char *)text + done, n))
			return;
		sending->bytes += n;
		send_chunk(sending, copy, n);
	}
}

/*
 * Was the slow path told of all that was sent? Not of what a handler sends that interrupts the shim, for one, or a child of
 * vfork. What comes now would be taken for something else: a head for a body.
 */
static bool was_told_of_all(struct ts_connection *connection)
{
	return ++connection->told_calls ==
	       __atomic_load_n(&connection->sent_calls, __ATOMIC_RELAXED);
}

static void take_text(struct sending *sending)
{
	const struct ts_passed *passed = sending->turn->passed;
	uint64_t bytes = ts_wire_bytes(passed);

	sending->met = sending->connection;
	ts_wire_pieces(passed, bytes, send_piece, sending);
	if (sending->connection && sending->bytes < bytes)
		take_state(sending, TS_WIRE_STATE_UNREADABLE);
	if (sending->held)
		ts_connection_give_turn(sending->held);
}

static void take_sent(const struct turn *turn)
{
	uint64_t handle = ts_wire_handle(turn->passed);
	enum ts_connection_state state;
	struct ts_connection *connection = ts_connection_find(handle, &state);
	struct sending sending = {.turn = turn};

	if (connection && !hold(connection, handle))
		return;
	if (connection && !was_told_of_all(connection)) {
		ts_connection_give_turn(connection);
		close_connection(turn, TS_ENDING_UNSEEN);
		count(TS_WIRE_UNREADABLE);
		connection = NULL;
	}
	sending.connection = sending.held = connection;
	take_text(&sending);
}

/* --- what is not seen ------------------------------------------------------------------------------ */

/* It counts once a connection, and has an account be there that tells it. False: there is none, nor a ring. */
static bool tell_unseen(struct ts_connection *connection, const struct turn *turn)
{
	if (!connection->unseen)
		count(TS_WIRE_BYPASSED);
	connection->unseen = true;
	return make_ready(turn);
}

/* What it began with nobody saw, so nothing of it is told; its turn is ours no more. */
static void leave_unseen(const struct turn *turn)
{
	struct ts_connection *connection = ts_connection_add(ts_wire_handle(turn->passed));

	count(TS_WIRE_SEEN);
	if (!connection) {
		count(TS_WIRE_NO_ROOM);
		return;
	}
	connection->listed = is_socket(turn->passed);
	tell_unseen(connection, turn);
	leave(connection);
	ts_connection_give_turn(connection);
}

/* Bytes of a body are a gap in it; after anything else a head could be taken for a body. */
static void pass_over(const struct turn *turn, struct ts_connection *connection)
{
	uint64_t bytes = ts_wire_bytes(turn->passed);
	bool ready = tell_unseen(connection, turn);

	if (was_told_of_all(connection) && ready && ts_heads()->missed(connection->client, bytes)) {
		ts_wire_pass_over(connection, bytes);
		return;
	}
	end(connection, TS_ENDING_UNSEEN, turn);
	leave(connection);
}

static void take_unseen(const struct turn *turn)
{
	uint64_t handle = ts_wire_handle(turn->passed);
	enum ts_connection_state state;
	struct ts_connection *connection = ts_connection_find(handle, &state);

	if (!connection && is_gone(turn->passed))
		return;
	if (!connection) {
		leave_unseen(turn);
	} else if (hold(connection, handle)) {
		pass_over(turn, connection);
		ts_connection_give_turn(connection);
	}
}

/* --- the rest ------------------------------------------------------------------------------------ */

static void take_received(void *user, const void *text, uint64_t bytes)
{
	ts_wire_record(user, TS_MESSAGE_RECEIVED, NULL, text, bytes);
}

/* The thread was not ready, or nothing more will come. */
static void receive(const struct turn *turn)
{
	const struct ts_passed *passed = turn->passed;
	enum ts_connection_state state;
	struct ts_connection *connection = ts_connection_find(ts_wire_handle(passed), &state);
	uint64_t bytes = ts_wire_bytes(passed);

	if (!connection || state == TS_CONNECTION_ALONE)
		return;
	if (!bytes) {
		if (!hold(connection, ts_wire_handle(passed)))
			return;
		end(connection, ts_wire_ending(passed), turn);
		leave(connection);
		ts_connection_give_turn(connection);
	} else if (make_ready(turn)) {
		ts_wire_pieces(passed, bytes, take_received, connection);
	} else {
		ts_wire_lose(connection, TS_MESSAGE_RECEIVED, bytes);
	}
}

/* Whether it worked shows when something is sent. The descriptor may have been another's, closed unseen. */
static void take_connect(const struct turn *turn)
{
	uint32_t fd = (uint32_t)turn->passed->arguments[0];

	if (fd >= TS_WIRE_FDS)
		return;
	close_connection(turn, TS_ENDING_UNSEEN);
	ts_wire.listed[fd] =
		ts_peer_is_listed(conversation.conf, (const void *)turn->passed->arguments[1],
				  (uint32_t)turn->passed->arguments[2]);
}

/* A child's connections are its parent's: it has none, whatever the tables say, until now. */
static void forget_parent(void)
{
	uint32_t seen = TS_WIRE_PARENTS;

	if (__atomic_compare_exchange_n(conversation.ours, &seen, TS_WIRE_BEING_FORGOTTEN, false,
					__ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		ts_connections_forget();
		memset(ts_wire.counts, 0, sizeof(ts_wire.counts));
		__atomic_store_n(conversation.ours, TS_WIRE_OURS, __ATOMIC_RELEASE);
		return;
	}
	for (int i = 0; seen == TS_WIRE_BEING_FORGOTTEN && i < YIELDS; i++) {
		ts_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
		seen = __atomic_load_n(conversation.ours, __ATOMIC_ACQUIRE);
	}
}

static void take(const struct turn *turn)
{
	enum ts_wire_function function = turn->passed->thunk->hook->wire;

	forget_parent();
	if (function == TS_WIRE_CONNECT)
		take_connect(turn);
	else if (ts_wire_is_unseen(function))
		take_unseen(turn);
	else if (ts_wire_sends(function))
		take_sent(turn);
	else if (!ts_wire_ends(function))
		receive(turn);
	else
		close_connection(turn, TS_ENDING_CLIENT);
	if (function == TS_WIRE_CLOSE)
		ts_wire.listed[(uint32_t)turn->passed->arguments[0]] = 0;
}

void ts_conversation_tell(void)
{
	struct ts_abi_process *process = ts_hot.process;

	if (!process || !conversation.ours || *conversation.ours != TS_WIRE_OURS)
		return;
	for (size_t i = 0; i < TS_WIRE_COUNT; i++)
		__atomic_store_n(&process->wire[i],
				 __atomic_load_n(&ts_wire.counts[i], __ATOMIC_RELAXED),
				 __ATOMIC_RELAXED);
}

/*
 * Signals wait: a handler that jumped out of here would leave the connection half told. What is called on the way is
 * none of the program's calls.
 */
static uintptr_t slow(struct ts_passed *passed, uintptr_t slot)
{
	struct ts_context *context = &ts_context;
	struct turn turn = {.passed = passed, .slot = slot};
	int error_number = errno;

	if (context->guard && !ts_guard_is_stale(context, slot))
		return 0;
	if (ts_life_is_guest())
		return 0;
	turn.mask = ts_signals_block();
	context->guard = slot;
	take(&turn);
	ts_conversation_tell();
	context->guard = 0;
	errno = error_number;
	ts_signals_restore(turn.mask);
	return 0;
}

int ts_conversation_init(const struct ts_conf *conf)
{
	if (!conf->wire.openssl && !conf->wire.n_addresses)
		return 0;
	conversation.conf = &conf->wire;
	conversation.ours = ts_pages_new(4096);
	if (!conversation.ours)
		return -ENOMEM;
	if (ts_sys_madvise(conversation.ours, 4096, MADV_WIPEONFORK) < 0)
		return -ENOSYS;
	*conversation.ours = TS_WIRE_OURS;
	ts_wire.slow = slow;
	ts_wire.ours = conversation.ours;
	return 0;
}
