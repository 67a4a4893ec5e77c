/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COLLECT_HEALTH_H
#define TS_COLLECT_HEALTH_H

/* How a collector is, told on a UNIX socket: who connects gets one line of JSON, and the connection is closed. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../error.h"

#define TS_HEALTH_STORES 16
#define TS_HEALTH_SOCKET "collector.sock" /* in the root */

struct ts_health_store {
	char url[256];   /* as much of it as may be shown */
	char error[512]; /* the last one; "" since it last worked */
};

struct ts_health {
	char root[256];
	int64_t up_ns;
	int64_t passed_ns; /* since the last pass; -1: there was none */
	size_t spools;     /* in charge */
	size_t held;       /* ... consumed */
	size_t waiting; /* ... some of whose rows could not be stored yet; and backlogs of spools that are gone */
	uint64_t backlog; /* rows on disk, of the spools in charge */
	uint64_t batches, traces, spans, recovered, damaged;
	struct ts_health_store stores[TS_HEALTH_STORES];
	size_t n_stores;
};

/* Is it well? Stores that are away are no fault of its own. */
bool ts_health_is_good(const struct ts_health *health);

/* One line, from malloc, or NULL. Called on the server's thread. */
typedef char *ts_health_format_fn(const struct ts_health *health);

struct ts_health_server;

/* Listens at `path` (mode 0600; what is there is removed) on a thread of its own. 0, or a negative errno. */
int ts_health_new(struct ts_health_server **ret, const char *path, ts_health_format_fn *format,
		  struct ts_error *err);
void ts_health_free(struct ts_health_server *server); /* removes the socket; NULL is fine */

/* What it tells from now on; copied. up_ns and passed_ns go on counting. */
void ts_health_set(struct ts_health_server *server, const struct ts_health *health);

/* Asks the collector at `path`. Its line, from malloc; NULL: there is none, and err says why. */
char *ts_health_ask(const char *path, struct ts_error *err);

#endif
