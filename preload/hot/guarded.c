// SPDX-License-Identifier: Apache-2.0
/* Reads of memory that may not be there. */

#include "guarded.h"

#include "hot.h"

uint64_t ts_guarded_string(char *to, const char *from, uint64_t most)
{
	uint64_t done = 0;

	for (; done < most && from[done]; done++)
		to[done] = from[done];
	return done == most && from[done] ? most + 1 : done;
}

uint64_t ts_guarded_length(const char *string)
{
	uint64_t n = 0;

	while (string[n])
		n++;
	return n;
}

bool ts_guarded_copy(void *to, const void *from, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return true;
}
