// SPDX-License-Identifier: Apache-2.0
/*
 * Trace Event Format, which Perfetto and chrome://tracing open: one JSON object, an event a line. Events of one microsecond
 * are read in the order they stand in, so what lies in a call comes behind it.
 *
 *     M      names of processes and threads
 *     X      a call on its thread's track
 *     b, e   begin and end of a call on a branch (tracks.h): a nestable asynchronous event, whose id is the branch's
 *     s, f   an arrow from a call to one that was made in it on another thread
 *
 * Times are whole microseconds: the format's numbers are doubles, which since 1970 have no room for more. Begin and end are
 * rounded down both, so what lies in a call or behind it still does.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../jsonmember.h"
#include "export.h"
#include "tracks.h"
#include "paths.h"
#include "pids.h"

struct chrome {
	FILE *out;
	bool any;
	bool failed; /* an end could not be written, for there was no memory */
	struct ts_tracks *tracks;
	struct ts_paths names; /* of calls on branches */
	struct ts_pids pids;
	uint64_t arrows;
	uint64_t traces; /* branches are numbered within each */

	/* the last trace, until its thread is known */
	const struct ts_pid *process;
	cJSON *event;
	struct ts_track_call call;
	char *thread_name; /* of its own call; NULL: unknown */
};

/* --- events ---------------------------------------------------------------------------------- */

/* Writes it on a line of its own, and deletes it. 0 or -ENOMEM. */
static int put_event(struct chrome *chrome, cJSON *event)
{
	char *text = ts_member_line(event);

	if (!text)
		return -ENOMEM;
	fprintf(chrome->out, "%s%s", chrome->any ? ",\n" : "\n", text);
	chrome->any = true;
	free(text);
	return 0;
}

static cJSON *new_event(const char *phase, const char *name, const struct ts_track_thread *thread,
			const struct ts_pid *process)
{
	cJSON *event = cJSON_CreateObject();

	cJSON_AddStringToObject(event, "ph", phase);
	cJSON_AddStringToObject(event, "name", name);
	ts_member_integer(event, "pid", thread ? thread->process : process->shown);
	ts_member_integer(event, "tid", thread ? thread->number : process->shown);
	return event;
}

static int put_name(struct chrome *chrome, const char *what, const struct ts_track_thread *thread,
		    const struct ts_pid *process, const char *name)
{
	cJSON *event = new_event("M", what, thread, process);
	cJSON *args = cJSON_AddObjectToObject(event, "args");

	cJSON_AddStringToObject(args, "name", name);
	return put_event(chrome, event);
}

static void add_branch(const struct chrome *chrome, cJSON *event, uint32_t branch)
{
	char id[24];

	cJSON_AddStringToObject(event, "cat", "branch");
	snprintf(id, sizeof(id), "0x%" PRIx64, chrome->traces << 32 | branch);
	cJSON_AddStringToObject(event, "id", id);
}

/* As the tracks tell. */
static void put_end(void *context, const struct ts_track_call *call)
{
	struct chrome *chrome = context;
	cJSON *event =
		new_event("e", chrome->names.texts[call->name], call->thread, chrome->process);

	add_branch(chrome, event, call->branch);
	ts_member_integer(event, "ts", call->end_us);
	if (put_event(chrome, event) < 0)
		chrome->failed = true;
}

/* --- who it was ------------------------------------------------------------------------------ */

static int put_process(struct chrome *chrome, const struct ts_pid *process)
{
	const char *slash = strrchr(process->program, '/');
	const char *name = slash && slash[1] ? slash + 1 : process->program;
	char *text = NULL;
	int result;

	if (asprintf(&text, "%s (pid %" PRId64 "%s%s)", *name ? name : "?", process->pid,
		     *process->host ? " on " : "", process->host) < 0)
		return -ENOMEM;
	result = put_name(chrome, "process_name", NULL, process, text);
	free(text);
	return result;
}

/* That of the trace; its name is told when it first comes up. NULL: no memory. */
static const struct ts_pid *process_of(struct chrome *chrome, const struct ts_trace *trace)
{
	bool is_new;
	const struct ts_pid *process = ts_pids_find(&chrome->pids, trace, &is_new);

	return process && is_new && put_process(chrome, process) < 0 ? NULL : process;
}

/* What attributes say of it, from malloc; NULL: nothing. */
static char *thread_name_of(const char *attributes)
{
	cJSON *parsed = attributes ? cJSON_Parse(attributes) : NULL;
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(parsed, "thread_name");
	char *text = cJSON_IsString(name) ? strdup(name->valuestring) : NULL;

	cJSON_Delete(parsed);
	return text;
}

static int name_thread(struct chrome *chrome, struct ts_track_thread *thread, const char *name)
{
	if (thread->named || !name)
		return 0;
	thread->named = true;
	return put_name(chrome, "thread_name", thread, NULL, name);
}

/* --- arguments ------------------------------------------------------------------------------- */

static void add_text(cJSON *to, const char *key, const char *text)
{
	if (text && *text)
		ts_member_text(to, key, text);
}

static void add_maybe(cJSON *to, const char *key, struct ts_maybe value)
{
	if (value.known)
		ts_member_integer(to, key, value.value);
}

static void add_json(cJSON *to, const char *key, const char *json)
{
	if (json && *json)
		ts_member_json(to, key, json);
}

static void add_result(cJSON *args, bool success, const char *error, double duration_ms)
{
	cJSON_AddBoolToObject(args, "success", success);
	add_text(args, "error", error);
	cJSON_AddNumberToObject(args, "duration_ms", duration_ms);
}

static void add_trace_args(cJSON *event, const struct ts_trace *trace)
{
	cJSON *args = cJSON_AddObjectToObject(event, "args");

	ts_member_uuid(args, "trace_id", &trace->trace_id);
	add_result(args, trace->success, trace->error, trace->duration_ms);
	add_text(args, "tenant_id", trace->tenant_id);
	add_maybe(args, "telegram_id", trace->telegram_id);
	add_text(args, "user_id", trace->user_id);
	add_text(args, "session_id", trace->session_id);
	add_json(args, "input", trace->input_data);
	add_json(args, "output", trace->output_data);
	add_json(args, "attributes", trace->attributes);
}

static void add_span_args(cJSON *event, const struct ts_span *span)
{
	cJSON *args = cJSON_AddObjectToObject(event, "args");

	ts_member_uuid(args, "trace_id", &span->trace_id);
	ts_member_uuid(args, "span_id", &span->span_id);
	add_result(args, span->success, span->error, span->duration_ms);
	add_text(args, "function", span->function);
	add_text(args, "model", span->model);
	add_text(args, "provider", span->provider);
	add_maybe(args, "input_tokens", span->input_tokens);
	add_maybe(args, "output_tokens", span->output_tokens);
	add_maybe(args, "cost_nano_usd", span->cost_nano_usd);
	add_json(args, "input", span->input_data);
	add_json(args, "output", span->output_data);
	add_json(args, "attributes", span->attributes);
}

/* --- calls ------------------------------------------------------------------------------------- */

/* Where it was put; the event is written and deleted. */
static int put_call(struct chrome *chrome, const struct ts_track_call *call, const char *category,
		    cJSON *event)
{
	if (call->branch == TS_TRACKS_NONE) {
		cJSON_AddStringToObject(event, "ph", "X");
		cJSON_AddStringToObject(event, "cat", category);
		ts_member_integer(event, "dur", call->end_us - call->start_us);
	} else {
		cJSON_AddStringToObject(event, "ph", "b");
		add_branch(chrome, event, call->branch);
	}
	ts_member_integer(event, "ts", call->start_us);
	ts_member_integer(event, "pid",
			  call->thread ? call->thread->process : chrome->process->shown);
	ts_member_integer(event, "tid",
			  call->thread ? call->thread->number : chrome->process->shown);
	return put_event(chrome, event);
}

static int put_arrow_end(struct chrome *chrome, const char *phase, const struct ts_track_call *call,
			 int64_t us)
{
	cJSON *event = new_event(phase, "made in", call->thread, NULL);

	cJSON_AddStringToObject(event, "cat", "made in");
	ts_member_integer(event, "id", (int64_t)chrome->arrows);
	ts_member_integer(event, "ts", us);
	if (*phase == 'f')
		cJSON_AddStringToObject(event, "bp", "e");
	return put_event(chrome, event);
}

/* Arrows lead from track to track of threads; a branch has no place for one. */
static int put_arrow(struct chrome *chrome, const struct ts_track_call *call)
{
	const struct ts_track_call *parent = ts_tracks_call(chrome->tracks, call->parent);
	int64_t last = parent->end_us > parent->start_us ? parent->end_us - 1 : parent->start_us;
	int64_t from = call->start_us < last ? call->start_us : last;
	int result;

	if (parent->thread == call->thread || parent->branch != TS_TRACKS_NONE ||
	    call->branch != TS_TRACKS_NONE)
		return 0;
	chrome->arrows++;
	result = put_arrow_end(chrome, "s", parent,
			       from > parent->start_us ? from : parent->start_us);
	return result < 0 ? result : put_arrow_end(chrome, "f", call, call->start_us);
}

/* The trace's own call, which waits for its thread: that of what it called first, if their names are the same. */
static int put_trace(struct chrome *chrome, struct ts_track_thread *thread)
{
	cJSON *event = chrome->event;
	int result;

	if (!event)
		return 0;
	chrome->event = NULL;
	chrome->call.thread = thread;
	result = ts_tracks_begin(chrome->tracks, &chrome->call);
	if (result == 0)
		return put_call(chrome, ts_tracks_call(chrome->tracks, 0), "pipeline", event);
	cJSON_Delete(event);
	return result;
}

/* Did the trace's own call run where its first span did? The row of a trace knows its thread's name alone. */
static bool is_its_thread(const struct chrome *chrome, const struct ts_span *span, const char *name)
{
	return !span->has_parent &&
	       (!chrome->thread_name || (name && !strcmp(name, chrome->thread_name)));
}

/* --- the format ------------------------------------------------------------------------------ */

static int begin(void **ret, FILE *out, enum ts_weight weight)
{
	struct chrome *chrome = calloc(1, sizeof(*chrome));

	(void)weight;
	if (!chrome || ts_tracks_new(&chrome->tracks, put_end, chrome) < 0) {
		free(chrome);
		return -ENOMEM;
	}
	chrome->out = out;
	fputs("{\"traceEvents\":[", out);
	*ret = chrome;
	return 0;
}

static int end_trace(struct chrome *chrome)
{
	int result = put_trace(chrome, NULL);

	ts_tracks_end(chrome->tracks);
	free(chrome->thread_name);
	chrome->thread_name = NULL;
	return chrome->failed ? -ENOMEM : result;
}

static int trace(void *format, const struct ts_trace *row)
{
	struct chrome *chrome = format;
	int result = end_trace(chrome);

	if (result < 0)
		return result;
	chrome->process = process_of(chrome, row);
	chrome->event = cJSON_CreateObject();
	if (!chrome->process || !chrome->event)
		return -ENOMEM;
	chrome->traces++;
	chrome->thread_name = thread_name_of(row->attributes);
	chrome->call = (struct ts_track_call){
		.start_us = row->started_us,
		.end_us = row->ended_us > row->started_us ? row->ended_us : row->started_us,
		.name = ts_paths_name(&chrome->names, row->pipeline_name),
	};
	cJSON_AddStringToObject(chrome->event, "name", row->pipeline_name);
	add_trace_args(chrome->event, row);
	return chrome->call.name == TS_PATHS_NONE ? -ENOMEM : 0;
}

static int put_span(struct chrome *chrome, const struct ts_span *row, const char *thread_name)
{
	struct ts_track_call call = {
		.span_id = row->span_id,
		.start_us = row->started_us,
		.end_us = row->ended_us > row->started_us ? row->ended_us : row->started_us,
		.thread = ts_tracks_thread(chrome->tracks, chrome->process->shown, row->thread_id),
		.name = ts_paths_name(&chrome->names, row->span_name),
	};
	int result = call.thread && call.name != TS_PATHS_NONE ? 0 : -ENOMEM;
	cJSON *event;
	uint32_t number;

	if (result == 0)
		result = name_thread(chrome, call.thread, thread_name);
	if (result == 0)
		result = put_trace(chrome,
				   is_its_thread(chrome, row, thread_name) ? call.thread : NULL);
	if (result < 0)
		return result;
	number =
		ts_tracks_put(chrome->tracks, &call, row->has_parent ? &row->parent_span_id : NULL);
	event = number != TS_TRACKS_NONE ? cJSON_CreateObject() : NULL;
	if (!event)
		return -ENOMEM;
	cJSON_AddStringToObject(event, "name", row->span_name);
	add_span_args(event, row);
	result = put_call(chrome, ts_tracks_call(chrome->tracks, number), row->kind, event);
	return result < 0 ? result : put_arrow(chrome, ts_tracks_call(chrome->tracks, number));
}

static int span(void *format, const struct ts_span *row)
{
	char *thread_name = thread_name_of(row->attributes);
	int result = put_span(format, row, thread_name);

	free(thread_name);
	return result;
}

static int end(void *format)
{
	struct chrome *chrome = format;
	int result = end_trace(chrome);

	fputs(chrome->any ? "\n]}\n" : "]}\n", chrome->out);
	return result;
}

static void free_chrome(void *format)
{
	struct chrome *chrome = format;

	cJSON_Delete(chrome->event);
	free(chrome->thread_name);
	ts_tracks_free(chrome->tracks);
	ts_paths_release(&chrome->names);
	ts_pids_release(&chrome->pids);
	free(chrome);
}

const struct ts_format ts_format_chrome = {
	.name = "chrome",
	.shape = TS_SPANS_NESTED,
	.payload = true,
	.begin = begin,
	.trace = trace,
	.span = span,
	.end = end,
	.free = free_chrome,
};
