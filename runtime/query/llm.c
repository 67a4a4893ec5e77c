// SPDX-License-Identifier: Apache-2.0
/* What language models were asked, page by page along the key, so that millions need no more memory than some. */
#include <errno.h>
#include <stdlib.h>

#include "../moment.h"
#include "impl.h"
#include "row.h"

struct ts_llm_page {
	struct ts_pool pool;
	struct ts_span *spans;
	size_t n;
};

static int take_span(void *context, const struct ts_cell *cells, size_t n)
{
	struct ts_llm_page *page = context;
	struct ts_span *span = ts_query_push(&page->spans, &page->n, sizeof(*span));

	(void)n;
	return span ? ts_row_read(span, &ts_cost_table, &page->pool, cells) : -ENOMEM;
}

static void add_since(struct ts_statement *statement, int64_t since_us,
		      const struct ts_moment_text *since)
{
	ts_statement_add(
		statement, " AND trace_id >= $%zu",
		ts_statement_param(statement, ts_cell_uuid(ts_query_first_id_at(since_us))));
	ts_statement_add(statement, " AND started_at >= $%zu",
			 ts_statement_param(statement, ts_cell_text(since->text)));
}

static void add_after(struct ts_statement *statement, const struct ts_span *after)
{
	size_t trace = ts_statement_param(statement, ts_cell_uuid(after->trace_id));
	size_t span = ts_statement_param(statement, ts_cell_uuid(after->span_id));

	ts_statement_add(statement, " AND (trace_id, span_id) > ($%zu, $%zu)", trace, span);
}

int ts_query_llm(struct ts_query *query, int64_t since_us, const struct ts_span *after,
		 size_t limit, struct ts_llm_page **ret, struct ts_error *err)
{
	struct ts_moment_text since = ts_moment_format(since_us);
	struct ts_llm_page *page = calloc(1, sizeof(*page));
	struct ts_statement statement = {.bytes = 0};
	int result;

	if (!page)
		return ts_error_set(err, -ENOMEM, "out of memory");
	ts_statement_add(&statement, "SELECT ");
	ts_statement_add_columns(&statement, &ts_cost_table, true);
	ts_statement_add(&statement,
			 " FROM pipeline_spans WHERE kind = 'llm'"
			 " AND (input_tokens IS NOT NULL OR output_tokens IS NOT NULL)");
	if (since_us)
		add_since(&statement, since_us, &since);
	if (after)
		add_after(&statement, after);
	ts_statement_add(&statement, " ORDER BY trace_id, span_id LIMIT $%zu",
			 ts_statement_param(&statement, ts_cell_integer((int64_t)limit)));
	result = ts_query_row_error(ts_query_run(query, &statement, take_span, page, err), err);
	if (result < 0) {
		ts_llm_page_free(page);
		return result;
	}
	*ret = page;
	return 0;
}

struct ts_span *ts_llm_page_spans(struct ts_llm_page *page, size_t *ret_n)
{
	*ret_n = page->n;
	return page->spans;
}

void ts_llm_page_free(struct ts_llm_page *page)
{
	if (!page)
		return;
	ts_pool_release(&page->pool);
	free(page->spans);
	free(page);
}
