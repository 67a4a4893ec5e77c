/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COLLECT_COLLECTOR_H
#define TS_COLLECT_COLLECTOR_H

/*
 * The service that owns a spool folder: it consumes every spool in it, in place of the programs' own flushers, and
 * finishes those whose programs end. README.md in the folder above has the rules. [own]
 */

#include <stdbool.h>
#include <stddef.h>

#include "../../preload/abi.h"
#include "../error.h"
#include "health.h"

struct ts_collector_options {
	const char *root;
	const char *socket; /* NULL: in the root */
	bool once;          /* all that is there now, then end */
	ts_module_symbol_fn *modules;
	ts_health_format_fn *format;
	void (*say)(const char *sentence); /* a line for people */
};

/* What --once leaves behind. */
struct ts_collected {
	size_t waiting;   /* spools that could not be stored */
	size_t contested; /* ... whose programs did not hand over */
};

/*
 * Serves until SIGTERM or SIGINT, which it catches, then hands all back. 0; -EBUSY: another one serves this root;
 * or another negative errno.
 */
int ts_collector_run(const struct ts_collector_options *options, struct ts_collected *ret,
		     struct ts_error *err);

#endif
