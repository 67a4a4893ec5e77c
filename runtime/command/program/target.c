// SPDX-License-Identifier: Apache-2.0
#include "target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SCRIPT_LEVELS 4
#define MAX_HEADERS   64

/* --- finding it -------------------------------------------------------------------------- */

static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	return S_ISREG(st.st_mode) && !access(path, X_OK) ? 0 : -EACCES;
}

int ts_target_find(const char *name, char ret[PATH_MAX])
{
	const char *path = getenv("PATH");
	char candidate[PATH_MAX];
	int result = -ENOENT;

	if (!*name || strlen(name) >= PATH_MAX)
		return -ENOENT;
	if (strchr(name, '/')) {
		strcpy(ret, name);
		return executable(name);
	}
	for (path = path ? path : _PATH_DEFPATH; result && path; path = strchr(path, ':')) {
		size_t n;
		int found;

		path += *path == ':';
		n = strcspn(path, ":");
		/* An empty entry is the current folder. */
		if (snprintf(candidate, PATH_MAX, "%.*s%s%s", (int)n, path, n ? "/" : "./", name) >=
		    PATH_MAX)
			continue;
		found = executable(candidate);
		/* as a shell does: a folder that may not be searched holds nothing */
		if (found == -EACCES && access(candidate, F_OK) < 0)
			continue;
		if (found && !(found == -EACCES && result == -ENOENT))
			continue;
		strcpy(ret, candidate);
		result = found;
	}
	return result;
}

/* --- reading it -------------------------------------------------------------------------- */

struct image {
	const char *path;
	int fd;
	struct stat st;
	unsigned char head[512];
	size_t head_bytes;
};

static bool is_elf(const struct image *image)
{
	return image->head_bytes >= EI_NIDENT && !memcmp(image->head, ELFMAG, SELFMAG);
}

static const char *machine_name(unsigned machine)
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{EM_386, "i386"},      {EM_AARCH64, "aarch64"},
		{EM_ARM, "arm"},       {EM_RISCV, "riscv"},
		{EM_PPC64, "ppc64"},   {EM_S390, "s390"},
		{EM_MIPS, "mips"},     {EM_PPC, "ppc"},
		{EM_SPARCV9, "sparc"}, {EM_LOONGARCH, "loongarch"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return NULL;
}

/* Where another CPU or word size reads this file; 0 and the reason. */
static int foreign(const struct image *image, char *why, size_t bytes)
{
	bool big = image->head[EI_DATA] == ELFDATA2MSB;
	unsigned machine = image->head[18 + big] | image->head[19 - big] << 8;
	const char *name = machine_name(machine);

	if (image->head_bytes < sizeof(Elf32_Ehdr))
		snprintf(why, bytes, "is a damaged program");
	else if (machine != EM_X86_64 && name)
		snprintf(why, bytes, "is a program for %s, and traceshim is built for x86-64",
			 name);
	else if (machine != EM_X86_64)
		snprintf(why, bytes, "is a program for another CPU (ELF machine %u)", machine);
	else if (image->head[EI_CLASS] != ELFCLASS64)
		snprintf(why, bytes, "is a 32-bit program, and traceshim is built for 64 bits");
	else
		return 1;
	return 0;
}

/* The kernel lets nobody preload into what runs with rights that its caller lacks. */
static int privileged(const struct image *image, char *why, size_t bytes)
{
	mode_t group_exec = S_ISGID | S_IXGRP;

	if (image->st.st_mode & S_ISUID && image->st.st_uid != getuid())
		snprintf(why, bytes, "is setuid, so nothing can be preloaded into it");
	else if ((image->st.st_mode & group_exec) == group_exec && image->st.st_gid != getgid())
		snprintf(why, bytes, "is setgid, so nothing can be preloaded into it");
	else if (getuid() && fgetxattr(image->fd, "security.capability", NULL, 0) > 0)
		snprintf(why, bytes, "has file capabilities, so nothing can be preloaded into it");
	else
		return 1;
	return 0;
}

static int interpreter(const struct image *image, char *ret, size_t bytes)
{
	Elf64_Ehdr header;
	Elf64_Phdr segments[MAX_HEADERS];
	ssize_t n;

	memcpy(&header, image->head, sizeof(header));
	if (header.e_phentsize != sizeof(segments[0]) || header.e_phnum > MAX_HEADERS)
		return -ENOEXEC;
	n = pread(image->fd, segments, header.e_phnum * sizeof(segments[0]), (off_t)header.e_phoff);
	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(segments[0]); i++) {
		size_t want = segments[i].p_filesz < bytes ? segments[i].p_filesz : bytes - 1;

		if (segments[i].p_type != PT_INTERP)
			continue;
		n = pread(image->fd, ret, want, (off_t)segments[i].p_offset);
		ret[n < 0 ? 0 : n] = '\0';
		return 0;
	}
	return -ENOENT;
}

static int unlinked(const struct image *image, char *why, size_t bytes)
{
	char linker[PATH_MAX];
	int result;

	if (image->head_bytes < sizeof(Elf64_Ehdr)) {
		snprintf(why, bytes, "is a damaged program");
		return 0;
	}
	result = interpreter(image, linker, sizeof(linker));
	if (result == -ENOEXEC)
		snprintf(why, bytes, "is a damaged program");
	else if (result < 0)
		snprintf(why, bytes, "is statically linked, so nothing can be preloaded into it");
	else if (strstr(linker, "ld-musl"))
		snprintf(why, bytes, "is linked with musl, and traceshim is built for glibc");
	else
		return 1;
	return 0;
}

/* --- scripts ----------------------------------------------------------------------------- */

/* "#!/usr/bin/env python3" runs what env finds. */
static int through_env(const char *interpreter_path, const char *argument, char ret[PATH_MAX])
{
	const char *name = strrchr(interpreter_path, '/');

	if (!name || strcmp(name, "/env") != 0 || !*argument || *argument == '-' ||
	    strchr(argument, '=') || ts_target_find(argument, ret) < 0)
		return -ENOENT;
	return 0;
}

/* The program that the kernel, or for a text without #! the shell, starts for this script. */
static void script_interpreter(const struct image *image, char ret[PATH_MAX])
{
	char line[sizeof(image->head) + 1];
	char *name;
	char *argument;

	memcpy(line, image->head, image->head_bytes);
	line[image->head_bytes] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "#!", 2) != 0) {
		strcpy(ret, _PATH_BSHELL);
		return;
	}
	name = line + 2 + strspn(line + 2, " \t");
	argument = name + strcspn(name, " \t");
	if (*argument)
		*argument++ = '\0';
	argument += strspn(argument, " \t");
	argument[strcspn(argument, " \t\r")] = '\0';
	if (through_env(name, argument, ret) < 0)
		snprintf(ret, PATH_MAX, "%s", name);
}

static int look(const char *path, unsigned level, char *why, size_t bytes);

static int look_at_script(const struct image *image, unsigned level, char *why, size_t bytes)
{
	char next[PATH_MAX];
	char reason[256];
	int result;

	script_interpreter(image, next);
	if (level == SCRIPT_LEVELS) {
		snprintf(why, bytes, "is a script of a script of a script: too many levels");
		return 0;
	}
	result = look(next, level + 1, reason, sizeof(reason));
	if (!result)
		snprintf(why, bytes, "is a script, and its interpreter %s %s", next, reason);
	return result;
}

/* 0 with its head read, or a negative errno; `fd` is the caller's to close where it is one. */
static int open_image(struct image *image)
{
	ssize_t n;

	image->fd = open(image->path, O_RDONLY | O_CLOEXEC);
	if (image->fd < 0)
		return -errno;
	n = fstat(image->fd, &image->st) < 0
		    ? -1
		    : pread(image->fd, image->head, sizeof(image->head), 0);
	image->head_bytes = n < 0 ? 0 : (size_t)n;
	return n < 0 ? -EIO : 0;
}

static int look(const char *path, unsigned level, char *why, size_t bytes)
{
	struct image image = {.path = path};
	int result = open_image(&image);

	if (image.fd < 0) {
		/* What may be executed but not read cannot be judged. */
		snprintf(why, bytes, "is not there");
		return result == -ENOENT || result == -ENOTDIR ? 0 : 1;
	}
	if (result < 0)
		result = 1;
	else if (!is_elf(&image))
		result = look_at_script(&image, level, why, bytes);
	else
		result = foreign(&image, why, bytes) && privileged(&image, why, bytes) &&
			 unlinked(&image, why, bytes);
	close(image.fd);
	return result;
}

int ts_target_untraceable(const char *path, char *why, size_t bytes)
{
	return look(path, 0, why, bytes);
}

void ts_target_program(char path[PATH_MAX])
{
	for (unsigned level = 0; level < SCRIPT_LEVELS; level++) {
		struct image image = {.path = path};
		int result = open_image(&image);

		if (image.fd >= 0)
			close(image.fd);
		if (result < 0 || is_elf(&image))
			return;
		script_interpreter(&image, path);
	}
}
