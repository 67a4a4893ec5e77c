// SPDX-License-Identifier: Apache-2.0
/* What calls pass, the table of connections, and messages in a ring of this test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>

#include "preload/hot/call.h"
#include "preload/hot/ring.h"
#include "preload/hot/wire.h"

#define BYTES (1 << 17)
#define WAYS  8
#define N     200000

/* Data with its beginning again behind it: what the shim maps of a file. */
static struct {
	struct ts_abi_ring shared;
	struct ts_ring ring;
	uint64_t generation;
	uint32_t ours;
	int error_number;
	struct ts_abi_process process;
} place;

static struct ts_hook hook;
static struct ts_thunk thunk = {.hook = &hook};

static int make_place(void **state)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	char *at;

	(void)state;
	assert_int_equal(ftruncate(fd, BYTES), 0);
	at = mmap(NULL, BYTES + TS_RING_MIRROR, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	mmap(at, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	mmap(at + BYTES, TS_RING_MIRROR, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	close(fd);
	memset(&place, 0, sizeof(place));
	place.ring = (struct ts_ring){
		.shared = &place.shared, .data = at, .bytes = BYTES, .wake_at = BYTES / 2};
	place.generation = 4711;
	place.ours = TS_WIRE_OURS;
	ts_hot.generation = &place.generation;
	ts_hot.process = &place.process;
	ts_hot.flusher_runs = 1;
	ts_hot.passive = 0;
	ts_wire.ours = &place.ours;
	memset(ts_wire.counts, 0, sizeof(ts_wire.counts));
	ts_connections_forget();
	memset(&ts_context, 0, sizeof(ts_context));
	ts_context.generation = place.generation;
	ts_context.ring = &place.ring;
	ts_context.error_number = &place.error_number;
	ts_context.tid = 42;
	memset(&hook, 0, sizeof(hook));
	return 0;
}

static int remove_place(void **state)
{
	(void)state;
	munmap(place.ring.data, BYTES + TS_RING_MIRROR);
	return 0;
}

static struct ts_passed *call(enum ts_wire_function function, int64_t result, uint64_t first,
			      const void *second, uint64_t third, uint64_t fourth)
{
	static struct ts_passed passed;

	hook.wire = (uint8_t)function;
	passed = (struct ts_passed){
		.arguments = {first, (uint64_t)second, third, fourth, 0, 0},
		.thunk = &thunk,
		.result = result,
	};
	return &passed;
}

static uintptr_t slot(void)
{
	return (uintptr_t)__builtin_frame_address(0);
}

/* --- how many bytes -------------------------------------------------------------------------------- */

static void test_bytes_of_results(void **state)
{
	static const char text[64];

	(void)state;
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_READ, 5, 1, text, 64, 0)), 5);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_READ, 0, 1, text, 64, 0)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_WRITE, -1, 1, text, 64, 0)), 0);
	/* an int: what the register holds above it says nothing */
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_READ, 0xffffffff, 1, text, 64, 0)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_WRITE, 0x700000003, 1, text, 64, 0)), 3);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_READ, 3, 9, text, 64, 0)), 3);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_WRITE, -1, 9, text, 64, 0)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_WRITEV, 0x180000000, 9, text, 1, 0)),
			 0x180000000);
}

static void test_bytes_by_out_parameters(void **state)
{
	size_t n = 7;

	(void)state;
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_READ_EX, 1, 1, "", 64, (uint64_t)&n)), 7);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_WRITE_EX, 1, 1, "", 7, (uint64_t)&n)), 7);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_READ_EX, 0, 1, "", 64, (uint64_t)&n)), 0);
	/* more than was asked for, and nowhere */
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_READ_EX, 1, 1, "", 6, (uint64_t)&n)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_WRITE_EX, 1, 1, "", 64, 42)), 0);
	/* a program that does not ask how many */
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_BIO_WRITE_EX, 1, 1, "", 64, 0)), 64);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_BIO_WRITE_EX, 0, 1, "", 64, 0)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_BIO_READ_EX, 1, 1, "", 64, 0)), 0);
}

static void test_bytes_aside(void **state)
{
	struct ts_passed *passed;

	(void)state;
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_RECV, 5, 9, "hello", 5, 0)), 5);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_RECV, 5, 9, "hello", 5, MSG_PEEK)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_RECV, 5, 9, "hello", 5, MSG_OOB)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_RECV, 5, 9, "hello", 5, MSG_DONTWAIT)), 5);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_RECVMSG, 5, 9, "", MSG_PEEK, 0)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_RECVMSG, 5, 9, "", MSG_ERRQUEUE, 0)), 0);
	/* __recv_chk: the fourth is the buffer's size */
	passed = call(TS_WIRE_RECV_CHK, 5, 9, "hello", 5, MSG_PEEK);
	assert_int_equal(ts_wire_bytes(passed), 5);
	passed->arguments[4] = MSG_PEEK;
	assert_int_equal(ts_wire_bytes(passed), 0);
	/* a flag of send says nothing about what is passed */
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_WRITE, 5, 9, "hello", 5, MSG_PEEK)), 5);
}

static void test_bytes_of_messages(void **state)
{
	struct mmsghdr messages[3] = {{.msg_len = 5}, {.msg_len = 7}, {.msg_len = 100}};

	(void)state;
	/* how many of them is an int */
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SENDMMSG, 2, 9, messages, 3, 0)), 12);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_RECVMMSG, 0x100000001, 9, messages, 3, 0)), 5);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SENDMMSG, -1, 9, messages, 3, 0)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SENDMMSG, 2, 9, (void *)42, 3, 0)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_RECVMMSG, 2, 9, messages, 3, MSG_PEEK)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SENDMMSG, 2, 9, messages, 3, MSG_PEEK)), 12);
}

static void test_bytes_that_nobody_reads(void **state)
{
	(void)state;
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_SENDFILE, 5, 1, NULL, 0, 9)), 5);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_SENDFILE, 0x180000000, 1, NULL, 0, 9)),
			 0x180000000);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_SENDFILE, -1, 1, NULL, 0, 9)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SENDFILE, 5, 9, NULL, 0, 9)), 5);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SENDFILE, -1, 9, NULL, 0, 9)), 0);
	/* of early data nothing is known yet, of a stream nothing at all */
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SSL_EARLY, 0, 1, "", 9, 0)),
			 TS_WIRE_NOBODY_KNOWS);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_FDOPEN, -4711, 9, "r+", 0, 0)),
			 TS_WIRE_NOBODY_KNOWS);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_FDOPEN, 0, 9, "r+", 0, 0)), 0);
}

/* Into a socket, or out of one: that which is listed. */
static void test_splices(void **state)
{
	(void)state;
	ts_wire.listed[7] = 1;
	assert_int_equal(ts_wire_handle(call(TS_WIRE_SPLICE, 5, 3, NULL, 7, 0)),
			 ts_wire_handle(call(TS_WIRE_CLOSE, 0, 7, NULL, 0, 0)));
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SPLICE, 5, 3, NULL, 7, 0)), 5);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SPLICE, -1, 3, NULL, 7, 0)), 0);
	assert_int_equal(ts_wire_handle(call(TS_WIRE_SPLICE, 5, 7, NULL, 3, 0)),
			 ts_wire_handle(call(TS_WIRE_CLOSE, 0, 7, NULL, 0, 0)));
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SPLICE, 5, 7, NULL, 3, 0)),
			 TS_WIRE_NOBODY_KNOWS);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SPLICE, 0, 7, NULL, 3, 0)), 0);
	assert_int_equal(ts_wire_bytes(call(TS_WIRE_SPLICE, 5, 7, NULL, UINT32_MAX, 0)),
			 TS_WIRE_NOBODY_KNOWS);
	ts_wire.listed[7] = 0;
}

static void test_handles(void **state)
{
	(void)state;
	assert_int_equal(ts_wire_handle(call(TS_WIRE_SSL_FREE, 0, 0x5555, NULL, 0, 0)), 0x5555);
	assert_int_equal(ts_wire_handle(call(TS_WIRE_SSL_FREE, 0, 0, NULL, 0, 0)), 0);
	/* a descriptor is an int, and 0 is one */
	assert_int_equal(ts_wire_handle(call(TS_WIRE_READ, 0, 0, NULL, 0, 0)),
			 ts_wire_handle(call(TS_WIRE_CLOSE, 0, 0x700000000, NULL, 0, 0)));
	assert_int_not_equal(ts_wire_handle(call(TS_WIRE_READ, 0, 0, NULL, 0, 0)), 0);
	assert_int_not_equal(ts_wire_handle(call(TS_WIRE_READ, 0, 5, NULL, 0, 0)),
			     ts_wire_handle(call(TS_WIRE_SSL_READ, 0, 5, NULL, 0, 0)));
}

/* A BIO as these functions see one. */
struct bio {
	int type, flags;
	uint64_t *data;
};

static int type_of(const void *bio)
{
	return ((const struct bio *)bio)->type;
}

static void *data_of(void *bio)
{
	return ((struct bio *)bio)->data;
}

static int flags_of(const void *bio, int flags)
{
	return ((const struct bio *)bio)->flags & flags;
}

static const struct ts_wire_bio bios = {type_of, data_of, flags_of};

static uint64_t handle_of(enum ts_wire_function function, const struct bio *bio, uint64_t wanted)
{
	return ts_wire_handle(call(function, 1, (uint64_t)bio, "text", wanted, 0));
}

static void test_handles_of_bios(void **state)
{
	uint64_t tls = 0x5555;
	struct bio secure = {.type = 7 | 0x200, .data = &tls}, memory = {.type = 1 | 0x400},
		   empty = {.type = 7 | 0x200}, *nowhere = (void *)42;

	(void)state;
	/* of a library that is not known nothing is asked */
	assert_int_equal(handle_of(TS_WIRE_BIO_WRITE, nowhere, 4), 0);
	hook.bio = &bios;
	assert_int_equal(handle_of(TS_WIRE_BIO_WRITE, &secure, 4), 0x5555);
	assert_int_equal(handle_of(TS_WIRE_BIO_READ_EX, &secure, 1ULL << 32), 0x5555);
	assert_int_equal(handle_of(TS_WIRE_BIO_READ, &memory, 4), 0);
	assert_int_equal(handle_of(TS_WIRE_BIO_READ, &empty, 4), 0);
	assert_int_equal(handle_of(TS_WIRE_BIO_WRITE, NULL, 4), 0);
	/* what passes nothing may name anything */
	assert_int_equal(handle_of(TS_WIRE_BIO_WRITE, nowhere, 0), 0);
	assert_int_equal(handle_of(TS_WIRE_BIO_WRITE, nowhere, (uint32_t)-1), 0);
	assert_int_equal(handle_of(TS_WIRE_BIO_WRITE_EX, nowhere, 0), 0);
}

static void test_endings_of_bios(void **state)
{
	uint64_t tls = 1;
	struct bio secure = {.type = 7 | 0x200, .data = &tls};
	uint64_t bio = (uint64_t)&secure;

	(void)state;
	hook.bio = &bios;
	assert_int_equal(ts_wire_ending(call(TS_WIRE_BIO_READ, 0, bio, "", 64, 0)), TS_ENDING_PEER);
	assert_int_equal(ts_wire_ending(call(TS_WIRE_BIO_READ, -1, bio, "", 64, 0)),
			 TS_ENDING_ERROR);
	assert_int_equal(ts_wire_ending(call(TS_WIRE_BIO_READ_EX, 0, bio, "", 64, 0)),
			 TS_ENDING_PEER);
	secure.flags = 8; /* BIO_FLAGS_SHOULD_RETRY */
	assert_int_equal(ts_wire_ending(call(TS_WIRE_BIO_READ, -1, bio, "", 64, 0)), 0);
}

static int faults;
static int fault(const void *tls, int result)
{
	assert_int_equal((uintptr_t)tls, 1);
	assert_int_not_equal(result, 1);
	return faults;
}

static void test_endings(void **state)
{
	struct msghdr message = {.msg_iovlen = 1};

	(void)state;
	assert_int_equal(ts_wire_ending(call(TS_WIRE_SSL_READ, 0, 1, "", 64, 0)), 0);
	hook.fault = fault;
	faults = 6; /* SSL_ERROR_ZERO_RETURN */
	assert_int_equal(ts_wire_ending(call(TS_WIRE_SSL_READ, 0, 1, "", 64, 0)), TS_ENDING_PEER);
	assert_int_equal(ts_wire_ending(call(TS_WIRE_SSL_READ_EX, 0, 1, "", 0, 0)), 0);
	faults = 1; /* SSL_ERROR_SSL */
	assert_int_equal(ts_wire_ending(call(TS_WIRE_SSL_READ, -1, 1, "", 64, 0)), TS_ENDING_ERROR);
	faults = 5; /* SSL_ERROR_SYSCALL */
	assert_int_equal(ts_wire_ending(call(TS_WIRE_SSL_READ, -1, 1, "", 64, 0)), TS_ENDING_ERROR);
	faults = 2; /* SSL_ERROR_WANT_READ */
	assert_int_equal(ts_wire_ending(call(TS_WIRE_SSL_READ, -1, 1, "", 64, 0)), 0);
	faults = 3; /* SSL_ERROR_WANT_WRITE */
	assert_int_equal(ts_wire_ending(call(TS_WIRE_SSL_READ_EX, 0, 1, "", 64, 0)), 0);
	hook.fault = NULL;
	assert_int_equal(ts_wire_ending(call(TS_WIRE_READ, 0, 9, "", 64, 0)), TS_ENDING_PEER);
	assert_int_equal(ts_wire_ending(call(TS_WIRE_READ, 0, 9, "", 0, 0)), 0);
	assert_int_equal(ts_wire_ending(call(TS_WIRE_RECVMSG, 0, 9, &message, 0, 0)),
			 TS_ENDING_PEER);
	assert_int_equal(ts_wire_ending(call(TS_WIRE_RECVMSG, 0, 9, &message, MSG_PEEK, 0)), 0);
	message.msg_iovlen = 0;
	assert_int_equal(ts_wire_ending(call(TS_WIRE_RECVMSG, 0, 9, &message, 0, 0)), 0);
	assert_int_equal(ts_wire_ending(call(TS_WIRE_RECV, 0, 9, "", 64, MSG_PEEK)), 0);
	assert_int_equal(ts_wire_ending(call(TS_WIRE_RECVMMSG, 1, 9, "", 2, 0)), TS_ENDING_PEER);
	assert_int_equal(ts_wire_ending(call(TS_WIRE_RECVMMSG, 0xffffffff, 9, "", 2, 0)), 0);
	place.error_number = EAGAIN;
	assert_int_equal(ts_wire_ending(call(TS_WIRE_READ, -1, 9, "", 64, 0)), 0);
	place.error_number = ECONNRESET;
	assert_int_equal(ts_wire_ending(call(TS_WIRE_READ, -1, 9, "", 64, 0)), TS_ENDING_ERROR);
}

/* --- pieces ------------------------------------------------------------------------------------------ */

static char pieces[256];

static void note_piece(void *user, const void *text, uint64_t bytes)
{
	size_t n = strlen(pieces);

	assert_ptr_equal(user, pieces);
	snprintf(pieces + n, sizeof(pieces) - n, "[%.*s]", (int)bytes, (const char *)text);
}

static const char *pieces_of(const struct ts_passed *passed)
{
	pieces[0] = 0;
	ts_wire_pieces(passed, (uint64_t)passed->result, note_piece, pieces);
	return pieces;
}

static void test_pieces(void **state)
{
	struct iovec vectors[] = {{"one", 3}, {NULL, 0}, {"three", 5}, {"never", 5}};
	struct msghdr message = {.msg_iov = vectors, .msg_iovlen = 4};

	(void)state;
	assert_string_equal(pieces_of(call(TS_WIRE_SSL_READ, 2, 1, "text", 4, 0)), "[te]");
	assert_string_equal(pieces_of(call(TS_WIRE_RECV, 4, 9, "text", 4, 0)), "[text]");
	/* what lies behind the result was not passed */
	assert_string_equal(pieces_of(call(TS_WIRE_WRITEV, 6, 9, vectors, 4, 0)), "[one][thr]");
	assert_string_equal(pieces_of(call(TS_WIRE_READV, 8, 9, vectors, 4, 0)), "[one][three]");
	assert_string_equal(pieces_of(call(TS_WIRE_SENDMSG, 3, 9, &message, 0, 0)), "[one]");
	assert_string_equal(pieces_of(call(TS_WIRE_RECVMSG, 13, 9, &message, 0, 0)),
			    "[one][three][never]");
	/* fewer vectors than bytes, and none that can be read */
	assert_string_equal(pieces_of(call(TS_WIRE_WRITEV, 100, 9, vectors, 3, 0)), "[one][three]");
	assert_string_equal(pieces_of(call(TS_WIRE_WRITEV, 5, 9, (void *)42, 3, 0)), "");
	assert_string_equal(pieces_of(call(TS_WIRE_SENDMSG, 5, 9, (void *)42, 0, 0)), "");
	message.msg_iov = (void *)42;
	assert_string_equal(pieces_of(call(TS_WIRE_SENDMSG, 5, 9, &message, 0, 0)), "");
}

static void test_pieces_of_messages(void **state)
{
	struct iovec vectors[] = {{"one", 3}, {"two", 3}, {"three", 5}};
	struct mmsghdr messages[] = {
		{.msg_hdr = {.msg_iov = vectors, .msg_iovlen = 2}, .msg_len = 6},
		{.msg_hdr = {.msg_iov = vectors + 2, .msg_iovlen = 1}, .msg_len = 4}};

	(void)state;
	assert_string_equal(pieces_of(call(TS_WIRE_SENDMMSG, 2, 9, messages, 2, 0)),
			    "[one][two][thre]");
	assert_string_equal(pieces_of(call(TS_WIRE_RECVMMSG, 1, 9, messages, 2, 0)), "[one][two]");
	assert_string_equal(pieces_of(call(TS_WIRE_SENDMMSG, 2, 9, (void *)42, 2, 0)), "");
}

/* --- the table ----------------------------------------------------------------------------------------- */

/* So many handles whose places are the same eight. */
static void collide(uint64_t *handles, size_t n)
{
	for (uint64_t handle = 16, found = 0; found < n; handle += 16)
		if ((handle * 0x9e3779b97f4a7c15 >> 32 & 2047) == 77)
			handles[found++] = handle;
}

static void test_table(void **state)
{
	enum ts_connection_state found;
	uint64_t handles[WAYS + 1];
	struct ts_connection *connections[WAYS], *more;

	(void)state;
	collide(handles, WAYS + 1);
	for (int i = 0; i < WAYS; i++) {
		connections[i] = ts_connection_add(handles[i]);
		assert_non_null(connections[i]);
		/* whoever made it has the first turn */
		assert_false(ts_connection_take_turn(connections[i]));
		assert_true(!i || connections[i]->id == connections[i - 1]->id + 1);
	}
	for (int i = 0; i < WAYS; i++) {
		assert_ptr_equal(ts_connection_find(handles[i], &found), connections[i]);
		assert_int_equal(found, TS_CONNECTION_UNDECIDED);
	}
	/* none gives way but one that is left alone */
	assert_null(ts_connection_find(handles[WAYS], &found));
	assert_null(ts_connection_add(handles[WAYS]));
	connections[3]->state = TS_CONNECTION_RECORDED;
	assert_null(ts_connection_add(handles[WAYS]));
	connections[5]->state = TS_CONNECTION_ALONE;
	connections[5]->sent_calls = connections[5]->told_calls = 9;
	connections[5]->sequence = 5;
	/* while a thread still sees to it, it stays */
	assert_null(ts_connection_add(handles[WAYS]));
	ts_connection_give_turn(connections[5]);
	more = ts_connection_add(handles[WAYS]);
	assert_ptr_equal(more, connections[5]);
	assert_int_equal(more->state, TS_CONNECTION_UNDECIDED);
	assert_int_equal(more->sent_calls + more->told_calls + more->sequence, 0);
	assert_null(ts_connection_find(handles[5], &found));
	/* a place that is another's by now is left to it */
	ts_connection_remove(connections[5], handles[5]);
	assert_ptr_equal(ts_connection_find(handles[WAYS], &found), more);
	ts_connection_remove(more, handles[WAYS]);
	assert_null(ts_connection_find(handles[WAYS], &found));
	ts_connection_give_turn(more);
	assert_ptr_equal(ts_connection_add(handles[WAYS]), more);
	ts_connections_forget();
	for (int i = 0; i <= WAYS; i++)
		assert_null(ts_connection_find(handles[i], &found));
}

static void test_no_handle(void **state)
{
	enum ts_connection_state found;

	(void)state;
	assert_null(ts_connection_find(0, &found));
	assert_null(ts_connection_add(0));
	/* SSL_free(NULL) */
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_FREE, 0, 0, NULL, 0, 0), slot()), 0);
}

/*
 * Two threads take turns on places of the same set: each finds its own connection or none, and never one that is the
 * other's; one that is not left alone stays.
 */
static uint64_t shared_handles[16];

static void *come_and_go(void *user)
{
	uint64_t *mine = user;
	enum ts_connection_state state;
	uintptr_t wrong = 0;

	for (int i = 0; i < N; i++) {
		uint64_t handle = mine[i % 8];
		struct ts_connection *connection = ts_connection_add(handle);

		if (!connection)
			continue;
		connection->client = (void *)handle;
		wrong += ts_connection_find(handle, &state) != connection;
		wrong += connection->client != (void *)handle;
		connection->client = NULL;
		if (i % 2)
			__atomic_store_n(&connection->state, TS_CONNECTION_ALONE, __ATOMIC_RELEASE);
		else
			ts_connection_remove(connection, handle);
		ts_connection_give_turn(connection);
		/* once it is alone it may be gone, and nothing of the other's with it */
		connection = ts_connection_find(handle, &state);
		if (i % 2 && connection) {
			wrong += state != TS_CONNECTION_ALONE;
			ts_connection_remove(connection, handle);
		} else {
			wrong += !(i % 2) && connection;
		}
	}
	return (void *)wrong;
}

static void test_two_threads(void **state)
{
	pthread_t threads[2];
	void *wrong;

	(void)state;
	collide(shared_handles, 16);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, come_and_go, shared_handles + 8 * i), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	for (int i = 0; i < 16; i++) {
		enum ts_connection_state found;

		assert_null(ts_connection_find(shared_handles[i], &found));
	}
}

/* --- messages ---------------------------------------------------------------------------------------- */

static uint64_t at;

/* The next message in the ring, or NULL. */
static const struct ts_event_message *next(void)
{
	const struct ts_event_message *message = (void *)(place.ring.data + (at & (BYTES - 1)));

	if (at == place.shared.head)
		return NULL;
	assert_int_equal(message->event.type, TS_EVENT_MESSAGE);
	assert_true(message->event.bytes % 8 == 0);
	at += message->event.bytes;
	return message;
}

static const char *text_of(const struct ts_event_message *message)
{
	return (const char *)(message + 1) + TS_ALIGN8(message->tenant_bytes);
}

static struct ts_connection *recorded(uint64_t handle)
{
	struct ts_connection *connection = ts_connection_add(handle);

	assert_non_null(connection);
	ts_connection_give_turn(connection);
	connection->state = TS_CONNECTION_RECORDED;
	at = place.shared.head;
	return connection;
}

static void test_messages(void **state)
{
	struct ts_connection *connection = recorded(0x1000);
	struct ts_trace_context trace = {.id = {1, 2}, .tenant_bytes = 5, .tenant = "acme!"};
	struct ts_wire_place inside = {.trace = &trace, .parent_id = {3, 4}, .has_parent = true};
	const struct ts_event_message *message;
	const struct ts_id *id;

	(void)state;
	ts_wire_record(connection, 0, &inside, "POST", 4);
	ts_wire_record(connection, TS_MESSAGE_RECEIVED, NULL, "HTTP/1.1 ", 9);
	connection->listed = true;
	inside.has_parent = false;
	ts_wire_record(connection, 0, &inside, "more", 4);
	ts_wire_record_last(connection, TS_ENDING_PEER);
	message = next();
	assert_int_equal(message->event.flags, TS_MESSAGE_INSIDE | TS_MESSAGE_PARENT);
	assert_int_equal(message->connection, connection->id);
	assert_int_equal(message->sequence, 0);
	assert_int_equal(message->offset, 0);
	assert_int_equal(message->tid, 42);
	id = (const struct ts_id *)message->trace_id;
	assert_memory_equal(id, &trace.id, sizeof(*id));
	assert_memory_equal(message->parent_id, &inside.parent_id, sizeof(*id));
	assert_memory_equal(message + 1, "acme!", 5);
	assert_int_equal(message->text_bytes, 4);
	assert_memory_equal(text_of(message), "POST", 4);
	message = next();
	assert_int_equal(message->event.flags, TS_MESSAGE_RECEIVED);
	assert_int_equal(message->sequence, 1);
	assert_int_equal(message->offset, 0);
	assert_int_equal(message->tenant_bytes, 0);
	assert_memory_equal(text_of(message), "HTTP/1.1 ", 9);
	message = next();
	assert_int_equal(message->event.flags, TS_MESSAGE_INSIDE | TS_MESSAGE_LISTED);
	assert_int_equal(message->sequence, 2);
	assert_int_equal(message->offset, 4);
	message = next();
	assert_int_equal(message->event.flags,
			 TS_MESSAGE_LAST | TS_MESSAGE_RECEIVED | TS_MESSAGE_LISTED);
	assert_int_equal(message->ending, TS_ENDING_PEER);
	assert_int_equal(message->sequence, 3);
	assert_int_equal(message->text_bytes, 0);
	assert_null(next());
}

static void test_pieces_of_a_text(void **state)
{
	static char text[100000];
	struct ts_connection *connection = recorded(0x1000);
	const struct ts_event_message *message;
	uint64_t done = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i % 251);
	ts_wire_record(connection, TS_MESSAGE_RECEIVED, NULL, text, sizeof(text));
	for (uint32_t i = 0; (message = next()); i++) {
		assert_int_equal(message->sequence, i);
		assert_int_equal(message->offset, done);
		assert_true(message->text_bytes <= BYTES / 8);
		assert_memory_equal(text_of(message), text + done, message->text_bytes);
		done += message->text_bytes;
	}
	assert_int_equal(done, sizeof(text));
	assert_int_equal(ts_wire.counts[TS_WIRE_LOST_BYTES], 0);
	assert_int_not_equal(place.process.wake, 0); /* it is half full */
}

/* What was sent unseen is a gap that a message tells of, or the next one. */
static void test_passed_over(void **state)
{
	static const char text[4096];
	struct ts_connection *connection = recorded(0x1000);
	const struct ts_event_message *message;

	(void)state;
	ts_wire_record(connection, 0, NULL, "POST", 4);
	ts_wire_pass_over(connection, 1000);
	assert_int_equal(next()->offset, 0);
	message = next();
	assert_int_equal(message->event.flags, 0);
	assert_int_equal(message->sequence, 1);
	assert_int_equal(message->offset, 1004);
	assert_int_equal(message->text_bytes, 0);
	assert_null(next());
	assert_int_equal(ts_wire.counts[TS_WIRE_LOST_BYTES], 0);
	while (!connection->lost_sent)
		ts_wire_record(connection, 0, NULL, text, sizeof(text));
	connection->lost_sent = false;
	while (next())
		;
	while (!connection->lost_sent)
		ts_wire_pass_over(connection, 10);
	while ((message = next()))
		assert_true(message->offset < connection->offset[0]);
}

static void test_no_room(void **state)
{
	static const char text[4096];
	struct ts_connection *connection = recorded(0x1000);
	const struct ts_event_message *message;
	uint64_t lost, n = 0, kept = 0;

	(void)state;
	for (int i = 0; i < 64; i++)
		ts_wire_record(connection, 0, NULL, text, sizeof(text));
	lost = ts_wire.counts[TS_WIRE_LOST_BYTES];
	assert_true(lost > 0);
	/* a sixteenth is left to calls, and the end of the connection finds room */
	assert_true(ts_ring_room(&place.ring, 1) >= BYTES / 16);
	assert_int_equal(connection->offset[0], 64 * sizeof(text));
	ts_wire_record_last(connection, TS_ENDING_CLIENT);
	while ((message = next())) {
		assert_int_equal(message->sequence, n++);
		kept += message->text_bytes;
	}
	assert_int_equal(kept + lost, 64 * sizeof(text));
	/* the reader has come: there is a gap, and then it goes on */
	place.shared.tail = place.shared.head;
	ts_wire_record(connection, 0, NULL, "on", 2);
	message = next();
	assert_int_equal(message->sequence, n);
	assert_int_equal(message->offset, 64 * sizeof(text));
	assert_null(next());
}

/* Bodies, and whatever is received, leave room for heads of requests. */
static void test_room_for_heads(void **state)
{
	static const char body[32768], head[300];
	struct ts_connection *connection = recorded(0x1000);
	const struct ts_event_message *message;
	uint64_t longest = 0, last = 0;

	(void)state;
	for (int i = 0; i < 64; i++)
		ts_wire_record(connection, 0, NULL, body, 4500);
	for (int i = 0; i < 64; i++)
		ts_wire_record(connection, TS_MESSAGE_RECEIVED, NULL, body, sizeof(head));
	ts_wire_record(connection, 0, NULL, head, sizeof(head));
	while ((message = next())) {
		last = message->text_bytes;
		longest = last > longest ? last : longest;
	}
	assert_int_equal(longest, 4500);
	assert_int_equal(last, sizeof(head));
}

static void test_text_that_cannot_be_read(void **state)
{
	struct ts_connection *connection = recorded(0x1000);
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct ts_event_message *message;

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	munmap(page + 4096, 4096);
	ts_wire_record(connection, TS_MESSAGE_RECEIVED, NULL, page + 4000, 200);
	ts_wire_record(connection, TS_MESSAGE_RECEIVED, NULL, NULL, 8);
	ts_wire_record(connection, TS_MESSAGE_RECEIVED, NULL, page, 8);
	assert_int_equal(ts_wire.counts[TS_WIRE_LOST_BYTES], 208);
	message = next();
	assert_int_equal(message->offset, 208);
	assert_int_equal(message->sequence, 0);
	assert_null(next());
	munmap(page, 4096);
}

/* --- the way in ---------------------------------------------------------------------------------------- */

static void test_new_connections(void **state)
{
	(void)state;
	/* what is received, or ended, on one that was not met is not looked at */
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_READ, 4, 1, "HTTP", 64, 0), slot()), 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_FREE, 0, 1, NULL, 0, 0), slot()), 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_WRITE, 4, 1, "POST", 4, 0), slot()),
			 TS_SLOW);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_WRITE, -1, 1, "POST", 4, 0), slot()), 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_CONNECT, 0, 9, "", 16, 0), slot()), TS_SLOW);
	/* a descriptor that is closed is listed no more, whatever was sent */
	assert_int_equal(ts_wire_passed(call(TS_WIRE_CLOSE, 0, 9, NULL, 0, 0), slot()), TS_SLOW);
	ts_context.untraced = true;
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_WRITE, 4, 1, "POST", 4, 0), slot()), 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_CONNECT, 0, 9, "", 16, 0), slot()), 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_CLOSE, 0, 9, NULL, 0, 0), slot()), 0);
}

static void test_known_connections(void **state)
{
	struct ts_connection *connection = recorded(1);

	(void)state;
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_READ, 4, 1, "HTTP", 64, 0), slot()), 0);
	assert_memory_equal(text_of(next()), "HTTP", 4);
	assert_int_equal(ts_context.guard, 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_WRITE, 4, 1, "POST", 4, 0), slot()),
			 TS_SLOW);
	assert_int_equal(connection->sent_calls, 1);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_WRITE, -1, 1, "POST", 4, 0), slot()), 0);
	assert_int_equal(connection->sent_calls, 1);
	/* nothing is recorded any more, and the slow path will know it */
	ts_hot.passive = 1;
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_WRITE, 4, 1, "POST", 4, 0), slot()), 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_READ, 4, 1, "HTTP", 64, 0), slot()), 0);
	assert_int_equal(connection->sent_calls, 2);
	assert_int_equal(connection->offset[1], 8);
	ts_hot.passive = 0;
	/* not in the midst of another call's recording */
	ts_context.guard = slot();
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_READ, 4, 1, "HTTP", 64, 0), slot()), 0);
	assert_int_equal(ts_wire.counts[TS_WIRE_LOST_BYTES], 8);
	ts_context.guard = 0;
	assert_null(next());
	/* a thread that is not ready */
	ts_context.generation = 0;
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_READ, 4, 1, "HTTP", 64, 0), slot()),
			 TS_SLOW);
	assert_int_equal(ts_context.guard, 0);
	connection->state = TS_CONNECTION_ALONE;
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_READ, 4, 1, "HTTP", 64, 0), slot()), 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_WRITE, 4, 1, "POST", 4, 0), slot()), 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_FREE, 0, 1, NULL, 0, 0), slot()), TS_SLOW);
	assert_int_equal(ts_connection_find(1, &(enum ts_connection_state){0}) == connection, 1);
}

/* What nobody reads is told of, once: then its connection is ALONE, or goes on. */
static void test_unseen(void **state)
{
	struct bio memory = {.type = 1 | 0x400};
	struct ts_connection *connection;

	(void)state;
	hook.bio = &bios;
	for (place.ours = TS_WIRE_PARENTS; place.ours <= TS_WIRE_OURS; place.ours++)
		assert_int_equal(
			ts_wire_passed(call(TS_WIRE_BIO_WRITE, 4, (uint64_t)&memory, "POST", 4, 0),
				       slot()),
			0);
	place.ours = TS_WIRE_OURS;
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_SENDFILE, -1, 1, NULL, 0, 9), slot()), 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_SENDFILE, 9, 1, NULL, 0, 9), slot()),
			 TS_SLOW);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_EARLY, 0, 1, "", 9, 0), slot()), TS_SLOW);
	connection = recorded(1);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_SENDFILE, -1, 1, NULL, 0, 9), slot()), 0);
	assert_int_equal(connection->sent_calls, 0);
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_SENDFILE, 9, 1, NULL, 0, 9), slot()),
			 TS_SLOW);
	assert_int_equal(connection->sent_calls, 1);
	connection->state = TS_CONNECTION_ALONE;
	assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_EARLY, 0, 1, "", 9, 0), slot()), 0);
	assert_null(next());
}

/* A child finds its parent's connections, and none of them is its own. */
static void test_after_a_fork(void **state)
{
	struct ts_connection *connection = recorded(1);

	(void)state;
	for (place.ours = TS_WIRE_PARENTS; place.ours <= TS_WIRE_BEING_FORGOTTEN; place.ours++) {
		assert_int_equal(
			ts_wire_passed(call(TS_WIRE_SSL_READ, 4, 1, "HTTP", 64, 0), slot()), 0);
		assert_int_equal(ts_wire_passed(call(TS_WIRE_SSL_FREE, 0, 1, NULL, 0, 0), slot()),
				 0);
		assert_int_equal(
			ts_wire_passed(call(TS_WIRE_SSL_WRITE, 4, 1, "POST", 4, 0), slot()),
			TS_SLOW);
		assert_int_equal(connection->sent_calls, 0);
	}
	assert_null(next());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
		TEST(test_bytes_of_results),
		TEST(test_bytes_by_out_parameters),
		TEST(test_bytes_aside),
		TEST(test_bytes_of_messages),
		TEST(test_bytes_that_nobody_reads),
		TEST(test_splices),
		TEST(test_handles),
		TEST(test_handles_of_bios),
		TEST(test_endings),
		TEST(test_endings_of_bios),
		TEST(test_pieces),
		TEST(test_pieces_of_messages),
		TEST(test_table),
		TEST(test_no_handle),
		TEST(test_two_threads),
		TEST(test_messages),
		TEST(test_pieces_of_a_text),
		TEST(test_passed_over),
		TEST(test_no_room),
		TEST(test_room_for_heads),
		TEST(test_text_that_cannot_be_read),
		TEST(test_new_connections),
		TEST(test_known_connections),
		TEST(test_unseen),
		TEST(test_after_a_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
