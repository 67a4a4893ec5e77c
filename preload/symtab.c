// SPDX-License-Identifier: Apache-2.0
/* .symtab of files. */

#include "symtab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "sys.h"

#define MOST_BYTES    (4UL << 30)
#define MOST_BUILD_ID 64

struct file {
	const char *bytes;
	size_t n;
};

/* `bytes` bytes at `offset`, aligned for what lies there; NULL where the file does not hold them. */
static const void *part(const struct file *file, uint64_t offset, uint64_t bytes)
{
	if (offset > file->n || bytes > file->n - offset || offset % 8)
		return NULL;
	return file->bytes + offset;
}

static const ElfW(Ehdr) * header(const struct file *file)
{
	const ElfW(Ehdr) *elf = part(file, 0, sizeof(*elf));

	if (!elf || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_ident[EI_DATA] != ELFDATA2LSB ||
	    elf->e_machine != EM_X86_64)
		return NULL;
	return elf;
}

static const ElfW(Shdr) * sections(const struct file *file, size_t *ret_n)
{
	const ElfW(Ehdr) *elf = header(file);
	const ElfW(Shdr) * first;

	if (!elf || elf->e_shentsize != sizeof(*first))
		return NULL;
	first = part(file, elf->e_shoff, sizeof(*first));
	if (!first || !elf->e_shoff)
		return NULL;
	*ret_n = elf->e_shnum ? elf->e_shnum : first->sh_size;
	if (*ret_n > file->n / sizeof(*first) || !part(file, elf->e_shoff, *ret_n * sizeof(*first)))
		return NULL;
	return first;
}

/* 0, or -ENOEXEC */
static int take_strings(const struct file *file, const ElfW(Shdr) * section, struct ts_symtab *ret)
{
	if (section->sh_type != SHT_STRTAB || section->sh_offset > file->n ||
	    section->sh_size > file->n - section->sh_offset || !section->sh_size)
		return -ENOEXEC;
	ret->strings = file->bytes + section->sh_offset;
	ret->strings_bytes = section->sh_size;
	return ret->strings[ret->strings_bytes - 1] ? -ENOEXEC : 0;
}

int ts_symtab_read(const void *bytes, size_t n, struct ts_symtab *ret)
{
	const struct file file = {bytes, n};
	size_t n_sections = 0;
	const ElfW(Shdr) *all = sections(&file, &n_sections);

	*ret = (struct ts_symtab){0};
	if (!all)
		return -ENOEXEC;
	for (size_t i = 0; i < n_sections; i++) {
		const ElfW(Shdr) *section = &all[i];

		if (section->sh_type != SHT_SYMTAB)
			continue;
		ret->symbols = part(&file, section->sh_offset, section->sh_size);
		ret->n = section->sh_size / sizeof(*ret->symbols);
		if (!ret->symbols || section->sh_entsize != sizeof(*ret->symbols) ||
		    section->sh_link >= n_sections)
			return -ENOEXEC;
		return take_strings(&file, &all[section->sh_link], ret);
	}
	return -ENOENT;
}

const char *ts_symtab_name(const struct ts_symtab *symtab, size_t index)
{
	uint32_t name = symtab->symbols[index].st_name;

	return name < symtab->strings_bytes ? symtab->strings + name : "";
}

/* --- is it the file that was loaded? --------------------------------------------------------- */

struct build_id {
	const uint8_t *bytes;
	size_t n;
};

/* Among the notes at [at, at + bytes): name size, descriptor size, type, name, descriptor. */
static struct build_id find_build_id(const char *at, size_t bytes)
{
	while (bytes >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)at;
		size_t name = (note->n_namesz + 3UL) & ~3UL, text = (note->n_descsz + 3UL) & ~3UL;
		size_t whole = sizeof(*note) + name + text;

		if (whole > bytes)
			break;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    memcmp(note + 1, "GNU", 4) == 0)
			return (struct build_id){(const uint8_t *)(note + 1) + name,
						 note->n_descsz};
		at += whole;
		bytes -= whole;
	}
	return (struct build_id){NULL, 0};
}

static struct build_id build_id_of_object(const struct ts_object *object)
{
	struct build_id id = {NULL, 0};

	for (size_t i = 0; i < object->n_segments && !id.n; i++) {
		const ElfW(Phdr) *segment = &object->segments[i];
		uintptr_t start = object->base + segment->p_vaddr;

		if (segment->p_type == PT_NOTE && start >= object->low &&
		    segment->p_memsz <= object->high - start)
			id = find_build_id((const char *)start, segment->p_memsz);
	}
	return id;
}

static struct build_id build_id_of_file(const struct file *file)
{
	struct build_id id = {NULL, 0};
	size_t n = 0;
	const ElfW(Shdr) *all = sections(file, &n);

	for (size_t i = 0; all && i < n && !id.n; i++)
		if (all[i].sh_type == SHT_NOTE && all[i].sh_offset % 4 == 0 &&
		    all[i].sh_offset <= file->n && all[i].sh_size <= file->n - all[i].sh_offset)
			id = find_build_id(file->bytes + all[i].sh_offset, all[i].sh_size);
	return id;
}

/* By build id; without one by the program headers, which say where everything lies. */
static bool is_what_was_loaded(const struct ts_object *object, const struct file *file)
{
	struct build_id loaded = build_id_of_object(object), here = build_id_of_file(file);
	const ElfW(Ehdr) *elf = header(file);
	const void *segments;

	if (loaded.n || here.n)
		return loaded.n == here.n && memcmp(loaded.bytes, here.bytes, here.n) == 0;
	if (!elf || elf->e_phnum != object->n_segments)
		return false;
	segments = part(file, elf->e_phoff, object->n_segments * sizeof(ElfW(Phdr)));
	return segments &&
	       memcmp(segments, object->segments, object->n_segments * sizeof(ElfW(Phdr))) == 0;
}

/* --- files ------------------------------------------------------------------------------------ */

static int map_file(const char *path, struct file *ret)
{
	int fd = ts_sys_open(path, O_RDONLY, 0);
	struct stat status;
	int result = fd < 0 ? fd : ts_sys_fstat(fd, &status);
	void *map = NULL;

	if (result == 0 && (!S_ISREG(status.st_mode) || status.st_size <= 0 ||
			    (uint64_t)status.st_size > MOST_BYTES))
		result = -ENOEXEC;
	if (result == 0) {
		map = ts_sys_mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		result = ts_sys_failed(map) ? -ENOMEM : 0;
	}
	if (fd >= 0)
		ts_sys_close(fd);
	if (result == 0)
		*ret = (struct file){map, (size_t)status.st_size};
	return result;
}

static int open_file(const struct ts_object *object, const char *path, struct ts_symtab *ret)
{
	struct file file;
	int result = map_file(path, &file);

	if (result < 0)
		return result;
	result = is_what_was_loaded(object, &file) ? ts_symtab_read(file.bytes, file.n, ret)
						   : -ESTALE;
	if (result < 0)
		ts_sys_munmap((void *)file.bytes, file.n);
	ret->map = (void *)file.bytes;
	ret->map_bytes = file.n;
	return result;
}

/* /usr/lib/debug/.build-id/ab/cdef0123.debug; false where the object has no build id */
static bool debug_path(const struct ts_object *object, char *ret, size_t bytes)
{
	struct build_id id = build_id_of_object(object);
	size_t done;

	if (id.n < 2 || id.n > MOST_BUILD_ID)
		return false;
	done = (size_t)snprintf(ret, bytes, "/usr/lib/debug/.build-id/%02x/", id.bytes[0]);
	for (size_t i = 1; i < id.n; i++)
		done += (size_t)snprintf(ret + done, bytes - done, "%02x", id.bytes[i]);
	snprintf(ret + done, bytes - done, ".debug");
	return true;
}

int ts_symtab_open(const struct ts_object *object, const char *path, struct ts_symtab *ret)
{
	char debug[2 * MOST_BUILD_ID + 64];
	int result = open_file(object, path, ret);

	if (result == 0 || !debug_path(object, debug, sizeof(debug)))
		return result;
	return open_file(object, debug, ret) == 0 ? 0 : result;
}

void ts_symtab_close(struct ts_symtab *symtab)
{
	if (symtab->map)
		ts_sys_munmap(symtab->map, symtab->map_bytes);
	*symtab = (struct ts_symtab){0};
}
