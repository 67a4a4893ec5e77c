// SPDX-License-Identifier: Apache-2.0
/* Objects that call stacks name. */

#include "objects.h"

#include <elf.h>
#include <string.h>

#include "../hot/guarded.h"
#include "../stack.h"
#include "../system/arena.h"
#include "../system/program.h"

#define MOST_OBJECTS 1024
#define MOST_ID      64 /* bytes of a build id */

static struct ts_arena arena;
static struct ts_seen_object *objects; /* MOST_OBJECTS; never moved or changed */
static size_t n_objects;

/* The note with the build id, in one PT_NOTE segment; its bytes, at most MOST_ID. */
static size_t id_in_notes(const char *notes, size_t bytes, uint8_t *ret)
{
	size_t at = 0;

	while (at + sizeof(Elf64_Nhdr) <= bytes) {
		Elf64_Nhdr note;
		size_t name, id;

		if (!ts_guarded_copy(&note, notes + at, sizeof(note)))
			return 0;
		name = at + sizeof(note);
		id = name + ((note.n_namesz + 3UL) & ~3UL);
		if (note.n_type == NT_GNU_BUILD_ID && note.n_descsz <= MOST_ID &&
		    id + note.n_descsz <= bytes)
			return ts_guarded_copy(ret, notes + id, note.n_descsz) ? note.n_descsz : 0;
		at = id + ((note.n_descsz + 3UL) & ~3UL);
	}
	return 0;
}

/*
 * The headers are what an object's first page holds, as linkers lay it out; of one that is loaded in
 * pieces a site tells its own piece.
 */
static size_t find_id(const struct ts_call_site *site, uint8_t *ret)
{
	uintptr_t first = site->base ? site->base : site->low;
	Elf64_Ehdr header;
	size_t n = 0;

	if (!ts_guarded_copy(&header, (const void *)first, sizeof(header)) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_phentsize != sizeof(Elf64_Phdr))
		return 0;
	for (int i = 0; i < header.e_phnum && !n; i++) {
		const char *at = (const char *)first + header.e_phoff;
		Elf64_Phdr segment;

		if (!ts_guarded_copy(&segment, at + (size_t)i * sizeof(segment), sizeof(segment)))
			return 0;
		if (segment.p_type == PT_NOTE)
			n = id_in_notes((const char *)site->base + segment.p_vaddr, segment.p_memsz,
					ret);
	}
	return n;
}

static const char *build_id(const struct ts_call_site *site)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t id[MOST_ID];
	char text[2 * MOST_ID];
	size_t n = find_id(site, id);

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[id[i] >> 4];
		text[2 * i + 1] = digits[id[i] & 15];
	}
	return ts_arena_strndup(&arena, text, 2 * n);
}

static const char *path_of(const char *name)
{
	if (!*name)
		return ts_program_path();
	/* what has no '/' is no file: the kernel's vdso */
	return strchr(name, '/') ? ts_program_absolute(name, &arena) : name;
}

static int add(const struct ts_call_site *site)
{
	struct ts_seen_object *object;

	if (!objects)
		objects = ts_arena_alloc(&arena, MOST_OBJECTS * sizeof(*objects));
	if (!objects || n_objects == MOST_OBJECTS)
		return -1;
	object = &objects[n_objects];
	*object = (struct ts_seen_object){.base = site->base, .low = site->low, .high = site->high};
	object->name = ts_arena_strndup(&arena, site->name, strlen(site->name));
	object->path = object->name ? path_of(object->name) : NULL;
	object->build_id = build_id(site);
	if (!object->path || !object->build_id)
		return -1;
	/* release: who reads the count finds the object whole */
	__atomic_store_n(&n_objects, n_objects + 1, __ATOMIC_RELEASE);
	return (int)n_objects - 1;
}

int ts_objects_index(const struct ts_call_site *site)
{
	for (size_t i = n_objects; i-- > 0;) {
		const struct ts_seen_object *object = &objects[i];

		if (object->low == site->low && object->high == site->high &&
		    object->base == site->base && strcmp(object->name, site->name) == 0)
			return (int)i;
	}
	return add(site);
}

size_t ts_objects_count(void)
{
	return __atomic_load_n(&n_objects, __ATOMIC_ACQUIRE);
}

const struct ts_seen_object *ts_objects_get(size_t index)
{
	return &objects[index];
}
