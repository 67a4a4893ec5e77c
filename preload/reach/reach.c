// SPDX-License-Identifier: Apache-2.0
/* Functions to be reached by their entries. */

#include "reach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../hook/definition.h"
#include "../hook/hook.h"
#include "../hook/thunk.h"
#include "../hot/call.h"
#include "../life/module.h"
#include "../system/log.h"
#include "../system/pages.h"
#include "candidates.h"
#include "clone.h"
#include "patch.h"
#include "symtab.h"

#define REFUSAL_BUCKETS 4096
#define NEAR_BYTES      512 /* more than a short jump reaches, twice */

static struct {
	const struct ts_names *names;
	bool *defined; /* of each rule: some object exports it */
	bool iterate;  /* some rule has no name to look up by: each symbol is asked for its rule */
	struct ts_candidates found;
	struct ts_arena scratch; /* names */
	struct ts_arena arena;   /* refusals */
	struct ts_reach_refusal *refusals;
	struct ts_reach_refusal *by_name[REFUSAL_BUCKETS];
} reach;

static bool is_program(const struct ts_object *object)
{
	return !object->path[0];
}

/* What the shim stands on, and what it brought itself. */
static bool is_left_alone(const struct ts_object *object)
{
	return ts_object_is_libc(object) || ts_module_brought(object->low) == TS_BROUGHT;
}

static void add(struct ts_candidate candidate)
{
	ts_candidates_add(&reach.found, &candidate);
}

static bool is_code(const ElfW(Sym) * symbol)
{
	return ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_shndx < SHN_LORESERVE && symbol->st_value;
}

/* --- what an object exports ------------------------------------------------------------------- */

static void take_exported(const struct ts_object *object, const ElfW(Sym) * symbol)
{
	const char *name = ts_object_name(object, symbol);
	const struct ts_rule *rule;

	if (!is_code(symbol))
		return;
	rule = ts_names_find_any(reach.names, name, ts_walk_path(object));
	if (rule && !ts_hook_refusal(name))
		add((struct ts_candidate){
			.object = object,
			.rule = rule,
			.name = name,
			.address = object->base + symbol->st_value,
			.bytes = symbol->st_size,
			.exported = !is_program(object),
		});
}

/* An IFUNC of the program itself is called without a slot that names it: that is seen to below. */
static bool is_ifunc_of_program(const struct ts_object *object, const ElfW(Sym) * symbol)
{
	return is_program(object) && ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC;
}

static void enter_exported(void *context, const struct ts_object *object, const char *name)
{
	(void)context;
	ts_hook_enter(object, name);
}

static void find_exported(const struct ts_object *object)
{
	const struct ts_names *names = reach.names;
	const char *path = ts_walk_path(object);
	bool alone = is_left_alone(object), iterate = reach.iterate || names->n_aliases;
	size_t n = iterate && !alone ? ts_object_symbols(object) : 0;

	for (size_t i = 0; i < names->n_rules; i++) {
		const struct ts_rule *rule = &names->rules[i];
		const ElfW(Sym) * symbol;

		if (rule->glob || rule->python.module)
			continue;
		symbol = ts_object_definition_hashed(object, rule->prototype.function,
						     names->hashes[i], NULL);
		if (!symbol || !ts_symbol_is_function(symbol) ||
		    is_ifunc_of_program(object, symbol))
			continue;
		reach.defined[i] = true;
		if (!iterate && !alone && ts_names_fit(rule, path))
			take_exported(object, symbol);
	}
	for (size_t i = 1; i < n; i++)
		take_exported(object, &object->symbols[i]);
}

/* --- what only its file names ----------------------------------------------------------------- */

/* Some object does, of the name that rule `i` gives; for C++ and Rust, of one that it means. */
static bool is_exported_somewhere(size_t i)
{
	const struct ts_rule *rule = &reach.names->rules[i];

	return reach.defined[i] || (rule->prototype.cplus && ts_names_mangled(reach.names, rule));
}

/*
 * Is there a rule that only the file's symbols could fulfil? One that says which object, one that nobody
 * exports, one without a plain name.
 */
static bool needs_file(const struct ts_object *object)
{
	const struct ts_names *names = reach.names;
	const char *path = ts_walk_path(object);

	for (size_t i = 0; i < names->n_rules; i++) {
		const struct ts_rule *rule = &names->rules[i];

		/* a library's own copy of OpenSSL is looked for only where it is exported */
		if (rule->python.module || !ts_names_fit(rule, path) ||
		    (rule->wire && !is_program(object)))
			continue;
		if (rule->glob || !is_exported_somewhere(i))
			return true;
		if ((rule->prototype.object || is_program(object)) &&
		    !ts_object_definition_hashed(object, rule->prototype.function, names->hashes[i],
						 NULL))
			return true;
	}
	return false;
}

/* Why the symbol, which a rule names, is not to be patched; NULL: it may be. */
static const char *refuse_symbol(const ElfW(Sym) * symbol, const struct ts_rule *rule, bool changed)
{
	if (ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT)
		return "it is data, not a function";
	if (changed && !rule->prototype.times_only)
		return "the compiler left only a variant of it with other parameters; the bare "
		       "name records its times";
	return NULL;
}

/* The size of the function at `address`, which some symbol tells. */
static size_t size_at(const struct ts_object *object, const struct ts_symtab *symtab,
		      uintptr_t address)
{
	for (size_t i = 0; i < symtab->n; i++)
		if (is_code(&symtab->symbols[i]) && symtab->symbols[i].st_size &&
		    object->base + symtab->symbols[i].st_value == address)
			return symtab->symbols[i].st_size;
	return 0;
}

/* Does a rule name it, and no symbol that is exported? Data counts where a rule spells its name. */
static const struct ts_rule *rule_of_local(const struct ts_object *object, const ElfW(Sym) * symbol,
					   const char *name)
{
	int type = ELF64_ST_TYPE(symbol->st_info);
	const struct ts_rule *rule;

	if (!name || !*name)
		return NULL;
	rule = ts_names_find_any(reach.names, name, ts_walk_path(object));
	if (!rule || (type == STT_OBJECT && rule->glob) || ts_hook_refusal(name))
		return NULL;
	if (type == STT_GNU_IFUNC && is_program(object))
		return rule;
	return ts_object_definition(object, name, NULL) ? NULL : rule;
}

static bool is_local_kind(const struct ts_object *object, const ElfW(Sym) * symbol)
{
	int type = ELF64_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_OBJECT) &&
	       symbol->st_shndx != SHN_UNDEF && symbol->st_shndx < SHN_LORESERVE &&
	       symbol->st_value && ts_object_holds(object, object->base + symbol->st_value);
}

static void take_local(const struct ts_object *object, const struct ts_symtab *symtab, size_t i)
{
	const ElfW(Sym) *symbol = &symtab->symbols[i];
	struct ts_candidate candidate = {.object = object, .bytes = symbol->st_size};
	const char *name;
	bool changed;

	if (!is_local_kind(object, symbol))
		return;
	name = ts_clone_original(ts_symtab_name(symtab, i), &reach.scratch, &changed);
	candidate.rule = rule_of_local(object, symbol, name);
	if (!candidate.rule)
		return;
	candidate.name = ts_arena_strndup(&reach.scratch, name, strlen(name));
	candidate.why = refuse_symbol(symbol, candidate.rule, changed);
	candidate.address = ts_scope_address(object, symbol);
	if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
		candidate.bytes = size_at(object, symtab, candidate.address);
	if (candidate.name && ts_object_holds(object, candidate.address))
		add(candidate);
}

static void enter_local(const struct ts_object *object, const struct ts_symtab *symtab)
{
	for (size_t i = 0; i < symtab->n; i++) {
		bool changed;
		const char *name = is_code(&symtab->symbols[i])
					   ? ts_clone_original(ts_symtab_name(symtab, i),
							       &reach.scratch, &changed)
					   : NULL;

		if (name)
			ts_hook_enter(object, name);
	}
}

static void find_local(const struct ts_object *object)
{
	struct ts_symtab symtab;

	if (!needs_file(object) || ts_symtab_open(object, ts_walk_path(object), &symtab) < 0)
		return;
	enter_local(object, &symtab);
	for (size_t i = 0; i < symtab.n; i++)
		take_local(object, &symtab, i);
	ts_symtab_close(&symtab);
}

/* Is there one that certainly has to be patched, whatever refers to it? */
static bool any_certain(void)
{
	for (size_t i = 0; i < reach.found.n; i++)
		if (!reach.found.all[i].exported)
			return true;
	return false;
}

void ts_reach_find(struct ts_walk *walk, const struct ts_object *const *objects, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_left_alone(objects[i]))
			ts_object_functions(objects[i], enter_exported, NULL);
	for (size_t i = 0; i < n; i++)
		find_exported(objects[i]);
	for (size_t i = 0; i < n; i++)
		if (!is_left_alone(objects[i]))
			find_local(objects[i]);
	/* before the module is there it is enough to know that it will be needed */
	if (ts_patch_can_move() || !any_certain())
		ts_candidates_narrow(&reach.found, walk, &reach.scratch);
}

size_t ts_reach_count(void)
{
	return reach.found.n;
}

/* --- patching --------------------------------------------------------------------------------- */

static bool is_refused(const struct ts_candidate *candidate, const char *path,
		       const struct ts_reach_refusal *refusal)
{
	for (; refusal; refusal = refusal->same)
		if (refusal->rule == candidate->rule &&
		    strcmp(refusal->function, candidate->name) == 0 &&
		    strcmp(refusal->object, path) == 0)
			return true;
	return false;
}

static void refuse(const struct ts_candidate *candidate, const char *why)
{
	const char *path = ts_walk_path(candidate->object);
	struct ts_reach_refusal **bucket =
		&reach.by_name[ts_object_hash(candidate->name) % REFUSAL_BUCKETS];
	struct ts_reach_refusal *refusal;

	if (is_refused(candidate, path, *bucket))
		return;
	refusal = ts_arena_alloc(&reach.arena, sizeof(*refusal));
	if (!refusal)
		return;
	*refusal = (struct ts_reach_refusal){
		.rule = candidate->rule,
		.function =
			ts_arena_strndup(&reach.arena, candidate->name, strlen(candidate->name)),
		.object = ts_arena_strndup(&reach.arena, path, strlen(path)),
		.why = ts_arena_strndup(&reach.arena, why, strlen(why)),
		.next = reach.refusals,
		.same = *bucket,
	};
	if (!refusal->function || !refusal->object || !refusal->why)
		return;
	reach.refusals = *bucket = refusal;
	ts_log(TS_LOG_INFO, "%s in %s cannot be patched: %s", candidate->name, path, why);
}

/*
 * What jumps into its first bytes from afar has been looked for already, for all functions at once; the
 * mover is shown what lies near, where jumps may be short ones.
 */
static void show_surroundings(struct ts_entry_function *function, const struct ts_mapping *text)
{
	uintptr_t low = function->address, high = function->address + function->bytes;

	low = low - text->low > NEAR_BYTES ? low - NEAR_BYTES : text->low;
	high = text->high - high > NEAR_BYTES ? high + NEAR_BYTES : text->high;
	function->text = (const uint8_t *)low;
	function->text_bytes = high - low;
	if (text->high - function->address < function->readable)
		function->readable = text->high - function->address;
}

static const char no_thunk[] = "there are more functions than thunks";

/* One that is to be patched, and its thunk. */
struct prepared {
	const struct ts_candidate *candidate;
	struct ts_patch patch;
	size_t index;
};

static const char *prepare(const struct ts_candidate *candidate, const struct ts_maps *maps,
			   struct prepared *ret)
{
	const struct ts_mapping *text = ts_maps_find(maps, candidate->address);
	struct ts_entry_function function = {
		.code = (const uint8_t *)candidate->address,
		.address = candidate->address,
		.bytes = candidate->bytes,
		.readable = candidate->readable,
	};
	const char *why;
	int index;

	if (!text || !(text->protection & PROT_EXEC) || !(text->protection & PROT_READ) ||
	    text->high - candidate->address < candidate->bytes)
		return "it does not lie in code that can be read";
	show_surroundings(&function, text);
	if (ts_definition_count() == TS_THUNKS)
		return no_thunk;
	why = ts_patch_prepare(&function, maps, &ret->patch);
	if (why)
		return why;
	if (candidate->jump && candidate->jump < ret->patch.moved.taken)
		return "something jumps into its first bytes";
	index = ts_definition_take(candidate->rule, candidate->address, TS_BY_ENTRY,
				   candidate->name, candidate->object);
	if (index < 0)
		return index == -ENOSPC ? no_thunk : "there is no memory, or no room in the spool";
	ret->candidate = candidate;
	ret->index = (size_t)index;
	return NULL;
}

static void apply(const struct prepared *prepared)
{
	size_t index = prepared->index;
	const char *why =
		ts_patch_apply(&prepared->patch, index,
			       ts_thunk_starts_trace(index) || ts_definitions_are_everywhere());

	ts_definition_at(index)->reached = !why;
	if (why)
		refuse(prepared->candidate, why);
}

/* Two names of one function. */
static void refuse_alias(const struct ts_candidate *candidate, const struct ts_candidate *first)
{
	char why[1024]; /* mangled names are long */

	if (candidate->rule == first->rule)
		return;
	snprintf(why, sizeof(why), "the rule in line %u names the same code as %s",
		 first->rule->line, first->name);
	refuse(candidate, why);
}

static bool is_same_place(const struct ts_candidate *one, const struct ts_candidate *other)
{
	return one->address == other->address;
}

/* How many are to be patched; the others are refused, or need not be. */
static size_t prepare_all(const struct ts_maps *maps, struct prepared *ret)
{
	const char *refusal = ts_patch_refusal();
	size_t n = 0;

	for (size_t i = 0; i < reach.found.n; i++) {
		const struct ts_candidate *candidate = &reach.found.all[i];
		const char *why = refusal ? refusal : candidate->why;

		if (n && is_same_place(ret[n - 1].candidate, candidate)) {
			refuse_alias(candidate, ret[n - 1].candidate);
			continue;
		}
		if (ts_patch_stands_at(candidate->address)) {
			if (i && is_same_place(candidate - 1, candidate))
				refuse_alias(candidate, candidate - 1);
			continue;
		}
		if (ts_definition_is_there(candidate->address, TS_BY_SLOTS,
					   ts_walk_path(candidate->object)))
			continue;
		if (!why)
			why = prepare(candidate, maps, &ret[n]);
		if (why)
			refuse(candidate, why);
		else
			n++;
	}
	return n;
}

/* None is patched before all have been read: a jump of ours is not what stood there. */
void ts_reach_patch(struct ts_walk *walk)
{
	const struct ts_maps *maps = reach.found.n ? ts_walk_maps(walk) : NULL;
	size_t bytes = reach.found.n * sizeof(struct prepared);
	struct prepared *prepared = maps ? ts_pages_new(bytes) : NULL;
	size_t n = prepared ? prepare_all(maps, prepared) : 0;

	for (size_t i = 0; i < n; i++)
		apply(&prepared[i]);
	ts_pages_free(prepared, bytes);
}

void ts_reach_finish(void)
{
	ts_arena_release(&reach.scratch);
	reach.scratch = (struct ts_arena){0};
	reach.found.n = 0;
}

const struct ts_reach_refusal *ts_reach_refusals(void)
{
	return reach.refusals;
}

int ts_reach_init(const struct ts_names *names)
{
	reach.names = names;
	reach.iterate = names->n_globs > 0;
	reach.defined = ts_arena_alloc(&reach.arena, names->n_rules + 1);
	return reach.defined ? 0 : -ENOMEM;
}
