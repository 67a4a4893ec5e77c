// SPDX-License-Identifier: Apache-2.0
/* The names of all pipelines that have traces. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../pool.h"
#include "impl.h"

struct ts_names {
	struct ts_pool pool;
	const char **all;
	size_t n;
};

static int take_name(void *context, const struct ts_cell *cells, size_t n)
{
	struct ts_names *names = context;
	const char **name = ts_query_push(&names->all, &names->n, sizeof(*name));

	(void)n;
	if (name)
		*name = ts_pool_strndup(&names->pool, cells[0].text, strlen(cells[0].text));
	return name && *name ? 0 : -ENOMEM;
}

int ts_query_pipelines(struct ts_query *query, struct ts_names **ret, struct ts_error *err)
{
	/* From name to name in the index: SELECT DISTINCT would read all of it. */
	static const struct ts_statement statement = {
		.sql = "WITH RECURSIVE names(name) AS (SELECT min(pipeline_name) FROM "
		       "pipeline_traces"
		       " UNION ALL SELECT (SELECT min(pipeline_name) FROM pipeline_traces"
		       "  WHERE pipeline_name > names.name) FROM names WHERE names.name IS NOT "
		       "NULL)"
		       " SELECT name FROM names WHERE name IS NOT NULL ORDER BY name",
	};
	struct ts_names *names = calloc(1, sizeof(*names));
	int result;

	if (!names)
		return ts_error_set(err, -ENOMEM, "out of memory");
	result = ts_query_row_error(ts_query_run(query, &statement, take_name, names, err), err);
	if (result < 0) {
		ts_names_free(names);
		return result;
	}
	*ret = names;
	return 0;
}

const char *const *ts_names_all(const struct ts_names *names, size_t *ret_n)
{
	*ret_n = names->n;
	return names->all;
}

void ts_names_free(struct ts_names *names)
{
	if (!names)
		return;
	ts_pool_release(&names->pool);
	free(names->all);
	free(names);
}
