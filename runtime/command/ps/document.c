// SPDX-License-Identifier: Apache-2.0
#include <cjson/cJSON.h>

#include "../../jsonmember.h"
#include "lines.h"
#include "table.h"

static void add_text(cJSON *to, const char *key, const char *text)
{
	ts_member_text(to, key, text && *text ? text : NULL);
}

static void add_since(cJSON *to, int64_t started_us, const char *key, int64_t ns)
{
	if (started_us) {
		ts_member_moment(to, "started_at", started_us);
		cJSON_AddNumberToObject(to, key, (double)ns / 1e6);
	} else {
		cJSON_AddNullToObject(to, "started_at");
		cJSON_AddNullToObject(to, key);
	}
}

static cJSON *call_object(const struct ts_live_call *call)
{
	cJSON *to = cJSON_CreateObject();

	cJSON_AddStringToObject(to, "name", call->name);
	cJSON_AddStringToObject(to, "kind", call->kind);
	cJSON_AddStringToObject(to, "function", call->function);
	if (call->is_span)
		ts_member_uuid(to, "span_id", &call->span_id);
	else
		cJSON_AddNullToObject(to, "span_id");
	ts_member_integer(to, "thread_id", call->thread_id);
	add_since(to, call->started_us, "inside_ms", call->inside_ns);
	add_text(to, "model", call->model);
	if (call->on_wire)
		ts_member_integer(to, "received_bytes", (int64_t)call->received_bytes);
	else
		cJSON_AddNullToObject(to, "received_bytes");
	return to;
}

static cJSON *line_object(const struct ts_psline *line)
{
	cJSON *to = cJSON_CreateObject(), *path;

	ts_member_uuid(to, "trace_id", &line->call->trace_id);
	ts_member_integer(to, "thread_id", line->call->thread_id);
	add_text(to, "thread_name", line->call->thread_name);
	add_since(to, line->call->started_us, "inside_ms", line->call->inside_ns);
	cJSON_AddBoolToObject(to, "goes_on", line->call->goes_on);
	cJSON_AddBoolToObject(to, "whole", line->whole);
	path = cJSON_AddArrayToObject(to, "path");
	for (size_t i = 0; i < line->depth; i++)
		cJSON_AddItemToArray(path, call_object(line->path[i]));
	return to;
}

static cJSON *program_object(const struct ts_pslines *lines)
{
	const struct ts_live_program *program = lines->program;
	cJSON *to = cJSON_CreateObject(), *inside;

	add_text(to, "program", program->program);
	add_text(to, "host", program->host);
	ts_member_integer(to, "pid", program->pid);
	cJSON_AddBoolToObject(to, "same_pid_namespace", program->here);
	cJSON_AddBoolToObject(to, "surely_alive", program->sure);
	add_since(to, program->started_us, "age_ms", program->age_ns);
	cJSON_AddStringToObject(to, "spool", program->spool);
	ts_member_integer(to, "damaged_rings", (int64_t)program->damaged);
	add_text(to, "error", program->trouble);
	inside = cJSON_AddArrayToObject(to, "inside");
	for (size_t i = 0; i < lines->n; i++)
		cJSON_AddItemToArray(inside, line_object(&lines->lines[i]));
	return to;
}

char *ts_pstable_document(const struct ts_programs *programs)
{
	struct ts_pslines *all = ts_pslines_new(programs);
	cJSON *document = all ? cJSON_CreateArray() : NULL;

	for (size_t i = 0; all && i < programs->n; i++)
		cJSON_AddItemToArray(document, program_object(&all[i]));
	ts_pslines_free(all, programs->n);
	return ts_member_line(document);
}
