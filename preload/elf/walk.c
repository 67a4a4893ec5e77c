// SPDX-License-Identifier: Apache-2.0
/* Walks over the loaded objects. */

#include "walk.h"

#include <errno.h>
#include <link.h>
#include <string.h>

#include "../hot/context.h"
#include "../system/pages.h"
#include "../system/program.h"
#include "iterate.h"

/* Weak, or the linker would have us need ld.so by name. */
#pragma weak _r_debug

/* Of ts_sys_give_way: a fifth of a second, and one. */
#define WALK_TURNS 144
#define FORK_TURNS 206

static uint32_t walker; /* the thread that walks, or keeps others from it over a fork; 0: none */
static bool frozen;     /* in a child that was forked in the middle of a walk: there are no more */

/*
 * The objects at the first walk, those the program started with, in their order. A constructor may have opened some of the
 * last, and they may be closed: what moves up to their place was not there.
 */
static struct initial {
	uintptr_t low;
	const char *path; /* the dynamic linker's string: compared as an address */
} * initial;
static size_t n_initial;

static bool take(unsigned turns)
{
	uint32_t tid = (uint32_t)ts_sys_gettid();

	for (unsigned turn = 0; turn < turns; turn++) {
		uint32_t nobody = 0;

		if (frozen || __atomic_load_n(&walker, __ATOMIC_RELAXED) == tid)
			return false;
		if (__atomic_compare_exchange_n(&walker, &nobody, tid, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
		ts_sys_give_way(turn);
	}
	return false;
}

static void give(void)
{
	__atomic_store_n(&walker, 0, __ATOMIC_RELEASE);
}

static int collect(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct ts_walk *walk = context;
	struct ts_object object;

	(void)bytes;
	walk->adds = info->dlpi_adds;
	walk->subs = info->dlpi_subs;
	if (ts_object_read(info, &object) < 0)
		return 0;
	if (walk->scope.n == walk->room) {
		size_t room = walk->room ? walk->room * 2 : 64;
		struct ts_object *larger = ts_pages_grow(
			walk->scope.objects, walk->room * sizeof(*larger), room * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		walk->scope.objects = larger;
		walk->room = room;
	}
	walk->scope.objects[walk->scope.n++] = object;
	return 0;
}

static void note_initial(const struct ts_scope *scope)
{
	initial = ts_pages_new(scope->n * sizeof(*initial));
	for (size_t i = 0; initial && i < scope->n; i++)
		initial[i] = (struct initial){scope->objects[i].low, scope->objects[i].path};
	n_initial = initial ? scope->n : 0;
}

/* How many of them are there, up to the first that is not. */
static size_t count_initial(const struct ts_scope *scope)
{
	size_t n = 0;

	while (n < n_initial && n < scope->n && scope->objects[n].low == initial[n].low &&
	       scope->objects[n].path == initial[n].path)
		n++;
	return n;
}

struct task {
	struct ts_walk walk;
	ts_walk_fn *run;
	void *context;
};

/* Called for the first object, which is as good as all: under the dynamic linker's lock. */
static int run_task(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct task *task = context;

	(void)info, (void)bytes;
	if (ts_iterate_phdr(collect, &task->walk) == 0) {
		if (!initial)
			note_initial(&task->walk.scope);
		n_initial = count_initial(&task->walk.scope);
		task->walk.scope.n_initial = n_initial;
		task->run(&task->walk, task->context);
	}
	return 1;
}

bool ts_walk(ts_walk_fn *run, void *context)
{
	struct task task = {.run = run, .context = context};
	uintptr_t guard = ts_context.guard;

	if (!take(WALK_TURNS))
		return false;
	ts_context.guard = (uintptr_t)__builtin_frame_address(0);
	ts_iterate_phdr(run_task, &task);
	ts_context.guard = guard;
	give();
	ts_pages_free(task.walk.scope.objects, task.walk.room * sizeof(struct ts_object));
	ts_maps_release(&task.walk.maps);
	return true;
}

static int note_counts(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct ts_walk *walk = context;

	(void)bytes;
	walk->adds = info->dlpi_adds;
	walk->subs = info->dlpi_subs;
	return 1;
}

bool ts_walk_is_news(unsigned long long adds, unsigned long long subs, bool may_wait)
{
	struct ts_walk now;

	if (!take(may_wait ? WALK_TURNS : 1))
		return false;
	ts_iterate_phdr(note_counts, &now);
	give();
	return now.adds != adds || now.subs != subs;
}

const struct ts_maps *ts_walk_maps(struct ts_walk *walk)
{
	if (!walk->maps.n && ts_maps_read(&walk->maps) < 0)
		return NULL;
	return &walk->maps;
}

const char *ts_walk_path(const struct ts_object *object)
{
	return object->path[0] ? object->path : ts_program_path();
}

bool ts_walk_is_module(const struct ts_object *object)
{
	const char *modules = ts_program_modules();

	return strncmp(object->path, modules, strlen(modules)) == 0;
}

bool ts_walk_is_ours(const struct ts_object *object)
{
	return ts_object_holds(object, (uintptr_t)&walker) || ts_walk_is_module(object);
}

#define MODULE_DEPTH 3 /* a module, its library, and one that that needs */

static bool serves_module(const struct ts_scope *scope, const struct ts_object *object,
			  unsigned depth)
{
	for (size_t i = 0; i < scope->n; i++) {
		const struct ts_object *user = &scope->objects[i];

		if (user == object || !ts_scope_needs(user, object))
			continue;
		if (ts_walk_is_module(user) || (depth && serves_module(scope, user, depth - 1)))
			return true;
	}
	return false;
}

bool ts_walk_serves_module(const struct ts_walk *walk, const struct ts_object *object)
{
	return serves_module(&walk->scope, object, MODULE_DEPTH);
}

bool ts_walk_is_linker_idle(void)
{
	return !&_r_debug || __atomic_load_n(&_r_debug.r_state, __ATOMIC_RELAXED) == RT_CONSISTENT;
}

bool ts_walk_hold(void)
{
	return take(FORK_TURNS);
}

void ts_walk_go_on(bool held)
{
	if (held)
		give();
}

void ts_walk_go_on_in_child(bool held)
{
	frozen = !held;
	give();
}
