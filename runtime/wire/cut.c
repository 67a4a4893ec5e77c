// SPDX-License-Identifier: Apache-2.0
#include "cut.h"

#include <stdlib.h>
#include <string.h>

#include "node.h"

void ts_cut_init(struct ts_cut *cut, struct ts_memory *memory, size_t bound)
{
	*cut = (struct ts_cut){.kept = {.memory = memory}, .bound = bound};
}

void ts_cut_reset(struct ts_cut *cut)
{
	ts_buffer_reset(&cut->kept);
	*cut = (struct ts_cut){.kept = cut->kept, .bound = cut->bound};
}

void ts_cut_release(struct ts_cut *cut)
{
	ts_buffer_release(&cut->kept);
}

/* --- the tail, a ring behind the head -------------------------------------------------- */

static size_t ring_room(const struct ts_cut *cut)
{
	return cut->bound - cut->head;
}

static char *ring_at(const struct ts_cut *cut, size_t at)
{
	return cut->kept.data + cut->head + (cut->first + at) % ring_room(cut);
}

/* Whole characters go from the front until there is room for so many bytes. */
static void make_room(struct ts_cut *cut, size_t bytes)
{
	while (ring_room(cut) - cut->tail < bytes) {
		char first[6];
		size_t n = 0;

		while (n < sizeof(first) && n < cut->tail) {
			first[n] = *ring_at(cut, n);
			n++;
		}
		n = ts_node_character(first, n);
		cut->first = (cut->first + n) % ring_room(cut);
		cut->tail -= n;
	}
}

static void add_to_ring(struct ts_cut *cut, struct ts_text characters)
{
	while (characters.bytes > ring_room(cut)) {
		size_t n = ts_node_character(characters.data, characters.bytes);

		characters.data += n;
		characters.bytes -= n;
		cut->tail = 0; /* what came before is not the end any more */
	}
	make_room(cut, characters.bytes);
	for (size_t i = 0; i < characters.bytes; i++)
		*ring_at(cut, cut->tail + i) = characters.data[i];
	cut->tail += characters.bytes;
}

/* --- */

/* How many of the first bytes, at most `most`, are whole characters. */
static size_t whole_characters(struct ts_text characters, size_t most)
{
	size_t at = 0;

	while (at < characters.bytes) {
		size_t n = ts_node_character(characters.data + at, characters.bytes - at);

		if (at + n > most)
			break;
		at += n;
	}
	return at;
}

/* From now on there are a head and a ring. What lies beyond the head is where the ring begins. */
static void begin_cut(struct ts_cut *cut)
{
	struct ts_text kept = {cut->kept.data, cut->kept.bytes};

	cut->cut = true;
	if (ts_buffer_reserve(&cut->kept, cut->bound) < 0) {
		cut->kept.failed = true; /* no ring: what there is stays the head */
		cut->head = kept.bytes;
		return;
	}
	kept.data = cut->kept.data;
	cut->head = whole_characters(kept, cut->bound / 4 * 3);
	cut->tail = kept.bytes - cut->head;
}

/* Of UTF-8, for the unit that \uXXXX stands for; half of a pair counts two of four. */
static size_t unit_bytes(const char *digits)
{
	char four[5] = {digits[0], digits[1], digits[2], digits[3], 0};
	unsigned long unit = strtoul(four, NULL, 16);

	return unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
}

static size_t meant_bytes(struct ts_text characters)
{
	size_t bytes = 0;

	for (size_t at = 0; at < characters.bytes;) {
		size_t n = ts_node_character(characters.data + at, characters.bytes - at);

		if (characters.data[at] != '\\')
			bytes += n;
		else
			bytes += n < 6 ? 1 : unit_bytes(characters.data + at + 2);
		at += n;
	}
	return bytes;
}

void ts_cut_add(struct ts_cut *cut, struct ts_text characters)
{
	size_t fits = cut->bound - cut->kept.bytes;

	if (!characters.bytes)
		return;
	cut->full_bytes += meant_bytes(characters);
	if (!cut->cut) {
		if (fits >= characters.bytes) {
			ts_buffer_add(&cut->kept, characters.data, characters.bytes);
			if (!cut->kept.failed)
				return;
			cut->cut = true;
			cut->head = cut->kept.bytes;
			return;
		}
		fits = whole_characters(characters, fits);
		ts_buffer_add(&cut->kept, characters.data, fits);
		begin_cut(cut);
		characters.data += fits;
		characters.bytes -= fits;
	}
	if (!cut->kept.failed)
		add_to_ring(cut, characters);
}

void ts_cut_print_tail(const struct ts_cut *cut, struct ts_buffer *to)
{
	size_t till_end = ring_room(cut) - cut->first;

	if (till_end > cut->tail)
		till_end = cut->tail;
	ts_buffer_text(to, "\"");
	if (!cut->cut)
		ts_buffer_add(to, cut->kept.data, cut->kept.bytes);
	if (cut->tail) {
		ts_buffer_add(to, cut->kept.data + cut->head + cut->first, till_end);
		ts_buffer_add(to, cut->kept.data + cut->head, cut->tail - till_end);
	}
	ts_buffer_text(to, "\"");
}

void ts_cut_print(const struct ts_cut *cut, struct ts_buffer *to)
{
	if (!cut->cut) {
		ts_cut_print_tail(cut, to);
		return;
	}
	ts_buffer_text(to, "{\"head\":\"");
	ts_buffer_add(to, cut->kept.data, cut->head);
	ts_buffer_text(to, "\",\"tail\":");
	ts_cut_print_tail(cut, to);
	ts_buffer_text(to, ",\"truncated\":");
	ts_node_add_number(to, cut->full_bytes);
	ts_buffer_text(to, "}");
}
