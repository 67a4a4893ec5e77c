// SPDX-License-Identifier: Apache-2.0
#include "nowhere.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wild.h"

#define PAGE 4096

struct nowhere nowhere;

static char *map(uintptr_t at, size_t pages, int fd)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	char *found = mmap((void *)at, pages * PAGE, PROT_READ | PROT_WRITE,
			   flags | MAP_FIXED_NOREPLACE, fd, 0);

	if (found == (char *)at)
		return found;
	perror("mmap");
	exit(1);
}

void make_nowhere(void)
{
	int fd = memfd_create("shorter", MFD_CLOEXEC);
	char *page;

	nowhere.number = (const char *)42;
	page = map(0x10000000, 1, -1);
	strcpy(page, "gone");
	nowhere.dangling = page;
	munmap(page, PAGE);
	page = map(0x20000000, 2, -1);
	memset(page, 'u', PAGE);
	munmap(page + PAGE, PAGE);
	nowhere.unterminated = page + PAGE - 10;
	page = map(0x30000000, 1, -1);
	mprotect(page, PAGE, PROT_NONE);
	nowhere.forbidden = page + 8;
	if (ftruncate(fd, 2 * PAGE) < 0)
		exit(1);
	page = map(0x40000000, 2, fd);
	nowhere.shortened = page + PAGE;
	if (ftruncate(fd, 100) < 0)
		exit(1);
	close(fd);
	nowhere.there = "still there";
}

void call_all(void)
{
	const char *const all[] = {nowhere.number,    nowhere.dangling,  nowhere.unterminated,
				   nowhere.forbidden, nowhere.shortened, nowhere.there};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (text(all[i]) != all[i] || bytes(all[i], 11) != 11)
			abort();
}
