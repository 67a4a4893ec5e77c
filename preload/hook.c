// SPDX-License-Identifier: Apache-2.0
/* Rule x definition -> thunk -> slots. */

#include "hook.h"

#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "hot/call.h"
#include "maps.h"
#include "names.h"
#include "pages.h"
#include "program.h"
#include "scope.h"
#include "spool.h"
#include "thunk.h"
#include "unwinders.h"

#define WALK_TRIES   1000
#define FORK_TRIES   10000
#define SAME_BUCKETS (TS_THUNKS * 2)

/* An object whose slots have been written. */
struct hooked {
	uintptr_t low;
	const char *path; /* the dynamic linker's string: compared as an address */
};

static struct {
	struct ts_arena arena;
	struct ts_names names;
	struct ts_thunk_settings settings;
	struct ts_definition *definitions; /* TS_THUNKS of them; touched as they are made */
	size_t n_definitions;
	uint16_t *same; /* (rule, address) -> index + 1, open addressing */
	struct hooked *hooked;
	size_t n_hooked, room_hooked;
	size_t n_initial;
	unsigned long long adds, subs; /* dl_iterate_phdr's counts at the last pass */
	bool unsettled;                /* an object was still being relocated */
	bool shared_unwinder;
} hooks;

/*
 * The thread that walks over the loaded objects, or keeps others from it over a fork; 0: none. Taken
 * before the dynamic linker's lock, which glibc's fork does not mend in the child. The program may hold
 * that one when it calls us, so a walk tries for this one and, where it does not get it, is left out.
 */
static uint32_t walker;
static bool frozen; /* in a child that was forked in the middle of a walk: there are no more */

static bool take_walk(int tries)
{
	uint32_t tid = (uint32_t)ts_sys_gettid();

	for (int i = 0; i < tries; i++) {
		uint32_t nobody = 0;

		if (frozen || __atomic_load_n(&walker, __ATOMIC_RELAXED) == tid)
			return false;
		if (__atomic_compare_exchange_n(&walker, &nobody, tid, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
		ts_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
	return false;
}

static void give_walk(void)
{
	__atomic_store_n(&walker, 0, __ATOMIC_RELEASE);
}

/* What one pass over the loaded objects needs. */
struct pass {
	struct ts_scope scope;
	size_t room;
	unsigned long long adds, subs;
	struct ts_maps maps;
};

static uint16_t *bucket_of(const struct ts_rule *rule, uintptr_t address)
{
	size_t i = (address * 0x9e3779b97f4a7c15 ^ (uintptr_t)rule >> 4) % SAME_BUCKETS;

	for (; hooks.same[i]; i = (i + 1) % SAME_BUCKETS) {
		const struct ts_definition *definition = &hooks.definitions[hooks.same[i] - 1];

		if (definition->rule == rule && definition->address == address)
			break;
	}
	return &hooks.same[i];
}

/* The thunk for (rule, address): the one there is, or a new one. Negative errno. */
static int thunk_for(const struct ts_rule *rule, const char *name, uintptr_t address,
		     const char *path)
{
	uint16_t *bucket = bucket_of(rule, address);
	size_t index = hooks.n_definitions;
	struct ts_definition *definition = &hooks.definitions[index];
	int result;

	if (*bucket)
		return *bucket - 1;
	result = ts_thunk_make(index, rule, address, &hooks.settings, &hooks.arena);
	if (result < 0)
		return result;
	definition->function = ts_arena_strndup(&hooks.arena, name, strlen(name));
	definition->object = ts_arena_strndup(&hooks.arena, path, strlen(path));
	if (!definition->function || !definition->object)
		return -ENOMEM;
	definition->rule = rule;
	definition->address = address;
	ts_thunk_choose_pads(index, index + 1, hooks.shared_unwinder);
	/* release: a thread that reads the count finds the definition whole */
	__atomic_store_n(&hooks.n_definitions, index + 1, __ATOMIC_RELEASE);
	*bucket = (uint16_t)(index + 1);
	return (int)index;
}

/* The shim itself, and the modules it opened. */
static bool is_ours(const struct ts_object *object)
{
	const char *modules = ts_program_modules();

	return ts_object_holds(object, (uintptr_t)&hooks) ||
	       strncmp(object->path, modules, strlen(modules)) == 0;
}

static const char *path_of(const struct ts_object *object)
{
	return object->path[0] ? object->path : ts_program_path();
}

/* What the slot leads to: its definition's address, object and symbol. NULL: nothing to wrap. */
static const struct ts_object *definition_of(const struct ts_scope *scope,
					     const struct ts_object *object,
					     const struct ts_slot *slot, uintptr_t *ret_address)
{
	const struct ts_object *holder = ts_scope_holder(scope, *slot->address);
	const ElfW(Sym) *symbol = NULL;

	*ret_address = *slot->address;
	if (!holder)
		return NULL;
	/* A slot into its own object is lazy, waiting in the PLT, unless the object defines the
	 * name. */
	if (holder != object || object->base + slot->symbol->st_value == *ret_address)
		symbol = ts_object_definition(holder, slot->name, slot->version);
	if (!symbol) {
		holder = ts_scope_look_up(scope, object, slot->name, slot->version, &symbol);
		if (!holder)
			return NULL;
		*ret_address = ts_scope_address(holder, symbol);
	}
	return ts_symbol_is_function(symbol) ? holder : NULL;
}

static void hook_slot(void *context, const struct ts_object *object, const struct ts_slot *slot)
{
	struct pass *pass = context;
	const struct ts_rule *rule = ts_names_find(&hooks.names, slot->name, NULL);
	const struct ts_object *holder;
	uintptr_t address;
	int index;

	if (!rule || ts_thunk_holds(*slot->address) || ts_hook_refusal(slot->name))
		return;
	holder = definition_of(&pass->scope, object, slot, &address);
	if (!holder || is_ours(holder))
		return;
	rule = ts_names_find(&hooks.names, slot->name, path_of(holder));
	if (!rule)
		return;
	if (!pass->maps.n && ts_maps_read(&pass->maps) < 0)
		return;
	index = thunk_for(rule, slot->name, address, path_of(holder));
	if (index < 0 || ts_own_spool_publish() < 0)
		return;
	if (ts_object_store(object, &pass->maps, slot->address, ts_thunk_entry((size_t)index)) == 0)
		hooks.definitions[index].n_slots++;
}

static int collect(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct pass *pass = context;
	struct ts_object object;

	(void)bytes;
	pass->adds = info->dlpi_adds;
	pass->subs = info->dlpi_subs;
	if (ts_object_read(info, &object) < 0)
		return 0;
	if (pass->scope.n == pass->room) {
		size_t room = pass->room ? pass->room * 2 : 64;
		struct ts_object *larger = ts_pages_grow(
			pass->scope.objects, pass->room * sizeof(*larger), room * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		pass->scope.objects = larger;
		pass->room = room;
	}
	pass->scope.objects[pass->scope.n++] = object;
	return 0;
}

static bool is_hooked(const struct ts_object *object)
{
	for (size_t i = 0; i < hooks.n_hooked; i++)
		if (hooks.hooked[i].low == object->low && hooks.hooked[i].path == object->path)
			return true;
	return false;
}

static void remember(const struct ts_object *object)
{
	if (hooks.n_hooked == hooks.room_hooked) {
		size_t room = hooks.room_hooked ? hooks.room_hooked * 2 : 256;
		struct hooked *larger = ts_pages_grow(
			hooks.hooked, hooks.room_hooked * sizeof(*larger), room * sizeof(*larger));

		if (!larger)
			return;
		hooks.hooked = larger;
		hooks.room_hooked = room;
	}
	hooks.hooked[hooks.n_hooked++] = (struct hooked){object->low, object->path};
}

/*
 * Still being relocated: its RELRO pages can be written yet. What was there at the start is done.
 */
static bool is_unsettled(struct pass *pass, const struct ts_object *object, size_t place)
{
	const struct ts_mapping *mapping;

	if (place < hooks.n_initial || object->relro_low >= object->relro_high)
		return false;
	if (!pass->maps.n && ts_maps_read(&pass->maps) < 0)
		return true;
	mapping = ts_maps_find(&pass->maps, object->relro_low);
	return !mapping || mapping->protection & PROT_WRITE;
}

static void hook_objects(struct pass *pass)
{
	bool shared;

	ts_unwinders_keep(pass->scope.objects, pass->scope.n);
	for (size_t i = 0; i < pass->scope.n; i++)
		if (ts_unwinders_is_one(&pass->scope.objects[i]) &&
		    !is_unsettled(pass, &pass->scope.objects[i], i))
			ts_unwinders_note(&pass->scope.objects[i]);
	shared = ts_unwinders_any();
	if (shared != hooks.shared_unwinder) {
		hooks.shared_unwinder = shared;
		ts_thunk_choose_pads(0, hooks.n_definitions, shared);
	}
	hooks.unsettled = false;
	for (size_t i = 0; i < pass->scope.n; i++) {
		const struct ts_object *object = &pass->scope.objects[i];

		if (is_hooked(object) || is_ours(object))
			continue;
		if (is_unsettled(pass, object, i)) {
			hooks.unsettled = true;
			continue;
		}
		ts_object_slots(object, hook_slot, pass);
		remember(object);
	}
}

/* One task over the loaded objects, under the dynamic linker's lock and then ours. */
struct task {
	struct pass pass;
	void (*run)(struct task *task);
	const char *name, *version;
	uintptr_t address; /* in: where to look from; out: what to answer */
	bool next;
};

static int run_task(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct task *task = context;

	(void)info, (void)bytes;
	if (dl_iterate_phdr(collect, &task->pass) == 0) {
		if (!hooks.n_initial)
			hooks.n_initial = task->pass.scope.n;
		task->pass.scope.n_initial = hooks.n_initial;
		task->run(task);
	}
	return 1; /* the first object is as good as all */
}

/*
 * Calls of wrapped functions from here, and from handlers that interrupt us, are not the program's.
 */
static bool run(struct task *task)
{
	uintptr_t guard = ts_context.guard;

	if (!take_walk(WALK_TRIES))
		return false;
	ts_context.guard = (uintptr_t)__builtin_frame_address(0);
	dl_iterate_phdr(run_task, task);
	ts_context.guard = guard;
	give_walk();
	ts_pages_free(task->pass.scope.objects, task->pass.room * sizeof(struct ts_object));
	ts_maps_release(&task->pass.maps);
	return true;
}

static void refresh(struct task *task)
{
	if (task->pass.subs != hooks.subs)
		hooks.n_hooked = 0; /* one that came back may lie where it lay */
	hook_objects(&task->pass);
	hooks.adds = task->pass.adds;
	hooks.subs = task->pass.subs;
}

static int note_counts(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct pass *pass = context;

	(void)bytes;
	pass->adds = info->dlpi_adds;
	pass->subs = info->dlpi_subs;
	return 1;
}

void ts_hook_refresh(void)
{
	struct pass now;

	if (!take_walk(1))
		return;
	dl_iterate_phdr(note_counts, &now);
	give_walk();
	if (now.adds != hooks.adds || now.subs != hooks.subs || hooks.unsettled)
		run(&(struct task){.run = refresh});
}

/* A look-up of a ruled name that was not followed. */
static void count_unhooked(void)
{
	if (ts_hot.process)
		__atomic_fetch_add(&ts_hot.process->lost[TS_LOST_UNHOOKED], 1, __ATOMIC_RELAXED);
}

/* The thunk for the definition of `name` in `holder` at task->address, or the address as it is. */
static void wrap(struct task *task, const struct ts_object *holder)
{
	const ElfW(Sym) *symbol = ts_object_definition(holder, task->name, task->version);
	const struct ts_rule *rule = ts_names_find(&hooks.names, task->name, path_of(holder));
	int index;

	if (!rule || is_ours(holder) || !symbol || !ts_symbol_is_function(symbol))
		return;
	index = thunk_for(rule, task->name, task->address, path_of(holder));
	if (index >= 0 && ts_own_spool_publish() == 0)
		task->address = ts_thunk_entry((size_t)index);
}

static void wrap_found(struct task *task)
{
	const struct ts_object *holder = ts_scope_holder(&task->pass.scope, task->address);

	if (holder)
		wrap(task, holder);
}

void *ts_hook_found(const char *name, void *address)
{
	struct task task = {.run = wrap_found, .name = name, .address = (uintptr_t)address};

	if (!run(&task))
		count_unhooked();
	return (void *)task.address;
}

/* RTLD_DEFAULT is the caller's scope; RTLD_NEXT what comes after the caller in the order of
 * loading. */
static void wrap_in_scope(struct task *task)
{
	struct ts_scope scope = task->pass.scope;
	const struct ts_object *from = ts_scope_holder(&scope, task->address);
	const struct ts_object *holder;
	const ElfW(Sym) * symbol;

	task->address = 0;
	if (!from) {
		count_unhooked(); /* the caller is in another name space (dlmopen) */
		return;
	}
	if (task->next) {
		size_t after = (size_t)(from - scope.objects) + 1;

		scope.objects += after;
		scope.n -= after;
		scope.n_initial = scope.n_initial > after ? scope.n_initial - after : 0;
		from = NULL;
	}
	holder = ts_scope_look_up(&scope, from, task->name, task->version, &symbol);
	if (!holder)
		return;
	task->address = ts_scope_address(holder, symbol);
	wrap(task, holder);
	if (!ts_thunk_holds(task->address))
		task->address = 0;
}

void *ts_hook_in_scope(const char *name, const char *version, bool next, uintptr_t caller)
{
	struct task task = {
		.run = wrap_in_scope,
		.name = name,
		.version = version,
		.address = caller,
		.next = next,
	};

	if (!run(&task)) {
		count_unhooked();
		return NULL;
	}
	return (void *)task.address;
}

struct miss {
	struct task task;
	const struct ts_rule *rule;
	char *ret;
	size_t bytes;
};

static void explain(struct task *task)
{
	struct miss *miss = (struct miss *)task;
	const struct ts_scope *scope = &task->pass.scope;

	for (size_t i = 0; i < scope->n; i++) {
		const struct ts_object *object = &scope->objects[i];
		const ElfW(Sym) *symbol = ts_object_definition(object, task->name, NULL);

		if (!symbol)
			continue;
		if (!ts_symbol_is_function(symbol))
			snprintf(miss->ret, miss->bytes, "%s in %s is not a function", task->name,
				 path_of(object));
		else if (ts_names_find(&hooks.names, task->name, path_of(object)) != miss->rule)
			snprintf(miss->ret, miss->bytes,
				 "%s in %s belongs to another rule or another object", task->name,
				 path_of(object));
		else
			snprintf(miss->ret, miss->bytes,
				 "%s defines it, but no GOT slot leads to it yet: calls inside %s "
				 "are not "
				 "seen; dlsym is",
				 path_of(object), object->path[0] ? "it" : "the program itself");
		return;
	}
	snprintf(miss->ret, miss->bytes,
		 "no loaded object exports it; it may come with a library loaded later (dlopen)");
}

void ts_hook_miss(const struct ts_rule *rule, char *ret, size_t bytes)
{
	struct miss miss = {
		.task = {.run = explain, .name = rule->prototype.function},
		.rule = rule,
		.ret = ret,
		.bytes = bytes,
	};

	run(&miss.task);
}

bool ts_hook_is_ruled(const char *name)
{
	return ts_names_find(&hooks.names, name, NULL) && !ts_hook_refusal(name);
}

size_t ts_hook_count(void)
{
	return __atomic_load_n(&hooks.n_definitions, __ATOMIC_ACQUIRE);
}

const struct ts_definition *ts_hook_definition(size_t index)
{
	return &hooks.definitions[index];
}

bool ts_hook_hold(void)
{
	return take_walk(FORK_TRIES);
}

void ts_hook_go_on(bool held)
{
	if (held)
		give_walk();
}

void ts_hook_go_on_in_child(bool held)
{
	frozen = !held;
	give_walk();
}

static bool names_a_pipeline(const struct ts_conf *conf)
{
	for (size_t i = 0; i < conf->n_rules; i++)
		if (conf->rules[i].kind == TS_KIND_PIPELINE)
			return true;
	return false;
}

int ts_hook_init(const struct ts_conf *conf)
{
	hooks.settings.capture_bytes = conf->capture_bytes;
	hooks.settings.stacks = conf->stacks;
	hooks.settings.orphans = conf->orphans == TS_ORPHANS_TRACE ||
				 (conf->orphans == TS_ORPHANS_AUTO && !names_a_pipeline(conf));
	hooks.definitions = ts_pages_new(TS_THUNKS * sizeof(*hooks.definitions));
	hooks.same = ts_pages_new(SAME_BUCKETS * sizeof(*hooks.same));
	if (!hooks.definitions || !hooks.same)
		return -ENOMEM;
	if (ts_names_init(&hooks.names, conf, &hooks.arena) < 0)
		return -ENOMEM;
	run(&(struct task){.run = refresh});
	return 0;
}
