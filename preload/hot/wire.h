/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_WIRE_H
#define TS_HOT_WIRE_H

/*
 * Calls of functions through which plain text passes, of a TLS library or of sockets. What matters is not the
 * call but what it passed: once it has returned, the text goes to the log as a message, if its connection is one
 * that counts. What the client sends takes the slow path, where the heads of requests are rewritten (../wire.h); what it
 * receives is copied as it is.
 */

#include <stdbool.h>
#include <stdint.h>

/* What a function does with its arguments; in hot/call.h's struct ts_hook. 0: it is an ordinary rule's. */
enum ts_wire_function {
	TS_WIRE_NONE,
	TS_WIRE_SSL_READ,     /* int (SSL *, void *, int) */
	TS_WIRE_SSL_READ_EX,  /* int (SSL *, void *, size_t, size_t *) */
	TS_WIRE_SSL_WRITE,    /* int (SSL *, const void *, int) */
	TS_WIRE_SSL_WRITE_EX, /* int (SSL *, const void *, size_t, size_t *) */
	TS_WIRE_SSL_FREE,     /* void (SSL *) */
	TS_WIRE_CONNECT,      /* int (int, const struct sockaddr *, socklen_t) */
	TS_WIRE_CLOSE,        /* int (int) */
	TS_WIRE_READ,         /* ssize_t (int, void *, size_t); recv begins like it */
	TS_WIRE_WRITE,        /* ssize_t (int, const void *, size_t); send begins like it */
	TS_WIRE_READV,        /* ssize_t (int, const struct iovec *, int) */
	TS_WIRE_WRITEV,
	TS_WIRE_RECVMSG,      /* ssize_t (int, struct msghdr *, int) */
	TS_WIRE_SENDMSG,
};

#endif
