// SPDX-License-Identifier: Apache-2.0
/* References inside an object. */

#include "references.h"

#include <string.h>
#include <sys/mman.h>

#define FILTER_BITS 65536

/* Addresses of which some are looked for; a walk has it to itself. */
static uint64_t filter[FILTER_BITS / 64];

static uint32_t bit_of(uintptr_t address)
{
	return (uint32_t)(address ^ address >> 16) % FILTER_BITS;
}

static void see(struct ts_reference *references, size_t n, uintptr_t address)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (references[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < n && references[low].address == address; low++) /* it may have two names */
		references[low].seen = true;
}

static void scan_code(const struct ts_mapping *code, struct ts_reference *references, size_t n)
{
	uintptr_t first = references[0].address, span = references[n - 1].address - first;

	for (uintptr_t at = code->low; at + 4 <= code->high; at++) {
		int32_t displacement;
		uintptr_t target;
		uint32_t bit;

		memcpy(&displacement, (const void *)at, sizeof(displacement));
		target = at + 4 + (uintptr_t)(intptr_t)displacement;
		/* 0: the end of the padding before a function */
		if (target - first > span || !displacement)
			continue;
		bit = bit_of(target);
		if (filter[bit / 64] >> bit % 64 & 1)
			see(references, n, target);
	}
}

static void scan_relocations(const struct ts_object *object, struct ts_reference *references,
			     size_t n)
{
	for (size_t i = 0; i < object->relocations[0].n; i++) {
		const ElfW(Rela) *relocation = &object->relocations[0].first[i];

		if (ELF64_R_TYPE(relocation->r_info) == R_X86_64_RELATIVE)
			see(references, n, object->base + (uintptr_t)relocation->r_addend);
	}
}

void ts_references_find(const struct ts_object *object, const struct ts_maps *maps,
			struct ts_reference *references, size_t n)
{
	if (!n)
		return;
	memset(filter, 0, sizeof(filter));
	for (size_t i = 0; i < n; i++) {
		uint32_t bit = bit_of(references[i].address);

		filter[bit / 64] |= 1UL << bit % 64;
		/* packed relocations keep their addends in the data: taken as references to all */
		references[i].seen = object->has_packed_relocations;
	}
	for (size_t i = 0; i < maps->n; i++) {
		const struct ts_mapping *mapping = &maps->mappings[i];

		if (mapping->low >= object->low && mapping->high <= object->high &&
		    (mapping->protection & (PROT_READ | PROT_EXEC)) == (PROT_READ | PROT_EXEC))
			scan_code(mapping, references, n);
	}
	scan_relocations(object, references, n);
}
