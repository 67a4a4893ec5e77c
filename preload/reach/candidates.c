// SPDX-License-Identifier: Apache-2.0
/* Functions that may have to be reached by their entries. */

#include "candidates.h"

#include <string.h>

#include "../entry.h"
#include "../system/pages.h"
#include "patch.h"
#include "references.h"
#include "symtab.h"

#define PADDED_BYTES 16 /* to which a short function may be padded; more than a jump takes */

void ts_candidates_add(struct ts_candidates *candidates, const struct ts_candidate *candidate)
{
	if (candidates->n == candidates->room) {
		size_t room = candidates->room ? candidates->room * 2 : 64;
		struct ts_candidate *larger =
			ts_pages_grow(candidates->all, candidates->room * sizeof(*larger),
				      room * sizeof(*larger));

		if (!larger)
			return;
		candidates->all = larger;
		candidates->room = room;
	}
	candidates->all[candidates->n++] = *candidate;
}

/* --- how much of it, and of what follows, is nobody else's ------------------------------------ */

/* Candidates are of one object, in order of address: what lies before each symbol ends there. */
static void bound(struct ts_candidate *all, size_t n, const ElfW(Sym) * symbols, size_t n_symbols)
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

static bool is_short(const struct ts_candidate *candidate)
{
	return candidate->bytes && candidate->bytes < TS_ENTRY_BYTES;
}

static void bound_all(struct ts_candidate *all, size_t n)
{
	struct ts_symtab symtab;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		any |= is_short(&all[i]);
		all[i].readable = is_short(&all[i]) ? PADDED_BYTES : all[i].bytes;
	}
	/* another symbol in its first bytes is another way in */
	bound(all, n, all->object->symbols, ts_object_symbols(all->object));
	if (!any || ts_symtab_open(all->object, ts_walk_path(all->object), &symtab) < 0)
		return;
	bound(all, n, symtab.symbols, symtab.n);
	ts_symtab_close(&symtab);
}

/* --- what slots alone will not see ------------------------------------------------------------ */

static bool is_before(const struct ts_candidate *one, const struct ts_candidate *other)
{
	if (one->address != other->address)
		return one->address < other->address;
	return one->rule != other->rule ? one->rule < other->rule
					: strcmp(one->name, other->name) > 0; /* __f behind f */
}

/* Heapsort (Williams, Floyd): glibc's qsort would call the program's malloc. */
static void sift(struct ts_candidate *all, size_t root, size_t n)
{
	for (size_t child; (child = 2 * root + 1) < n; root = child) {
		struct ts_candidate swapped = all[root];

		if (child + 1 < n && is_before(&all[child], &all[child + 1]))
			child++;
		if (!is_before(&all[root], &all[child]))
			return;
		all[root] = all[child];
		all[child] = swapped;
	}
}

static void sort(struct ts_candidate *all, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(all, i, n);
	for (size_t i = n; i-- > 1;) {
		struct ts_candidate last = all[i];

		all[i] = all[0];
		all[0] = last;
		sift(all, 0, i);
	}
}

/*
 * Leaves out what a library exports and does not call itself, and notes who jumps into the first bytes of
 * the others; candidates of one object, sorted.
 */
static size_t drop_unreferenced(struct ts_walk *walk, struct ts_arena *scratch,
				struct ts_candidate *all, size_t n)
{
	struct ts_reference *references = ts_arena_alloc(scratch, n * sizeof(*references));
	const struct ts_maps *maps = ts_walk_maps(walk);
	size_t kept = 0;

	if (!references || !maps)
		return 0;
	for (size_t i = 0; i < n; i++)
		references[i].address = all[i].address;
	ts_references_find(all->object, maps, references, n);
	for (size_t i = 0; i < n; i++) {
		if (all[i].exported && !references[i].seen)
			continue;
		all[kept] = all[i];
		all[kept++].jump = references[i].jump;
	}
	return kept;
}

static bool all_stand(const struct ts_candidate *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!ts_patch_stands_at(all[i].address))
			return false;
	return true;
}

void ts_candidates_narrow(struct ts_candidates *candidates, struct ts_walk *walk,
			  struct ts_arena *scratch)
{
	size_t kept = 0;

	sort(candidates->all, candidates->n);
	for (size_t i = 0, m; i < candidates->n; i += m) {
		struct ts_candidate *first = &candidates->all[i];
		size_t left;

		for (m = 1; i + m < candidates->n && first[m].object == first->object; m++)
			;
		left = all_stand(first, m) ? m : drop_unreferenced(walk, scratch, first, m);
		memmove(&candidates->all[kept], first, left * sizeof(*first));
		if (left)
			bound_all(&candidates->all[kept], left);
		kept += left;
	}
	candidates->n = kept;
}
