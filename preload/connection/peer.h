/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PEER_H
#define TS_PEER_H

/* Whom a socket is connected to: somebody that symbols.conf lists? */

#include <stdbool.h>
#include <stdint.h>

#include "../conf/conf.h"

/* What connect(2) was given: `bytes` bytes at `address`, memory that may not be there. */
bool ts_peer_is_listed(const struct ts_wire_conf *conf, const void *address, uint64_t bytes);

/*
 * Is the descriptor still what was connected to one of them? It may have been closed unseen (dup2, fclose, close_range)
 * and be a file's or an accepted connection's by now. By its port alone: who connects to 0.0.0.0 is connected to
 * 127.0.0.1. A system call.
 */
bool ts_peer_is_still_listed(const struct ts_wire_conf *conf, uint32_t fd);

#endif
