// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <cjson/cJSON.h>

#include "../../jsonmember.h"
#include "../command.h"

char *ts_document_health(const struct ts_health *health)
{
	cJSON *document = cJSON_CreateObject(), *stores;

	cJSON_AddBoolToObject(document, "ok", ts_health_is_good(health));
	ts_member_text(document, "version", TS_VERSION);
	ts_member_text(document, "spool", health->root);
	ts_member_integer(document, "uptime_ms", health->up_ns / 1000000);
	if (health->passed_ns >= 0)
		ts_member_integer(document, "last_pass_ms", health->passed_ns / 1000000);
	else
		cJSON_AddNullToObject(document, "last_pass_ms");
	ts_member_integer(document, "spools", (int64_t)health->spools);
	ts_member_integer(document, "held", (int64_t)health->held);
	ts_member_integer(document, "waiting", (int64_t)health->waiting);
	ts_member_integer(document, "backlog", (int64_t)health->backlog);
	ts_member_integer(document, "recovered", (int64_t)health->recovered);
	ts_member_integer(document, "damaged", (int64_t)health->damaged);
	ts_member_integer(document, "batches", (int64_t)health->batches);
	ts_member_integer(document, "traces", (int64_t)health->traces);
	ts_member_integer(document, "spans", (int64_t)health->spans);
	stores = cJSON_AddArrayToObject(document, "stores");
	for (size_t i = 0; i < health->n_stores; i++) {
		cJSON *store = ts_member_object(stores);

		ts_member_text(store, "store", health->stores[i].url);
		ts_member_text(store, "error",
			       *health->stores[i].error ? health->stores[i].error : NULL);
	}
	return ts_member_line(document);
}
