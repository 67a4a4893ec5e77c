// SPDX-License-Identifier: Apache-2.0
/* Which traces are meant, as conditions of pipeline_traces. */
#include "impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What ts_query_first_id_at takes off for clocks that differ, and as much beyond. */
#define SLACK_US (2 * 60000000LL + 1000)

struct ts_uuid ts_query_end_id_at(int64_t us)
{
	return ts_query_first_id_at(us + SLACK_US);
}

static void add_user(struct ts_statement *statement, const char *user)
{
	char *end;
	long long number;

	errno = 0;
	number = strtoll(user, &end, 10);
	ts_statement_add(statement, " AND (user_id = $%zu",
			 ts_statement_param(statement, ts_cell_text(user)));
	if (end != user && !*end && !errno)
		ts_statement_add(statement, " OR telegram_id = $%zu",
				 ts_statement_param(statement, ts_cell_integer(number)));
	ts_statement_add(statement, ")");
}

static void add_program(struct ts_statement *statement, const char *program,
			struct ts_filter_text *texts)
{
	snprintf(texts->end_of_path, sizeof(texts->end_of_path), "/%s", program);
	ts_statement_add(statement, " AND (program = $%zu",
			 ts_statement_param(statement, ts_cell_text(program)));
	/* LIKE is one thing in one dialect and another in the next. */
	ts_statement_add(statement,
			 " OR (length(program) >= length($%zu)"
			 " AND substr(program, length(program) - length($%zu) + 1) = $%zu))",
			 statement->n_params + 1, statement->n_params + 1, statement->n_params + 1);
	ts_statement_param(statement, ts_cell_text(texts->end_of_path));
}

/* A value of JSON is compared as its text, where a string has its quotes. */
static void add_attribute(struct ts_statement *statement, const struct ts_query_filter *filter,
			  struct ts_filter_text *texts)
{
	char *to = texts->quoted;
	size_t n = strlen(filter->value);

	*to++ = '"';
	for (size_t i = 0; i < n && to < texts->quoted + sizeof(texts->quoted) - 4; i++) {
		if (strchr("\"\\", filter->value[i]))
			*to++ = '\\';
		*to++ = filter->value[i];
	}
	strcpy(to, "\"");
	ts_statement_add(statement, " AND CAST(attributes -> CAST($%zu AS text) AS text)",
			 ts_statement_param(statement, ts_cell_text(filter->attribute)));
	ts_statement_add(statement, " IN ($%zu",
			 ts_statement_param(statement, ts_cell_text(filter->value)));
	ts_statement_add(statement, ", $%zu)",
			 ts_statement_param(statement, ts_cell_text(texts->quoted)));
}

void ts_query_add_filter(struct ts_statement *statement, const struct ts_query_filter *filter,
			 struct ts_filter_text *texts)
{
	ts_statement_add(statement, " WHERE 1 = 1");
	if (filter->pipeline)
		ts_statement_add(statement, " AND pipeline_name = $%zu",
				 ts_statement_param(statement, ts_cell_text(filter->pipeline)));
	if (filter->failed)
		ts_statement_add(statement, " AND NOT success");
	if (filter->user)
		add_user(statement, filter->user);
	if (filter->program)
		add_program(statement, filter->program, texts);
	if (filter->min_ms > 0)
		ts_statement_add(statement, " AND duration_ms >= $%zu",
				 ts_statement_param(statement, ts_cell_real(filter->min_ms)));
	if (filter->attribute)
		add_attribute(statement, filter, texts);
}

void ts_query_add_period(struct ts_statement *statement, const struct ts_query_filter *filter,
			 struct ts_filter_text *texts)
{
	if (filter->has_since) {
		texts->since = ts_moment_format(filter->since_us);
		ts_statement_add(statement, " AND trace_id >= $%zu",
				 ts_statement_param(statement, ts_cell_uuid(ts_query_first_id_at(
								       filter->since_us))));
		ts_statement_add(statement, " AND started_at >= $%zu",
				 ts_statement_param(statement, ts_cell_text(texts->since.text)));
	}
	if (filter->has_until) {
		texts->until = ts_moment_format(filter->until_us);
		ts_statement_add(statement, " AND trace_id < $%zu",
				 ts_statement_param(statement, ts_cell_uuid(ts_query_end_id_at(
								       filter->until_us))));
		ts_statement_add(statement, " AND started_at < $%zu",
				 ts_statement_param(statement, ts_cell_text(texts->until.text)));
	}
}
