// SPDX-License-Identifier: Apache-2.0
/* Functions to be reached by their entries. */

#include "reach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "clone.h"
#include "definition.h"
#include "hook.h"
#include "log.h"
#include "module.h"
#include "pages.h"
#include "patch.h"
#include "references.h"
#include "symtab.h"
#include "thunk.h"

#define PADDED_BYTES 16 /* to which a short function may be padded */

struct candidate {
	const struct ts_object *object;
	const struct ts_rule *rule;
	const char *name;
	uintptr_t address;
	size_t bytes;
	size_t readable; /* from address to the next symbol */
	bool exported;   /* by a library: slots lead to it, too */
	const char *why; /* it may not be patched, or NULL */
};

static struct {
	const struct ts_names *names;
	bool *defined; /* of each rule: some object exports it */
	bool iterate;  /* some rule has no name to look up by: each symbol is asked for its rule */
	struct candidate *all;
	size_t n, room;
	struct ts_arena scratch; /* names */
	struct ts_arena arena;   /* refusals */
	struct ts_reach_refusal *refusals;
} reach;

static bool is_program(const struct ts_object *object)
{
	return !object->path[0];
}

/* What the shim stands on, and what it brought itself. */
static bool is_left_alone(const struct ts_object *object)
{
	return ts_object_is_libc(object) || ts_module_brought(object);
}

static void add(struct candidate candidate)
{
	if (reach.n == reach.room) {
		size_t room = reach.room ? reach.room * 2 : 64;
		struct candidate *larger = ts_pages_grow(reach.all, reach.room * sizeof(*larger),
							 room * sizeof(*larger));

		if (!larger)
			return;
		reach.all = larger;
		reach.room = room;
	}
	reach.all[reach.n++] = candidate;
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
	rule = ts_names_find(reach.names, name, ts_walk_path(object));
	if (rule && !ts_hook_refusal(name))
		add((struct candidate){
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

static void find_exported(const struct ts_object *object)
{
	const struct ts_names *names = reach.names;
	const char *path = ts_walk_path(object);
	bool alone = is_left_alone(object);
	size_t n = reach.iterate && !alone ? ts_object_symbols(object) : 0;

	for (size_t i = 0; i < names->n_rules; i++) {
		const struct ts_rule *rule = &names->rules[i];
		const ElfW(Sym) * symbol;

		if (rule->glob)
			continue;
		symbol = ts_object_definition_hashed(object, rule->prototype.function,
						     names->hashes[i], NULL);
		if (!symbol || !ts_symbol_is_function(symbol) ||
		    is_ifunc_of_program(object, symbol))
			continue;
		reach.defined[i] = true;
		if (!reach.iterate && !alone && ts_names_fit(rule, path))
			take_exported(object, symbol);
	}
	for (size_t i = 1; i < n; i++)
		take_exported(object, &object->symbols[i]);
}

/* --- what only its file names ----------------------------------------------------------------- */

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

		if (!ts_names_fit(rule, path))
			continue;
		if (rule->glob || !reach.defined[i])
			return true;
		if (rule->prototype.object &&
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
	rule = ts_names_find(reach.names, name, ts_walk_path(object));
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
	struct candidate candidate = {.object = object, .bytes = symbol->st_size};
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

static void find_local(const struct ts_object *object)
{
	struct ts_symtab symtab;

	if (!needs_file(object) || ts_symtab_open(object, ts_walk_path(object), &symtab) < 0)
		return;
	for (size_t i = 0; i < symtab.n; i++)
		take_local(object, &symtab, i);
	ts_symtab_close(&symtab);
}

/* --- how much of what follows a short function is nobody's ------------------------------------ */

/* Candidates are of one object, in order of address: what lies before each symbol ends there. */
static void bound(struct candidate *all, size_t n, const ElfW(Sym) * symbols, size_t n_symbols)
{
	for (size_t i = 0; i < n_symbols; i++) {
		uintptr_t address = all->object->base + symbols[i].st_value;
		size_t low = 0, high = n;

		if (symbols[i].st_shndx == SHN_UNDEF)
			continue;
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (all[middle].address < address)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low > 0 && address - all[low - 1].address < PADDED_BYTES; low--)
			if (address - all[low - 1].address < all[low - 1].readable)
				all[low - 1].readable = address - all[low - 1].address;
	}
}

static bool is_short(const struct candidate *candidate)
{
	return candidate->bytes && candidate->bytes < TS_ENTRY_BYTES;
}

static void bound_short(struct candidate *all, size_t n)
{
	struct ts_symtab symtab;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		any |= is_short(&all[i]);
		all[i].readable = is_short(&all[i]) ? PADDED_BYTES : all[i].bytes;
	}
	if (!any)
		return;
	bound(all, n, all->object->symbols, ts_object_symbols(all->object));
	if (ts_symtab_open(all->object, ts_walk_path(all->object), &symtab) < 0)
		return;
	bound(all, n, symtab.symbols, symtab.n);
	ts_symtab_close(&symtab);
}

/* --- what slots alone will not see ------------------------------------------------------------ */

static bool is_before(const struct candidate *one, const struct candidate *other)
{
	if (one->address != other->address)
		return one->address < other->address;
	return one->rule != other->rule ? one->rule < other->rule
					: strcmp(one->name, other->name) > 0; /* __f behind f */
}

/* Heapsort (Williams, Floyd): glibc's qsort would call the program's malloc. */
static void sift(struct candidate *all, size_t root, size_t n)
{
	for (size_t child; (child = 2 * root + 1) < n; root = child) {
		struct candidate swapped = all[root];

		if (child + 1 < n && is_before(&all[child], &all[child + 1]))
			child++;
		if (!is_before(&all[root], &all[child]))
			return;
		all[root] = all[child];
		all[child] = swapped;
	}
}

static void sort(struct candidate *all, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(all, i, n);
	for (size_t i = n; i-- > 1;) {
		struct candidate last = all[i];

		all[i] = all[0];
		all[0] = last;
		sift(all, 0, i);
	}
}

/* Leaves out what a library exports and does not call itself; candidates of one object, sorted. */
static size_t drop_unreferenced(struct ts_walk *walk, struct candidate *all, size_t n)
{
	struct ts_reference *references = ts_arena_alloc(&reach.scratch, n * sizeof(*references));
	const struct ts_maps *maps = ts_walk_maps(walk);
	size_t kept = 0;

	if (!references || !maps)
		return 0;
	for (size_t i = 0; i < n; i++)
		references[i].address = all[i].address;
	ts_references_find(all->object, maps, references, n);
	for (size_t i = 0; i < n; i++)
		if (!all[i].exported || references[i].seen)
			all[kept++] = all[i];
	return kept;
}

static bool any_exported(const struct candidate *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].exported && !ts_patch_stands_at(all[i].address))
			return true;
	return false;
}

void ts_reach_find(struct ts_walk *walk, const struct ts_object *const *objects, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		find_exported(objects[i]);
	for (size_t i = 0; i < n; i++)
		if (!is_left_alone(objects[i]))
			find_local(objects[i]);
	sort(reach.all, reach.n);
	for (size_t i = 0, m; i < reach.n; i += m) {
		struct candidate *first = &reach.all[i];
		size_t left;

		for (m = 1; i + m < reach.n && first[m].object == first->object; m++)
			;
		left = any_exported(first, m) ? drop_unreferenced(walk, first, m) : m;
		memmove(&reach.all[kept], first, left * sizeof(*first));
		if (left)
			bound_short(&reach.all[kept], left);
		kept += left;
	}
	reach.n = kept;
}

size_t ts_reach_count(void)
{
	return reach.n;
}

/* --- patching --------------------------------------------------------------------------------- */

static void refuse(const struct candidate *candidate, const char *why)
{
	const char *path = ts_walk_path(candidate->object);
	struct ts_reach_refusal *refusal = reach.refusals;

	for (; refusal; refusal = refusal->next)
		if (refusal->rule == candidate->rule &&
		    strcmp(refusal->function, candidate->name) == 0 &&
		    strcmp(refusal->object, path) == 0)
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
	};
	if (!refusal->function || !refusal->object || !refusal->why)
		return;
	reach.refusals = refusal;
	ts_log(TS_LOG_INFO, "%s in %s cannot be patched: %s", candidate->name, path, why);
}

static const char *patch(const struct candidate *candidate, const struct ts_maps *maps)
{
	const struct ts_mapping *text = ts_maps_find(maps, candidate->address);
	struct ts_entry_function function = {
		.code = (const uint8_t *)candidate->address,
		.address = candidate->address,
		.bytes = candidate->bytes,
		.readable = candidate->readable,
	};
	struct ts_patch prepared;
	const char *why;
	int index;

	if (!text || !(text->protection & PROT_EXEC) || !(text->protection & PROT_READ) ||
	    text->high - candidate->address < candidate->bytes)
		return "it does not lie in code that can be read";
	function.text = (const uint8_t *)text->low;
	function.text_bytes = text->high - text->low;
	if (text->high - candidate->address < function.readable)
		function.readable = text->high - candidate->address;
	why = ts_patch_prepare(&function, maps, &prepared);
	if (why)
		return why;
	index = ts_definition_take(candidate->rule, candidate->address, TS_BY_ENTRY,
				   candidate->name, ts_walk_path(candidate->object));
	if (index < 0)
		return index == -ENOSPC ? "there are more functions than thunks"
					: "there is no memory, or no room in the spool";
	why = ts_patch_apply(&prepared, (size_t)index, ts_thunk_starts_trace((size_t)index));
	ts_definition_at((size_t)index)->reached = !why;
	return why;
}

/* Two names of one function. */
static void refuse_alias(const struct candidate *candidate, const struct candidate *first)
{
	char why[256];

	if (candidate->rule == first->rule)
		return;
	snprintf(why, sizeof(why), "it is the same code as %s, which the rule in line %u names",
		 first->name, first->rule->line);
	refuse(candidate, why);
}

void ts_reach_patch(struct ts_walk *walk)
{
	const char *refusal = reach.n ? ts_patch_refusal() : NULL;
	const struct ts_maps *maps = reach.n ? ts_walk_maps(walk) : NULL;

	for (size_t i = 0; maps && i < reach.n; i++) {
		const struct candidate *candidate = &reach.all[i];
		const char *why = refusal ? refusal : candidate->why;

		if (ts_patch_stands_at(candidate->address)) {
			if (i && candidate[-1].address == candidate->address)
				refuse_alias(candidate, candidate - 1);
			continue;
		}
		if (ts_definition_is_there(candidate->address, TS_BY_SLOTS,
					   ts_walk_path(candidate->object)))
			continue;
		if (!why)
			why = patch(candidate, maps);
		if (why)
			refuse(candidate, why);
	}
}

void ts_reach_finish(void)
{
	ts_arena_release(&reach.scratch);
	reach.scratch = (struct ts_arena){0};
	reach.n = 0;
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
