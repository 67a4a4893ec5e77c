// SPDX-License-Identifier: Apache-2.0
/*
 * libnghttp2 comes with an allocator of its own, which would ask the program's malloc. The inflater is given another (hpack.c), so
 * nobody asks this one; the linker leads its calls here (Makefile).
 */

#include <stddef.h>

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void __wrap_free(void *memory);

void *__wrap_malloc(size_t bytes)
{
	(void)bytes;
	return NULL;
}

void *__wrap_calloc(size_t n, size_t bytes)
{
	(void)n, (void)bytes;
	return NULL;
}

void *__wrap_realloc(void *old, size_t bytes)
{
	(void)old, (void)bytes;
	return NULL;
}

void __wrap_free(void *memory)
{
	(void)memory;
}
