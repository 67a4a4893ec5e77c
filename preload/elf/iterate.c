// SPDX-License-Identifier: Apache-2.0
/* The C library's dl_iterate_phdr, found in the dynamic linker's list for debuggers. */

#include "iterate.h"

#include "elf.h"

/* Weak, or the linker would have us need ld.so by name. */
#pragma weak _r_debug

typedef int callback_fn(struct dl_phdr_info *info, size_t bytes, void *context);
typedef int iterate_fn(callback_fn *callback, void *context);

/* The ELF header of a library lies where it was loaded; that of the program need not. */
static iterate_fn *find_in(const struct link_map *map)
{
	const ElfW(Ehdr) *header = (const void *)map->l_addr;
	struct dl_phdr_info info = {.dlpi_addr = map->l_addr, .dlpi_name = map->l_name};
	struct ts_object object;
	const ElfW(Sym) * symbol;

	info.dlpi_phdr = (const void *)(map->l_addr + header->e_phoff);
	info.dlpi_phnum = header->e_phnum;
	if (ts_object_read(&info, &object) < 0)
		return NULL;
	symbol = ts_object_definition(&object, "dl_iterate_phdr", NULL);
	return symbol ? (iterate_fn *)(object.base + symbol->st_value) : NULL;
}

/* No strcmp: a sanitizer's own may be as far from being ready. */
static bool is_c_library(const struct link_map *map)
{
	static const char wanted[] = "/libc.so.6";
	size_t at = 0;

	for (const char *name = map->l_name; *name; name++) {
		at = *name == '/' ? 0 : at;
		at = at < sizeof(wanted) && *name == wanted[at] ? at + 1 : sizeof(wanted);
	}
	return map->l_addr && at == sizeof(wanted) - 1;
}

int ts_iterate_phdr(callback_fn *callback, void *context)
{
	static iterate_fn *own;
	iterate_fn *found = __atomic_load_n(&own, __ATOMIC_ACQUIRE);
	const struct link_map *map = &_r_debug ? _r_debug.r_map : NULL;

	while (!found && map && !is_c_library(map))
		map = map->l_next;
	if (!found && map)
		found = find_in(map);
	if (!found)
		found = dl_iterate_phdr;
	__atomic_store_n(&own, found, __ATOMIC_RELEASE);
	return found(callback, context);
}
