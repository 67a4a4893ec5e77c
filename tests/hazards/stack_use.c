// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a call takes less than 512 bytes of the program's stack, whatever is recorded of it; seen by what it leaves there.
 *
 * rules:
 *   [pipeline]
 *   all = int all(void (*what)(void))
 *   [tool]
 *   leaf = int leaf(int number)
 *   text = int text(const char *text)
 *   real = double real(double number, const char *text)
 * spans:
 *   1 trace all -
 *   3 tool:leaf (all) -
 *   3 tool:real (all) -
 *   3 tool:text (all) -
 * notwild: what else is wrapped takes its own
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "hazard.h"

#define MOST    512
#define PAINTED 8192
#define PAINT   0xa5

int all(void (*what)(void));
int leaf(int number);
int text(const char *text);
double real(double number, const char *text);

#ifdef LIBRARY
TRACED int leaf(int number)
{
	BARRIER();
	return number;
}

TRACED int text(const char *text)
{
	BARRIER();
	return text[0];
}

TRACED double real(double number, const char *text)
{
	BARRIER();
	return number + text[0];
}

/* The call is not in its first bytes, where it could not be moved. */
TRACED int all(void (*what)(void))
{
	void (*volatile call)(void) = what;

	call();
	BARRIER();
	return 0;
}
#endif

#ifdef PROGRAM
static const char words[] = "a text of some length, which is recorded, and copied";

static void call_leaf(void)
{
	leaf(1);
}

static void call_text(void)
{
	text(words);
}

static void call_real(void)
{
	real(1.5, words);
}

/* Where the stack is painted: below what the caller of a call has, and its red zone. */
static __attribute__((noinline)) uint8_t *here(void)
{
	return (uint8_t *)__builtin_frame_address(0) - 256;
}

/* Bytes of the stack that `call` reached below here. */
static __attribute__((noinline)) int measure(void (*call)(void))
{
	uint8_t *top = here();
	volatile uint8_t *at = top - PAINTED;

	while (at < top)
		*at++ = PAINT;
	call();
	for (at = top - PAINTED; at < top && *at == PAINT;)
		at++;
	return (int)(top - at);
}

static void measure_all(void)
{
	static void (*const calls[])(void) = {call_leaf, call_text, call_real};

	for (int i = 0; i < 3; i++) {
		int most = 0;

		/* the first time it is bound, and its thread made ready to read what it points to */
		calls[i]();
		calls[i]();
		most = measure(calls[i]);
		printf("%s\n", most <= MOST ? "little" : "much");
		if (most > MOST)
			printf("%d bytes\n", most);
	}
}

int main(void)
{
	all(measure_all);
	return 0;
}
#endif
