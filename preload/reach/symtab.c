// SPDX-License-Identifier: Apache-2.0
/* .symtab of files. */

#include "symtab.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../system/pages.h"
#include "../system/sys.h"

#define MOST_BYTES    (4UL << 30)
#define MOST_BUILD_ID 64
#define MOST_NOTES    65536

/* In memory, or in a file that is read part by part. */
struct file {
	const char *bytes; /* NULL: in the file */
	uint64_t n;
	int fd;
	struct ts_symtab *read; /* owns the parts */
};

static bool read_all(int fd, char *to, size_t bytes, uint64_t offset)
{
	for (size_t done = 0; done < bytes;) {
		long n = ts_sys_pread(fd, to + done, bytes - done, (long)(offset + done));

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* `bytes` bytes at `offset`; NULL where the file does not hold them, or there is no memory. */
static const void *part(const struct file *file, uint64_t offset, uint64_t bytes)
{
	struct ts_symtab *to = file->read;
	void *pages;

	if (offset > file->n || bytes > file->n - offset || !bytes)
		return NULL;
	if (file->bytes)
		return offset % 8 ? NULL : file->bytes + offset;
	pages = to->n_parts < TS_SYMTAB_PARTS ? ts_pages_new(bytes) : NULL;
	if (!pages)
		return NULL;
	to->parts[to->n_parts++] = (struct ts_symtab_part){pages, bytes};
	return read_all(file->fd, pages, bytes, offset) ? pages : NULL;
}

/* The last part that was read is not needed any more. */
static void drop_part(const struct file *file)
{
	struct ts_symtab *from = file->read;

	if (file->bytes || !from->n_parts)
		return;
	from->n_parts--;
	ts_pages_free(from->parts[from->n_parts].pages, from->parts[from->n_parts].bytes);
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

/* The section headers, which may be many: then the first of them says how many. */
static const ElfW(Shdr) * sections(const struct file *file, size_t *ret_n)
{
	const ElfW(Ehdr) *elf = header(file);
	const ElfW(Shdr) * first;
	uint64_t n, offset;

	if (!elf || elf->e_shentsize != sizeof(*first) || !elf->e_shoff)
		return NULL;
	n = elf->e_shnum;
	offset = elf->e_shoff;
	drop_part(file);
	if (!n) {
		first = part(file, offset, sizeof(*first));
		n = first ? first->sh_size : 0;
		drop_part(file);
	}
	*ret_n = n;
	return n <= file->n / sizeof(*first) ? part(file, offset, n * sizeof(*first)) : NULL;
}

/* 0, or -ENOEXEC */
static int take_strings(const struct file *file, const ElfW(Shdr) * section, struct ts_symtab *ret)
{
	uint64_t low = section->sh_offset & ~7UL, past = section->sh_offset - low;
	const char *strings;

	if (section->sh_type != SHT_STRTAB || !section->sh_size || section->sh_size > file->n)
		return -ENOEXEC;
	strings = part(file, low, section->sh_size + past);
	if (!strings || strings[past + section->sh_size - 1])
		return -ENOEXEC;
	ret->strings = strings + past;
	ret->strings_bytes = section->sh_size;
	return 0;
}

static int read_file(const struct file *file, struct ts_symtab *ret)
{
	size_t n_sections = 0;
	const ElfW(Shdr) *all = sections(file, &n_sections);

	if (!all)
		return -ENOEXEC;
	for (size_t i = 0; i < n_sections; i++) {
		const ElfW(Shdr) *section = &all[i];

		if (section->sh_type != SHT_SYMTAB)
			continue;
		if (section->sh_entsize != sizeof(*ret->symbols) || section->sh_link >= n_sections)
			return -ENOEXEC;
		ret->symbols = part(file, section->sh_offset, section->sh_size);
		ret->n = section->sh_size / sizeof(*ret->symbols);
		return ret->symbols ? take_strings(file, &all[section->sh_link], ret) : -ENOEXEC;
	}
	return -ENOENT;
}

int ts_symtab_read(const void *bytes, size_t n, struct ts_symtab *ret)
{
	const struct file file = {.bytes = bytes, .n = n, .read = ret};

	*ret = (struct ts_symtab){.n = 0};
	return read_file(&file, ret);
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

/* Copies the file's build id; how many bytes it has, 0: none. */
static size_t build_id_of_file(const struct file *file, uint8_t ret[MOST_BUILD_ID])
{
	size_t n = 0;
	const ElfW(Shdr) *all = sections(file, &n);
	struct build_id id = {NULL, 0};

	for (size_t i = 0; all && i < n && !id.n; i++) {
		const void *notes;

		if (all[i].sh_type != SHT_NOTE || all[i].sh_size > MOST_NOTES)
			continue;
		notes = part(file, all[i].sh_offset & ~7UL, all[i].sh_size + all[i].sh_offset % 8);
		if (!notes)
			continue;
		id = find_build_id((const char *)notes + all[i].sh_offset % 8, all[i].sh_size);
		if (id.n > MOST_BUILD_ID)
			id.n = 0;
		for (size_t j = 0; j < id.n; j++)
			ret[j] = id.bytes[j];
		drop_part(file);
	}
	if (all)
		drop_part(file);
	return id.n;
}

/* Does the file hold the object's code, segment by segment? */
static bool has_its_code(const struct ts_object *object, const struct file *file)
{
	for (size_t i = 0; i < object->n_segments; i++) {
		const ElfW(Phdr) *segment = &object->segments[i];
		const void *code;
		bool same;

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X) ||
		    !(segment->p_flags & PF_R))
			continue;
		code = part(file, segment->p_offset & ~7UL,
			    segment->p_filesz + segment->p_offset % 8);
		if (!code)
			return false;
		same = memcmp((const char *)code + segment->p_offset % 8,
			      (const void *)(object->base + segment->p_vaddr),
			      segment->p_filesz) == 0;
		drop_part(file);
		if (!same)
			return false;
	}
	return true;
}

/* By build id; without one by the program headers, which say where everything lies, and the code itself. */
static bool is_what_was_loaded(const struct ts_object *object, const struct file *file)
{
	struct build_id loaded = build_id_of_object(object);
	uint8_t id[MOST_BUILD_ID];
	size_t n = build_id_of_file(file, id), bytes = object->n_segments * sizeof(ElfW(Phdr));
	const ElfW(Ehdr) * elf;
	const void *segments;
	uint64_t offset;

	if (loaded.n || n)
		return loaded.n == n && memcmp(loaded.bytes, id, n) == 0;
	elf = header(file);
	if (!elf || elf->e_phnum != object->n_segments)
		return false;
	offset = elf->e_phoff;
	drop_part(file);
	segments = part(file, offset, bytes);
	if (!segments || memcmp(segments, object->segments, bytes) != 0)
		return false;
	drop_part(file);
	return has_its_code(object, file);
}

/* --- files ------------------------------------------------------------------------------------ */

static int open_descriptor(int fd, const struct ts_object *object, struct ts_symtab *ret)
{
	struct file file = {.fd = fd, .read = ret};
	struct stat status;
	int result = ts_sys_fstat(fd, &status);

	if (result < 0)
		return result;
	if (!S_ISREG(status.st_mode) || status.st_size <= 0 ||
	    (uint64_t)status.st_size > MOST_BYTES)
		return -ENOEXEC;
	file.n = (uint64_t)status.st_size;
	result = read_file(&file, ret); /* most files have none, and need no further look */
	return result == 0 && !is_what_was_loaded(object, &file) ? -ESTALE : result;
}

static int open_file(const struct ts_object *object, const char *path, struct ts_symtab *ret)
{
	int fd = ts_sys_open(path, O_RDONLY | O_NONBLOCK, 0);
	int result;

	*ret = (struct ts_symtab){.n = 0};
	if (fd < 0)
		return fd;
	result = open_descriptor(fd, object, ret);
	ts_sys_close(fd);
	if (result < 0)
		ts_symtab_close(ret);
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

/* The program's file is the one that runs, wherever its path leads by now. */
static int open_own_file(const struct ts_object *object, const char *path, struct ts_symtab *ret)
{
	int result = object->path[0] ? -ENOENT : open_file(object, "/proc/self/exe", ret);

	return result == 0 || (!object->path[0] && result == -ENOENT)
		       ? result
		       : open_file(object, path, ret);
}

int ts_symtab_open(const struct ts_object *object, const char *path, struct ts_symtab *ret)
{
	char debug[2 * MOST_BUILD_ID + 64];
	int result;

	/* the kernel's own has a name alone, which must lead to no file of the working directory */
	if (object->path[0] && !strchr(path, '/'))
		return -ENOENT;
	result = open_own_file(object, path, ret);
	if (result == 0 || !debug_path(object, debug, sizeof(debug)))
		return result;
	return open_file(object, debug, ret) == 0 ? 0 : result;
}

void ts_symtab_close(struct ts_symtab *symtab)
{
	for (size_t i = 0; i < symtab->n_parts; i++)
		ts_pages_free(symtab->parts[i].pages, symtab->parts[i].bytes);
	*symtab = (struct ts_symtab){.n = 0};
}
