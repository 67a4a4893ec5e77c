// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <cjson/cJSON.h>

#include "../../jsonmember.h"

char *ts_document_run(int status, const struct ts_fate *fate, const char *reason,
		      struct ts_gates *gates)
{
	cJSON *document = cJSON_CreateObject();

	ts_member_integer(document, "status", status);
	ts_member_integer(document, "rules", fate->rules);
	ts_member_integer(document, "hooked", fate->hooked);
	cJSON_AddBoolToObject(document, "reached", fate->reached);
	ts_member_text(document, "reason", *reason ? reason : NULL);
	if (gates)
		cJSON_AddItemToObject(document, "gate", ts_gates_json(gates));
	return ts_member_line(document);
}
