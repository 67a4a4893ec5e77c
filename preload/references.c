// SPDX-License-Identifier: Apache-2.0
/* References inside an object. */

#include "references.h"

#include <string.h>
#include <sys/mman.h>

#define FILTER_BITS 65536
#define GRANULE     32 /* bytes that share a bit */

/* Where something is looked for; a walk has it to itself. */
static uint64_t filter[FILTER_BITS / 64];

static void mark(uintptr_t address)
{
	filter[address / GRANULE % FILTER_BITS / 64] |= 1UL << address / GRANULE % 64;
}

static bool is_marked(uintptr_t address)
{
	return filter[address / GRANULE % FILTER_BITS / 64] >> address / GRANULE % 64 & 1;
}

/* The last that begins at `address` or before; NULL: there is none. */
static struct ts_reference *find(struct ts_reference *references, size_t n, uintptr_t address)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (references[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &references[low - 1] : NULL;
}

static bool is_jump(const uint8_t *end_of_opcode, const uint8_t *start)
{
	return (end_of_opcode > start && (end_of_opcode[-1] & 0xfe) == 0xe8) ||
	       (end_of_opcode - start > 1 && end_of_opcode[-2] == 0x0f &&
		(end_of_opcode[-1] & 0xf0) == 0x80);
}

/* Several rules may name one function: each of the same address is told. */
static void see(struct ts_reference *references, size_t n, uintptr_t target, bool jump)
{
	struct ts_reference *reference = find(references, n, target);
	uintptr_t offset = reference ? target - reference->address : TS_REFERENCE_BYTES;
	uintptr_t address = reference ? reference->address : 0;

	if (offset >= TS_REFERENCE_BYTES)
		return;
	for (; reference >= references && reference->address == address; reference--) {
		if (!offset)
			reference->seen = true;
		else if (jump && (!reference->inside || offset < reference->inside))
			reference->inside = (uint8_t)offset;
	}
}

static void scan_code(const struct ts_mapping *code, struct ts_reference *references, size_t n)
{
	uintptr_t first = references[0].address;
	uintptr_t span = references[n - 1].address + TS_REFERENCE_BYTES - first;

	for (uintptr_t at = code->low; at + 4 <= code->high; at++) {
		int32_t displacement;
		uintptr_t target;

		memcpy(&displacement, (const void *)at, sizeof(displacement));
		target = at + 4 + (uintptr_t)(intptr_t)displacement;
		/* 0: the end of the padding before a function */
		if (target - first < span && displacement && is_marked(target))
			see(references, n, target,
			    is_jump((const uint8_t *)at, (const uint8_t *)code->low));
	}
}

static void scan_relocations(const struct ts_object *object, struct ts_reference *references,
			     size_t n)
{
	for (size_t i = 0; i < object->relocations[0].n; i++) {
		const ElfW(Rela) *relocation = &object->relocations[0].first[i];

		if (ELF64_R_TYPE(relocation->r_info) == R_X86_64_RELATIVE)
			see(references, n, object->base + (uintptr_t)relocation->r_addend, false);
	}
}

void ts_references_find(const struct ts_object *object, const struct ts_maps *maps,
			struct ts_reference *references, size_t n)
{
	if (!n)
		return;
	memset(filter, 0, sizeof(filter));
	for (size_t i = 0; i < n; i++) {
		mark(references[i].address);
		mark(references[i].address + TS_REFERENCE_BYTES - 1);
		/* packed relocations keep their addends in the data: taken as references to all */
		references[i].seen = object->has_packed_relocations;
		references[i].inside = 0;
	}
	for (size_t i = 0; i < maps->n; i++) {
		const struct ts_mapping *mapping = &maps->mappings[i];

		if (mapping->low >= object->low && mapping->high <= object->high &&
		    (mapping->protection & (PROT_READ | PROT_EXEC)) == (PROT_READ | PROT_EXEC))
			scan_code(mapping, references, n);
	}
	scan_relocations(object, references, n);
}
