// SPDX-License-Identifier: Apache-2.0
/* Loaded objects: symbols, versions, slots. */

#include "elf.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "maps.h"
#include "sys.h"

#define PAGE 4096UL

/* glibc rewrites the addresses in most objects' dynamic sections when it loads them; not in all. */
static const void *at(const struct ts_object *object, uintptr_t address)
{
	return (const void *)(address >= object->low ? address : address + object->base);
}

static void read_segments(const struct dl_phdr_info *info, struct ts_object *ret,
			  const ElfW(Dyn) * *ret_dynamic)
{
	ret->low = UINTPTR_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;
		uintptr_t end = start + segment->p_memsz;

		if (segment->p_type == PT_DYNAMIC)
			*ret_dynamic = (const ElfW(Dyn) *)start;
		if (segment->p_type == PT_GNU_RELRO) {
			ret->relro_low = start & ~(PAGE - 1);
			ret->relro_high = end & ~(PAGE - 1);
		}
		if (segment->p_type != PT_LOAD)
			continue;
		if (start < ret->low)
			ret->low = start;
		if (end > ret->high)
			ret->high = end;
	}
}

static void read_dynamic(const ElfW(Dyn) * dynamic, struct ts_object *ret)
{
	size_t rela_bytes = 0, plt_bytes = 0, soname = 0;

	ret->dynamic = dynamic;
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		const void *address = at(ret, dynamic->d_un.d_ptr);

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			ret->symbols = address;
			break;
		case DT_STRTAB:
			ret->strings = address;
			break;
		case DT_STRSZ:
			ret->strings_bytes = dynamic->d_un.d_val;
			break;
		case DT_GNU_HASH:
			ret->gnu_hash = address;
			break;
		case DT_HASH:
			ret->sysv_hash = address;
			break;
		case DT_VERSYM:
			ret->versions = address;
			break;
		case DT_VERNEED:
			ret->needed = address;
			break;
		case DT_VERNEEDNUM:
			ret->n_needed = dynamic->d_un.d_val;
			break;
		case DT_VERDEF:
			ret->defined = address;
			break;
		case DT_VERDEFNUM:
			ret->n_defined = dynamic->d_un.d_val;
			break;
		case DT_SONAME:
			soname = dynamic->d_un.d_val;
			break;
		case DT_RELA:
			ret->relocations[0].first = address;
			break;
		case DT_RELASZ:
			rela_bytes = dynamic->d_un.d_val;
			break;
		case DT_JMPREL:
			ret->relocations[1].first = address;
			break;
		case DT_RELR:
			ret->has_packed_relocations = true;
			break;
		case DT_PLTRELSZ:
			plt_bytes = dynamic->d_un.d_val;
			break;
		}
	}
	ret->relocations[0].n = rela_bytes / sizeof(ElfW(Rela));
	ret->relocations[1].n = plt_bytes / sizeof(ElfW(Rela));
	ret->soname = soname && ret->strings ? ret->strings + soname : NULL;
}

int ts_object_read(const struct dl_phdr_info *info, struct ts_object *ret)
{
	const ElfW(Dyn) *dynamic = NULL;

	*ret = (struct ts_object){
		.path = info->dlpi_name,
		.base = info->dlpi_addr,
		.segments = info->dlpi_phdr,
		.n_segments = info->dlpi_phnum,
	};
	read_segments(info, ret, &dynamic);
	if (!dynamic)
		return -ENOEXEC;
	read_dynamic(dynamic, ret);
	return ret->symbols && ret->strings ? 0 : -ENOEXEC;
}

bool ts_is_libc(const char *soname)
{
	static const char *const names[] = {"libc.so.6",  "ld-linux-x86-64.so.2",
					    "libm.so.6",  "libpthread.so.0",
					    "libdl.so.2", "librt.so.1"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(soname, names[i]) == 0)
			return true;
	return false;
}

bool ts_object_is_libc(const struct ts_object *object)
{
	return object->soname && ts_is_libc(object->soname);
}

/* The name of the version that symbol `index` wants, or NULL. */
static const char *wanted_version(const struct ts_object *object, uint32_t index)
{
	const ElfW(Verneed) *need = object->needed;
	uint16_t wanted;

	if (!object->versions || !need)
		return NULL;
	wanted = object->versions[index] & 0x7fff;
	for (size_t i = 0; i < object->n_needed; i++) {
		const ElfW(Vernaux) *version = (const void *)((const char *)need + need->vn_aux);

		for (size_t j = 0; j < need->vn_cnt; j++) {
			if (version->vna_other == wanted)
				return object->strings + version->vna_name;
			version = (const void *)((const char *)version + version->vna_next);
		}
		need = (const void *)((const char *)need + need->vn_next);
	}
	return NULL;
}

static bool binds_a_name(const ElfW(Rela) * relocation)
{
	switch (ELF64_R_TYPE(relocation->r_info)) {
	case R_X86_64_JUMP_SLOT:
	case R_X86_64_GLOB_DAT:
		return true;
	case R_X86_64_64:
		return relocation->r_addend == 0;
	default:
		return false;
	}
}

void ts_object_slots(const struct ts_object *object, ts_slot_fn *slot, void *context)
{
	for (int table = 0; table < 2; table++) {
		const ElfW(Rela) *relocation = object->relocations[table].first;
		const ElfW(Rela) *end = relocation + object->relocations[table].n;

		for (; relocation < end; relocation++) {
			uint32_t index = ELF64_R_SYM(relocation->r_info);
			const ElfW(Sym) *symbol = &object->symbols[index];
			struct ts_slot found;

			if (!index || !binds_a_name(relocation) ||
			    symbol->st_name >= object->strings_bytes)
				continue;
			found.address = (uintptr_t *)(object->base + relocation->r_offset);
			if ((uintptr_t)found.address % sizeof(uintptr_t))
				continue;
			found.name = object->strings + symbol->st_name;
			found.version = symbol->st_shndx == SHN_UNDEF
						? wanted_version(object, index)
						: NULL;
			found.symbol = symbol;
			slot(context, object, &found);
		}
	}
}

/* Is symbol `index` of the version wanted, or a default one where none is? */
static bool has_version(const struct ts_object *object, uint32_t index, const char *version)
{
	const ElfW(Verdef) *definition = object->defined;
	uint16_t own;

	if (!object->versions || !definition)
		return true;
	own = object->versions[index];
	if (!version)
		return !(own & 0x8000);
	for (size_t i = 0; i < object->n_defined; i++) {
		const ElfW(Verdaux) *name =
			(const void *)((const char *)definition + definition->vd_aux);

		if (definition->vd_ndx == (own & 0x7fff))
			return strcmp(object->strings + name->vda_name, version) == 0;
		definition = (const void *)((const char *)definition + definition->vd_next);
	}
	return false;
}

static bool defines(const struct ts_object *object, uint32_t index, const char *name,
		    const char *version)
{
	const ElfW(Sym) *symbol = &object->symbols[index];

	return symbol->st_shndx != SHN_UNDEF && symbol->st_name < object->strings_bytes &&
	       strcmp(object->strings + symbol->st_name, name) == 0 &&
	       has_version(object, index, version);
}

uint32_t ts_object_hash(const char *name)
{
	uint32_t hash = 5381;

	for (const char *c = name; *c; c++)
		hash = hash * 33 + (uint8_t)*c;
	return hash;
}

/* DT_GNU_HASH: two counts, a Bloom filter, buckets, chains that end in an odd hash. */
struct gnu_hash {
	uint32_t n_buckets, first, n_bloom, shift;
	const ElfW(Addr) * bloom;
	const uint32_t *buckets;
	const uint32_t *chain;
};

static struct gnu_hash gnu_hash_of(const struct ts_object *object)
{
	const uint32_t *table = object->gnu_hash;
	struct gnu_hash ret = {table[0], table[1], table[2], table[3], (const void *)(table + 4),
			       NULL,     NULL};

	ret.buckets = (const uint32_t *)(ret.bloom + ret.n_bloom);
	ret.chain = ret.buckets + ret.n_buckets;
	return ret;
}

static const ElfW(Sym) * look_up_gnu(const struct ts_object *object, const char *name,
				     uint32_t hash, const char *version)
{
	const struct gnu_hash table = gnu_hash_of(object);
	ElfW(Addr) both = 1UL << hash % 64 | 1UL << (hash >> table.shift) % 64;
	uint32_t i;

	if (!table.n_buckets ||
	    (table.n_bloom && (table.bloom[hash / 64 % table.n_bloom] & both) != both))
		return NULL;
	i = table.buckets[hash % table.n_buckets];
	if (i < table.first)
		return NULL;
	for (;; i++) {
		uint32_t other = table.chain[i - table.first];

		if ((other | 1) == (hash | 1) && defines(object, i, name, version))
			return &object->symbols[i];
		if (other & 1)
			return NULL;
	}
}

size_t ts_object_symbols(const struct ts_object *object)
{
	struct gnu_hash table;
	uint32_t last = 0;

	if (object->sysv_hash)
		return object->sysv_hash[1];
	if (!object->gnu_hash)
		return 0;
	table = gnu_hash_of(object);
	for (uint32_t i = 0; i < table.n_buckets; i++)
		last = table.buckets[i] > last ? table.buckets[i] : last;
	if (last < table.first)
		return table.first;
	while (!(table.chain[last - table.first] & 1))
		last++;
	return last + 1;
}

static const ElfW(Sym) *
	look_up_sysv(const struct ts_object *object, const char *name, const char *version)
{
	const uint32_t *table = object->sysv_hash;
	uint32_t n_buckets = table[0];
	const uint32_t *buckets = table + 2, *chain = buckets + n_buckets;
	uint32_t hash = 0;

	for (const char *c = name; *c; c++) {
		hash = (hash << 4) + (uint8_t)*c;
		hash ^= hash >> 24 & 0xf0;
		hash &= 0x0fffffff;
	}
	if (!n_buckets)
		return NULL;
	for (uint32_t i = buckets[hash % n_buckets]; i; i = chain[i])
		if (defines(object, i, name, version))
			return &object->symbols[i];
	return NULL;
}

const ElfW(Sym) * ts_object_definition_hashed(const struct ts_object *object, const char *name,
					      uint32_t hash, const char *version)
{
	if (object->gnu_hash)
		return look_up_gnu(object, name, hash, version);
	if (object->sysv_hash)
		return look_up_sysv(object, name, version);
	return NULL;
}

const ElfW(Sym) *
	ts_object_definition(const struct ts_object *object, const char *name, const char *version)
{
	return ts_object_definition_hashed(object, name, ts_object_hash(name), version);
}

bool ts_object_stands_for(const struct ts_object *object, const char *name, uintptr_t address)
{
	size_t n = ts_object_symbols(object);

	for (size_t i = 1; i < n; i++) {
		const ElfW(Sym) *symbol = &object->symbols[i];

		if (symbol->st_shndx == SHN_UNDEF && symbol->st_value &&
		    object->base + symbol->st_value == address)
			return strcmp(ts_object_name(object, symbol), name) == 0;
	}
	return false;
}

/*
 * Only a page that the dynamic linker has already made read-only is opened and closed again. A
 * RELRO page that can still be written belongs to an object in the making: that would break.
 */
int ts_object_store(const struct ts_object *object, const struct ts_maps *maps, uintptr_t *slot,
		    uintptr_t value)
{
	uintptr_t address = (uintptr_t)slot;
	void *page = (void *)(address & ~(PAGE - 1));
	bool relro = address >= object->relro_low && address < object->relro_high;
	const struct ts_mapping *mapping = ts_maps_find(maps, address);
	int result;

	if (!mapping)
		return -EACCES;
	if (mapping->protection & PROT_WRITE) {
		if (relro)
			return -EAGAIN;
		__atomic_store_n(slot, value, __ATOMIC_RELEASE);
		return 0;
	}
	if (!relro)
		return -EACCES;
	result = ts_sys_mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	if (result < 0)
		return result;
	__atomic_store_n(slot, value, __ATOMIC_RELEASE);
	return ts_sys_mprotect(page, PAGE, mapping->protection);
}
