// SPDX-License-Identifier: Apache-2.0
/* Module: symbols of ELF files, by libelf. Opened with the first call stack that is stored. */

#include "symbolize.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) ts_symbolize_fn ts_symbolize;

/* A note's bytes are the id that `text` writes in hexadecimal. */
static bool same_id(const unsigned char *id, size_t bytes, const char *text)
{
	char digits[3];

	for (size_t i = 0; i < bytes; i++) {
		snprintf(digits, sizeof(digits), "%02x", id[i]);
		if (strncmp(text + 2 * i, digits, 2) != 0)
			return false;
	}
	return text[2 * bytes] == '\0';
}

/* -1: there is no build id in this section; else whether it is the wanted one. */
static int check_notes(Elf_Data *data, const char *build_id)
{
	size_t at = 0, name, desc;
	GElf_Nhdr note;

	while (data && (at = gelf_getnote(data, at, &note, &name, &desc)) > 0)
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU"))
			return same_id((unsigned char *)data->d_buf + desc, note.n_descsz,
				       build_id);
	return -1;
}

static bool is_the_one(Elf *elf, const char *build_id)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		int same;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_NOTE)
			continue;
		same = check_notes(elf_getdata(section, NULL), build_id);
		if (same >= 0)
			return same;
	}
	return !*build_id;
}

/* The innermost function that covers the place; of two at one address the global one. */
static void offer(struct ts_place *place, const GElf_Sym *symbol, const char *name)
{
	bool better =
		!place->symbol || symbol->st_value > place->start ||
		(symbol->st_value == place->start && GELF_ST_BIND(symbol->st_info) == STB_GLOBAL);
	char *copy;

	if (place->offset < symbol->st_value ||
	    place->offset - symbol->st_value >= symbol->st_size || !better)
		return;
	copy = strndup(name, strcspn(name, "@")); /* what follows is a version */
	if (!copy)
		return;
	free(place->symbol);
	place->symbol = copy;
	place->start = symbol->st_value;
}

static void read_symbols(Elf *elf, Elf_Scn *section, const GElf_Shdr *header,
			 struct ts_place *places, size_t n_places)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t n = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	GElf_Sym symbol;

	for (size_t i = 0; i < n; i++) {
		const char *name;

		if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF ||
		    (GELF_ST_TYPE(symbol.st_info) != STT_FUNC &&
		     GELF_ST_TYPE(symbol.st_info) != STT_GNU_IFUNC))
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		for (size_t j = 0; name && *name && j < n_places; j++)
			offer(&places[j], &symbol, name);
	}
}

/* Is there a table of all symbols, and not only of those for the dynamic linker? */
static bool read_elf(Elf *elf, struct ts_place *places, size_t n)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	bool whole = false;

	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) ||
		    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		whole |= header.sh_type == SHT_SYMTAB;
		read_symbols(elf, section, &header, places, n);
	}
	return whole;
}

static bool read_file(const char *path, const char *build_id, struct ts_place *places, size_t n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	/* not mapped: who writes the file anew meanwhile would end the traced program with a SIGBUS */
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	bool whole = false;

	if (elf && elf_kind(elf) == ELF_K_ELF && is_the_one(elf, build_id))
		whole = read_elf(elf, places, n);
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return whole;
}

void ts_symbolize(const char *path, const char *build_id, struct ts_place *places, size_t n)
{
	char debug[256];

	elf_version(EV_CURRENT);
	for (size_t i = 0; i < n; i++)
		places[i].symbol = NULL;
	if (*path != '/' || read_file(path, build_id, places, n) || strlen(build_id) < 4)
		return;
	snprintf(debug, sizeof(debug), "/usr/lib/debug/.build-id/%.2s/%s.debug", build_id,
		 build_id + 2);
	read_file(debug, build_id, places, n);
}
