// SPDX-License-Identifier: Apache-2.0
/* What a program's own look-ups of ruled names answer. */

#include "hook.h"

#include "../elf/walk.h"
#include "../hot/call.h"
#include "../reach/patch.h"
#include "thunk.h"

struct look_up {
	const char *name, *version;
	uintptr_t address; /* in: where to look from; out: what to answer */
	bool next;
};

/* A look-up of a ruled name that was not followed. */
static void count_unhooked(void)
{
	if (ts_hot.process)
		__atomic_fetch_add(&ts_hot.process->lost[TS_LOST_UNHOOKED], 1, __ATOMIC_RELAXED);
}

/*
 * The thunk for the definition in `holder` at look_up->address; or the address as it is, which is right
 * also where calls of it are seen at its entry.
 */
static void wrap(struct look_up *look_up, const struct ts_object *holder)
{
	const ElfW(Sym) *symbol = ts_object_definition(holder, look_up->name, look_up->version);
	int index;

	if (ts_walk_is_module(holder) || !symbol || !ts_symbol_is_function(symbol) ||
	    ts_patch_stands_at(look_up->address))
		return;
	index = ts_hook_take(look_up->name, look_up->address, holder);
	if (index >= 0)
		look_up->address = ts_thunk_entry((size_t)index);
}

static void wrap_found(struct ts_walk *walk, void *context)
{
	struct look_up *look_up = context;
	const struct ts_object *holder = ts_scope_holder(&walk->scope, look_up->address);

	if (holder)
		wrap(look_up, holder);
}

void *ts_hook_found(const char *name, void *address)
{
	struct look_up look_up = {.name = name, .address = (uintptr_t)address};

	if (!ts_walk(wrap_found, &look_up))
		count_unhooked();
	return (void *)look_up.address;
}

/* RTLD_DEFAULT is the caller's scope; RTLD_NEXT what comes after the caller in the order of
 * loading. */
static void wrap_in_scope(struct ts_walk *walk, void *context)
{
	struct look_up *look_up = context;
	struct ts_scope scope = walk->scope;
	const struct ts_object *from = ts_scope_holder(&scope, look_up->address);
	const struct ts_object *holder;
	const ElfW(Sym) * symbol;

	look_up->address = 0;
	if (!from) {
		count_unhooked(); /* the caller is in another name space (dlmopen) */
		return;
	}
	if (look_up->next) {
		size_t after = (size_t)(from - scope.objects) + 1;

		scope.objects += after;
		scope.n -= after;
		scope.n_initial = scope.n_initial > after ? scope.n_initial - after : 0;
		from = NULL;
	}
	holder = ts_scope_look_up(&scope, from, look_up->name, look_up->version, &symbol);
	if (!holder)
		return;
	look_up->address = ts_scope_address(holder, symbol);
	wrap(look_up, holder);
	if (!ts_thunk_holds(look_up->address))
		look_up->address = 0;
}

void *ts_hook_in_scope(const char *name, const char *version, bool next, uintptr_t caller)
{
	struct look_up look_up = {
		.name = name,
		.version = version,
		.address = caller,
		.next = next,
	};

	if (!ts_walk(wrap_in_scope, &look_up)) {
		count_unhooked();
		return NULL;
	}
	return (void *)look_up.address;
}
