// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../columns.h"
#include "../moment.h"
#include "../rowjson.h"
#include "../uuid.h"
#include "command.h"
#include "gates.h"
#include "reach.h"

/*
 * cJSON answers NULL where memory ran out and takes NULL for an object: one check at the end
 * suffices where the first object is there.
 */

static void add_integer(cJSON *to, const char *key, int64_t value)
{
	char text[24];

	/* cJSON's numbers are doubles, which round. */
	snprintf(text, sizeof(text), "%" PRId64, value);
	cJSON_AddRawToObject(to, key, text);
}

static void add_text(cJSON *to, const char *key, const char *text)
{
	if (text)
		cJSON_AddStringToObject(to, key, text);
	else
		cJSON_AddNullToObject(to, key);
}

static char *finish(cJSON *document)
{
	char *text = document ? cJSON_Print(document) : NULL;

	cJSON_Delete(document);
	return text;
}

/* An object at the end of an array. */
static cJSON *add_object(cJSON *array)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddItemToArray(array, object);
	return object;
}

static cJSON *listed_object(const struct ts_listed *listed)
{
	cJSON *trace = ts_row_json(&ts_trace_table, &listed->trace);

	add_integer(trace, "span_count", listed->span_count);
	return trace;
}

char *ts_document_list(const struct ts_listing *listing)
{
	cJSON *document = cJSON_CreateArray();

	for (size_t i = 0; i < ts_listing_count(listing); i++)
		cJSON_AddItemToArray(document, listed_object(ts_listing_at(listing, i)));
	return finish(document);
}

char *ts_document_listed(const struct ts_listed *listed)
{
	cJSON *document = listed_object(listed);
	char *text = cJSON_PrintUnformatted(document);

	cJSON_Delete(document);
	return text;
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
	return finish(document);
}

static void add_strings(cJSON *to, const char *key, char *const *strings, size_t n)
{
	cJSON *array = cJSON_AddArrayToObject(to, key);

	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(strings[i]));
}

static void add_moment_if_any(cJSON *to, const char *key, int64_t us)
{
	if (us)
		add_text(to, key, ts_moment_format(us).text);
	else
		cJSON_AddNullToObject(to, key);
}

static void add_function(cJSON *to, const struct ts_catalogue_object *object,
			 const struct ts_catalogue_function *function)
{
	char *rule = ts_reach_rule(object, function);
	char address[24];

	snprintf(address, sizeof(address), "0x%" PRIx64, function->address);
	add_text(to, "name", function->name);
	add_text(to, "demangled", function->qualified);
	add_text(to, "key", function->key);
	add_text(to, "rule", rule);
	cJSON_AddBoolToObject(to, "times_only", !function->prototype);
	add_text(to, "note", function->note);
	add_text(to, "how",
		 !function->reached ? NULL
		 : function->type   ? "import"
		 : function->entry  ? "entry"
				    : "slots");
	add_integer(to, "slots", function->slots);
	add_text(to, "reason", function->reason);
	add_text(to, "unseen", function->unseen);
	add_text(to, "address", function->address ? address : NULL);
	add_integer(to, "bytes", (int64_t)function->bytes);
	cJSON_AddBoolToObject(to, "exported", function->exported);
	add_text(to, "type", function->type);
	free(rule);
}

char *ts_document_symbols(const char *program, const struct ts_catalogue *catalogue)
{
	cJSON *document = cJSON_CreateObject();
	cJSON *objects;

	add_text(document, "program", program);
	objects = cJSON_AddArrayToObject(document, "objects");
	for (size_t i = 0; i < catalogue->n_objects; i++) {
		const struct ts_catalogue_object *object = &catalogue->objects[i];
		cJSON *to, *functions;

		if (!object->n_functions && !object->error)
			continue;
		to = add_object(objects);
		add_text(to, "object", object->path);
		add_text(to, "error", object->error);
		functions = cJSON_AddArrayToObject(to, "functions");
		for (size_t j = 0; j < object->n_functions; j++)
			add_function(add_object(functions), object, &object->functions[j]);
	}
	return finish(document);
}

char *ts_document_schema(int version)
{
	cJSON *document = cJSON_CreateObject();

	add_integer(document, "schema", version);
	return finish(document);
}

char *ts_document_status(const struct ts_store_status *status)
{
	cJSON *document = cJSON_CreateObject();

	add_text(document, "server", status->server);
	add_integer(document, "schema", status->schema);
	add_integer(document, "newest_schema", status->newest);
	add_integer(document, "traces", status->traces);
	add_integer(document, "spans", status->spans);
	add_integer(document, "runs", status->runs);
	add_integer(document, "bytes", status->bytes);
	add_moment_if_any(document, "oldest", status->oldest_us);
	add_moment_if_any(document, "newest", status->newest_us);
	add_integer(document, "partitions", status->partitions);
	add_integer(document, "strays", status->strays);
	add_text(document, "compression", *status->compression ? status->compression : NULL);
	return finish(document);
}

char *ts_document_pruned(const struct ts_pruned *pruned)
{
	cJSON *document = cJSON_CreateObject();

	add_integer(document, "traces", pruned->traces);
	add_integer(document, "spans", pruned->spans);
	add_integer(document, "runs", pruned->runs);
	add_integer(document, "partitions", pruned->partitions);
	add_integer(document, "freed_bytes", pruned->freed_bytes);
	return finish(document);
}

char *ts_document_run(int status, const struct ts_fate *fate, const char *reason,
		      struct ts_gates *gates)
{
	cJSON *document = cJSON_CreateObject();
	char *text;

	add_integer(document, "status", status);
	add_integer(document, "rules", fate->rules);
	add_integer(document, "hooked", fate->hooked);
	cJSON_AddBoolToObject(document, "reached", fate->reached);
	add_text(document, "reason", *reason ? reason : NULL);
	if (gates)
		cJSON_AddItemToObject(document, "gate", ts_gates_json(gates));
	text = cJSON_PrintUnformatted(document);
	cJSON_Delete(document);
	return text;
}

char *ts_document_recover(const char *root, const struct ts_recovered *recovered,
			  char *const *errors, size_t n_errors)
{
	cJSON *document = cJSON_CreateObject();
	char *text;

	add_text(document, "spool", root);
	add_integer(document, "spools", (int64_t)recovered->spools);
	add_integer(document, "traces", (int64_t)recovered->traces);
	add_integer(document, "spans", (int64_t)recovered->spans);
	add_integer(document, "damaged", (int64_t)recovered->damaged);
	add_integer(document, "postponed", (int64_t)recovered->postponed);
	add_integer(document, "backlogs", (int64_t)recovered->backlogs);
	add_text(document, "error", n_errors ? errors[0] : NULL);
	add_strings(document, "errors", errors, n_errors);
	text = cJSON_PrintUnformatted(document);
	cJSON_Delete(document);
	return text;
}

char *ts_document_repriced(const struct ts_repriced *repriced, bool dry)
{
	cJSON *document = cJSON_CreateObject(), *unpriced;

	cJSON_AddBoolToObject(document, "dry_run", dry);
	add_integer(document, "calls", repriced->calls);
	add_integer(document, "changed", repriced->changed);
	add_integer(document, "before_nano_usd", repriced->before.nano_usd);
	add_integer(document, "before_unknown", repriced->before.unknown);
	add_integer(document, "after_nano_usd", repriced->after.nano_usd);
	add_integer(document, "after_unknown", repriced->after.unknown);
	unpriced = cJSON_AddArrayToObject(document, "unpriced");
	for (size_t i = 0; i < repriced->n_unpriced; i++) {
		cJSON *model = add_object(unpriced);

		add_text(model, "model", repriced->unpriced[i].name);
		add_integer(model, "calls", repriced->unpriced[i].calls);
	}
	return finish(document);
}

char *ts_document_health(const struct ts_health *health)
{
	cJSON *document = cJSON_CreateObject(), *stores;
	char *text;

	cJSON_AddBoolToObject(document, "ok", ts_health_is_good(health));
	add_text(document, "version", TS_VERSION);
	add_text(document, "spool", health->root);
	add_integer(document, "uptime_ms", health->up_ns / 1000000);
	if (health->passed_ns >= 0)
		add_integer(document, "last_pass_ms", health->passed_ns / 1000000);
	else
		cJSON_AddNullToObject(document, "last_pass_ms");
	add_integer(document, "spools", (int64_t)health->spools);
	add_integer(document, "held", (int64_t)health->held);
	add_integer(document, "waiting", (int64_t)health->waiting);
	add_integer(document, "backlog", (int64_t)health->backlog);
	add_integer(document, "recovered", (int64_t)health->recovered);
	add_integer(document, "damaged", (int64_t)health->damaged);
	add_integer(document, "batches", (int64_t)health->batches);
	add_integer(document, "traces", (int64_t)health->traces);
	add_integer(document, "spans", (int64_t)health->spans);
	stores = cJSON_AddArrayToObject(document, "stores");
	for (size_t i = 0; i < health->n_stores; i++) {
		cJSON *store = cJSON_CreateObject();

		add_text(store, "store", health->stores[i].url);
		add_text(store, "error", *health->stores[i].error ? health->stores[i].error : NULL);
		cJSON_AddItemToArray(stores, store);
	}
	text = cJSON_PrintUnformatted(document);
	cJSON_Delete(document);
	return text;
}

void ts_document_attributes(const char *attributes, struct ts_seen *ret)
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

struct ts_main_reason ts_document_main_reason(const char *dropped_by)
{
	cJSON *parsed = dropped_by ? cJSON_Parse(dropped_by) : NULL;
	struct ts_main_reason reason = {.name = ""};
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
