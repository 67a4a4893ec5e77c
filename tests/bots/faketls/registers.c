// SPDX-License-Identifier: Apache-2.0
/*
 * registers slots | entry: what calls of SSL_read and its kin leave in the registers, at entry and at return, bit by bit: of
 * connections that are recorded, of some that are not, and of none. Reached by slots, what the ABI says; by entries, all.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../inside/inside.h"

#define TIMES 84

enum { RAX, RCX, RDX, RBX, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

void SSL_read(void), SSL_read_ex(void), SSL_write(void), SSL_write_ex(void), SSL_free(void);
void SSL_sendfile(void), SSL_write_early_data(void);
void set_untouched(void (*function)(void));

static const struct {
	const char *name;
	void (*function)(void);
} functions[] = {
	{"SSL_write", SSL_write},
	{"SSL_read", SSL_read},
	{"SSL_write_ex", SSL_write_ex},
	{"SSL_read_ex", SSL_read_ex},
	{"SSL_sendfile", SSL_sendfile},
	{"SSL_free", SSL_free},
	{"SSL_write_early_data", SSL_write_early_data},
};

#define N_FUNCTIONS ((int)(sizeof(functions) / sizeof(functions[0])))

static void (*call_with)(void);
static int n_vectors, vector_bytes;
static bool by_entry;

/* The most that CPU and kernel have. */
static void choose(void)
{
	if (__builtin_cpu_supports("avx512bw")) {
		set_untouched(untouched_avx512);
		call_with = call_with_avx512;
		n_vectors = 32;
		vector_bytes = 64;
	} else if (__builtin_cpu_supports("avx")) {
		set_untouched(untouched_avx);
		call_with = call_with_avx;
		n_vectors = 16;
		vector_bytes = 32;
	} else {
		set_untouched(untouched_sse);
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

/* A call that passes something, on one of two connections; what it passes is a request on the first alone. */
static void make_sense(int i)
{
	static const char request[] =
		"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
		"Content-Length: 2\r\n\r\n{}";
	static const char *handles[2] = {"one", "other"};
	static uint64_t n;

	n = sizeof(request) - 1;
	before.general[RDI] = (uint64_t)handles[i % 2];
	before.general[RSI] = i % 2 ? (uint64_t)&before : (uint64_t)request;
	before.general[RDX] = n;
	before.general[RCX] = (uint64_t)&n;
	before.general[RAX] = n;
}

static int differ(const char *what, int number, const void *one, const void *other, size_t n)
{
	if (memcmp(one, other, n) == 0)
		return 0;
	printf("%s%d differs\n", what, number);
	return 1;
}

/* Registers that a call by slot need not keep: r11 on the way in; on the way out those that hold no result. */
static bool is_kept(int i, bool at_entry)
{
	if (by_entry)
		return true;
	return at_entry ? i != R11 : i == RAX || i == RDX || i == RBX || i == RBP || i >= R12;
}

static int compare(const struct registers *now, bool at_entry)
{
	int n = 0;

	for (int i = 0; i < 15; i++)
		if (is_kept(i, at_entry))
			n += differ("general ", i, &before.general[i], &now->general[i], 8);
	for (int i = 0; i < 8; i++)
		n += differ("st", i, before.fxsave + 32 + 16 * i, now->fxsave + 32 + 16 * i, 10);
	for (int i = 0; i < 16 && !n_vectors; i++)
		n += differ("xmm", i, before.fxsave + 160 + 16 * i, now->fxsave + 160 + 16 * i, 16);
	n += differ("x87 control word", 0, before.fxsave, now->fxsave, 5);
	n += differ("MXCSR", 0, before.fxsave + 24, now->fxsave + 24, 4);
	for (int i = 0; i < n_vectors; i++)
		n += differ("vector ", i, before.vectors[i], now->vectors[i], (size_t)vector_bytes);
	for (int i = 0; i < 8 && n_vectors == 32; i++)
		n += differ("mask ", i, &before.masks[i], &now->masks[i], 8);
	return n +
	       differ("direction flag", 0, &(uint64_t){0}, &(uint64_t){now->flags & 1 << 10}, 8);
}

static int try(int i)
{
	int n;

	callee = (void *)functions[i % N_FUNCTIONS].function;
	fill((unsigned)i);
	if (i % 3)
		make_sense(i / (3 * N_FUNCTIONS));
	errno = 4711;
	call_with();
	n = compare(&got, true) + compare(&after, false) + (errno != 4711);
	if (n)
		printf("%s, turn %d: %d differ\n", functions[i % N_FUNCTIONS].name, i, n);
	return n;
}

int main(int argc, char **argv)
{
	int n = 0;

	by_entry = argc > 1 && strcmp(argv[1], "entry") == 0;
	choose();
	for (int i = 0; i < 15 * TIMES; i++)
		n += try(i);
	printf("registers %d\n", n);
	return n != 0;
}
