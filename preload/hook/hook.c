// SPDX-License-Identifier: Apache-2.0
/* Rules x loaded objects -> definitions, and what leads to them. */

#include "hook.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "../connection/tls.h"
#include "../elf/walk.h"
#include "../hot/context.h"
#include "../hot/wire.h"
#include "../life/module.h"
#include "../life/spool.h"
#include "../reach/patch.h"
#include "../reach/reach.h"
#include "../stacks/stacks.h"
#include "../system/log.h"
#include "../system/pages.h"
#include "cplus.h"
#include "interpreter.h"
#include "names.h"
#include "thunk.h"
#include "unwinders.h"

/* An object whose slots have been written. */
struct hooked {
	uintptr_t low;
	const char *path;         /* the dynamic linker's string: compared as an address */
	bool entries;             /* and whose functions' entries have been seen to */
	const uintptr_t *witness; /* a slot of its own that leads to a thunk, or NULL */
};

static struct {
	struct ts_arena arena;
	struct ts_names names;
	struct ts_cplus cplus;
	struct hooked *hooked;
	size_t n_hooked, room_hooked;
	const uintptr_t *witness;      /* the last slot that was written */
	unsigned long long adds, subs; /* dl_iterate_phdr's counts at the last pass */
	bool unsettled;                /* an object was still being opened */
	bool entries_left;             /* an object's entries have not been seen to */
	bool wants_modules;            /* ... for want of a module, which no walk can open */
	bool module_asked_for;
	bool tls; /* what TLS libraries there are is told */
} hooks;

void ts_hook_enter(const struct ts_object *object, const char *symbol)
{
	if (hooks.cplus.n_rules)
		ts_cplus_enter(&hooks.cplus, &hooks.names, symbol, ts_walk_path(object),
			       &hooks.arena);
}

bool ts_hook_near_miss(const struct ts_rule *rule, char *ret, size_t bytes)
{
	return !ts_names_mangled(&hooks.names, rule) &&
	       ts_cplus_miss(&hooks.cplus, rule, ret, bytes);
}

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
	/*
	 * A slot into its own object is lazy, waiting in the PLT, unless the object's symbol says so. One
	 * that leads where the name is not defined holds the PLT entry that is the function's address in a
	 * program linked without PIE: that one's slot leads on, and all addresses stay equal.
	 */
	if (holder != object || object->base + slot->symbol->st_value == *ret_address) {
		symbol = ts_object_definition(holder, slot->name, slot->version);
		if (!symbol)
			return NULL;
	} else {
		holder = ts_scope_look_up(scope, object, slot->name, slot->version, &symbol);
		if (!holder)
			return NULL;
		*ret_address = ts_scope_address(holder, symbol);
	}
	return ts_symbol_is_function(symbol) ? holder : NULL;
}

/* Makers of coroutines: what a slot of theirs leads to is seen on the way. */
static void watch_slot(struct ts_walk *walk, const struct ts_object *object,
		       const struct ts_slot *slot)
{
	const struct ts_object *holder;
	const struct ts_maps *maps;
	uintptr_t address, watched;

	if (!ts_stacks_watches(slot->name))
		return;
	holder = definition_of(&walk->scope, object, slot, &address);
	if (!holder || ts_walk_is_ours(holder))
		return;
	watched = ts_stacks_watch(slot->name, address);
	maps = ts_walk_maps(walk);
	if (maps && watched != address)
		ts_object_store(object, maps, slot->address, watched);
}

/* What stands in front of a TLS library is left to it: else text would be read twice. */
static bool stands_in_front(const struct ts_rule *wire, const struct ts_object *holder)
{
	return ts_wire_is_of_tls(wire->wire) && !ts_tls_is_library(holder);
}

int ts_hook_take(const char *name, uintptr_t address, const struct ts_object *holder)
{
	const char *path = ts_walk_path(holder);
	const struct ts_rule *rule = ts_names_find(&hooks.names, name, path);
	const struct ts_rule *wire = ts_names_find_wire(&hooks.names, name, path);
	int index = -ENOENT;

	if (wire && stands_in_front(wire, holder))
		wire = NULL;
	if (rule)
		index = ts_definition_take(rule, address, TS_BY_SLOTS, name, holder);
	if (wire && index >= 0)
		address = ts_thunk_entry((size_t)index);
	return wire ? ts_definition_take(wire, address, TS_BY_SLOTS, name, holder) : index;
}

static void hook_slot(void *context, const struct ts_object *object, const struct ts_slot *slot)
{
	struct ts_walk *walk = context;
	bool ruled = ts_names_find_any(&hooks.names, slot->name, NULL);
	const struct ts_object *holder;
	const struct ts_maps *maps;
	uintptr_t address;
	int index;

	if (slot->name[0] == 'm' && !ruled)
		watch_slot(walk, object, slot);
	if (!ruled || ts_thunk_holds(*slot->address) || ts_hook_refusal(slot->name))
		return;
	holder = definition_of(&walk->scope, object, slot, &address);
	/* what the shim stands in for may be wrapped, unless ts_hook_refusal knows better */
	if (!holder || ts_walk_is_module(holder) || ts_patch_stands_at(address) ||
	    !ts_names_find_any(&hooks.names, slot->name, ts_walk_path(holder)))
		return;
	maps = ts_walk_maps(walk);
	if (!maps)
		return;
	index = ts_hook_take(slot->name, address, holder);
	if (index < 0)
		return;
	if (ts_object_store(object, maps, slot->address, ts_thunk_entry((size_t)index)) < 0)
		return;
	ts_definition_at((size_t)index)->n_slots++;
	hooks.witness = slot->address;
}

/* Records lie nearly in the order of objects: the search begins at the object's place. */
static struct hooked *find_hooked(const struct ts_object *object, size_t place)
{
	for (size_t i = 0; i < hooks.n_hooked; i++) {
		struct hooked *hooked = &hooks.hooked[(place + i) % hooks.n_hooked];

		if (hooked->low == object->low && hooked->path == object->path)
			return hooked;
	}
	return NULL;
}

static void remember(struct hooked record)
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
	hooks.hooked[hooks.n_hooked++] = record;
}

/* Is it what was hooked, and not another that came to lie in its place? */
static bool is_still_there(struct ts_walk *walk, size_t place, const struct hooked *hooked)
{
	const struct ts_object *object = &walk->scope.objects[place];
	const struct ts_mapping *mapping;
	const struct ts_maps *maps;

	if (place < walk->scope.n_initial || ts_patch_stands_in(object->low, object->high))
		return true;
	maps = hooked->witness ? ts_walk_maps(walk) : NULL;
	mapping = maps ? ts_maps_find(maps, (uintptr_t)hooked->witness) : NULL;
	return mapping && mapping->protection & PROT_READ &&
	       ts_object_holds(object, (uintptr_t)hooked->witness) &&
	       ts_thunk_holds(*hooked->witness);
}

/* Objects went: forgets all that may be gone. What is there all the same is looked at anew. */
static void forget_gone(struct ts_walk *walk)
{
	struct hooked *all = hooks.hooked;
	size_t n = 0;

	for (size_t i = 0; i < walk->scope.n; i++) {
		struct hooked *hooked = find_hooked(&walk->scope.objects[i], n);
		struct hooked kept;

		if (!hooked || !is_still_there(walk, i, hooked))
			continue;
		/* those before have been seen to; the order of the rest matters little */
		kept = *hooked;
		*hooked = all[n];
		all[n++] = kept;
	}
	hooks.n_hooked = n;
	/* what is found relocated from now on is so in maps that are read after that */
	ts_maps_release(&walk->maps);
}

/*
 * Still being relocated: its RELRO pages can be written yet, or, where it has none, its unwind data is not known yet; or
 * another thread opens the module that needs it, and may be binding it: two that open and close one page write into a
 * closed one. What was there at the start is done.
 */
static bool is_unsettled(struct ts_walk *walk, size_t place)
{
	const struct ts_object *object = &walk->scope.objects[place];
	const struct ts_mapping *mapping;
	const struct ts_maps *maps;
	int writable;

	if (place < walk->scope.n_initial)
		return false;
	if (ts_module_brought(object->low) == TS_BEING_BROUGHT &&
	    ts_walk_serves_module(walk, object))
		return true;
	if (object->relro_low >= object->relro_high)
		return !ts_unwinders_is_open(object);
	writable = ts_maps_is_writable(object->relro_low);
	if (writable >= 0)
		return writable;
	maps = ts_walk_maps(walk);
	mapping = maps ? ts_maps_find(maps, object->relro_low) : NULL;
	return !mapping || mapping->protection & PROT_WRITE;
}

/* False: another walk has to look at it. */
static bool note_unwinder(struct ts_walk *walk, size_t place)
{
	const struct ts_object *object = &walk->scope.objects[place];

	if (!ts_unwinders_is_one(object) || is_unsettled(walk, place))
		return true;
	if (place >= walk->scope.n_initial && ts_unwinders_may_go(object))
		return false;
	return ts_unwinders_note(object);
}

static void note_unwinders(struct ts_walk *walk)
{
	ts_unwinders_keep(walk->scope.objects, walk->scope.n);
	for (size_t i = 0; i < walk->scope.n; i++)
		if (!note_unwinder(walk, i))
			hooks.unsettled = true;
	ts_definitions_choose_pads(ts_unwinders_any());
}

/* The objects that are new, or whose entries have not been seen to. */
static size_t find_fresh(struct ts_walk *walk, const struct ts_object **ret)
{
	size_t n = 0;

	hooks.unsettled = false;
	for (size_t i = 0; i < walk->scope.n; i++) {
		const struct ts_object *object = &walk->scope.objects[i];
		const struct hooked *hooked = find_hooked(object, i);

		if ((hooked && hooked->entries) || ts_walk_is_ours(object))
			continue;
		if (is_unsettled(walk, i))
			hooks.unsettled = true;
		else
			ret[n++] = object;
	}
	return n;
}

/*
 * Entries are for the program's own threads: the flusher's runs beside them. False: first the module is
 * needed that moves code.
 */
static bool hook_entries(struct ts_walk *walk, const struct ts_object *const *fresh, size_t n)
{
	hooks.entries_left = ts_context.untraced && n;
	if (hooks.entries_left)
		return true;
	ts_reach_find(walk, fresh, n);
	hooks.wants_modules =
		(ts_reach_count() && !hooks.module_asked_for) || ts_cplus_waits(&hooks.cplus);
	if (!hooks.wants_modules)
		ts_reach_patch(walk);
	ts_reach_finish();
	return !hooks.wants_modules;
}

/* Once all are hooked: for each that holds a TLS library it is known then whether that is read. */
static void note_tls(struct ts_walk *walk, const struct ts_object *const *fresh, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ts_tls_note(walk, fresh[i], false);
	ts_own_spool_publish();
}

/* Entries first: what they lead to the thunk needs no slot. */
static bool hook_objects(struct ts_walk *walk)
{
	size_t bytes = walk->scope.n * sizeof(struct ts_object *);
	const struct ts_object **fresh = ts_pages_new(bytes);
	size_t n = fresh ? find_fresh(walk, fresh) : 0;
	bool whole;

	if (!fresh)
		return false; /* the next walk is another try */
	note_unwinders(walk);
	whole = hook_entries(walk, fresh, n);
	for (size_t i = 0; whole && i < n; i++) {
		struct hooked *hooked = find_hooked(fresh[i], hooks.n_hooked);

		if (hooked) {
			hooked->entries |= !hooks.entries_left;
			continue;
		}
		hooks.witness = NULL;
		ts_interpreter_look(fresh[i]);
		ts_object_slots(fresh[i], hook_slot, walk);
		remember((struct hooked){fresh[i]->low, fresh[i]->path, !hooks.entries_left,
					 hooks.witness});
	}
	if (whole && hooks.tls)
		note_tls(walk, fresh, n);
	ts_pages_free(fresh, bytes);
	return whole;
}

static void refresh(struct ts_walk *walk, void *unused)
{
	(void)unused;
	if (walk->subs != hooks.subs) {
		forget_gone(walk);
		ts_interpreter_keep(&walk->scope);
	}
	if (!hook_objects(walk))
		return;
	hooks.adds = walk->adds;
	hooks.subs = walk->subs;
}

static void open_mover(void)
{
	char why[256] = "";
	ts_entry_move_fn *move;

	hooks.module_asked_for = true;
	move = (ts_entry_move_fn *)ts_module_symbol("entry", TS_ENTRY_MOVE_SYMBOL, why,
						    sizeof(why));
	if (!move)
		ts_log(TS_LOG_ERROR, "functions are reached by slots only: %s", why);
	ts_patch_use(move);
}

static void open_modules(void)
{
	if (!ts_cplus_open(&hooks.cplus, ts_module_symbol) && !hooks.module_asked_for)
		open_mover();
}

/* Not inside a walk; wrapped functions that the dynamic linker calls are not the program's. False: nothing was wanted. */
static bool ask_dynamic_linker(void)
{
	uintptr_t guard = ts_context.guard;
	int error_number = errno;
	bool held;

	ts_context.guard = (uintptr_t)__builtin_frame_address(0);
	held = ts_unwinders_hold();
	if (hooks.wants_modules)
		open_modules();
	ts_context.guard = guard;
	errno = error_number;
	return held || hooks.wants_modules;
}

/* Each of the two modules may be found wanting in turn. Without other threads there is nobody to wait for. */
static void hook(bool may_wait)
{
	bool opened = false;

	for (int i = 0; i < 3; i++) {
		hooks.wants_modules = false;
		if (!ts_walk(refresh, NULL) || !(may_wait || ts_patch_is_alone()) ||
		    !ask_dynamic_linker())
			break;
		opened |= hooks.wants_modules;
	}
	if (opened)
		ts_module_rest();
}

/* An interpreter that came with a library is about to be used by whoever looks its functions up. */
static void meet_interpreter(void)
{
	if (!ts_context.untraced)
		ts_interpreter_register();
}

void ts_hook_refresh(bool may_wait)
{
	/* asked first: another thread's walk, which is waited for, tells the rest */
	if (ts_walk_is_news(hooks.adds, hooks.subs, may_wait) || hooks.unsettled ||
	    (hooks.entries_left && !ts_context.untraced))
		hook(may_wait);
	meet_interpreter();
}

bool ts_hook_is_ruled(const char *name)
{
	return ts_names_find_any(&hooks.names, name, NULL) && !ts_hook_refusal(name);
}

int ts_hook_init(const struct ts_conf *conf)
{
	if (ts_names_init(&hooks.names, conf, &hooks.arena) < 0 ||
	    ts_cplus_init(&hooks.cplus, conf, &hooks.arena) < 0 ||
	    ts_definitions_init(conf, &hooks.names) < 0 || ts_reach_init(&hooks.names) < 0)
		return -ENOMEM;
	ts_interpreter_init(conf);
	hooks.tls = conf->wire.openssl;
	hook(true);
	meet_interpreter();
	return hooks.adds ? 0 : -ENOMEM;
}
