// SPDX-License-Identifier: Apache-2.0
/*
 * To be preloaded: the ALLOCS_FAIL-th allocation that is not marked as the program's own (mine.h) answers NULL; the file
 * ALLOCS_LOG is made then, and only then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mine.h"

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);

static __thread bool is_mine __attribute__((tls_model("initial-exec")));
static long counted, wanted = -1;

__attribute__((visibility("default"))) void allocs_mine(bool mine)
{
	is_mine = mine;
}

static bool fails(void)
{
	const char *text;
	long fd;

	if (wanted < 0) {
		text = environ ? getenv("ALLOCS_FAIL") : NULL;
		wanted = text ? atol(text) : 0;
	}
	if (is_mine || !wanted || __atomic_add_fetch(&counted, 1, __ATOMIC_RELAXED) != wanted)
		return false;
	fd = syscall(SYS_openat, AT_FDCWD, getenv("ALLOCS_LOG"), O_WRONLY | O_CREAT | O_CLOEXEC,
		     0600);
	if (fd >= 0)
		syscall(SYS_close, fd);
	errno = ENOMEM;
	return true;
}

__attribute__((visibility("default"))) void *malloc(size_t bytes)
{
	return fails() ? NULL : __libc_malloc(bytes);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t bytes)
{
	return fails() ? NULL : __libc_calloc(n, bytes);
}

__attribute__((visibility("default"))) void *realloc(void *memory, size_t bytes)
{
	return fails() ? NULL : __libc_realloc(memory, bytes);
}
