// SPDX-License-Identifier: Apache-2.0
/*
 * Row: stacks of which nobody tells, made by mmap above a page that nobody may touch, and entered without a context: calls on
 * them are in each other, and in the call that went there.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [agent]
 *   outer = int outer(int number)
 *   [tool]
 *   inner = int inner(int number)
 * spans:
 *   3 trace all -
 *   6 agent:outer (all) -
 *   6 tool:inner agent:outer -
 *   3 tool:inner (all) -
 */
#include <stdio.h>
#include <sys/mman.h>

#include "hazard.h"

int all(int number);
int outer(int number);
int inner(int number);

#ifdef LIBRARY
TRACED int inner(int number)
{
	BARRIER();
	return number + 1;
}

TRACED int outer(int number)
{
	int answer = inner(number);

	BARRIER();
	return answer * 3;
}

/* run_on(what, number, top): what(number), on the stack below `top`. */
int run_on(int (*what)(int), int number, void *top);
__asm__(".text\n"
	".type run_on, @function\n"
	"run_on:\n"
#ifdef __CET__
	"	endbr64\n"
#endif
	"	push %rbp\n"
	"	mov %rsp, %rbp\n"
	"	mov %rdx, %rsp\n"
	"	mov %rdi, %rax\n"
	"	mov %esi, %edi\n"
	"	call *%rax\n"
	"	leave\n"
	"	ret\n"
	".size run_on, .-run_on\n");

TRACED int all(int number)
{
	const unsigned long bytes = 65536, page = 4096;
	char *low = mmap(NULL, page + bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	int sum = inner(number);

	mprotect(low, page, PROT_NONE);
	sum += run_on(outer, sum, low + page + bytes);
	sum += run_on(outer, sum, low + page + bytes - 4096);
	munmap(low, page + bytes);
	return sum;
}
#endif

#ifdef PROGRAM
int main(void)
{
	for (int i = 0; i < 3; i++)
		printf("%d\n", all(i));
	return 0;
}
#endif
