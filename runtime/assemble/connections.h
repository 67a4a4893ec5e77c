/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CONNECTIONS_H
#define TS_CONNECTIONS_H

/*
 * Connections to LLM APIs: messages of many rings -> those of each connection in their order -> calls -> rows. A call is told
 * once, although its messages may be read again: what a connection can be read again from, and which of its calls have rows,
 * stands in the segment `open` before the rings give their places back [L5].
 *
 * Of HTTP/1 that is what the exchanges under way consist of. HTTP/2 cannot be read from the middle on, so it is all that
 * passed, up to TS_HISTORY_MOST; what was forgotten then is missing to the next consumer alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../preload/abi.h"
#include "../bytes.h"
#include "batch.h"
#include "fill.h"

#define TS_HISTORY_MOST     ((size_t)1 << 20)  /* bytes of a connection */
#define TS_HISTORIES_MOST   ((size_t)16 << 20) /* ... of all */
#define TS_CONNECTIONS_MOST 4096

struct ts_connections;
struct ts_told_call;

/*
 * All of what it is given outlives it. `fill` has its settings. Without `rows`, which is NULL then, nothing is told of but by
 * ts_connections_look, and `fill` needs settings and clock alone. 0 or -ENOMEM.
 */
int ts_connections_new(struct ts_connections **ret, struct ts_fill *fill, struct ts_rows *rows,
		       const uint8_t run_id[16]);
void ts_connections_free(struct ts_connections *connections); /* NULL is fine; tells of nothing */

/*
 * A message that a ring had; it stays valid until the batch has ended. Rows that come of it are added. 0; or -ENOMEM: it has to
 * come again.
 */
int ts_connections_take(struct ts_connections *connections, const struct ts_event_message *message);

/* What `open` has: a message or what was told, copied. 0 or -ENOMEM. */
int ts_connections_load(struct ts_connections *connections, const struct ts_event *event);

/* Reads on where memory ran out, and what was loaded; before each pass. 0 or -ENOMEM: once more. */
int ts_connections_catch_up(struct ts_connections *connections);

/* Every ring was read to its head: messages that were missing `rounds` times will never come. */
void ts_connections_age(struct ts_connections *connections, unsigned rounds);

/*
 * The program has ended, last seen at `ticks`, having become another or not: tells of what was under way. 1: there is more, call
 * again after the commit; 0; or -ENOMEM.
 */
int ts_connections_end(struct ts_connections *connections, uint64_t ticks, bool exec);

/* A call under way, as far as it is known; gone when it returns. 0; or a negative errno: no more of them. */
typedef int ts_connections_look_fn(void *user, const struct ts_told_call *told);

/*
 * Of one without rows, once it was given all that there is: tells `look` of each call under way that will have rows. That ends
 * its connections. 0; or a negative errno, `look`'s or -ENOMEM.
 */
int ts_connections_look(struct ts_connections *connections, ts_connections_look_fn *look,
			void *user);

/*
 * What has to be told to `open`, or, with `all`, what is to stand there instead; *ret_live gets how many bytes that would take. 0 or
 * -ENOMEM.
 */
int ts_connections_gather(struct ts_connections *connections, bool all, struct ts_bytes *to,
			  uint64_t *ret_live);

/* It stands there. */
void ts_connections_note_all_in(struct ts_connections *connections);

/* Rows of the calls that were told of, in all the program's life; and those that the calls under way will have. */
struct ts_wire_rows {
	uint64_t told;
	uint64_t open;
};

struct ts_wire_rows ts_connections_rows(const struct ts_connections *connections);

/* May there be rows of messages that were read, and are not told of? */
bool ts_connections_are_busy(const struct ts_connections *connections);

#endif
