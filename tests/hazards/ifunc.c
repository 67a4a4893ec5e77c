// SPDX-License-Identifier: Apache-2.0
/*
 * Row: IFUNC symbols, of the program's own and of libc, and IRELATIVE relocations: a resolver runs as often as it
 * would, and every call reaches what it chose.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   chosen = int chosen(int number)
 *   [step]
 *   strlen = unsigned long strlen(const char *text)
 *   memcpy = memcpy
 * check: (SELECT count(*) = 3 FROM pipeline_traces)
 * check: (SELECT count(*) >= 3 AND sum(success) = count(*) FROM pipeline_spans WHERE span_name = 'step:strlen')
 * check: (SELECT count(*) >= 3 FROM pipeline_spans WHERE span_name = 'step:memcpy')
 * check lib: (SELECT count(*) = 6 FROM pipeline_spans WHERE span_name = 'tool:chosen')
 * only: no:mold
 * flags: -fno-builtin
 */
#include <stdio.h>
#include <string.h>

#include "hazard.h"

int all(int number);
int chosen(int number);

#ifdef LIBRARY
static int one(int number)
{
	BARRIER();
	return number + 1;
}

static int two(int number)
{
	BARRIER();
	return number + 2;
}

static int (*choose(void))(int)
{
	return sizeof(void *) == 8 ? two : one;
}

static int (*choose_hidden(void))(int)
{
	return sizeof(void *) == 8 ? one : two;
}

__attribute__((ifunc("choose"))) int chosen(int number);
__attribute__((ifunc("choose_hidden"), visibility("hidden"))) int hidden(int number);

TRACED int all(int number)
{
	char text[64];
	int (*volatile pointer)(int) = chosen;

	memcpy(text, "forty characters or thereabouts, for vectors", 45);
	printf("%zu %d %d %d %d\n", strlen(text), chosen(number), pointer(number), hidden(number),
	       pointer == chosen);
	return number;
}
#endif

#ifdef PROGRAM
int main(void)
{
	for (int i = 0; i < 3; i++)
		all(i);
	return 0;
}
#endif
