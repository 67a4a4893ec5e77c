// SPDX-License-Identifier: Apache-2.0
#include "ringfile.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../../preload/abi.h"
#include "../file.h"

#define MAX_BYTES ((uint64_t)1 << 30)

void ts_ringfile_name(uint32_t index, char ret[TS_RINGFILE_NAME])
{
	snprintf(ret, TS_RINGFILE_NAME, "ring-%u", index);
}

bool ts_ringfile_is_sound(const struct ts_abi_ring *header)
{
	return header->magic == TS_ABI_RING_MAGIC && header->version == TS_ABI_VERSION &&
	       header->bytes >= sizeof(struct ts_event_begin) && header->bytes <= MAX_BYTES &&
	       !(header->bytes & (header->bytes - 1));
}

ssize_t ts_ringfile_read(const char *spool, uint32_t index, uint64_t ring_bytes, uint64_t from,
			 void *data, size_t bytes)
{
	uint64_t at = from & (ring_bytes - 1);
	size_t first = bytes < ring_bytes - at ? bytes : ring_bytes - at;
	char name[TS_RINGFILE_NAME];
	ssize_t n;
	int fd;

	ts_ringfile_name(index, name);
	fd = ts_file_open(spool, name, O_RDONLY);
	if (fd < 0)
		return fd;
	n = ts_file_read(fd, data, first, TS_ABI_PAGE + at);
	if (n == (ssize_t)first && first < bytes) {
		n = ts_file_read(fd, (char *)data + first, bytes - first, TS_ABI_PAGE);
		n = n < 0 ? n : n + (ssize_t)first;
	}
	close(fd);
	return n;
}
