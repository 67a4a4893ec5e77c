// SPDX-License-Identifier: Apache-2.0
/* What a call passed: over which connection, how many bytes, and which. */

#include "wire.h"

#include <linux/errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "call.h"
#include "guarded.h"

#include "hot.h"

#define FD_HANDLE   (1ULL << 63)
#define MAX_VECTORS 1024 /* IOV_MAX */

/* Of openssl/bio.h. */
#define TYPE_SSL     0x0207
#define SHOULD_RETRY 8

static enum ts_wire_function function_of(const struct ts_passed *passed)
{
	return passed->thunk->hook->wire;
}

static bool is_ssl(enum ts_wire_function function)
{
	return function <= TS_WIRE_SSL_FREE;
}

static bool is_bio(enum ts_wire_function function)
{
	return function >= TS_WIRE_BIO_READ && function <= TS_WIRE_BIO_WRITE_EX;
}

/* The number of bytes comes by a pointer; the result only says whether it worked. */
static bool is_ex(enum ts_wire_function function)
{
	return function == TS_WIRE_SSL_READ_EX || function == TS_WIRE_SSL_WRITE_EX ||
	       function == TS_WIRE_BIO_READ_EX || function == TS_WIRE_BIO_WRITE_EX;
}

/*
 * The TLS object of a BIO that has one: BIO_get_ssl would ask a callback of the program's. Its pointer is the first word of what
 * the BIO keeps (bio_ssl.c of OpenSSL 3.0 to 3.5). Of a call that asked for no bytes OpenSSL does not look at the BIO either.
 */
static uint64_t tls_of(const struct ts_passed *passed)
{
	const struct ts_wire_bio *bio = passed->thunk->hook->bio;
	void *of = (void *)passed->arguments[0];
	uint64_t wanted = passed->arguments[2], tls = 0;

	if (!bio || !of || !wanted || (!is_ex(function_of(passed)) && (int32_t)wanted <= 0))
		return 0;
	if (bio->method_type(of) != TYPE_SSL ||
	    !ts_guarded_copy(&tls, bio->get_data(of), sizeof(tls)))
		return 0;
	return tls;
}

/* Of a splice that which is listed: where text comes out of the process, if both are. */
static uint32_t descriptor_of(const struct ts_passed *passed)
{
	uint32_t out = (uint32_t)passed->arguments[2];

	if (function_of(passed) == TS_WIRE_SPLICE && out < TS_WIRE_FDS && ts_wire.listed[out])
		return out;
	return (uint32_t)passed->arguments[0];
}

uint64_t ts_wire_handle(const struct ts_passed *passed)
{
	enum ts_wire_function function = function_of(passed);

	if (is_bio(function))
		return tls_of(passed);
	return is_ssl(function) ? passed->arguments[0] : FD_HANDLE | descriptor_of(passed);
}

/* Looks at what is received again later, or at what is no part of the stream. */
static bool looks_aside(const struct ts_passed *passed)
{
	const int aside = MSG_PEEK | MSG_OOB | MSG_ERRQUEUE;

	switch (function_of(passed)) {
	case TS_WIRE_RECV:
	case TS_WIRE_RECVMMSG:
		return passed->arguments[3] & aside;
	case TS_WIRE_RECV_CHK:
		return passed->arguments[4] & aside;
	case TS_WIRE_RECVMSG:
		return passed->arguments[2] & aside;
	default:
		return false;
	}
}

/* Of several messages each one's; false: it cannot be read. */
static bool message_at(const struct ts_passed *passed, uint64_t i, struct mmsghdr *ret)
{
	const struct mmsghdr *messages = (const struct mmsghdr *)passed->arguments[1];

	return i < MAX_VECTORS && ts_guarded_copy(ret, &messages[i], sizeof(*ret));
}

/* How many messages a call of those that pass several passed. */
static uint64_t messages_of(const struct ts_passed *passed)
{
	enum ts_wire_function function = function_of(passed);

	if (function != TS_WIRE_SENDMMSG && function != TS_WIRE_RECVMMSG)
		return 0;
	return (int32_t)passed->result > 0 ? (uint64_t)(int32_t)passed->result : 0;
}

static uint64_t bytes_of_messages(const struct ts_passed *passed)
{
	uint64_t bytes = 0;
	struct mmsghdr message;

	for (uint64_t i = 0; i < messages_of(passed) && message_at(passed, i, &message); i++)
		bytes += message.msg_len;
	return bytes;
}

static uint64_t bytes_by_pointer(const struct ts_passed *passed)
{
	uint64_t bytes = 0;

	/* BIO_write_ex does not insist on the pointer: without it the program reckons with all or nothing */
	if (function_of(passed) == TS_WIRE_BIO_WRITE_EX && !passed->arguments[3])
		return (int32_t)passed->result > 0 ? passed->arguments[2] : 0;
	if ((int32_t)passed->result <= 0 ||
	    !ts_guarded_copy(&bytes, (const void *)passed->arguments[3], sizeof(bytes)) ||
	    bytes > passed->arguments[2])
		return 0;
	return bytes;
}

/* A splice out of a socket ends in a pipe, and a stream of stdio is read and written behind the shim's back. */
static uint64_t bytes_unseen(const struct ts_passed *passed)
{
	enum ts_wire_function function = function_of(passed);
	uint64_t result = passed->result > 0 ? (uint64_t)passed->result : 0;

	if (function == TS_WIRE_SSL_EARLY)
		return TS_WIRE_NOBODY_KNOWS;
	if (function == TS_WIRE_FDOPEN)
		return passed->result ? TS_WIRE_NOBODY_KNOWS : 0;
	if (function == TS_WIRE_SPLICE && descriptor_of(passed) != (uint32_t)passed->arguments[2])
		return result ? TS_WIRE_NOBODY_KNOWS : 0;
	return result;
}

uint64_t ts_wire_bytes(const struct ts_passed *passed)
{
	enum ts_wire_function function = function_of(passed);

	if (ts_wire_is_unseen(function))
		return bytes_unseen(passed);
	if (is_ex(function))
		return bytes_by_pointer(passed);
	if (is_ssl(function))
		return (int32_t)passed->result > 0 ? (uint64_t)(int32_t)passed->result : 0;
	if (looks_aside(passed))
		return 0;
	if (function == TS_WIRE_SENDMMSG || function == TS_WIRE_RECVMMSG)
		return bytes_of_messages(passed);
	return passed->result > 0 ? (uint64_t)passed->result : 0;
}

/* What SSL_get_error answers (openssl/ssl.h); the others mean that the call is to be made again. */
enum { SSL_FAULT = 1, SYSTEM_FAULT = 5, ZERO_RETURN = 6 };

/*
 * SSL_read fails, too, where it only has to wait. SSL_get_error looks at fields; every client calls it next. That
 * it may change vector registers harms no caller, for SSL_read itself does.
 */
static enum ts_ending ending_of_tls(const struct ts_passed *passed)
{
	const struct ts_hook *hook = passed->thunk->hook;

	if (!hook->fault)
		return 0;
	switch (hook->fault((const void *)passed->arguments[0], (int)passed->result)) {
	case ZERO_RETURN:
		return TS_ENDING_PEER;
	case SSL_FAULT:
	case SYSTEM_FAULT:
		return TS_ENDING_ERROR;
	default:
		return 0;
	}
}

/* SSL_get_error is another library's. What a BIO answers is what SSL_read did. */
static enum ts_ending ending_of_bio(const struct ts_passed *passed)
{
	const struct ts_wire_bio *bio = passed->thunk->hook->bio;

	if (!bio || bio->test_flags((const void *)passed->arguments[0], SHOULD_RETRY))
		return 0;
	return (int32_t)passed->result < 0 ? TS_ENDING_ERROR : TS_ENDING_PEER;
}

/* Then it says nothing that none came. The third argument of recvmsg is no number of bytes. */
static bool asks_for_nothing(const struct ts_passed *passed)
{
	struct msghdr message;

	if (function_of(passed) != TS_WIRE_RECVMSG)
		return !passed->arguments[2];
	return !ts_guarded_copy(&message, (const void *)passed->arguments[1], sizeof(message)) ||
	       !message.msg_iovlen;
}

enum ts_ending ts_wire_ending(const struct ts_passed *passed)
{
	const int *error_number = ts_context.error_number;

	if (asks_for_nothing(passed) || looks_aside(passed))
		return 0;
	if (is_bio(function_of(passed)))
		return ending_of_bio(passed);
	if (is_ssl(function_of(passed)))
		return ending_of_tls(passed);
	/* a message of no bytes, too */
	if (passed->result == 0 || messages_of(passed))
		return TS_ENDING_PEER;
	if (!error_number)
		return 0;
	return *error_number == ECONNRESET || *error_number == ETIMEDOUT ? TS_ENDING_ERROR : 0;
}

static void vector_pieces(uint64_t at, uint64_t n, uint64_t bytes, ts_wire_piece_fn *take,
			  void *user)
{
	for (uint64_t i = 0; bytes && i < n && i < MAX_VECTORS; i++) {
		struct iovec vector;

		if (!ts_guarded_copy(&vector, (const struct iovec *)at + i, sizeof(vector)))
			return;
		if (vector.iov_len > bytes)
			vector.iov_len = bytes;
		if (vector.iov_len)
			take(user, vector.iov_base, vector.iov_len);
		bytes -= vector.iov_len;
	}
}

static void pieces_of_messages(const struct ts_passed *passed, ts_wire_piece_fn *take, void *user)
{
	struct mmsghdr message;

	for (uint64_t i = 0; i < messages_of(passed) && message_at(passed, i, &message); i++)
		vector_pieces((uint64_t)message.msg_hdr.msg_iov, message.msg_hdr.msg_iovlen,
			      message.msg_len, take, user);
}

void ts_wire_pieces(const struct ts_passed *passed, uint64_t bytes, ts_wire_piece_fn *take,
		    void *user)
{
	struct msghdr message;

	switch (function_of(passed)) {
	case TS_WIRE_READV:
	case TS_WIRE_WRITEV:
		vector_pieces(passed->arguments[1], passed->arguments[2], bytes, take, user);
		break;
	case TS_WIRE_RECVMMSG:
	case TS_WIRE_SENDMMSG:
		pieces_of_messages(passed, take, user);
		break;
	case TS_WIRE_RECVMSG:
	case TS_WIRE_SENDMSG:
		if (ts_guarded_copy(&message, (const void *)passed->arguments[1], sizeof(message)))
			vector_pieces((uint64_t)message.msg_iov, message.msg_iovlen, bytes, take,
				      user);
		break;
	default:
		take(user, (const void *)passed->arguments[1], bytes);
	}
}
