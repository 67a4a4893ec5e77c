// SPDX-License-Identifier: Apache-2.0
#include "bytes.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_ROOM 65536

int ts_bytes_reserve(struct ts_bytes *to, size_t bytes)
{
	size_t wanted = to->room ? to->room : FIRST_ROOM;
	void *grown;

	if (to->room - to->bytes >= bytes)
		return 0;
	while (wanted - to->bytes < bytes)
		wanted *= 2;
	grown = to->room ? mremap(to->data, to->room, wanted, MREMAP_MAYMOVE)
			 : mmap(NULL, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);
	if (grown == MAP_FAILED) {
		to->failed = true;
		return -ENOMEM;
	}
	to->data = grown;
	to->room = wanted;
	return 0;
}

void ts_bytes_add(struct ts_bytes *to, const void *data, size_t bytes)
{
	if (!bytes || to->failed || ts_bytes_reserve(to, bytes) < 0)
		return;
	memcpy(to->data + to->bytes, data, bytes);
	to->bytes += bytes;
}

void ts_bytes_release(struct ts_bytes *bytes)
{
	if (bytes->room)
		munmap(bytes->data, bytes->room);
	*bytes = (struct ts_bytes){0};
}
