// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <cjson/cJSON.h>

#include "../../jsonmember.h"

char *ts_document_recover(const char *root, const struct ts_recovered *recovered,
			  char *const *errors, size_t n_errors)
{
	cJSON *document = cJSON_CreateObject();

	ts_member_text(document, "spool", root);
	ts_member_integer(document, "spools", (int64_t)recovered->spools);
	ts_member_integer(document, "traces", (int64_t)recovered->traces);
	ts_member_integer(document, "spans", (int64_t)recovered->spans);
	ts_member_integer(document, "damaged", (int64_t)recovered->damaged);
	ts_member_integer(document, "postponed", (int64_t)recovered->postponed);
	ts_member_integer(document, "backlogs", (int64_t)recovered->backlogs);
	ts_member_text(document, "error", n_errors ? errors[0] : NULL);
	ts_member_texts(document, "errors", errors, n_errors);
	return ts_member_line(document);
}
