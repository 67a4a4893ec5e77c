// SPDX-License-Identifier: Apache-2.0
/* Rules x loaded objects -> definitions, and what leads to them. */

#include "hook.h"

#include <errno.h>
#include <string.h>

#include "names.h"
#include "pages.h"
#include "thunk.h"
#include "unwinders.h"
#include "walk.h"

/* An object whose slots have been written. */
struct hooked {
	uintptr_t low;
	const char *path; /* the dynamic linker's string: compared as an address */
};

static struct {
	struct ts_arena arena;
	struct ts_names names;
	struct hooked *hooked;
	size_t n_hooked, room_hooked;
	unsigned long long adds, subs; /* dl_iterate_phdr's counts at the last pass */
	bool unsettled;                /* an object was still being relocated */
} hooks;

const struct ts_names *ts_hook_names(void)
{
	return &hooks.names;
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
	struct ts_walk *walk = context;
	const struct ts_rule *rule = ts_names_find(&hooks.names, slot->name, NULL);
	const struct ts_object *holder;
	const struct ts_maps *maps;
	uintptr_t address;
	int index;

	if (!rule || ts_thunk_holds(*slot->address) || ts_hook_refusal(slot->name))
		return;
	holder = definition_of(&walk->scope, object, slot, &address);
	if (!holder || ts_walk_is_ours(holder))
		return;
	rule = ts_names_find(&hooks.names, slot->name, ts_walk_path(holder));
	if (!rule || ts_definition_find(rule, address, TS_BY_ENTRY) >= 0)
		return;
	maps = ts_walk_maps(walk);
	if (!maps)
		return;
	index = ts_definition_take(rule, address, TS_BY_SLOTS, slot->name, ts_walk_path(holder));
	if (index < 0)
		return;
	if (ts_object_store(object, maps, slot->address, ts_thunk_entry((size_t)index)) == 0)
		ts_definition_at((size_t)index)->n_slots++;
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
static bool is_unsettled(struct ts_walk *walk, size_t place)
{
	const struct ts_object *object = &walk->scope.objects[place];
	const struct ts_mapping *mapping;
	const struct ts_maps *maps;

	if (place < walk->scope.n_initial || object->relro_low >= object->relro_high)
		return false;
	maps = ts_walk_maps(walk);
	mapping = maps ? ts_maps_find(maps, object->relro_low) : NULL;
	return !mapping || mapping->protection & PROT_WRITE;
}

static void note_unwinders(struct ts_walk *walk)
{
	for (size_t i = 0; i < walk->scope.n; i++)
		if (ts_unwinders_is_one(&walk->scope.objects[i]) && !is_unsettled(walk, i))
			ts_unwinders_note(&walk->scope.objects[i]);
	ts_definitions_choose_pads(ts_unwinders_any());
}

static void hook_objects(struct ts_walk *walk)
{
	note_unwinders(walk);
	hooks.unsettled = false;
	for (size_t i = 0; i < walk->scope.n; i++) {
		const struct ts_object *object = &walk->scope.objects[i];

		if (is_hooked(object) || ts_walk_is_ours(object))
			continue;
		if (is_unsettled(walk, i)) {
			hooks.unsettled = true;
			continue;
		}
		ts_object_slots(object, hook_slot, walk);
		remember(object);
	}
}

static void refresh(struct ts_walk *walk, void *unused)
{
	(void)unused;
	if (walk->subs != hooks.subs)
		hooks.n_hooked = 0; /* one that came back may lie where it lay */
	hook_objects(walk);
	hooks.adds = walk->adds;
	hooks.subs = walk->subs;
}

void ts_hook_refresh(void)
{
	if (hooks.unsettled || ts_walk_is_news(hooks.adds, hooks.subs))
		ts_walk(refresh, NULL);
}

bool ts_hook_is_ruled(const char *name)
{
	return ts_names_find(&hooks.names, name, NULL) && !ts_hook_refusal(name);
}

int ts_hook_init(const struct ts_conf *conf)
{
	if (ts_definitions_init(conf) < 0 || ts_names_init(&hooks.names, conf, &hooks.arena) < 0)
		return -ENOMEM;
	ts_walk(refresh, NULL);
	return 0;
}
