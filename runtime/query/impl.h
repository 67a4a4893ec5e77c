/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_QUERY_IMPL_H
#define TS_QUERY_IMPL_H

/* What the files here share. */

#include <stddef.h>
#include <stdint.h>

#include "../moment.h"
#include "query.h"
#include "statement.h"

#define TS_QUERY_DAY_US      86400000000LL
#define TS_QUERY_RECENT_DAYS 2

int ts_query_run(struct ts_query *query, const struct ts_statement *statement, ts_row_fn *row,
		 void *context, struct ts_error *err);

/* Is it slow to look into all of it? Then what is asked says where in time it lies. */
bool ts_query_in_parts(const struct ts_query *query);

/* Grows an array for one more element, which it zeroes; NULL where memory ran out. */
void *ts_query_push(void *array_of_pointer, size_t *n, size_t size);

/* A sentence for what reading a row failed with; answers `result`. */
int ts_query_row_error(int result, struct ts_error *err);

/* The first id that a trace started at `us` can have, and the first one that none started before can. */
struct ts_uuid ts_query_first_id_at(int64_t us);
struct ts_uuid ts_query_end_id_at(int64_t us);

/* When a trace of that id began, as far as the clocks were right. */
int64_t ts_query_time_of(const struct ts_uuid *id);

/* Texts of a filter's parameters; as long as its statement. */
struct ts_filter_text {
	struct ts_moment_text since, until;
	char end_of_path[4100];
	char quoted[1024];
};

/* " WHERE ..." of all but the period, and " AND ..." of that. */
void ts_query_add_filter(struct ts_statement *statement, const struct ts_query_filter *filter,
			 struct ts_filter_text *texts);
void ts_query_add_period(struct ts_statement *statement, const struct ts_query_filter *filter,
			 struct ts_filter_text *texts);

int64_t ts_query_now_us(void);

#endif
