/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ARRIVALS_H
#define TS_ARRIVALS_H

/* Traces as they are stored, each once, in the order in which they ended as far as that can be told. */

#include "query.h"

struct ts_arrivals;

/*
 * Of those that the filter lets pass, whose texts live as long as it: what ends at `since_us`, which is now, or later. 0 or
 * -ENOMEM.
 */
int ts_arrivals_new(struct ts_arrivals **ret, const struct ts_query_filter *filter,
		    int64_t since_us);
void ts_arrivals_free(struct ts_arrivals *arrivals); /* NULL is fine */

/* It lives until this returns; non-zero ends the asking and is its result: the trace has been told all the same. */
typedef int ts_arrivals_fn(void *context, const struct ts_listed *listed);

/*
 * What has come since it was last asked; to be called often. The query may be another one each time, of the same store. 0, or
 * a negative errno: what was not told will be.
 */
int ts_arrivals_ask(struct ts_query *query, struct ts_arrivals *arrivals, ts_arrivals_fn *take,
		    void *context, struct ts_error *err);

#endif
