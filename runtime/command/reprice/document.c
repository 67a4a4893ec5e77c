// SPDX-License-Identifier: Apache-2.0
/* What `reprice --json` prints. */
#include <cjson/cJSON.h>

#include "../../jsonmember.h"
#include "repriced.h"

char *ts_document_repriced(const struct ts_repriced *repriced, bool dry)
{
	cJSON *document = cJSON_CreateObject(), *unpriced;

	cJSON_AddBoolToObject(document, "dry_run", dry);
	ts_member_integer(document, "calls", repriced->calls);
	ts_member_integer(document, "changed", repriced->changed);
	ts_member_integer(document, "before_nano_usd", repriced->before.nano_usd);
	ts_member_integer(document, "before_unknown", repriced->before.unknown);
	ts_member_integer(document, "after_nano_usd", repriced->after.nano_usd);
	ts_member_integer(document, "after_unknown", repriced->after.unknown);
	unpriced = cJSON_AddArrayToObject(document, "unpriced");
	for (size_t i = 0; i < repriced->n_unpriced; i++) {
		cJSON *model = ts_member_object(unpriced);

		ts_member_text(model, "model", repriced->unpriced[i].name);
		ts_member_integer(model, "calls", repriced->unpriced[i].calls);
	}
	return ts_member_finish(document);
}
