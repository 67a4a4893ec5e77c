// SPDX-License-Identifier: Apache-2.0
/*
 * Objects with broken tables. The input is an ELF file, of which this loads what the kernel or the dynamic linker would:
 * the segments, each at its place in memory that ends where they end. What is then read of it has to lie within. The
 * file's own symbols are read, too.
 */

#include <link.h>
#include <string.h>

#include "fuzz.h"
#include "preload/elf/elf.h"
#include "preload/elf/scope.h"
#include "preload/reach/symtab.h"

#define MOST (1 << 16)

static volatile size_t sink; /* what is read counts as used */

static bool load(const uint8_t *data, size_t bytes, ElfW(Phdr) * segments, int n, uint8_t *image,
		 size_t image_bytes)
{
	bool any = false;

	for (int i = 0; i < n; i++) {
		const ElfW(Phdr) *segment = &segments[i];

		if (segment->p_type != PT_LOAD)
			continue;
		if (segment->p_vaddr > image_bytes ||
		    segment->p_memsz > image_bytes - segment->p_vaddr ||
		    segment->p_filesz > segment->p_memsz || segment->p_offset > bytes ||
		    segment->p_filesz > bytes - segment->p_offset)
			return false;
		if (segment->p_filesz)
			memcpy(image + segment->p_vaddr, data + segment->p_offset,
			       segment->p_filesz);
		any = true;
	}
	return any;
}

static void take_slot(void *context, const struct ts_object *object, const struct ts_slot *slot)
{
	const ElfW(Sym) * symbol;

	MUST(ts_object_holds(object, (uintptr_t)slot->address));
	sink += *slot->address + strlen(slot->name) + slot->symbol->st_value;
	if (slot->version)
		sink += strlen(slot->version);
	symbol = ts_object_definition(object, slot->name, slot->version);
	if (symbol)
		sink += symbol->st_value;
	++*(size_t *)context;
}

static void look_up(const struct ts_object *object)
{
	static const char *const names[] = {"", "a", "one", "two", "printf", "environ"};
	struct ts_object objects[2] = {*object, *object};
	struct ts_scope scope = {objects, 2, 1};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const ElfW(Sym) * symbol;
		struct ts_object older = *object;

		older.gnu_hash = NULL;
		sink += ts_object_symbols(object);
		sink += ts_object_definition(object, names[i], NULL) != NULL;
		sink += ts_object_definition(object, names[i], "V1") != NULL;
		sink += ts_object_definition(&older, names[i], "V2") != NULL;
		if (ts_scope_look_up(&scope, &objects[1], names[i], NULL, &symbol))
			sink += symbol->st_value;
	}
}

/* The symbols of the file itself. */
static void read_file(const uint8_t *data, size_t bytes)
{
	struct ts_symtab symtab;
	uint8_t *file = malloc(bytes); /* aligned as a mapping is */

	MUST(file);
	memcpy(file, data, bytes);
	if (ts_symtab_read(file, bytes, &symtab) == 0)
		for (size_t i = 0; i < symtab.n; i++)
			sink += strlen(ts_symtab_name(&symtab, i)) + symtab.symbols[i].st_value;
	free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	ElfW(Ehdr) header;
	ElfW(Phdr) segments[16];
	struct dl_phdr_info info = {.dlpi_name = "fuzzed", .dlpi_phdr = segments};
	size_t image_bytes = 0, slots = 0;
	struct ts_object object;
	uint8_t *image;

	if (bytes < sizeof(header))
		return 0;
	read_file(data, bytes);
	memcpy(&header, data, sizeof(header));
	info.dlpi_phnum = header.e_phnum < 16 ? header.e_phnum : 16;
	if (header.e_phoff > bytes ||
	    info.dlpi_phnum * sizeof(segments[0]) > bytes - header.e_phoff)
		return 0;
	memcpy(segments, data + header.e_phoff, info.dlpi_phnum * sizeof(segments[0]));
	for (int i = 0; i < info.dlpi_phnum; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr < MOST &&
		    segments[i].p_memsz < MOST &&
		    segments[i].p_vaddr + segments[i].p_memsz > image_bytes)
			image_bytes = segments[i].p_vaddr + segments[i].p_memsz;
	image = calloc(1, image_bytes + 1);
	MUST(image);
	image = realloc(image, image_bytes ? image_bytes : 1);
	if (load(data, bytes, segments, info.dlpi_phnum, image, image_bytes)) {
		info.dlpi_addr = (uintptr_t)image;
		if (ts_object_read(&info, &object) == 0) {
			ts_object_slots(&object, take_slot, &slots);
			look_up(&object);
			if (object.soname)
				sink += strlen(object.soname);
		}
	}
	free(image);
	return 0;
}
