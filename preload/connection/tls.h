/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_TLS_H
#define TS_TLS_H

/*
 * Which TLS libraries the process holds, each once, in the order in which they were met: only of OpenSSL and
 * its like is it known how plain text passes. [setup]
 */

#include <stdbool.h>
#include <stddef.h>

struct ts_object;
struct ts_walk;

struct ts_tls {
	const char *object;  /* path of the object that holds it */
	const char *library; /* "OpenSSL", "GnuTLS", "rustls", ... */
	const char *reason;  /* why what passes through it is not seen; "": it is */
};

/*
 * Looks at one object, inside a walk, once the functions of all have been seen to (hook.c): at the names that it
 * exports, and, where `thorough`, through all its constants for what has no names. Those of the shim and what only its
 * modules brought are passed over.
 */
void ts_tls_note(const struct ts_walk *walk, const struct ts_object *object, bool thorough);

/*
 * Is it a TLS library that exports OpenSSL's functions, and none that only stands in front of one (to log keys, say)? That has some of
 * them, and calls the others' owner, where all that passes it is seen.
 */
bool ts_tls_is_library(const struct ts_object *object);

/* Those found so far: never moved or changed. Any thread. */
size_t ts_tls_count(void);
const struct ts_tls *ts_tls_get(size_t index);

#endif
