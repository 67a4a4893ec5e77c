/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_WIRE_H
#define TS_HOT_WIRE_H

/*
 * Calls of functions through which plain text passes, of a TLS library or of sockets. What matters is not the
 * call but what it passed: once it has returned, the text goes to the log as messages, if its connection is one
 * that counts. What the program sends takes the slow path, where the heads of requests are rewritten (../wire.h);
 * what it receives is copied as it is.
 *
 *   caller: call *slot ──► thunk i ──► ts_pad_wire ──► call *original
 *                                        ts_wire_passed(what was passed) ─► 0, or TS_SLOW: ts_wire.slow
 *                                        return to caller
 *
 * What ends a connection is looked at before it is called, for afterwards its handle may be another's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"

struct ts_thunk;
struct ts_wire_client;

/* What a function does with its arguments; in call.h's struct ts_hook. 0: it is an ordinary rule's. */
enum ts_wire_function {
	TS_WIRE_NONE,
	TS_WIRE_SSL_READ,     /* int (SSL *, void *, int) */
	TS_WIRE_SSL_READ_EX,  /* int (SSL *, void *, size_t, size_t *) */
	TS_WIRE_SSL_WRITE,    /* int (SSL *, const void *, int) */
	TS_WIRE_SSL_WRITE_EX, /* int (SSL *, const void *, size_t, size_t *) */
	TS_WIRE_SSL_SENDFILE, /* ssize_t (SSL *, int, off_t, size_t, int): unseen */
	TS_WIRE_SSL_EARLY,    /* int (SSL *, const void *, size_t, size_t *): unseen */
	TS_WIRE_BIO_READ,     /* as the first four; the SSL is that of a BIO, or there is none */
	TS_WIRE_BIO_READ_EX,
	TS_WIRE_BIO_WRITE,
	TS_WIRE_BIO_WRITE_EX,
	TS_WIRE_SSL_FREE, /* void (SSL *) */
	TS_WIRE_CONNECT,  /* int (int, const struct sockaddr *, socklen_t) */
	TS_WIRE_CLOSE,    /* int (int) */
	TS_WIRE_READ,     /* ssize_t (int, void *, size_t) */
	TS_WIRE_RECV,     /* ssize_t (int, void *, size_t, int flags); recvfrom begins like it */
	TS_WIRE_RECV_CHK, /* ssize_t (int, void *, size_t, size_t, int flags), and so __recvfrom_chk */
	TS_WIRE_WRITE,    /* ssize_t (int, const void *, size_t); send and sendto begin like it */
	TS_WIRE_READV,    /* ssize_t (int, const struct iovec *, int) */
	TS_WIRE_WRITEV,
	TS_WIRE_RECVMSG, /* ssize_t (int, struct msghdr *, int flags) */
	TS_WIRE_SENDMSG,
	TS_WIRE_RECVMMSG, /* int (int, struct mmsghdr *, unsigned, int flags, struct timespec *) */
	TS_WIRE_SENDMMSG,
	TS_WIRE_SENDFILE, /* ssize_t (int out, int in, off_t *, size_t): unseen, as the rest */
	TS_WIRE_SPLICE,   /* ssize_t (int in, loff_t *, int out, loff_t *, size_t, unsigned) */
	TS_WIRE_FDOPEN,   /* FILE *(int, const char *) */
};

/* Of the library that has a function of BIOs. They read fields. */
struct ts_wire_bio {
	int (*method_type)(const void *bio);
	void *(*get_data)(void *bio);
	int (*test_flags)(const void *bio, int flags);
};

/* A call, as the pads hand it over; lies on the caller's stack. */
struct ts_passed {
	uint64_t arguments[6];
	const struct ts_thunk *thunk;
	int64_t result;
};

enum ts_connection_state {
	TS_CONNECTION_ALONE = 1, /* does not count: nothing of it is looked at */
	TS_CONNECTION_UNDECIDED,
	TS_CONNECTION_RECORDED,
};

/* A TLS object or a socket, from the first thing that is sent to its end; of one thread at a time a direction. */
struct ts_connection {
	uint64_t id;                   /* in messages */
	uint64_t offset[2];            /* sent, received: as recorded */
	uint32_t sequence;             /* of the next message */
	uint32_t sent_calls;           /* that sent something, or ended a TLS object; atomic */
	uint32_t told_calls;           /* of them, what the slow path was told of */
	uint8_t state;                 /* enum ts_connection_state */
	bool listed;                   /* a socket whose address symbols.conf lists */
	bool lost_sent;                /* of what was sent, since the last message that says so */
	bool unseen;                   /* something passed by a function that is not read */
	uint32_t turn;                 /* a thread sees to the client; atomic */
	struct ts_wire_client *client; /* NULL: ALONE */
};

/* Where what is sent belongs: found before it is recorded. */
struct ts_wire_place {
	const struct ts_trace_context *trace; /* NULL: outside every trace */
	struct ts_id parent_id;
	bool has_parent;
};

#define TS_WIRE_FDS (1 << 16) /* sockets above are left alone */

/* Whose the connections are: a page that fork wipes says it. */
enum ts_wire_ours {
	TS_WIRE_PARENTS, /* of a child's parent, until the child meets its own */
	TS_WIRE_BEING_FORGOTTEN,
	TS_WIRE_OURS,
};

struct ts_wire_hot {
	const uint32_t *ours; /* enum ts_wire_ours */
	/* Everything but copying. Vector state is saved around it. */
	uintptr_t (*slow)(struct ts_passed *passed, uintptr_t slot);
	uint64_t counts[8]; /* enum ts_wire_count; atomic */
	/* Descriptors that are connected to addresses of symbols.conf. The pads look here first. */
	uint8_t listed[TS_WIRE_FDS];
};

extern struct ts_wire_hot ts_wire;

/*
 * For functions whose text is known when they have returned, and for those that end a connection; by slot, by entry, and
 * by slot with a descriptor that counts only if it is listed.
 */
extern const char ts_pad_wire[], ts_pad_wire_entry[], ts_pad_wire_listed[], ts_pad_wire_before[],
	ts_pad_wire_before_entry[], ts_pad_wire_before_listed[];
extern const char ts_pad_wire_spliced[]; /* one of two descriptors counts if it is listed */

/* A function has returned, or is about to be called; its return address lies at `slot`. 0 or TS_SLOW. [hot] */
uintptr_t ts_wire_passed(struct ts_passed *passed, uintptr_t slot);

/* Is its first argument a TLS object? */
static inline bool ts_wire_is_of_tls(enum ts_wire_function function)
{
	return function <= TS_WIRE_SSL_EARLY || function == TS_WIRE_SSL_FREE;
}

static inline bool ts_wire_ends(enum ts_wire_function function)
{
	return function == TS_WIRE_SSL_FREE || function == TS_WIRE_CLOSE;
}

/*
 * Is it to be looked at before it is called? What early data holds passes SSL_write_ex inside, and is sent once more where the
 * server does not take it.
 */
static inline bool ts_wire_comes_before(enum ts_wire_function function)
{
	return ts_wire_ends(function) || function == TS_WIRE_SSL_EARLY;
}

/* Does text pass it where nobody reads it? To be told of, and the recording goes on where that is possible. */
static inline bool ts_wire_is_unseen(enum ts_wire_function function)
{
	return function == TS_WIRE_SSL_SENDFILE || function == TS_WIRE_SSL_EARLY ||
	       function >= TS_WIRE_SENDFILE;
}

/* Does the function send? What is unseen counts as sent, whatever else it does. */
static inline bool ts_wire_sends(enum ts_wire_function function)
{
	return function == TS_WIRE_SSL_WRITE || function == TS_WIRE_SSL_WRITE_EX ||
	       function == TS_WIRE_BIO_WRITE || function == TS_WIRE_BIO_WRITE_EX ||
	       function == TS_WIRE_WRITE || function == TS_WIRE_WRITEV ||
	       function == TS_WIRE_SENDMSG || function == TS_WIRE_SENDMMSG ||
	       ts_wire_is_unseen(function);
}

#define TS_WIRE_NOBODY_KNOWS UINT64_MAX /* how many bytes */

/* How many bytes the call passed; 0: none, or it failed. [hot] */
uint64_t ts_wire_bytes(const struct ts_passed *passed);

/* The handle of the call's connection; 0: it has none. [hot] */
uint64_t ts_wire_handle(const struct ts_passed *passed);

/* The connection with this handle, and its state; NULL: it was not met. [hot] */
struct ts_connection *ts_connection_find(uint64_t handle, enum ts_connection_state *ret_state);

/*
 * Whose turn it is with a connection's client, for sockets may be sent on, and closed, by several threads. False: another's.
 * [slow]
 */
bool ts_connection_take_turn(struct ts_connection *connection);
void ts_connection_give_turn(struct ts_connection *connection);

/* A new one in a place that is free, or that one has that is ALONE; the turn is the caller's. NULL: there is none. [slow] */
struct ts_connection *ts_connection_add(uint64_t handle);

/* The connection's place is free again, unless it is another's by now. [slow] */
void ts_connection_remove(struct ts_connection *connection, uint64_t handle);

/* All places are free: those of a parent. What descriptors are connected to is as it was. [slow] */
void ts_connections_forget(void);

/* Nothing passed: because nothing will any more? enum ts_ending, or 0. [hot] */
enum ts_ending ts_wire_ending(const struct ts_passed *passed);

/* Calls `take` with each piece of what the call passed, in order; with less where an iovec cannot be read. */
typedef void ts_wire_piece_fn(void *user, const void *text, uint64_t bytes);
void ts_wire_pieces(const struct ts_passed *passed, uint64_t bytes, ts_wire_piece_fn *take,
		    void *user);

/*
 * Puts text into this thread's ring, in as many messages as it takes; what finds no room is counted and leaves a gap.
 * `flags`: TS_MESSAGE_RECEIVED or 0; `place` of what is sent. The thread is ready, and its guard set. [hot]
 */
void ts_wire_record(struct ts_connection *connection, uint32_t flags,
		    const struct ts_wire_place *place, const void *text, uint64_t bytes);

/* Text that no ring has room for: a gap. [hot] */
void ts_wire_lose(struct ts_connection *connection, uint32_t flags, uint64_t bytes);

/* What was sent and nobody saw: the same, but told of at once, and no loss. The thread is ready, and its guard set. [hot] */
void ts_wire_pass_over(struct ts_connection *connection, uint64_t bytes);

/*
 * The last message of a connection, which says how much was received in all; where what was sent last is lost, one before it says
 * how much that was. [hot]
 */
void ts_wire_record_last(struct ts_connection *connection, enum ts_ending ending);

#endif
