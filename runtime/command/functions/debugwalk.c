// SPDX-License-Identifier: Apache-2.0
/* One walk through all of the DWARF: where functions begin, and what was inlined. */

#include "debuginfo.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "debugimpl.h"
#include "names.h"

/* --- the walk -------------------------------------------------------------------------------- */

/* Where in the walk a DIE stands. */
struct scope {
	enum ts_source_language language;
	const char *name; /* "bot::Memory::", or "" */
	int depth;
};

static enum ts_source_language language_of(Dwarf_Die *unit)
{
	switch (dwarf_srclang(unit)) {
	case DW_LANG_C:
	case DW_LANG_C89:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case 0x2c: /* C17; elfutils 0.188 does not name these */
	case 0x3e: /* C23 */
		return TS_LANGUAGE_C;
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case 0x2a: /* C++17 */
	case 0x2b: /* C++20 */
	case 0x3a: /* C++23 */
		return TS_LANGUAGE_CPLUSPLUS;
	default:
		return TS_LANGUAGE_OTHER;
	}
}

/* The DIE that attribute `name` of `die` refers to. */
bool ts_debug_follow(Dwarf_Die *die, unsigned name, Dwarf_Die *ret)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) && dwarf_formref_die(&attribute, ret);
}

/* The first byte of a function; its parts that are seldom run may lie anywhere. 0: it has no code. */
static uint64_t entry_of(Dwarf_Die *die)
{
	Dwarf_Addr base, start, end;

	if (dwarf_hasattr(die, DW_AT_low_pc) && dwarf_lowpc(die, &start) == 0)
		return start;
	if (dwarf_hasattr(die, DW_AT_ranges) && dwarf_ranges(die, 0, &base, &start, &end) > 0)
		return start;
	return 0;
}

static void note_body(struct ts_debuginfo *info, Dwarf_Die *die, enum ts_source_language language)
{
	uint64_t address = entry_of(die);
	struct ts_debug_body *body =
		address ? ts_debug_push(info, &info->bodies, sizeof(*body)) : NULL;

	if (body)
		*body = (struct ts_debug_body){
			.address = address, .die = *die, .language = language};
}

static void note_function(struct ts_debuginfo *info, Dwarf_Die *die,
			  enum ts_source_language language)
{
	Dwarf_Attribute attribute;
	Dwarf_Word inlined = 0;
	struct ts_debug_abstract *abstract;

	note_body(info, die, language);
	if (!dwarf_attr(die, DW_AT_inline, &attribute) ||
	    dwarf_formudata(&attribute, &inlined) != 0 ||
	    (inlined != DW_INL_inlined && inlined != DW_INL_declared_inlined))
		return;
	abstract = ts_debug_push(info, &info->abstracts, sizeof(*abstract));
	if (abstract)
		*abstract = (struct ts_debug_abstract){.at = die->addr, .die = *die};
}

static void note_copy(struct ts_debuginfo *info, Dwarf_Die *die)
{
	Dwarf_Die origin;
	const void **copy;

	if (!ts_debug_follow(die, DW_AT_abstract_origin, &origin))
		return;
	copy = ts_debug_push(info, &info->copies, sizeof(*copy));
	if (copy)
		*copy = origin.addr;
}

static void note_type(struct ts_debuginfo *info, Dwarf_Die *die, const struct scope *scope)
{
	const char *name = dwarf_diename(die);
	struct ts_debug_type *type;
	char *text;

	if (!name || !*scope->name)
		return;
	type = ts_debug_push(info, &info->types, sizeof(*type));
	if (!type)
		return;
	type->at = die->addr;
	text = ts_pool_printf(&info->pool, "%s%s", scope->name, name);
	if (text)
		ts_name_simplify(text);
	type->name = text;
}

static void walk(struct ts_debuginfo *info, Dwarf_Die *parent, struct scope scope);

/* A namespace or class: its name qualifies what stands in it. */
static void walk_named(struct ts_debuginfo *info, Dwarf_Die *die, struct scope scope)
{
	const char *name = dwarf_diename(die);

	if (scope.language != TS_LANGUAGE_C)
		scope.name = ts_pool_printf(&info->pool, "%s%s::", scope.name,
					    name ? name : "(anonymous namespace)");
	if (!scope.name)
		info->no_memory = true;
	else
		walk(info, die, scope);
}

static void visit(struct ts_debuginfo *info, Dwarf_Die *die, struct scope scope)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
		note_function(info, die, scope.language);
		scope.name = "";
		walk(info, die, scope);
		return;
	case DW_TAG_inlined_subroutine:
		note_copy(info, die);
		walk(info, die, scope);
		return;
	case DW_TAG_lexical_block:
		walk(info, die, scope);
		return;
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		note_type(info, die, &scope);
		if (scope.language != TS_LANGUAGE_C)
			walk_named(info, die, scope);
		return;
	case DW_TAG_namespace:
		walk_named(info, die, scope);
		return;
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
		note_type(info, die, &scope);
		return;
	}
}

static void walk(struct ts_debuginfo *info, Dwarf_Die *parent, struct scope scope)
{
	Dwarf_Die die;

	if (scope.depth++ == TS_DEBUG_DEEPEST || dwarf_child(parent, &die) != 0)
		return;
	do {
		visit(info, &die, scope);
	} while (!info->no_memory && dwarf_siblingof(&die, &die) == 0);
}

static void walk_units(struct ts_debuginfo *info, Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die, split;
	uint8_t type;

	while (!info->no_memory &&
	       dwarf_get_units(dwarf, unit, &unit, NULL, &type, &die, &split) == 0) {
		/* with -gsplit-dwarf the unit itself lies in a .dwo file */
		bool elsewhere = type == DW_UT_skeleton && split.addr;

		walk(info, elsewhere ? &split : &die,
		     (struct scope){language_of(elsewhere ? &split : &die), "", 0});
	}
}

/* --- what the walk found --------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	const struct ts_debug_body *left = a, *right = b;

	return left->address < right->address ? -1 : left->address > right->address;
}

/* All structures that are found by it begin with it. */
static int by_place(const void *a, const void *b)
{
	uintptr_t left = (uintptr_t) * (const void *const *)a,
		  right = (uintptr_t) * (const void *const *)b;

	return left < right ? -1 : left > right;
}

static int by_inlined_name(const void *a, const void *b)
{
	return strcmp(((const struct ts_inlined *)a)->name, ((const struct ts_inlined *)b)->name);
}

static void sort(struct ts_debug_vector *vector, size_t size,
		 int (*compare)(const void *, const void *))
{
	if (vector->n)
		qsort(vector->items, vector->n, size, compare);
}

static void *find(const struct ts_debug_vector *vector, size_t size, const void *key,
		  int (*compare)(const void *, const void *))
{
	return vector->n ? bsearch(key, vector->items, vector->n, size, compare) : NULL;
}

static struct ts_debug_abstract *find_abstract(struct ts_debuginfo *info, const void *at)
{
	return find(&info->abstracts, sizeof(struct ts_debug_abstract), &at, by_place);
}

/* Copies and bodies -> the abstract functions that they are of. */
static void join(struct ts_debuginfo *info)
{
	const void *const *copies = info->copies.items;
	struct ts_debug_body *bodies = info->bodies.items;

	for (size_t i = 0; i < info->copies.n; i++) {
		struct ts_debug_abstract *abstract = find_abstract(info, copies[i]);

		if (abstract)
			abstract->n_copies++;
	}
	for (size_t i = 0; i < info->bodies.n; i++) {
		struct ts_debug_abstract *abstract = NULL;
		Dwarf_Die origin;

		if (ts_debug_follow(&bodies[i].die, DW_AT_abstract_origin, &origin))
			abstract = find_abstract(info, origin.addr);
		if (abstract)
			abstract->address = bodies[i].address;
	}
}

static const char *linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	if (!dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) &&
	    !dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		return dwarf_diename(die);
	return dwarf_formstring(&attribute);
}

static bool is_below_usr(Dwarf_Die *die)
{
	const char *file = dwarf_decl_file(die);

	return file && strncmp(file, "/usr/", 5) == 0 && strncmp(file, "/usr/src/", 9) != 0 &&
	       strncmp(file, "/usr/local/", 11) != 0;
}

static void name_inlined(struct ts_debuginfo *info)
{
	struct ts_debug_abstract *abstracts = info->abstracts.items;

	for (size_t i = 0; i < info->abstracts.n; i++) {
		const char *name = linkage_name(&abstracts[i].die);
		struct ts_inlined *inlined;

		if (!name)
			continue;
		inlined = ts_debug_push(info, &info->inlined, sizeof(*inlined));
		if (!inlined)
			return;
		*inlined = (struct ts_inlined){
			.name = name,
			.n_copies = abstracts[i].n_copies,
			.address = abstracts[i].address,
			.system = is_below_usr(&abstracts[i].die),
		};
	}
	sort(&info->inlined, sizeof(struct ts_inlined), by_inlined_name);
}

static void walk_once(struct ts_debuginfo *info)
{
	Dwarf *dwarf = ts_debug_dwarf(info);

	if (info->walked || !dwarf)
		return;
	info->walked = true;
	walk_units(info, dwarf);
	sort(&info->bodies, sizeof(struct ts_debug_body), by_address);
	sort(&info->abstracts, sizeof(struct ts_debug_abstract), by_place);
	sort(&info->types, sizeof(struct ts_debug_type), by_place);
	join(info);
	name_inlined(info);
}

const struct ts_inlined *ts_debuginfo_inlined(struct ts_debuginfo *info, size_t *ret_n)
{
	walk_once(info);
	*ret_n = info->inlined.n;
	return info->inlined.items;
}

const struct ts_debug_body *ts_debug_find_body(struct ts_debuginfo *info, uint64_t address,
					       const char *name)
{
	struct ts_debug_body wanted = {.address = address};
	const struct ts_debug_body *end, *first, *body;

	walk_once(info);
	end = (const struct ts_debug_body *)info->bodies.items + info->bodies.n;
	first = find(&info->bodies, sizeof(wanted), &wanted, by_address);
	while (first && first != info->bodies.items && first[-1].address == address)
		first--;
	/* linkers fold functions of the same code into one */
	for (body = first; body && body < end && body->address == address; body++) {
		Dwarf_Die die = body->die;
		const char *called = linkage_name(&die);

		if (called && strcmp(called, name) == 0)
			return body;
	}
	return first;
}

bool ts_debuginfo_is_system(struct ts_debuginfo *info, const struct ts_symbol *symbol)
{
	const struct ts_debug_body *body = ts_debug_find_body(info, symbol->address, symbol->name);
	Dwarf_Die die;

	if (!body)
		return false;
	die = body->die;
	return is_below_usr(&die);
}

const char *ts_debug_type_name(struct ts_debuginfo *info, Dwarf_Die *die)
{
	const void *at = die->addr;
	const struct ts_debug_type *type =
		find(&info->types, sizeof(struct ts_debug_type), &at, by_place);

	return type ? type->name : dwarf_diename(die);
}
