// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "../../assemble/json.h"
#include "../../assemble/wirerun.h"
#include "../../jsonmember.h"
#include "live.h"

static void add_params(cJSON *array, const struct ts_rule_report *rule)
{
	for (size_t i = 0; i < rule->n_params; i++) {
		cJSON *param = ts_member_object(array);

		ts_member_text(param, "name", rule->params[i].key);
		ts_member_text(param, "type",
			       *rule->params[i].value ? rule->params[i].value : NULL);
	}
}

/* Where a function is, of both those that are wrapped and those that are not. */
static cJSON *add_place(cJSON *array, const char *function, const char *object)
{
	cJSON *place = ts_member_object(array);

	ts_member_text(place, "function", function);
	ts_member_text(place, "object", object);
	return place;
}

static const char *how_of(const struct ts_rules_hook *hook)
{
	if (hook->live)
		return NULL;
	return hook->type ? "import" : hook->entry ? "entry" : "slots";
}

static void add_hook(cJSON *array, const struct ts_rules_hook *hook)
{
	cJSON *to = add_place(array, hook->function, hook->object);

	ts_member_text(to, "address", hook->live ? NULL : hook->address);
	ts_member_text(to, "how", how_of(hook));
	if (hook->live)
		cJSON_AddNullToObject(to, "slots");
	else
		ts_member_integer(to, "slots", hook->slots);
	if (hook->type)
		ts_member_integer(to, "line", hook->line);
	else
		cJSON_AddNullToObject(to, "line");
	ts_member_text(to, "type", hook->type);
}

static void add_unseen(cJSON *array, const struct ts_rule_report *rule)
{
	for (size_t i = 0; i < rule->n_unseen; i++)
		ts_member_text(add_place(array, rule->unseen[i].function, rule->unseen[i].object),
			       "reason", rule->unseen[i].reason);
}

static cJSON *rule_object(const struct ts_rule_report *rule)
{
	cJSON *to = cJSON_CreateObject();
	cJSON *array;

	ts_member_integer(to, "line", rule->line);
	ts_member_text(to, "kind", rule->kind);
	ts_member_text(to, "name", rule->name);
	ts_member_text(to, "function", rule->function);
	ts_member_text(to, "object", *rule->object ? rule->object : NULL);
	ts_member_text(to, "language", rule->python ? "python" : "native");
	add_params(cJSON_AddArrayToObject(to, "parameters"), rule);
	array = cJSON_AddArrayToObject(to, "hooks");
	for (size_t i = 0; i < rule->n_hooks; i++)
		add_hook(array, &rule->hooks[i]);
	add_unseen(cJSON_AddArrayToObject(to, "unseen"), rule);
	ts_member_texts(to, "misses", rule->misses, rule->n_misses);
	ts_member_texts(to, "hints", rule->hints, rule->n_hints);
	return to;
}

/* null where the file has no [wire]; what it asks for, where it has changed since. */
static void add_wire(cJSON *document, const struct ts_rules_wire *wire)
{
	cJSON *to, *http, *gateways, *array;

	if (!wire->n_asks && !wire->n_functions && !wire->n_libraries) {
		cJSON_AddNullToObject(document, "wire");
		return;
	}
	to = cJSON_AddObjectToObject(document, "wire");
	if (wire->n_asks)
		cJSON_AddBoolToObject(to, "openssl", !strcmp(wire->asks[0].value, "on"));
	else
		cJSON_AddNullToObject(to, "openssl");
	http = cJSON_AddArrayToObject(to, "http");
	gateways = cJSON_AddArrayToObject(to, "gateways");
	for (size_t i = 1; i < wire->n_asks; i++)
		cJSON_AddItemToArray(!strcmp(wire->asks[i].key, "http") ? http : gateways,
				     cJSON_CreateString(wire->asks[i].value));
	array = cJSON_AddArrayToObject(to, "functions");
	for (size_t i = 0; i < wire->n_functions; i++)
		ts_member_text(
			add_place(array, wire->functions[i].function, wire->functions[i].object),
			"how", how_of(&wire->functions[i]));
	array = cJSON_AddArrayToObject(to, "libraries");
	for (size_t i = 0; i < wire->n_libraries; i++) {
		const struct ts_rules_tls *tls = &wire->libraries[i];
		cJSON *library = ts_member_object(array);

		ts_member_text(library, "library", tls->library);
		ts_member_text(library, "object", tls->object);
		cJSON_AddBoolToObject(library, "seen", !*tls->reason);
		ts_member_text(library, "reason", *tls->reason ? tls->reason : NULL);
	}
}

/* null unless it is asked while it runs. */
static void add_process(cJSON *document, const struct ts_checklive *live)
{
	cJSON *to, *counts;

	if (!live) {
		cJSON_AddNullToObject(document, "process");
		return;
	}
	to = cJSON_AddObjectToObject(document, "process");
	ts_member_integer(to, "pid", live->pid);
	if (live->started_us)
		ts_member_moment(to, "started_at", live->started_us);
	else
		cJSON_AddNullToObject(to, "started_at");
	cJSON_AddBoolToObject(to, "conf_changed", live->changed);
	counts = cJSON_AddObjectToObject(to, "lost");
	for (int i = 0; i < TS_LOST_COUNT; i++)
		if (live->lost[i])
			ts_member_integer(counts, ts_json_lost_names[i], (int64_t)live->lost[i]);
	counts = live->has_wire ? cJSON_AddObjectToObject(to, "wire") : NULL;
	for (int i = 0; counts && i < TS_WIRE_COUNT; i++)
		ts_member_integer(counts, ts_wirerun_names[i], (int64_t)live->wired.counts[i]);
	if (!live->has_wire)
		cJSON_AddNullToObject(to, "wire");
}

char *ts_document_check(const struct ts_rules *rules, const struct ts_checklive *live)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *array;
	cJSON *settings;

	ts_member_text(document, "conf", rules->conf);
	ts_member_text(document, "program", *rules->program ? rules->program : NULL);
	array = cJSON_AddArrayToObject(document, "faults");
	for (size_t i = 0; i < rules->n_faults; i++) {
		cJSON *fault = ts_member_object(array);

		ts_member_integer(fault, "line", rules->faults[i].line);
		ts_member_integer(fault, "column", rules->faults[i].column);
		ts_member_text(fault, "message", rules->faults[i].message);
	}
	settings = cJSON_AddObjectToObject(document, "settings");
	for (size_t i = 0; i < rules->n_settings; i++)
		ts_member_text(settings, rules->settings[i].key, rules->settings[i].value);
	array = cJSON_AddArrayToObject(document, "rules");
	for (size_t i = 0; i < rules->n_rules; i++)
		cJSON_AddItemToArray(array, rule_object(&rules->rules[i]));
	add_wire(document, &rules->wire);
	add_process(document, live);
	return ts_member_finish(document);
}
