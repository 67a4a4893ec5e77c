// SPDX-License-Identifier: Apache-2.0
/* The processes that are stored. Their ids are UUID v7, so the newest are the end of the key. */
#include <errno.h>
#include <stdlib.h>

#include "../moment.h"
#include "query.h"
#include "impl.h"
#include "row.h"

struct ts_runs {
	struct ts_pool pool;
	struct ts_run *runs;
	size_t n;
	bool more;
};

static int take_run(void *context, const struct ts_cell *cells, size_t n)
{
	struct ts_runs *runs = context;
	struct ts_run *run = ts_query_push(&runs->runs, &runs->n, sizeof(*run));

	(void)n;
	return run ? ts_row_read(run, &ts_run_table, &runs->pool, cells) : -ENOMEM;
}

int ts_query_runs(struct ts_query *query, int64_t since_us, size_t limit, struct ts_runs **ret,
		  struct ts_error *err)
{
	struct ts_moment_text since = ts_moment_format(since_us);
	struct ts_runs *runs = calloc(1, sizeof(*runs));
	struct ts_statement statement = {.bytes = 0};
	int result;

	if (!runs)
		return ts_error_set(err, -ENOMEM, "out of memory");
	ts_statement_add(&statement, "SELECT ");
	ts_statement_add_columns(&statement, &ts_run_table, true);
	/* one more than is asked for tells whether there is more */
	ts_statement_add(&statement,
			 " FROM pipeline_runs WHERE seen_at >= $%zu"
			 " ORDER BY run_id DESC LIMIT $%zu",
			 ts_statement_param(&statement, ts_cell_text(since.text)),
			 ts_statement_param(&statement, ts_cell_integer((int64_t)limit + 1)));
	result = ts_query_row_error(ts_query_run(query, &statement, take_run, runs, err), err);
	if (result < 0) {
		ts_runs_free(runs);
		return result;
	}
	runs->more = runs->n > limit;
	runs->n -= runs->more;
	*ret = runs;
	return 0;
}

int ts_query_run_of(struct ts_query *query, const struct ts_uuid *id, struct ts_runs **ret,
		    struct ts_error *err)
{
	struct ts_runs *runs = calloc(1, sizeof(*runs));
	struct ts_statement statement = {.bytes = 0};
	int result;

	if (!runs)
		return ts_error_set(err, -ENOMEM, "out of memory");
	ts_statement_add(&statement, "SELECT ");
	ts_statement_add_columns(&statement, &ts_run_table, true);
	ts_statement_add(&statement, " FROM pipeline_runs WHERE run_id = $%zu",
			 ts_statement_param(&statement, ts_cell_uuid(*id)));
	result = ts_query_row_error(ts_query_run(query, &statement, take_run, runs, err), err);
	if (result < 0) {
		ts_runs_free(runs);
		return result;
	}
	*ret = runs;
	return 0;
}

const struct ts_run *ts_runs_all(const struct ts_runs *runs, size_t *ret_n)
{
	*ret_n = runs->n;
	return runs->runs;
}

bool ts_runs_more(const struct ts_runs *runs)
{
	return runs->more;
}

void ts_runs_free(struct ts_runs *runs)
{
	if (!runs)
		return;
	ts_pool_release(&runs->pool);
	free(runs->runs);
	free(runs);
}
