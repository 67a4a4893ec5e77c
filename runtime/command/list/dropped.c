// SPDX-License-Identifier: Apache-2.0
#include "dropped.h"

#include <cjson/cJSON.h>
#include <stdio.h>

struct ts_dropped ts_dropped_reason(const char *dropped_by)
{
	cJSON *parsed = dropped_by ? cJSON_Parse(dropped_by) : NULL;
	struct ts_dropped reason = {.name = ""};
	const cJSON *count;
	double most = 0;

	cJSON_ArrayForEach(count, parsed)
	{
		if (!cJSON_IsNumber(count) || !count->string)
			continue;
		reason.n_reasons++;
		if (count->valuedouble <= most)
			continue;
		most = count->valuedouble;
		snprintf(reason.name, sizeof(reason.name), "%s", count->string);
	}
	cJSON_Delete(parsed);
	return reason;
}
