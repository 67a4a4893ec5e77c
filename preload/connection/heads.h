/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_H
#define TS_HEADS_H

/* The module `wire` (wire.h), opened when a first connection may count. */

#include <stdbool.h>
#include <stdint.h>

struct ts_wire_heads;

/* NULL: it is not open. Whoever has a client of the module's has it. */
const struct ts_wire_heads *ts_heads(void);

/*
 * Opens it first, on a thread of the program with its signals blocked, whose mask was `mask`, in a call whose return address lies
 * at `slot`. NULL: it cannot be opened now, or at all, which one line on stderr says.
 */
const struct ts_wire_heads *ts_heads_open(uint64_t mask, uintptr_t slot);

/* Does what a connection begins with look like a request? Most that does not is never shown to the module. */
bool ts_heads_may_be_http(const void *text, uint64_t bytes);

#endif
