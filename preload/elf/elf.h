/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ELF_H
#define TS_ELF_H

/*
 * Loaded objects as the dynamic linker left them in memory: symbols, versions, and the slots that
 * its relocations bind. Reads what is mapped, never the file, and believes no table: what lies outside
 * the object's readable segments is not there. [setup]
 */

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ts_maps;

struct ts_object {
	const char *path;            /* the link map's name; "" for the program itself */
	const char *soname;          /* DT_SONAME, or NULL */
	const ElfW(Phdr) * segments; /* as its program headers describe them */
	size_t n_segments;
	const ElfW(Dyn) * dynamic;
	size_t n_dynamic;                /* entries before DT_NULL */
	uintptr_t base;                  /* what is added to the file's addresses */
	uintptr_t low, high;             /* its segments: [low, high) */
	uintptr_t relro_low, relro_high; /* pages that are read-only once it is relocated */
	const ElfW(Sym) * symbols;
	size_t n_symbols; /* no more than so many; there may be fewer */
	const char *strings;
	size_t strings_bytes; /* the last one is NUL */
	bool symbolic;        /* it looks its names up in itself first (-Bsymbolic) */
	const uint32_t *gnu_hash;
	size_t n_gnu_hash; /* words, at most */
	const uint32_t *sysv_hash;
	size_t n_sysv_hash;
	const ElfW(Versym) * versions; /* of each symbol, or NULL */
	size_t n_versions;
	const ElfW(Verneed) * needed; /* versions it wants of others, or NULL */
	size_t n_needed;
	uintptr_t needed_end;         /* what is told of them lies before */
	const ElfW(Verdef) * defined; /* versions it defines, or NULL */
	size_t n_defined;
	uintptr_t defined_end;
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

/* The string at `offset` of the object's, or NULL where that lies outside. */
const char *ts_object_string(const struct ts_object *object, uint64_t offset);

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

/* How many symbols its hash table tells of: symbols[0..n). */
size_t ts_object_symbols(const struct ts_object *object);

/* A symbol's name; "" where it has none. */
static inline const char *ts_object_name(const struct ts_object *object, const ElfW(Sym) * symbol)
{
	const char *name = ts_object_string(object, symbol->st_name);

	return name ? name : "";
}
/* Calls `function` with the name of each function that the object's dynamic symbol table defines. */
typedef void ts_name_fn(void *context, const struct ts_object *object, const char *name);
void ts_object_functions(const struct ts_object *object, ts_name_fn *function, void *context);

/* Does it need the library of this file name? */
bool ts_object_needs(const struct ts_object *object, const char *library);

/* Does `word` stand in the name of any dynamic symbol, defined or wanted? */
bool ts_object_mentions(const struct ts_object *object, const char *word);

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
