// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <cjson/cJSON.h>

#include "../../jsonmember.h"

static void add_moment_if_any(cJSON *to, const char *key, int64_t us)
{
	if (us)
		ts_member_moment(to, key, us);
	else
		cJSON_AddNullToObject(to, key);
}

char *ts_document_schema(int version)
{
	cJSON *document = cJSON_CreateObject();

	ts_member_integer(document, "schema", version);
	return ts_member_finish(document);
}

char *ts_document_status(const struct ts_store_status *status)
{
	cJSON *document = cJSON_CreateObject();

	ts_member_text(document, "server", status->server);
	ts_member_integer(document, "schema", status->schema);
	ts_member_integer(document, "newest_schema", status->newest);
	ts_member_integer(document, "traces", status->traces);
	ts_member_integer(document, "spans", status->spans);
	ts_member_integer(document, "runs", status->runs);
	ts_member_integer(document, "bytes", status->bytes);
	add_moment_if_any(document, "oldest", status->oldest_us);
	add_moment_if_any(document, "newest", status->newest_us);
	ts_member_integer(document, "partitions", status->partitions);
	ts_member_integer(document, "strays", status->strays);
	ts_member_text(document, "compression", *status->compression ? status->compression : NULL);
	return ts_member_finish(document);
}

char *ts_document_pruned(const struct ts_pruned *pruned)
{
	cJSON *document = cJSON_CreateObject();

	ts_member_integer(document, "traces", pruned->traces);
	ts_member_integer(document, "spans", pruned->spans);
	ts_member_integer(document, "runs", pruned->runs);
	ts_member_integer(document, "partitions", pruned->partitions);
	ts_member_integer(document, "freed_bytes", pruned->freed_bytes);
	return ts_member_finish(document);
}
