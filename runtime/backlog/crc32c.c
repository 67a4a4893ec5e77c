// SPDX-License-Identifier: Apache-2.0
#include "crc32c.h"

#include <stdbool.h>
#include <string.h>

#define REVERSED_POLYNOMIAL 0x82f63b78u

uint32_t ts_crc32c_portable(const void *data, size_t bytes)
{
	const unsigned char *at = data;
	uint32_t crc = ~0u;

	while (bytes--) {
		crc ^= *at++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? REVERSED_POLYNOMIAL : 0);
	}
	return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t by_instruction(const void *data, size_t bytes)
{
	const unsigned char *at = data;
	uint64_t crc = ~0u, word;

	for (; bytes >= sizeof(word); at += sizeof(word), bytes -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		crc = __builtin_ia32_crc32di(crc, word);
	}
	while (bytes--)
		crc = __builtin_ia32_crc32qi((uint32_t)crc, *at++);
	return ~(uint32_t)crc;
}

uint32_t ts_crc32c(const void *data, size_t bytes)
{
	if (__builtin_cpu_supports("sse4.2"))
		return by_instruction(data, bytes);
	return ts_crc32c_portable(data, bytes);
}
#else
uint32_t ts_crc32c(const void *data, size_t bytes)
{
	return ts_crc32c_portable(data, bytes);
}
#endif
