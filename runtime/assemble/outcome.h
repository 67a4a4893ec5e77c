/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_OUTCOME_H
#define TS_OUTCOME_H

/* How a call ended, in words. */

struct ts_event_end;
struct ts_pool;
struct ts_redact;
struct ts_thunk;

/*
 * What its row says as `error`, in `pool` or of static life; NULL in *ret: it succeeded. `redact` may be
 * NULL. 0 or -ENOMEM.
 */
int ts_outcome_error(const struct ts_event_end *end, const struct ts_thunk *thunk,
		     const struct ts_redact *redact, struct ts_pool *pool, const char **ret);

/* What its attributes say as `outcome`; NULL: nothing. */
const char *ts_outcome_name(const struct ts_event_end *end);

#endif
