// SPDX-License-Identifier: Apache-2.0
#include "seen.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

void ts_seen_read(const char *attributes, struct ts_seen *ret)
{
	cJSON *parsed = attributes ? cJSON_Parse(attributes) : NULL;
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(parsed, "thread_name");
	const cJSON *outcome = cJSON_GetObjectItemCaseSensitive(parsed, "outcome");
	const cJSON *count, *call;
	size_t used = 0;

	ret->n_stack = 0;
	ret->thread_name[0] = ret->dropped[0] = '\0';
	ret->exec = cJSON_IsString(outcome) && !strcmp(outcome->valuestring, "exec");
	if (cJSON_IsString(name))
		snprintf(ret->thread_name, sizeof(ret->thread_name), "%s", name->valuestring);
	cJSON_ArrayForEach(count, cJSON_GetObjectItemCaseSensitive(parsed, "dropped"))
	{
		if (used < sizeof(ret->dropped) && cJSON_IsNumber(count) && count->string)
			used += (size_t)snprintf(ret->dropped + used, sizeof(ret->dropped) - used,
						 "%s%.0f %s", used ? ", " : "", count->valuedouble,
						 count->string);
	}
	cJSON_ArrayForEach(call, cJSON_GetObjectItemCaseSensitive(parsed, "stack"))
	{
		if (ret->n_stack < TS_SEEN_CALLS && cJSON_IsString(call))
			snprintf(ret->stack[ret->n_stack++], sizeof(ret->stack[0]), "%s",
				 call->valuestring);
	}
	cJSON_Delete(parsed);
}
