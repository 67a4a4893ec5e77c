// SPDX-License-Identifier: Apache-2.0
/* A file, its debug file, and the symbols of both. */

#include "debuginfo.h"

#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debugimpl.h"

void *ts_debug_push(struct ts_debuginfo *info, struct ts_debug_vector *vector, size_t size)
{
	if (vector->n == vector->room) {
		size_t room = vector->room ? vector->room * 2 : 64;
		void *larger = reallocarray(vector->items, room, size);

		if (!larger) {
			info->no_memory = true;
			return NULL;
		}
		vector->items = larger;
		vector->room = room;
	}
	return memset((char *)vector->items + vector->n++ * size, 0, size);
}

/* --- symbols --------------------------------------------------------------------------------- */

/* "memcpy" of "memcpy@@GLIBC_2.14" */
static const char *unversioned(struct ts_debuginfo *info, const char *name)
{
	const char *at = strchr(name, '@');

	return at ? ts_pool_strndup(&info->pool, name, (size_t)(at - name)) : name;
}

static void take_symbol(struct ts_debuginfo *info, const char *name, const GElf_Sym *sym,
			uint64_t address, bool exported, bool own)
{
	int type = GELF_ST_TYPE(sym->st_info);
	bool function = type == STT_FUNC || type == STT_GNU_IFUNC;
	struct ts_symbol *symbol;

	if (!name || !*name || sym->st_shndx == SHN_UNDEF || (!function && type != STT_OBJECT))
		return;
	symbol = ts_debug_push(info, &info->symbols, sizeof(*symbol));
	if (!symbol)
		return;
	symbol->name = unversioned(info, name);
	symbol->address = address;
	symbol->bytes = sym->st_size;
	symbol->exported = exported;
	symbol->function = function;
	symbol->resolver = type == STT_GNU_IFUNC;
	symbol->own = own;
	if (!symbol->name)
		info->symbols.n--;
}

static bool is_local(const GElf_Sym *sym)
{
	int visibility = GELF_ST_VISIBILITY(sym->st_other);

	return GELF_ST_BIND(sym->st_info) == STB_LOCAL || visibility == STV_HIDDEN ||
	       visibility == STV_INTERNAL;
}

/* What the file itself has; its .dynsym is what it exports. */
static void take_own_symbols(struct ts_debuginfo *info, Elf *elf, GElf_Addr bias)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		Elf_Data *data = elf_getdata(section, NULL);

		if (!data || !gelf_getshdr(section, &header) ||
		    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		for (int i = 0; header.sh_entsize && i < (int)(header.sh_size / header.sh_entsize);
		     i++) {
			GElf_Sym sym;

			if (gelf_getsym(data, i, &sym))
				take_symbol(info, elf_strptr(elf, header.sh_link, sym.st_name),
					    &sym, sym.st_value + bias,
					    header.sh_type == SHT_DYNSYM && !is_local(&sym), true);
		}
	}
}

/* ... and those of the debug file, where the file was stripped. */
static void take_symbols(struct ts_debuginfo *info)
{
	int n = dwfl_module_getsymtab(info->module);

	for (int i = 0; i < n; i++) {
		GElf_Sym sym;
		GElf_Addr address;
		const char *name =
			dwfl_module_getsym_info(info->module, i, &sym, &address, NULL, NULL, NULL);

		take_symbol(info, name, &sym, address, false, false);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct ts_symbol *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	if (!order)
		order = left->address < right->address ? -1 : left->address > right->address;
	return order;
}

/* One of those that say the same, which knows what all of them know. */
static void merge_symbols(struct ts_debug_vector *symbols)
{
	struct ts_symbol *all = symbols->items;
	size_t n = 0;

	if (symbols->n)
		qsort(all, symbols->n, sizeof(*all), by_name);
	for (size_t i = 0; i < symbols->n; i++) {
		if (n && !by_name(&all[n - 1], &all[i])) {
			all[n - 1].exported |= all[i].exported;
			all[n - 1].own |= all[i].own;
		} else {
			all[n++] = all[i];
		}
	}
	symbols->n = n;
}

const struct ts_symbol *ts_debuginfo_symbols(const struct ts_debuginfo *info, size_t *ret_n)
{
	*ret_n = info->symbols.n;
	return info->symbols.items;
}

/* --- opening --------------------------------------------------------------------------------- */

static int fail(struct ts_error *err, const char *path)
{
	int number = dwfl_errno();

	return ts_error_set(err, -EIO, "%s: %s", path, dwfl_errmsg(number ? number : -1));
}

static int report(struct ts_debuginfo *info, const char *path, struct ts_error *err)
{
	GElf_Addr bias;
	Elf *elf;

	info->dwfl = dwfl_begin(&info->callbacks);
	if (!info->dwfl)
		return fail(err, path);
	dwfl_report_begin(info->dwfl);
	info->module = dwfl_report_elf(info->dwfl, path, path, -1, 0, true);
	if (!info->module || dwfl_report_end(info->dwfl, NULL, NULL) < 0)
		return fail(err, path);
	elf = dwfl_module_getelf(info->module, &bias);
	if (!elf)
		return fail(err, path);
	take_own_symbols(info, elf, bias);
	take_symbols(info);
	merge_symbols(&info->symbols);
	return 0;
}

int ts_debuginfo_open(struct ts_debuginfo **ret, const char *path, const char *folder,
		      struct ts_error *err)
{
	struct ts_debuginfo *info = calloc(1, sizeof(*info));
	int result = -ENOMEM;

	/* elfutils would ask the servers that this names */
	unsetenv("DEBUGINFOD_URLS");
	/* the same place and .debug beside the file, then the folders; checksums are compared */
	if (info && asprintf(&info->path, "+:.debug%s%s:/usr/lib/debug", folder ? ":" : "",
			     folder ? folder : "") < 0)
		info->path = NULL;
	if (info && info->path) {
		info->callbacks = (Dwfl_Callbacks){
			.find_elf = dwfl_build_id_find_elf,
			.find_debuginfo = dwfl_standard_find_debuginfo,
			.section_address = dwfl_offline_section_address,
			.debuginfo_path = &info->path,
		};
		result = report(info, path, err);
	} else {
		ts_error_set(err, result, "out of memory");
	}
	if (!result && info->no_memory)
		result = ts_error_set(err, -ENOMEM, "out of memory");
	if (result < 0)
		ts_debuginfo_free(info);
	else
		*ret = info;
	return result;
}

void ts_debuginfo_free(struct ts_debuginfo *info)
{
	if (!info)
		return;
	if (info->dwfl)
		dwfl_end(info->dwfl);
	free(info->path);
	free(info->symbols.items);
	free(info->bodies.items);
	free(info->abstracts.items);
	free(info->copies.items);
	free(info->types.items);
	free(info->inlined.items);
	ts_pool_release(&info->pool);
	free(info);
}

Dwarf *ts_debug_dwarf(struct ts_debuginfo *info)
{
	Dwarf_Addr bias;

	/* the module lies where its file says, so there is no bias */
	if (!info->dwarf)
		info->dwarf = dwfl_module_getdwarf(info->module, &bias);
	return info->dwarf;
}

uint64_t ts_debuginfo_bytes(struct ts_debuginfo *info)
{
	Dwarf *dwarf = ts_debug_dwarf(info);
	Elf *elf = dwarf ? dwarf_getelf(dwarf) : NULL;
	Elf_Scn *section = NULL;
	uint64_t bytes = 0;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names) < 0)
		return 0;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name = NULL;

		if (gelf_getshdr(section, &header))
			name = elf_strptr(elf, names, header.sh_name);
		if (name && (!strcmp(name, ".debug_info") || !strcmp(name, ".zdebug_info")))
			bytes += header.sh_size;
	}
	return bytes;
}
