/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ELF_H
#define TS_ELF_H

/*
 * Loaded objects as the dynamic linker left them in memory: symbols, versions, and the slots that
 * its relocations bind. Reads what is mapped, never the file. [setup]
 */

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ts_maps;

struct ts_object {
	const char *path;   /* the link map's name; "" for the program itself */
	const char *soname; /* DT_SONAME, or NULL */
	const ElfW(Dyn) * dynamic;
	uintptr_t base;              /* what is added to the file's addresses */
	uintptr_t low, high;         /* its segments: [low, high) */
	const ElfW(Phdr) * segments; /* as its program headers describe them */
	size_t n_segments;
	uintptr_t relro_low, relro_high; /* pages that are read-only once it is relocated */
	const ElfW(Sym) * symbols;
	const char *strings;
	size_t strings_bytes;
	const uint32_t *gnu_hash;
	const uint32_t *sysv_hash;
	const ElfW(Versym) * versions; /* of each symbol, or NULL */
	const ElfW(Verneed) * needed;  /* versions it wants of others, or NULL */
	size_t n_needed;
	const ElfW(Verdef) * defined; /* versions it defines, or NULL */
	size_t n_defined;
	struct {
		const ElfW(Rela) * first;
		size_t n;
	} relocations[2];            /* DT_RELA, DT_JMPREL */
	bool has_packed_relocations; /* DT_RELR, relative ones */
};

/* A relocation that binds a name. */
struct ts_slot {
	uintptr_t *address;
	const char *name;
	const char *version;      /* the object wants it so; NULL: any */
	const ElfW(Sym) * symbol; /* the object's own entry, often undefined */
};

/* Fills *ret from what dl_iterate_phdr tells. -ENOEXEC: nothing to bind (the vDSO). */
int ts_object_read(const struct dl_phdr_info *info, struct ts_object *ret);

static inline bool ts_object_holds(const struct ts_object *object, uintptr_t address)
{
	return address >= object->low && address < object->high;
}

/* Does it belong to the C library, the dynamic linker included? By its soname. */
bool ts_object_is_libc(const struct ts_object *object);
bool ts_is_libc(const char *soname);

/*
 * Calls `slot` for each JUMP_SLOT, GLOB_DAT and plain 64-bit relocation of a named symbol without
 * addend. Driven by relocation type alone, so the shape of the PLT does not matter.
 */
typedef void ts_slot_fn(void *context, const struct ts_object *object, const struct ts_slot *slot);
void ts_object_slots(const struct ts_object *object, ts_slot_fn *slot, void *context);

/*
 * The object's own definition of `name`: the one of `version`, or, where that is NULL or the object
 * has no versions, the default one. NULL: none.
 */
const ElfW(Sym) *
	ts_object_definition(const struct ts_object *object, const char *name, const char *version);

/* The same where the name's hash is known already: quick for the many objects that lack it. */
uint32_t ts_object_hash(const char *name);
const ElfW(Sym) * ts_object_definition_hashed(const struct ts_object *object, const char *name,
					      uint32_t hash, const char *version);

/*
 * Does `address` stand for a function `name` of another object? So it is in a program at a fixed place that
 * takes the function's address: an entry of its PLT is then that address, for all objects.
 */
bool ts_object_stands_for(const struct ts_object *object, const char *name, uintptr_t address);

/* How many symbols its hash table tells of: symbols[0..n). */
size_t ts_object_symbols(const struct ts_object *object);

/* A symbol's name; "" where it has none. */
static inline const char *ts_object_name(const struct ts_object *object, const ElfW(Sym) * symbol)
{
	return symbol->st_name < object->strings_bytes ? object->strings + symbol->st_name : "";
}

/* Is that a function, also one that is chosen at run time (IFUNC)? */
static inline bool ts_symbol_is_function(const ElfW(Sym) * symbol)
{
	int type = ELF64_ST_TYPE(symbol->st_info);

	return type == STT_FUNC || type == STT_GNU_IFUNC;
}

/*
 * Stores `value` in `slot` of `object` with one aligned store, where the slot's page can be
 * written, or was made read-only by the dynamic linker and is made so again. `maps` is no older
 * than the object. -EAGAIN: the object is not relocated yet. -EACCES: the page cannot be written.
 */
int ts_object_store(const struct ts_object *object, const struct ts_maps *maps, uintptr_t *slot,
		    uintptr_t value);

#endif
