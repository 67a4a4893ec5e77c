/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PROGRAM_WIRED_H
#define TS_COMMAND_PROGRAM_WIRED_H

/* What became of the connections that [wire] asks for: of a process that is stored, or of one that lives. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../preload/abi.h"

struct ts_pool;
struct ts_tls;

struct ts_wired {
	uint64_t counts[TS_WIRE_COUNT];
	const struct ts_tls *libraries;
	size_t n_libraries;
};

/* Of a process's attributes, into `pool`. False: they tell nothing of it, or there is no memory. */
bool ts_wired_read(struct ts_wired *ret, const char *attributes, struct ts_pool *pool);

/* The counts of a spool's page. */
void ts_wired_count(const struct ts_abi_process *page, struct ts_wired *ret);

/*
 * "5 connections, 3 to LLM APIs, 1 to another host, 1 not HTTP; not seen, should it be used: GnuTLS (libgnutls.so.30)", from malloc. NULL:
 * there is nothing to be told, or no memory.
 */
char *ts_wired_text(const struct ts_wired *wired);

#endif
