// SPDX-License-Identifier: Apache-2.0
#include "programs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../file.h"
#include "../log/alive.h"
#include "../log/clock.h"
#include "../log/spool.h"
#include "../text.h"
#include "inside.h"

enum fate { LIVES, HAS_ENDED, IS_NOTHING };

/* --- one program ------------------------------------------------------------------------------- */

/* A name is any 15 bytes; one that was cut may end in the middle of a character. */
static void put_name(const char *name, char ret[TS_LIVE_NAME])
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t n = 0;

	for (size_t bytes; *name && n < TS_LIVE_NAME - 4; name += bytes ? bytes : 1) {
		bytes = ts_text_character(name, strlen(name));
		n += (size_t)snprintf(ret + n, 5, "%.*s", (int)(bytes ? bytes : 3),
				      bytes ? name : replacement);
	}
	ret[n] = '\0';
}

/* As the log has it, or, of a thread that has long been there, as it is now. */
static void name_thread(const struct ts_live_program *program, const char *name,
			struct ts_live_call *call)
{
	char path[64], now[32] = "";
	FILE *file;

	if (!*name && program->here) {
		snprintf(path, sizeof(path), "/proc/%lld/task/%lld/comm", (long long)program->pid,
			 (long long)call->thread_id);
		file = fopen(path, "re");
		if (file && fgets(now, sizeof(now), file))
			now[strcspn(now, "\n")] = '\0';
		if (file)
			fclose(file);
		name = now;
	}
	put_name(name, call->thread_name);
}

static void fill_call(const struct ts_live_program *program, const struct ts_clock *clock,
		      const struct ts_inside_call *from, struct ts_live_call *to)
{
	const struct ts_event_begin *begin = from->begin;
	const struct ts_thunk *thunk = from->thunk;

	memcpy(&to->trace_id, begin->trace_id, sizeof(to->trace_id));
	memcpy(&to->span_id, begin->span_id, sizeof(to->span_id));
	if (begin->event.flags & TS_BEGIN_PARENT)
		memcpy(&to->parent_id, begin->parent_id, sizeof(to->parent_id));
	to->is_trace = begin->event.flags & TS_BEGIN_TRACE;
	to->is_span = begin->event.flags & TS_BEGIN_SPAN;
	to->innermost = true;
	to->name = !thunk ? "step:unknown" : to->is_span ? thunk->span_name : thunk->name;
	to->kind = thunk ? thunk->kind_name : "step";
	to->function = thunk ? thunk->function : "unknown";
	to->thread_id = begin->tid;
	name_thread(program, from->thread_name, to);
	to->started_us = ts_clock_us(clock, begin->ticks);
	to->inside_ns = ts_clock_duration_ns(clock, begin->ticks, ts_inside_ticks(program->inside));
}

/* As other calls of its thread have it in the log; "" if none has. */
static const char *name_by_calls(const struct ts_inside *inside, int64_t thread_id)
{
	size_t n;
	const struct ts_inside_call *calls = ts_inside_calls(inside, &n);

	for (size_t i = 0; i < n; i++)
		if (calls[i].begin->tid == thread_id && *calls[i].thread_name)
			return calls[i].thread_name;
	return "";
}

static void fill_exchange(const struct ts_live_program *program, const struct ts_clock *clock,
			  const struct ts_inside_exchange *from, struct ts_live_call *to)
{
	*to = (struct ts_live_call){
		.trace_id = from->trace_id,
		.span_id = from->span_id,
		.parent_id = from->parent_id,
		.is_trace = from->is_trace,
		.is_span = true,
		.innermost = true,
		.name = from->name,
		.kind = "llm",
		.function = from->function,
		.on_wire = true,
		.model = from->model,
		.answered = from->answered,
		.received_bytes = from->received_bytes,
		.thread_id = from->tid,
		.started_us = ts_clock_us(clock, from->started_ticks),
		.inside_ns = ts_clock_duration_ns(clock, from->started_ticks,
						  ts_inside_ticks(program->inside)),
	};
	name_thread(program, name_by_calls(program->inside, from->tid), to);
}

static int fill_calls(struct ts_live_program *program)
{
	const struct ts_abi_process *page = ts_inside_process(program->inside);
	size_t n_calls, n_exchanges;
	const struct ts_inside_call *calls = ts_inside_calls(program->inside, &n_calls);
	const struct ts_inside_exchange *exchanges =
		ts_inside_exchanges(program->inside, &n_exchanges);
	struct ts_clock clock;

	ts_clock_init(&clock, page);
	if (__atomic_load_n(&page->n_clocks, __ATOMIC_ACQUIRE)) {
		program->started_us = ts_clock_us(&clock, clock.ticks);
		program->age_ns =
			ts_clock_duration_ns(&clock, clock.ticks, ts_inside_ticks(program->inside));
	}
	program->calls = calloc(n_calls + n_exchanges + 1, sizeof(*program->calls));
	if (!program->calls)
		return -ENOMEM;
	program->n_calls = n_calls + n_exchanges;
	for (size_t i = 0; i < n_calls; i++)
		fill_call(program, &clock, &calls[i], &program->calls[i]);
	for (size_t i = 0; i < n_exchanges; i++)
		fill_exchange(program, &clock, &exchanges[i], &program->calls[n_calls + i]);
	return 0;
}

/* What cannot be read is told with the program. 0 or -ENOMEM. */
static int look_inside(struct ts_live_program *program, const char *path)
{
	struct ts_error err = {.text = ""};
	int result = ts_inside_new(&program->inside, path, &err);

	if (result == 0)
		result = ts_inside_look(program->inside, &err);
	if (result == 0) {
		const struct ts_settings *settings = ts_inside_settings(program->inside);

		program->program = settings->program;
		program->host = settings->host;
		program->damaged = ts_inside_damaged(program->inside);
		return fill_calls(program);
	}
	program->trouble = strdup(err.text);
	return program->trouble ? 0 : -ENOMEM;
}

/* --- is it one, and does it live? -------------------------------------------------------------- */

static enum fate fate_of(const char *path, const char *name, const struct ts_abi_process *page)
{
	bool gone = ts_alive_earlier_boot(name) || ts_alive_no_pid(name);
	char file[PATH_MAX + 16];
	struct stat st;

	snprintf(file, sizeof(file), "%s/process", path);
	if (page->magic != TS_ABI_PROCESS_MAGIC || lstat(file, &st) < 0)
		return gone && !access(file, F_OK) ? HAS_ENDED : IS_NOTHING;
	if (page->version != TS_ABI_VERSION)
		return gone ? HAS_ENDED : LIVES;
	return ts_alive_earlier_boot(name) || ts_alive_ended(page, &st, name) ? HAS_ENDED : LIVES;
}

static void release(struct ts_live_program *program)
{
	ts_inside_free(program->inside);
	free(program->spool);
	free(program->trouble);
	free(program->calls);
}

/* A program that lives; it may end meanwhile. 0 or -ENOMEM. */
static int add(struct ts_programs *programs, const char *path, const char *name,
	       const struct ts_abi_process *page)
{
	struct ts_live_program program = {
		.spool = strdup(name),
		.program = "",
		.host = "",
		.pid = page->pid,
	};
	struct ts_live_program *grown;
	int result = program.spool ? 0 : -ENOMEM;

	if (result == 0 && page->version != TS_ABI_VERSION) {
		program.trouble = strdup("it runs under another version of traceshim");
		result = program.trouble ? 0 : -ENOMEM;
	} else if (result == 0) {
		program.here = ts_alive_here(page);
		program.sure = program.here || ts_alive_surely(page);
		result = look_inside(&program, path);
	}
	grown = result == 0 && fate_of(path, name, page) == LIVES
			? reallocarray(programs->all, programs->n + 1, sizeof(*grown))
			: NULL;
	if (!grown) {
		release(&program);
		return result;
	}
	programs->all = grown;
	grown[programs->n++] = program;
	return 0;
}

static int look_at(struct ts_programs *programs, const char *root, const char *name)
{
	char path[PATH_MAX];
	const void *page;
	int result = 0;

	if (snprintf(path, sizeof(path), "%s/%s", root, name) >= (int)sizeof(path) ||
	    ts_file_view(path, "process", TS_ABI_PAGE, &page) < 0)
		return 0;
	switch (fate_of(path, name, page)) {
	case LIVES:
		result = add(programs, path, name, page);
		break;
	case HAS_ENDED:
		programs->ended++;
		break;
	case IS_NOTHING:
		break;
	}
	munmap((void *)page, TS_ABI_PAGE);
	return result;
}

/* --- what lies in what ------------------------------------------------------------------------- */

struct place {
	uint8_t ids[32]; /* trace and span; of a trace that is no span zeros */
	struct ts_live_call *call;
	const struct ts_live_program *program;
	enum { UNSEEN, ON_THE_WAY, SEEN } state;
};

static int compare_places(const void *a, const void *b)
{
	return memcmp(((const struct place *)a)->ids, ((const struct place *)b)->ids, 32);
}

/* Its parent's ids. False: it lies in nothing. */
static bool parent_of(const struct ts_live_call *call, struct place *ret)
{
	memcpy(ret->ids, &call->trace_id, 16);
	memcpy(ret->ids + 16, &call->parent_id, 16);
	return !call->is_trace;
}

static size_t list_places(const struct ts_programs *programs, struct place *places)
{
	size_t n = 0;

	for (size_t i = 0; i < programs->n; i++) {
		const struct ts_live_program *program = &programs->all[i];

		for (size_t j = 0; j < program->n_calls; j++, n++) {
			memcpy(places[n].ids, &program->calls[j].trace_id, 16);
			memcpy(places[n].ids + 16, &program->calls[j].span_id, 16);
			places[n].call = &program->calls[j];
			places[n].program = program;
		}
	}
	qsort(places, n, sizeof(*places), compare_places);
	return n;
}

static struct place *place_of(struct place *places, size_t n, const struct ts_live_call *call)
{
	struct place key;

	memcpy(key.ids, &call->trace_id, 16);
	memcpy(key.ids + 16, &call->span_id, 16);
	return bsearch(&key, places, n, sizeof(*places), compare_places);
}

static void set_parent(struct place *places, size_t n, struct place *place)
{
	struct place key, *found;

	if (!parent_of(place->call, &key))
		return;
	found = bsearch(&key, places, n, sizeof(*places), compare_places);
	place->call->parent = found ? found->call : NULL;
}

/* Damage may make a call its own ancestor: there the chain is cut. */
static void cut_circles(struct place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct place *at = &places[i], *next;

		for (; at && at->state == UNSEEN; at = next) {
			at->state = ON_THE_WAY;
			next = at->call->parent ? place_of(places, n, at->call->parent) : NULL;
			if (next && next->state == ON_THE_WAY)
				at->call->parent = NULL;
		}
		for (at = &places[i]; at && at->state == ON_THE_WAY; at = next) {
			at->state = SEEN;
			next = at->call->parent ? place_of(places, n, at->call->parent) : NULL;
		}
	}
}

/* What a call says of those around it. */
static void note_ancestors(struct place *places, size_t n, const struct place *place)
{
	const struct ts_live_call *call = place->call;
	struct place *at;

	for (const struct ts_live_call *up = call->parent; up; up = up->parent) {
		at = place_of(places, n, up);
		if (at->program == place->program && up->thread_id == call->thread_id)
			at->call->innermost = false;
		else
			at->call->goes_on = true;
	}
}

static int set_parents(struct ts_programs *programs)
{
	struct place *places;
	size_t n = 0;

	for (size_t i = 0; i < programs->n; i++)
		n += programs->all[i].n_calls;
	places = calloc(n + 1, sizeof(*places));
	if (!places)
		return -ENOMEM;
	n = list_places(programs, places);
	for (size_t i = 0; i < n; i++)
		set_parent(places, n, &places[i]);
	cut_circles(places, n);
	for (size_t i = 0; i < n; i++)
		note_ancestors(places, n, &places[i]);
	free(places);
	return 0;
}

/* --- all ------------------------------------------------------------------------------------- */

static bool is_of_others(int root, const char *name)
{
	struct stat st;

	return name[0] != '.' && fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode) && st.st_uid != geteuid();
}

int ts_programs_look(struct ts_programs *ret, const char *root, struct ts_error *err)
{
	struct dirent *entry;
	int result = 0;
	DIR *dir = opendir(root);

	*ret = (struct ts_programs){.n = 0};
	if (!dir)
		return ts_error_set(err, -errno, "cannot read %s: %s", root,
				    strerrordesc_np(errno));
	while (result == 0 && (entry = readdir(dir))) {
		ret->others += is_of_others(dirfd(dir), entry->d_name);
		if (ts_spool_is(root, entry->d_name))
			result = look_at(ret, root, entry->d_name);
	}
	closedir(dir);
	if (result == 0)
		result = set_parents(ret);
	if (result < 0) {
		ts_programs_release(ret);
		return ts_error_set(err, result, "out of memory");
	}
	return 0;
}

void ts_programs_release(struct ts_programs *programs)
{
	for (size_t i = 0; i < programs->n; i++)
		release(&programs->all[i]);
	free(programs->all);
	*programs = (struct ts_programs){.n = 0};
}
