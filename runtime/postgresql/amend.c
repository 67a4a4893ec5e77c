// SPDX-License-Identifier: Apache-2.0
#include "amend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../moment.h"
#include "../span.h"
#include "connection.h"
#include "encode.h"
#include "owner.h"

/* Between two moments, so that partitions of other days are not looked into. */
/* clang-format off */
static const char amend_sql[] =
	"WITH amended AS (UPDATE pipeline_spans AS s SET cost_nano_usd = n.cost, attributes = n.attributes FROM (SELECT"
	"   pg_catalog.unnest($1::uuid[]) AS trace, pg_catalog.unnest($2::uuid[]) AS span, pg_catalog.unnest($3::text[]) AS tenant,"
	"   pg_catalog.unnest($4::timestamptz[]) AS started, pg_catalog.unnest($5::bigint[]) AS cost,"
	"   pg_catalog.unnest($6::jsonb[]) AS attributes) AS n"
	" WHERE s.trace_id = n.trace AND s.span_id = n.span AND s.tenant_id = n.tenant AND s.started_at = n.started"
	"   AND s.started_at BETWEEN '%s' AND '%s' RETURNING 1) SELECT count(*) FROM amended";
/* clang-format on */

static void write_sql(char *sql, size_t bytes, const struct ts_span *spans, size_t n)
{
	int64_t first = spans[0].started_us, last = first;
	struct ts_moment_text from, to;

	for (size_t i = 1; i < n; i++) {
		first = spans[i].started_us < first ? spans[i].started_us : first;
		last = spans[i].started_us > last ? spans[i].started_us : last;
	}
	from = ts_moment_format(first);
	to = ts_moment_format(last);
	snprintf(sql, bytes, amend_sql, from.text, to.text);
}

static int take_count(void *context, const struct ts_pg_field *fields, size_t n)
{
	(void)n;
	*(int *)context = fields[0].text ? atoi(fields[0].text) : 0;
	return 0;
}

static int encode(struct ts_encoded *encoded, const struct ts_span *spans, size_t n,
		  struct ts_error *err)
{
	struct ts_table table = ts_cost_table;
	const void **rows = calloc(n, sizeof(*rows));
	int result = -ENOMEM;

	table.n_columns = TS_AMENDED_COLUMNS;
	for (size_t i = 0; rows && i < n; i++)
		rows[i] = &spans[i];
	if (rows)
		result = ts_encode(encoded, &table, rows, n, err);
	else
		ts_error_set(err, result, "out of memory");
	free(rows);
	return result;
}

int ts_pg_amend(struct ts_pg *pg, struct ts_encoded *encoded, const struct ts_span *spans, size_t n,
		struct ts_error *err)
{
	char sql[sizeof(amend_sql) + 2 * sizeof(struct ts_moment_text)];
	struct ts_error why = {.text = ""};
	int amended = 0, result;
	struct ts_pg_statement statement = {
		.sql = sql,
		.n_params = TS_AMENDED_COLUMNS,
		.params = encoded->values,
		.bytes = encoded->bytes,
		.row = take_count,
		.context = &amended,
	};

	if (!n)
		return 0;
	write_sql(sql, sizeof(sql), spans, n);
	result = encode(encoded, spans, n, &why);
	if (result == 0)
		result = ts_owner_ask(pg, &statement, &why);
	if (result == 0)
		return amended;
	return ts_error_set(err, result, "%.380s%s", why.text,
			    result == -EACCES ? "; only members of traceshim_owner may change what "
						"is stored"
					      : "");
}
