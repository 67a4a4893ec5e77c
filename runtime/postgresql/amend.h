/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_AMEND_H
#define TS_POSTGRESQL_AMEND_H

/* Costs of spans that are stored: written anew by who owns the tables, for writers may only add. */

#include <stddef.h>

#include "../error.h"

struct ts_encoded;
struct ts_pg;
struct ts_span;

/* As struct ts_store has it. */
int ts_pg_amend(struct ts_pg *pg, struct ts_encoded *encoded, const struct ts_span *spans, size_t n,
		struct ts_error *err);

#endif
