// SPDX-License-Identifier: Apache-2.0
/*
 * Row: functions in assembler that share a tail: the first instructions of one jump into the first bytes of the next,
 * which must stay as they are, wherever in the walk the jump itself was moved away.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   first = first
 *   next = next
 *   last = last
 * spans:
 *   1 trace all -
 *   200 tool:first (all) -
 *   200 tool:last (all) -
 */
#include <stdio.h>

#include "hazard.h"

int all(int number);

#ifdef LIBRARY
/*
 * first: abs(number) + 100; next: 100 - number; last: number + 7. Zeros as padding, as some linkers have it: read as
 * instructions, an odd number of them takes the next function's first bytes along.
 */
__asm__(".text\n"
	"	.p2align 4\n"
	"	ret\n"
	"	.zero 15\n"
	"	.type first, @function\n"
	"first:	movl	%edi, %eax\n"
	"	testl	%eax, %eax\n"
	"	js	1f\n"
	"	addl	$100, %eax\n"
	"	ret\n"
	"	.size first, . - first\n"
	"	.p2align 4\n"
	"	.type next, @function\n"
	"next:	movl	%edi, %eax\n"
	"1:	negl	%eax\n"
	"	addl	$100, %eax\n"
	"	ret\n"
	"	.size next, . - next\n"
	"	.p2align 4\n"
	"	.type last, @function\n"
	"last:	movl	%edi, %eax\n"
	"	addl	$7, %eax\n"
	"	ret\n"
	"	.size last, . - last\n"
	"	.p2align 4\n");

typedef int function_fn(int);
extern __attribute__((visibility("hidden"))) function_fn first, next, last;

TRACED int all(int number)
{
	int sum = 0;

	for (int i = -100; i < 100; i++)
		sum = sum * 3 + first(i) + next(i) + last(i) + number;
	return sum;
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(5));
	return 0;
}
#endif
