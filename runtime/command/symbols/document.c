// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../jsonmember.h"
#include "reach.h"

static void add_function(cJSON *to, const struct ts_catalogue_object *object,
			 const struct ts_catalogue_function *function)
{
	char *rule = ts_reach_rule(object, function);
	char address[24];

	snprintf(address, sizeof(address), "0x%" PRIx64, function->address);
	ts_member_text(to, "name", function->name);
	ts_member_text(to, "demangled", function->qualified);
	ts_member_text(to, "key", function->key);
	ts_member_text(to, "rule", rule);
	cJSON_AddBoolToObject(to, "times_only", !function->prototype);
	ts_member_text(to, "note", function->note);
	ts_member_text(to, "how",
		       !function->reached ? NULL
		       : function->type   ? "import"
		       : function->entry  ? "entry"
					  : "slots");
	ts_member_integer(to, "slots", function->slots);
	ts_member_text(to, "reason", function->reason);
	ts_member_text(to, "unseen", function->unseen);
	ts_member_text(to, "address", function->address ? address : NULL);
	ts_member_integer(to, "bytes", (int64_t)function->bytes);
	cJSON_AddBoolToObject(to, "exported", function->exported);
	ts_member_text(to, "type", function->type);
	free(rule);
}

char *ts_document_symbols(const char *program, const struct ts_catalogue *catalogue)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *objects;

	ts_member_text(document, "program", program);
	objects = cJSON_AddArrayToObject(document, "objects");
	for (size_t i = 0; i < catalogue->n_objects; i++) {
		const struct ts_catalogue_object *object = &catalogue->objects[i];
		cJSON *to, *functions;

		if (!object->n_functions && !object->error)
			continue;
		to = ts_member_object(objects);
		ts_member_text(to, "object", object->path);
		ts_member_text(to, "error", object->error);
		functions = cJSON_AddArrayToObject(to, "functions");
		for (size_t j = 0; j < object->n_functions; j++)
			add_function(ts_member_object(functions), object, &object->functions[j]);
	}
	return ts_member_finish(document);
}
