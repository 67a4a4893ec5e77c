// SPDX-License-Identifier: Apache-2.0
/* /proc/self/maps, read in pieces into memory of our own. */

#include "maps.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>

#include "pages.h"
#include "sys.h"

/* "55d0c0a00000-55d0c0a21000 r-xp ..." */
static struct ts_mapping parse(const char *line)
{
	uintptr_t bounds[2] = {0, 0};

	for (int i = 0; i < 2; i++, line++)
		for (; (*line >= '0' && *line <= '9') || (*line >= 'a' && *line <= 'f'); line++)
			bounds[i] = bounds[i] << 4 |
				    (uintptr_t)(*line <= '9' ? *line - '0' : *line - 'a' + 10);
	return (struct ts_mapping){
		.low = bounds[0],
		.high = bounds[1],
		.protection = (line[0] == 'r' ? PROT_READ : 0) | (line[1] == 'w' ? PROT_WRITE : 0) |
			      (line[2] == 'x' ? PROT_EXEC : 0),
	};
}

static int add(struct ts_maps *maps, struct ts_mapping mapping)
{
	if (maps->n == maps->room) {
		size_t room = maps->room ? maps->room * 2 : 1024;
		struct ts_mapping *larger = ts_pages_grow(
			maps->mappings, maps->room * sizeof(*larger), room * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		maps->mappings = larger;
		maps->room = room;
	}
	maps->mappings[maps->n++] = mapping;
	return 0;
}

static int read_lines(int fd, struct ts_maps *maps)
{
	char buffer[4096 + 512]; /* a line ends with a path of up to 4096 bytes */
	size_t held = 0;
	long n;

	while ((n = ts_sys_read(fd, buffer + held, sizeof(buffer) - held)) > 0) {
		char *line = buffer, *end;

		held += (size_t)n;
		while ((end = memchr(line, '\n', held - (size_t)(line - buffer)))) {
			if (add(maps, parse(line)) < 0)
				return -ENOMEM;
			line = end + 1;
		}
		held -= (size_t)(line - buffer);
		memmove(buffer, line, held);
	}
	return (int)n;
}

int ts_maps_read(struct ts_maps *ret)
{
	int fd = ts_sys_open("/proc/self/maps", O_RDONLY, 0);
	int result;

	*ret = (struct ts_maps){0};
	if (fd < 0)
		return fd;
	result = read_lines(fd, ret);
	ts_sys_close(fd);
	if (result < 0)
		ts_maps_release(ret);
	return result;
}

void ts_maps_release(struct ts_maps *maps)
{
	ts_pages_free(maps->mappings, maps->room * sizeof(*maps->mappings));
	*maps = (struct ts_maps){0};
}

const struct ts_mapping *ts_maps_find(const struct ts_maps *maps, uintptr_t address)
{
	size_t low = 0, high = maps->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct ts_mapping *mapping = &maps->mappings[middle];

		if (address < mapping->low)
			high = middle;
		else if (address >= mapping->high)
			low = middle + 1;
		else
			return mapping;
	}
	return NULL;
}

/*
 * The kernel adds 0 to it, atomically, as others may be writing there (futex(2), FUTEX_WAKE_OP). A snapshot takes 1 us for each of a
 * program's mappings, and programs that bring a hundred libraries have a thousand.
 */
int ts_maps_is_writable(uintptr_t address)
{
	static uint32_t nobody_waits;
	long result =
		ts_syscall(SYS_futex, (long)&nobody_waits, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0,
			   (long)address, FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0));

	if (result == -EFAULT)
		return 0;
	return result < 0 ? (int)result : 1;
}
