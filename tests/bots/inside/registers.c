// SPDX-License-Identifier: Apache-2.0
/* What a call leaves in the registers, at entry and at return: bit by bit. */

#include <cpuid.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "inside.h"

#define RBX 3

static void (*call_with)(void);
static int n_vectors, vector_bytes;

/* The most that CPU and kernel have. */
static void choose(void)
{
	if (__builtin_cpu_supports("avx512bw")) {
		callee = untouched_avx512;
		call_with = call_with_avx512;
		n_vectors = 32;
		vector_bytes = 64;
	} else if (__builtin_cpu_supports("avx")) {
		callee = untouched_avx;
		call_with = call_with_avx;
		n_vectors = 16;
		vector_bytes = 32;
	} else {
		callee = untouched_sse;
		call_with = call_with_sse;
	}
}

static void fill(unsigned seed)
{
	uint8_t *bytes = (uint8_t *)&before;

	for (size_t i = 0; i < sizeof(before); i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = (uint8_t)(seed >> 16);
	}
	/* control word, no exception pending, an empty x87 stack (its registers hold what they hold) */
	memset(before.fxsave, 0, 32);
	before.fxsave[0] = 0x7f;
	before.fxsave[1] = 0x03;
	before.fxsave[24] = 0x80;
	before.fxsave[25] = 0x1f;
}

static int differ(const char *where, const char *what, int number, const void *one,
		  const void *other, size_t n)
{
	if (memcmp(one, other, n) == 0)
		return 0;
	printf("%s: %s%d differs\n", where, what, number);
	return 1;
}

static int compare(const char *where, const struct registers *now, bool ours_to_take)
{
	int n = 0;

	for (int i = 0; i < 15; i++)
		if (i != RBX || !ours_to_take)
			n += differ(where, "general ", i, &before.general[i], &now->general[i], 8);
	for (int i = 0; i < 8; i++)
		n += differ(where, "st", i, before.fxsave + 32 + 16 * i, now->fxsave + 32 + 16 * i,
			    10);
	for (int i = 0; i < 16 && !n_vectors; i++)
		n += differ(where, "xmm", i, before.fxsave + 160 + 16 * i,
			    now->fxsave + 160 + 16 * i, 16);
	n += differ(where, "x87 control word", 0, before.fxsave, now->fxsave, 5);
	n += differ(where, "MXCSR", 0, before.fxsave + 24, now->fxsave + 24, 4);
	for (int i = 0; i < n_vectors; i++)
		n += differ(where, "vector ", i, before.vectors[i], now->vectors[i],
			    (size_t)vector_bytes);
	for (int i = 0; i < 8 && n_vectors == 32; i++)
		n += differ(where, "mask ", i, &before.masks[i], &now->masks[i], 8);
	if (now->flags & 1 << 10) {
		printf("%s: the direction flag is set\n", where);
		n++;
	}
	return n;
}

/* A frame takes rbx, which the function would have to keep anyway. */
int registers(int times)
{
	int n = 0;

	if (!call_with)
		choose();
	for (int i = 0; i < times; i++) {
		fill((unsigned)i);
		call_with();
		n += compare("at entry", &got, true) + compare("at return", &after, false);
	}
	return n;
}
