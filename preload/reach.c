// SPDX-License-Identifier: Apache-2.0
/* Functions to be reached by their entries. */

#include "reach.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "definition.h"
#include "hook.h"
#include "hot/call.h"
#include "pages.h"
#include "patch.h"
#include "references.h"
#include "symtab.h"
#include "thunk.h"

#define MOST_REFUSALS 4096 /* that are kept, to be told */

struct candidate {
	const struct ts_object *object;
	const struct ts_rule *rule;
	const char *name;
	uintptr_t address;
	size_t bytes;
	size_t readable; /* from address to the next symbol */
	bool exported;   /* by a library: slots lead to it, too */
	bool scanned;    /* the next two are known */
	bool referenced; /* past all slots */
	uint8_t inside;  /* where in its first bytes a jump leads; 0: nowhere */
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
	size_t n_refusals;
	bool shared; /* the object looked at: with a module of ours */
	struct ts_walk *walk;
	struct candidate *patching;
} reach;

static bool is_program(const struct ts_object *object)
{
	return !object->path[0];
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

	if (!is_code(symbol) || ts_hook_refusal(name))
		return;
	rule = ts_names_find(reach.names, name, ts_walk_path(object));
	if (rule)
		add((struct candidate){
			.object = object,
			.rule = rule,
			.name = name,
			.address = object->base + symbol->st_value,
			.bytes = symbol->st_size,
			.exported = !is_program(object),
		});
}

static void find_exported(const struct ts_object *object)
{
	const struct ts_names *names = reach.names;
	size_t n = reach.iterate ? ts_object_symbols(object) : 0;

	for (size_t i = 0; i < names->n_rules; i++) {
		const struct ts_rule *rule = &names->rules[i];
		const ElfW(Sym) * symbol;

		if (rule->glob)
			continue;
		symbol = ts_object_definition_hashed(object, rule->prototype.function,
						     names->hashes[i], NULL);
		if (!symbol || !ts_symbol_is_function(symbol))
			continue;
		reach.defined[i] = true;
		if (!reach.iterate && ts_names_fit(rule, ts_walk_path(object)) &&
		    !ts_object_is_libc(object))
			take_exported(object, symbol);
	}
	for (size_t i = 1; i < n && !ts_object_is_libc(object); i++)
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

		if (!ts_names_fit(rule, path) ||
		    (!rule->glob && reach.defined[i] && !rule->prototype.object))
			continue;
		if (rule->glob || !ts_object_definition_hashed(object, rule->prototype.function,
							       names->hashes[i], NULL))
			return true;
	}
	return false;
}

/*
 * gcc and clang rename what they clone: "f.constprop.0" and "f.isra.0" have other parameters than f,
 * "f.lto_priv.0" and "f.llvm.123" the same. Other pieces ("f.cold", "f.part.0") are not f.
 */
static const char *original_name(const char *name, bool *ret_changed)
{
	static const struct {
		const char *mark;
		bool changed;
	} clones[] = {
		{".constprop.", true}, {".isra.", true}, {".lto_priv.", false}, {".llvm.", false}};
	const char *dot = strchr(name, '.');

	*ret_changed = false;
	if (!dot || dot == name)
		return name;
	for (const char *at = dot; at; at = strchr(at + 1, '.')) {
		bool known = at[1] >= '0' && at[1] <= '9';

		for (size_t i = 0; i < sizeof(clones) / sizeof(clones[0]); i++) {
			if (strncmp(at, clones[i].mark, strlen(clones[i].mark)) != 0)
				continue;
			known = true;
			*ret_changed |= clones[i].changed;
		}
		if (!known)
			return NULL;
	}
	return ts_arena_strndup(&reach.scratch, name, (size_t)(dot - name));
}

static void take_local(const struct ts_object *object, const struct ts_symtab *symtab, size_t i)
{
	const ElfW(Sym) *symbol = &symtab->symbols[i];
	const struct ts_rule *rule;
	const char *name;
	bool changed;

	if (!is_code(symbol) || !ts_object_holds(object, object->base + symbol->st_value))
		return;
	name = original_name(ts_symtab_name(symtab, i), &changed);
	if (!name || !*name || ts_hook_refusal(name))
		return;
	rule = ts_names_find(reach.names, name, ts_walk_path(object));
	if (!rule || ts_object_definition(object, name, NULL))
		return;
	add((struct candidate){
		.object = object,
		.rule = rule,
		.name = ts_arena_strndup(&reach.scratch, name, strlen(name)),
		.address = object->base + symbol->st_value,
		.bytes = symbol->st_size,
		.why = changed && !rule->prototype.times_only ? "the compiler left only a variant "
								"of it with other parameters; the "
								"bare name records its times"
							      : NULL,
	});
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

static void bound(struct candidate *candidate, const ElfW(Sym) * symbols, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uintptr_t address = candidate->object->base + symbols[i].st_value;

		if (symbols[i].st_shndx != SHN_UNDEF && address > candidate->address &&
		    address - candidate->address < candidate->readable)
			candidate->readable = address - candidate->address;
	}
}

/* Candidates of one object. */
static void bound_short(struct candidate *all, size_t n)
{
	const struct ts_object *object = all->object;
	struct ts_symtab symtab = {.n = 0};
	bool opened = false;

	for (size_t i = 0; i < n; i++) {
		all[i].readable = all[i].bytes;
		if (!all[i].bytes || all[i].bytes >= TS_ENTRY_BYTES)
			continue;
		if (!opened && ts_symtab_open(object, ts_walk_path(object), &symtab) < 0)
			symtab = (struct ts_symtab){.n = 0};
		opened = true;
		all[i].readable = 16;
		bound(&all[i], object->symbols, ts_object_symbols(object));
		bound(&all[i], symtab.symbols, symtab.n);
	}
	ts_symtab_close(&symtab);
}

/* --- what slots alone will not see ------------------------------------------------------------ */

static bool is_before(const struct candidate *one, const struct candidate *other)
{
	return one->address != other->address ? one->address < other->address
					      : one->rule < other->rule;
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

/* Reads the whole object; candidates of one, sorted. */
static void scan(struct ts_walk *walk, struct candidate *all, size_t n)
{
	struct ts_reference *references = ts_arena_alloc(&reach.scratch, n * sizeof(*references));
	const struct ts_maps *maps = ts_walk_maps(walk);

	if (!references || !maps)
		return;
	for (size_t i = 0; i < n; i++)
		references[i].address = all[i].address;
	ts_references_find(all->object, maps, references, n);
	for (size_t i = 0; i < n; i++) {
		all[i].scanned = true;
		all[i].referenced = references[i].seen;
		all[i].inside = references[i].inside;
	}
}

/* Leaves out what a library exports and does not call itself. */
static size_t drop_unreferenced(struct ts_walk *walk, struct candidate *all, size_t n)
{
	size_t kept = 0;

	scan(walk, all, n);
	for (size_t i = 0; i < n; i++)
		if (!all[i].exported || all[i].referenced)
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
		if (!ts_object_is_libc(objects[i]))
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
	if (reach.n_refusals == MOST_REFUSALS)
		return;
	refusal = ts_arena_alloc(&reach.arena, sizeof(*refusal));
	if (!refusal)
		return;
	reach.n_refusals++;
	*refusal = (struct ts_reach_refusal){
		.rule = candidate->rule,
		.function =
			ts_arena_strndup(&reach.arena, candidate->name, strlen(candidate->name)),
		.object = ts_arena_strndup(&reach.arena, path, strlen(path)),
		.why = ts_arena_strndup(&reach.arena, why, strlen(why)),
		.next = reach.refusals,
	};
	if (refusal->function && refusal->object && refusal->why)
		reach.refusals = refusal;
}

/* Does a module of ours run its code? One that a library of the module's needs counts, too. */
static bool serves_us(const struct ts_scope *scope, const struct ts_object *object, unsigned depth)
{
	for (size_t i = 0; i < scope->n; i++) {
		const struct ts_object *user = &scope->objects[i];

		if (user == object || !ts_scope_needs(user, object))
			continue;
		if (ts_walk_is_ours(user) || (depth && serves_us(scope, user, depth - 1)))
			return true;
	}
	return false;
}

/* Those of one object lie together. */
static void scan_object_of(struct candidate *candidate)
{
	struct candidate *first = candidate, *end = candidate;

	while (first > reach.all && first[-1].object == candidate->object)
		first--;
	while (end < reach.all + reach.n && end->object == candidate->object)
		end++;
	scan(reach.walk, first, (size_t)(end - first));
}

/* Asked by the mover, where a jump from elsewhere would matter. */
static bool is_jumped_into(const struct ts_entry_function *function, size_t taken)
{
	struct candidate *candidate = reach.patching;

	(void)function;
	if (!candidate->scanned)
		scan_object_of(candidate);
	return !candidate->scanned || (candidate->inside && candidate->inside < taken);
}

static const char *patch(struct candidate *candidate, const struct ts_maps *maps)
{
	const struct ts_mapping *text = ts_maps_find(maps, candidate->address);
	struct ts_entry_function function = {
		.code = (const uint8_t *)candidate->address,
		.address = candidate->address,
		.bytes = candidate->bytes,
		.readable = candidate->readable,
		.is_jumped_into = is_jumped_into,
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
	reach.patching = candidate;
	why = ts_patch_prepare(&function, maps, &prepared);
	if (why)
		return why;
	index = ts_definition_take(candidate->rule, candidate->address, TS_BY_ENTRY,
				   candidate->name, ts_walk_path(candidate->object));
	if (index < 0)
		return index == -ENOSPC ? "there are more functions than thunks"
					: "there is no memory, or no room in the spool";
	why = ts_patch_apply(&prepared, (size_t)index,
			     ts_thunk_starts_trace((size_t)index) ||
				     ts_definitions_are_everywhere());
	ts_definition_at((size_t)index)->reached = !why;
	return why;
}

static const char *shared_with_us(struct ts_walk *walk, const struct candidate *candidate)
{
	bool again = candidate > reach.all && candidate[-1].object == candidate->object;

	if (!again)
		reach.shared = ts_hot.flusher_runs && serves_us(&walk->scope, candidate->object, 3);
	return reach.shared ? "the tracer runs it, too" : NULL;
}

void ts_reach_patch(struct ts_walk *walk)
{
	const char *refusal = reach.n ? ts_patch_refusal() : NULL;
	const struct ts_maps *maps = reach.n ? ts_walk_maps(walk) : NULL;

	reach.walk = walk;
	for (size_t i = 0; maps && i < reach.n; i++) {
		struct candidate *candidate = &reach.all[i];
		const char *why = shared_with_us(walk, candidate);

		if (ts_patch_stands_at(candidate->address) ||
		    ts_definition_find(candidate->rule, candidate->address, TS_BY_SLOTS) >= 0)
			continue;
		why = refusal ? refusal : candidate->why ? candidate->why : why;
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
