// SPDX-License-Identifier: Apache-2.0
/* The program we are in. */

#include "program.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sys.h"

static struct {
	const char *path;
	const char *library;
	const char *modules;
	const char *host;
	const char *folder; /* the working directory at the start */
	struct stat root;
} program;

const char *ts_program_environment(const char *name)
{
	size_t bytes = strlen(name);

	for (char **entry = environ; entry && *entry; entry++)
		if (strncmp(*entry, name, bytes) == 0 && (*entry)[bytes] == '=')
			return (*entry)[bytes + 1] ? *entry + bytes + 1 : NULL;
	return NULL;
}

static char *read_link(const char *link, struct ts_arena *arena)
{
	char path[4096];
	long n = ts_syscall(SYS_readlinkat, AT_FDCWD, (long)link, (long)path, sizeof(path), 0, 0);

	return n > 0 ? ts_arena_strndup(arena, path, (size_t)n) : NULL;
}

static char *join(const char *folder, size_t folder_bytes, const char *name, struct ts_arena *arena)
{
	size_t name_bytes = strlen(name);
	char *path = ts_arena_alloc(arena, folder_bytes + name_bytes + 1);

	if (path) {
		memcpy(path, folder, folder_bytes);
		memcpy(path + folder_bytes, name, name_bytes);
	}
	return path;
}

char *ts_program_absolute(const char *path, struct ts_arena *arena)
{
	char *folder;

	if (path[0] == '/')
		return ts_arena_strndup(arena, path, strlen(path));
	folder = join(program.folder, strlen(program.folder), "/", arena);
	return folder ? join(folder, strlen(folder), path, arena) : NULL;
}

/* The link's target where the path is one, so that a link in a library folder finds our modules. */
static char *real_path(const char *path, struct ts_arena *arena)
{
	char link[32];
	int fd = ts_sys_open(path, O_PATH, 0);
	char *real;

	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	real = read_link(link, arena);
	ts_sys_close(fd);
	return real;
}

static const char *find_modules(struct ts_arena *arena)
{
	static const char *const folders[] = {"modules/", "traceshim/"};
	char *own, *folder = NULL;
	struct stat status;
	Dl_info us;

	own = dladdr(&program, &us) ? ts_program_absolute(us.dli_fname, arena) : NULL;
	program.library = own ? own : "";
	own = own ? real_path(own, arena) : NULL;
	if (!own)
		return "/nonexistent/";
	for (size_t i = 0; i < 2; i++) {
		folder = join(own, (size_t)(strrchr(own, '/') + 1 - own), folders[i], arena);
		if (folder && ts_sys_stat(folder, &status) == 0)
			break;
	}
	return folder;
}

int ts_program_init(struct ts_arena *arena)
{
	static struct utsname names;

	program.folder = read_link("/proc/self/cwd", arena);
	if (!program.folder)
		program.folder = "/";
	program.path = read_link("/proc/self/exe", arena);
	if (!program.path)
		program.path = "unknown";
	ts_syscall(SYS_uname, (long)&names, 0, 0, 0, 0, 0);
	program.host = names.nodename;
	ts_sys_stat("/", &program.root);
	program.modules = find_modules(arena);
	return program.modules ? 0 : -ENOMEM;
}

const char *ts_program_path(void)
{
	return program.path;
}

const char *ts_program_library(void)
{
	return program.library;
}

const char *ts_program_modules(void)
{
	return program.modules;
}

const char *ts_program_host(void)
{
	return program.host;
}

bool ts_program_root_changed(void)
{
	struct stat now;

	return ts_sys_stat("/", &now) < 0 || now.st_dev != program.root.st_dev ||
	       now.st_ino != program.root.st_ino;
}
