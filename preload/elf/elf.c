// SPDX-License-Identifier: Apache-2.0
/* Loaded objects: symbols, versions, slots. */

#include "elf.h"

#include <errno.h>
#include <string.h>

#define PAGE 4096UL

/* Bytes that can be read from `address` on: to the end of its segment. 0: none. */
static size_t room_at(const struct ts_object *object, uintptr_t address)
{
	for (size_t i = 0; i < object->n_segments; i++) {
		const ElfW(Phdr) *segment = &object->segments[i];
		uintptr_t offset = address - object->base - segment->p_vaddr;

		if (segment->p_type == PT_LOAD && segment->p_flags & PF_R &&
		    offset < segment->p_memsz)
			return segment->p_memsz - offset;
	}
	return 0;
}

/*
 * The table at `address`, or NULL where none can be; how many entries there is room for. glibc rewrites the
 * addresses in most objects' dynamic sections when it loads them; not in all.
 */
static const void *table_at(const struct ts_object *object, uintptr_t address, size_t entry_bytes,
			    size_t align, size_t *ret_n)
{
	if (address < object->low)
		address += object->base;
	*ret_n = room_at(object, address) / entry_bytes;
	if (!*ret_n || address % align) {
		*ret_n = 0;
		return NULL;
	}
	return (const void *)address;
}

/* What lies `offset` bytes after `from`, if an entry of so many bytes does before `end`. */
static const void *entry_after(const void *from, uint32_t offset, size_t bytes, uintptr_t end)
{
	uintptr_t address = (uintptr_t)from + offset;

	return address % sizeof(uint32_t) == 0 && address + bytes <= end ? (const void *)address
									 : NULL;
}

const char *ts_object_string(const struct ts_object *object, uint64_t offset)
{
	return offset < object->strings_bytes ? object->strings + offset : NULL;
}

static void read_segments(const struct dl_phdr_info *info, struct ts_object *ret,
			  uintptr_t *ret_dynamic)
{
	ret->segments = info->dlpi_phdr;
	ret->n_segments = info->dlpi_phnum;
	ret->low = UINTPTR_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;
		uintptr_t end = start + segment->p_memsz;

		if (segment->p_type == PT_DYNAMIC)
			*ret_dynamic = start;
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

/* The last entry of this kind; NULL: there is none. */
static const ElfW(Dyn) * find_entry(const struct ts_object *object, ElfW(Sxword) tag)
{
	for (size_t i = object->n_dynamic; i > 0; i--)
		if (object->dynamic[i - 1].d_tag == tag)
			return &object->dynamic[i - 1];
	return NULL;
}

static uintptr_t value_of(const struct ts_object *object, ElfW(Sxword) tag)
{
	const ElfW(Dyn) *entry = find_entry(object, tag);

	return entry ? entry->d_un.d_val : 0;
}

static const void *find_table(const struct ts_object *object, ElfW(Sxword) tag, size_t entry_bytes,
			      size_t align, size_t *ret_n)
{
	const ElfW(Dyn) *entry = find_entry(object, tag);

	*ret_n = 0;
	return entry ? table_at(object, entry->d_un.d_val, entry_bytes, align, ret_n) : NULL;
}

static void at_most(size_t *n, size_t most)
{
	if (*n > most)
		*n = most;
}

static void find_strings(struct ts_object *ret)
{
	uintptr_t soname = value_of(ret, DT_SONAME);

	ret->strings = find_table(ret, DT_STRTAB, 1, 1, &ret->strings_bytes);
	at_most(&ret->strings_bytes, value_of(ret, DT_STRSZ));
	while (ret->strings_bytes && ret->strings[ret->strings_bytes - 1])
		ret->strings_bytes--;
	ret->soname = soname ? ts_object_string(ret, soname) : NULL;
}

static void find_symbols(struct ts_object *ret)
{
	ret->symbols = find_table(ret, DT_SYMTAB, sizeof(ElfW(Sym)), 8, &ret->n_symbols);
	ret->gnu_hash = find_table(ret, DT_GNU_HASH, 4, 4, &ret->n_gnu_hash);
	ret->sysv_hash = find_table(ret, DT_HASH, 4, 4, &ret->n_sysv_hash);
}

/* Lists whose entries say where the next one is: of so many bytes in all, and at least the first. */
static const void *find_list(const struct ts_object *object, ElfW(Sxword) tag, size_t first_bytes,
			     uintptr_t *ret_end)
{
	size_t bytes;
	const void *list = find_table(object, tag, 1, 4, &bytes);

	*ret_end = (uintptr_t)list + bytes;
	return bytes < first_bytes ? NULL : list;
}

static void find_versions(struct ts_object *ret)
{
	ret->versions = find_table(ret, DT_VERSYM, sizeof(ElfW(Versym)), 2, &ret->n_versions);
	ret->needed = find_list(ret, DT_VERNEED, sizeof(*ret->needed), &ret->needed_end);
	ret->n_needed = value_of(ret, DT_VERNEEDNUM);
	ret->defined = find_list(ret, DT_VERDEF, sizeof(*ret->defined), &ret->defined_end);
	ret->n_defined = value_of(ret, DT_VERDEFNUM);
}

static void find_relocations(struct ts_object *ret)
{
	static const struct {
		ElfW(Sxword) table, bytes;
	} tags[] = {{DT_RELA, DT_RELASZ}, {DT_JMPREL, DT_PLTRELSZ}};

	for (int i = 0; i < 2; i++) {
		ret->relocations[i].first = find_table(ret, tags[i].table, sizeof(ElfW(Rela)), 8,
						       &ret->relocations[i].n);
		at_most(&ret->relocations[i].n, value_of(ret, tags[i].bytes) / sizeof(ElfW(Rela)));
	}
	ret->has_packed_relocations = find_entry(ret, DT_RELR) != NULL;
}

static void read_dynamic(uintptr_t address, struct ts_object *ret)
{
	size_t room;

	ret->dynamic = table_at(ret, address, sizeof(ElfW(Dyn)), 8, &room);
	while (ret->n_dynamic < room && ret->dynamic[ret->n_dynamic].d_tag != DT_NULL)
		ret->n_dynamic++;
	ret->symbolic = find_entry(ret, DT_SYMBOLIC) || value_of(ret, DT_FLAGS) & DF_SYMBOLIC;
	find_strings(ret);
	find_symbols(ret);
	find_versions(ret);
	find_relocations(ret);
}

int ts_object_read(const struct dl_phdr_info *info, struct ts_object *ret)
{
	uintptr_t dynamic = 0;

	*ret = (struct ts_object){.path = info->dlpi_name, .base = info->dlpi_addr};
	read_segments(info, ret, &dynamic);
	if (!dynamic)
		return -ENOEXEC;
	read_dynamic(dynamic, ret);
	return ret->symbols && ret->strings_bytes ? 0 : -ENOEXEC;
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

static uint16_t version_of(const struct ts_object *object, uint32_t index)
{
	return index < object->n_versions ? object->versions[index] : VER_NDX_GLOBAL;
}

/* The version `wanted` in what one entry of the table wants of one other object, or NULL. */
static const char *version_in(const struct ts_object *object, const ElfW(Verneed) * need,
			      uint16_t wanted)
{
	const ElfW(Vernaux) *version =
		entry_after(need, need->vn_aux, sizeof(*version), object->needed_end);

	for (size_t i = 0; version && i < need->vn_cnt; i++) {
		if (version->vna_other == wanted)
			return ts_object_string(object, version->vna_name);
		if (!version->vna_next)
			break;
		version = entry_after(version, version->vna_next, sizeof(*version),
				      object->needed_end);
	}
	return NULL;
}

/* The name of the version that symbol `index` wants, or NULL. */
static const char *wanted_version(const struct ts_object *object, uint32_t index)
{
	const ElfW(Verneed) *need = object->needed;
	uint16_t wanted = version_of(object, index) & 0x7fff;

	if (!object->versions)
		return NULL;
	for (size_t i = 0; need && i < object->n_needed; i++) {
		const char *version = version_in(object, need, wanted);

		if (version || !need->vn_next)
			return version;
		need = entry_after(need, need->vn_next, sizeof(*need), object->needed_end);
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

/* Where the last slot was: the next one is nearly always in the same segment. */
struct span {
	uintptr_t low, end;
};

static bool holds_slot(const struct ts_object *object, uintptr_t address, struct span *span)
{
	size_t room;

	if (address % sizeof(uintptr_t))
		return false;
	if (address >= span->low && address + sizeof(uintptr_t) <= span->end)
		return true;
	room = room_at(object, address);
	if (room < sizeof(uintptr_t))
		return false;
	*span = (struct span){address, address + room};
	return true;
}

void ts_object_slots(const struct ts_object *object, ts_slot_fn *slot, void *context)
{
	struct span span = {0, 0};

	for (int table = 0; table < 2; table++) {
		const ElfW(Rela) *relocation = object->relocations[table].first;
		size_t n = object->relocations[table].n;

		for (; n; n--, relocation++) {
			uint32_t index = ELF64_R_SYM(relocation->r_info);
			uintptr_t address = object->base + relocation->r_offset;
			const ElfW(Sym) *symbol = &object->symbols[index];
			struct ts_slot found;

			if (!index || index >= object->n_symbols || !binds_a_name(relocation) ||
			    !holds_slot(object, address, &span))
				continue;
			found.address = (uintptr_t *)address;
			found.name = ts_object_string(object, symbol->st_name);
			if (!found.name)
				continue;
			found.version = symbol->st_shndx == SHN_UNDEF
						? wanted_version(object, index)
						: NULL;
			found.symbol = symbol;
			slot(context, object, &found);
		}
	}
}

/* A sanitizer in the program looks names up before its own strcmp works. */
static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Is symbol `index` of the version wanted, or a default one where none is? */
static bool has_version(const struct ts_object *object, uint32_t index, const char *version)
{
	const ElfW(Verdef) *definition = object->defined;
	uint16_t own = version_of(object, index);

	if (!object->versions || !definition)
		return true;
	if (!version)
		return !(own & 0x8000);
	if (own == VER_NDX_GLOBAL) /* the version of the object itself: it serves all */
		return true;
	for (size_t i = 0; definition && i < object->n_defined; i++) {
		if (definition->vd_ndx == (own & 0x7fff)) {
			const ElfW(Verdaux) *aux = entry_after(definition, definition->vd_aux,
							       sizeof(*aux), object->defined_end);
			const char *name = aux ? ts_object_string(object, aux->vda_name) : NULL;

			return name && same(name, version);
		}
		if (!definition->vd_next)
			break;
		definition = entry_after(definition, definition->vd_next, sizeof(*definition),
					 object->defined_end);
	}
	return false;
}

static bool defines(const struct ts_object *object, uint32_t index, const char *name,
		    const char *version)
{
	const ElfW(Sym) *symbol = &object->symbols[index];
	const char *own;

	if (index >= object->n_symbols || symbol->st_shndx == SHN_UNDEF)
		return false;
	own = ts_object_string(object, symbol->st_name);
	return own && same(own, name) && has_version(object, index, version);
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
	const uint32_t *bloom; /* pairs of them; gold does not align the table to 8 */
	const uint32_t *buckets;
	const uint32_t *chain;
	uint64_t n_chain; /* to the end of the segment */
};

/* False: the object has none, or it does not fit in where it lies. */
static bool gnu_hash_of(const struct ts_object *object, struct gnu_hash *ret)
{
	const uint32_t *table = object->gnu_hash;
	uint64_t buckets, chain; /* indexes of words */

	if (object->n_gnu_hash < 4 || !table[0])
		return false;
	*ret = (struct gnu_hash){.n_buckets = table[0],
				 .first = table[1],
				 .n_bloom = table[2],
				 .shift = table[3] % 32};
	buckets = 4 + ret->n_bloom * (uint64_t)(sizeof(ElfW(Addr)) / 4);
	chain = buckets + ret->n_buckets;
	if (chain >= object->n_gnu_hash)
		return false;
	ret->bloom = table + 4;
	ret->buckets = table + buckets;
	ret->chain = table + chain;
	ret->n_chain = object->n_gnu_hash - chain;
	return true;
}

/* Can a name of this hash be in the table? */
static bool bloom_has(const struct gnu_hash *table, uint32_t hash)
{
	uint64_t both = 1UL << hash % 64 | 1UL << (hash >> table->shift) % 64;
	const uint32_t *word;

	if (!table->n_bloom)
		return true;
	word = table->bloom + hash / 64 % table->n_bloom * 2UL;
	return ((word[0] | (uint64_t)word[1] << 32) & both) == both;
}

static const ElfW(Sym) * look_up_gnu(const struct ts_object *object, const char *name,
				     uint32_t hash, const char *version)
{
	struct gnu_hash table;
	uint32_t i;

	if (!gnu_hash_of(object, &table) || !bloom_has(&table, hash))
		return NULL;
	i = table.buckets[hash % table.n_buckets];
	for (; i >= table.first && i - table.first < table.n_chain; i++) {
		uint32_t other = table.chain[i - table.first];

		if ((other | 1) == (hash | 1) && defines(object, i, name, version))
			return &object->symbols[i];
		if (other & 1)
			break;
	}
	return NULL;
}

static size_t gnu_symbols(const struct ts_object *object)
{
	struct gnu_hash table;
	uint32_t last = 0;

	if (!gnu_hash_of(object, &table))
		return 0;
	for (uint32_t i = 0; i < table.n_buckets; i++)
		last = table.buckets[i] > last ? table.buckets[i] : last;
	if (last < table.first)
		return table.first;
	while (last - table.first < table.n_chain && !(table.chain[last - table.first] & 1))
		last++;
	return (size_t)last + 1;
}

size_t ts_object_symbols(const struct ts_object *object)
{
	size_t n = object->n_sysv_hash >= 2 ? object->sysv_hash[1] : gnu_symbols(object);

	at_most(&n, object->n_symbols);
	return n;
}

/* DT_HASH: two counts, buckets, one chain of symbols' indexes that ends in 0. */
static const ElfW(Sym) *
	look_up_sysv(const struct ts_object *object, const char *name, const char *version)
{
	const uint32_t *table = object->sysv_hash;
	uint64_t chain;
	uint32_t n_buckets, hash = 0;

	if (object->n_sysv_hash < 2)
		return NULL;
	n_buckets = table[0];
	chain = 2 + (uint64_t)n_buckets;
	if (!n_buckets || chain > object->n_sysv_hash)
		return NULL;
	for (const char *c = name; *c; c++) {
		hash = (hash << 4) + (uint8_t)*c;
		hash ^= hash >> 24 & 0xf0;
		hash &= 0x0fffffff;
	}
	/* no chain is longer than the table, unless it goes round in it */
	for (uint32_t i = table[2 + hash % n_buckets], n = 0;
	     i && chain + i < object->n_sysv_hash && n < object->n_sysv_hash;
	     i = table[chain + i], n++)
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

void ts_object_functions(const struct ts_object *object, ts_name_fn *function, void *context)
{
	size_t n = ts_object_symbols(object);

	for (size_t i = 1; i < n; i++) {
		const ElfW(Sym) *symbol = &object->symbols[i];

		if (symbol->st_shndx != SHN_UNDEF && ts_symbol_is_function(symbol))
			function(context, object, ts_object_name(object, symbol));
	}
}

bool ts_object_needs(const struct ts_object *object, const char *library)
{
	for (size_t i = 0; i < object->n_dynamic; i++) {
		const char *name = ts_object_string(object, object->dynamic[i].d_un.d_val);

		if (object->dynamic[i].d_tag == DT_NEEDED && name && strcmp(name, library) == 0)
			return true;
	}
	return false;
}

/* The last string ends the table, or the table is read no further. */
bool ts_object_mentions(const struct ts_object *object, const char *word)
{
	size_t bytes = strlen(word);

	for (size_t at = 0; at + bytes <= object->strings_bytes; at++)
		if (object->strings[at] == word[0] &&
		    memcmp(object->strings + at, word, bytes) == 0)
			return true;
	return false;
}
