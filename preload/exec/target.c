// SPDX-License-Identifier: Apache-2.0
/* The file of the next program. */

#include "target.h"

#include <elf.h>
#include <string.h>

#include "../system/sys.h"

#define LINKER         "ld-linux-x86-64.so.2"
#define SCRIPTS_NESTED 5 /* as the kernel has it */

static bool read_at(int fd, void *ret, size_t bytes, uint64_t offset)
{
	return ts_syscall(SYS_pread64, fd, (long)ret, (long)bytes, (long)offset, 0, 0) ==
	       (long)bytes;
}

static bool linker_is_glibc(int fd, const Elf64_Phdr *header)
{
	char path[256];
	size_t bytes = header->p_filesz;
	const char *base;

	if (bytes < 2 || bytes > sizeof(path) || !read_at(fd, path, bytes, header->p_offset))
		return true;
	path[bytes - 1] = '\0';
	base = strrchr(path, '/');
	return strcmp(base ? base + 1 : path, LINKER) == 0;
}

/* No linker: a static program, which never looks, or the linker itself, which does. */
static bool elf_takes_us(int fd)
{
	Elf64_Ehdr elf;
	Elf64_Phdr header;

	if (!read_at(fd, &elf, sizeof(elf), 0))
		return true;
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_machine != EM_X86_64)
		return false;
	for (unsigned int i = 0; i < elf.e_phnum && i < 64; i++) {
		if (!read_at(fd, &header, sizeof(header), elf.e_phoff + i * sizeof(header)))
			return true;
		if (header.p_type == PT_INTERP)
			return linker_is_glibc(fd, &header);
	}
	return true;
}

static bool takes_us(int fd, int nested);

static bool path_takes_us(int folder, const char *path, int nested)
{
	struct stat about;
	bool result;
	int fd;

	/* what is no file is not opened: a device might notice */
	if (ts_syscall(SYS_newfstatat, folder, (long)path, (long)&about, 0, 0, 0) < 0 ||
	    !S_ISREG(about.st_mode))
		return true;
	fd = (int)ts_syscall(SYS_openat, folder, (long)path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0,
			     0, 0);
	if (fd < 0)
		return true;
	result = takes_us(fd, nested);
	ts_sys_close(fd);
	return result;
}

/* #! interpreter argument */
static bool script_takes_us(int fd, int nested)
{
	char line[256];
	long n = ts_syscall(SYS_pread64, fd, (long)line, sizeof(line) - 1, 0, 0, 0);
	char *path;

	if (n < 3 || nested == SCRIPTS_NESTED)
		return true;
	line[n] = '\0';
	path = line + 2 + strspn(line + 2, " \t");
	path[strcspn(path, " \t\n")] = '\0';
	return path_takes_us(AT_FDCWD, path, nested + 1);
}

static bool takes_us(int fd, int nested)
{
	char magic[4];

	if (!read_at(fd, magic, sizeof(magic), 0))
		return true;
	if (memcmp(magic, ELFMAG, SELFMAG) == 0)
		return elf_takes_us(fd);
	return memcmp(magic, "#!", 2) != 0 || script_takes_us(fd, nested);
}

bool ts_target_file_takes_us(int fd)
{
	return takes_us(fd, 0);
}

bool ts_target_takes_us(int folder, const char *path)
{
	return !path || path_takes_us(folder, path, 0);
}
