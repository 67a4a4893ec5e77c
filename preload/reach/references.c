// SPDX-License-Identifier: Apache-2.0
/*
 * References inside an object. All of its code is read, once for all functions: 16 places at a time are
 * asked for an instruction that ends with a displacement; of the few that are one, most lead to no block of
 * 16 bytes in which a function begins.
 */

#include "references.h"

#include <emmintrin.h>
#include <string.h>
#include <sys/mman.h>

#define FILTER_BITS 65536
#define BLOCK_BITS  4

/* Blocks in which functions begin; a walk has it to itself. */
static uint64_t filter[FILTER_BITS / 64];

static uint32_t bit_of(uintptr_t block)
{
	return (uint32_t)(block ^ block >> 16) % FILTER_BITS;
}

static bool may_hold(uintptr_t address)
{
	uint32_t bit = bit_of(address >> BLOCK_BITS);

	return filter[bit / 64] >> bit % 64 & 1;
}

static void set_filter(const struct ts_reference *references, size_t n)
{
	memset(filter, 0, sizeof(filter));
	for (size_t i = 0; i < n; i++) {
		uintptr_t block = references[i].address >> BLOCK_BITS;
		uintptr_t last = (references[i].address + TS_REFERENCE_REACH - 1) >> BLOCK_BITS;

		for (; block <= last; block++)
			filter[bit_of(block) / 64] |= 1UL << bit_of(block) % 64;
	}
}

/* How many functions lie at `address` or before it. */
static size_t count_up_to(const struct ts_reference *references, size_t n, uintptr_t address)
{
	size_t low = 0;

	while (low < n) {
		size_t middle = (low + n) / 2;

		if (references[middle].address <= address)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

static void see(struct ts_reference *references, size_t n, uintptr_t target, bool jumps)
{
	for (size_t i = count_up_to(references, n, target); i-- > 0;) {
		uintptr_t offset = target - references[i].address;

		if (offset >= TS_REFERENCE_REACH)
			break;
		if (!offset)
			references[i].seen = true;
		else if (jumps && (!references[i].jump || offset < references[i].jump))
			references[i].jump = (uint8_t)offset;
	}
}

/* Does an instruction end with a displacement behind these two bytes? call, jmp, jcc; lea. */
static bool jumps(uint8_t before, uint8_t last)
{
	return (last & 0xfe) == 0xe8 || (before == 0x0f && (last & 0xf0) == 0x80);
}

static bool takes_address(uint8_t before, uint8_t last)
{
	return before == 0x8d && (last & 0xc7) == 0x05;
}

static __m128i masked_is(__m128i bytes, uint8_t mask, uint8_t value)
{
	return _mm_cmpeq_epi8(_mm_and_si128(bytes, _mm_set1_epi8((char)mask)),
			      _mm_set1_epi8((char)value));
}

/* The same of 16 places at once: bit i is set for a displacement at `at` + i. */
static unsigned places_in(const uint8_t *at)
{
	__m128i before = _mm_loadu_si128((const __m128i *)(at - 2));
	__m128i last = _mm_loadu_si128((const __m128i *)(at - 1));
	__m128i jcc = _mm_and_si128(masked_is(before, 0xff, 0x0f), masked_is(last, 0xf0, 0x80));
	__m128i lea = _mm_and_si128(masked_is(before, 0xff, 0x8d), masked_is(last, 0xc7, 0x05));
	__m128i call = masked_is(last, 0xfe, 0xe8);

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(call, _mm_or_si128(jcc, lea)));
}

struct scan {
	struct ts_reference *references;
	size_t n;
	uintptr_t first, span;
};

static void look(const struct scan *scan, const uint8_t *at, uint8_t before)
{
	int32_t displacement;
	uintptr_t target;

	memcpy(&displacement, at, sizeof(displacement));
	target = (uintptr_t)at + 4 + (uintptr_t)(intptr_t)displacement;
	if (target - scan->first <= scan->span && may_hold(target))
		see(scan->references, scan->n, target, jumps(before, at[-1]));
}

static void scan_code(const struct scan *scan, const struct ts_mapping *code)
{
	const uint8_t *at = (const uint8_t *)code->low + 1, *end = (const uint8_t *)code->high;

	if (code->high - code->low < 5)
		return;
	if (jumps(0, at[-1]))
		look(scan, at, 0);
	for (at++; end - at >= 16 + 4; at += 16)
		for (unsigned places = places_in(at); places; places &= places - 1) {
			const uint8_t *place = at + __builtin_ctz(places);

			look(scan, place, place[-2]);
		}
	for (; end - at >= 4; at++)
		if (jumps(at[-2], at[-1]) || takes_address(at[-2], at[-1]))
			look(scan, at, at[-2]);
}

static void scan_relocations(const struct ts_object *object, struct ts_reference *references,
			     size_t n)
{
	for (size_t i = 0; i < object->relocations[0].n; i++) {
		const ElfW(Rela) *relocation = &object->relocations[0].first[i];
		uintptr_t target = object->base + (uintptr_t)relocation->r_addend;

		if (ELF64_R_TYPE(relocation->r_info) == R_X86_64_RELATIVE && may_hold(target))
			see(references, n, target, false);
	}
}

void ts_references_find(const struct ts_object *object, const struct ts_maps *maps,
			struct ts_reference *references, size_t n)
{
	struct scan scan = {.references = references, .n = n};

	if (!n)
		return;
	scan.first = references[0].address;
	scan.span = references[n - 1].address + TS_REFERENCE_REACH - scan.first;
	set_filter(references, n);
	for (size_t i = 0; i < n; i++) {
		/* packed relocations keep their addends in the data: taken as references to all */
		references[i].seen = object->has_packed_relocations;
		references[i].jump = 0;
	}
	for (size_t i = 0; i < maps->n; i++) {
		const struct ts_mapping *mapping = &maps->mappings[i];

		if (mapping->low >= object->low && mapping->high <= object->high &&
		    (mapping->protection & (PROT_READ | PROT_EXEC)) == (PROT_READ | PROT_EXEC))
			scan_code(&scan, mapping);
	}
	scan_relocations(object, references, n);
}
