// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <cjson/cJSON.h>

#include "../../columns.h"
#include "../../jsonmember.h"
#include "../../rowjson.h"

static cJSON *listed_object(const struct ts_listed *listed)
{
	cJSON *trace = ts_row_json(&ts_trace_table, &listed->trace);

	ts_member_integer(trace, "span_count", listed->span_count);
	return trace;
}

char *ts_document_list(const struct ts_listing *listing)
{
	cJSON *document = cJSON_CreateArray();

	for (size_t i = 0; i < ts_listing_count(listing); i++)
		cJSON_AddItemToArray(document, listed_object(ts_listing_at(listing, i)));
	return ts_member_finish(document);
}

char *ts_document_listed(const struct ts_listed *listed)
{
	return ts_member_line(listed_object(listed));
}

char *ts_document_runs(const struct ts_runs *runs, const struct ts_ended *ended)
{
	cJSON *document = cJSON_CreateArray();
	size_t n;
	const struct ts_run *all = ts_runs_all(runs, &n);

	for (size_t i = 0; i < n; i++) {
		cJSON *run = ts_row_json(&ts_run_table, &all[i]);

		cJSON_AddBoolToObject(run, "waits", ts_ended_has(ended, &all[i].run_id));
		cJSON_AddItemToArray(document, run);
	}
	return ts_member_finish(document);
}
