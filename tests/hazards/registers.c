// SPDX-License-Identifier: Apache-2.0
/*
 * Row: errno, direction flag, x87 control word and stack, MXCSR, vector registers on the way in and out, the registers
 * that a callee preserves, and the stack pointer, looked at from right around a call, wherever the stack is aligned.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   probe = long probe(const char *text, long number) : fails if < 0
 *   x87 = x87
 * spans:
 *   4 trace all -
 *   8 tool:probe (all) -
 *   4 tool:x87 (all) -
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "hazard.h"

/* What a callee sees, and what its caller sees afterwards. */
struct state {
	uint64_t preserved[6]; /* rbx rbp r12-r15 */
	uint64_t flags;
	uint32_t mxcsr;
	uint16_t x87_control, x87_status;
	uint8_t vectors[16][16];
} __attribute__((aligned(16)));

int all(int number);
long probe(const char *text, long number);
long double x87(long double a, long double b);
long call_with(struct state *around, const char *text, long number, long misaligned);
extern struct state inside;

#ifdef LIBRARY
struct state inside;

/* A leaf in assembly, so that nothing but the call itself touches anything. */
__asm__(".text\n"
	".globl probe\n"
	".type probe, @function\n"
	"probe:\n"
	".cfi_startproc\n"
#ifdef __CET__
	"	endbr64\n"
#endif
	"	mov inside@GOTPCREL(%rip), %rax\n"
	"	stmxcsr 56(%rax)\n"
	"	fnstcw 60(%rax)\n"
	"	fnstsw 62(%rax)\n"
	"	movups %xmm0, 64(%rax)\n"
	"	movups %xmm1, 80(%rax)\n"
	"	movups %xmm7, 176(%rax)\n"
	"	movups %xmm15, 304(%rax)\n"
	"	pushfq\n"
	".cfi_adjust_cfa_offset 8\n"
	"	popq 48(%rax)\n"
	".cfi_adjust_cfa_offset -8\n"
	"	lea (%rdi,%rsi), %rax\n"
	"	movzbl (%rdi), %eax\n"
	"	add %rsi, %rax\n"
	"	pxor %xmm0, %xmm0\n"
	"	ret\n"
	".cfi_endproc\n"
	".size probe, .-probe\n");

TRACED long double x87(long double a, long double b)
{
	return a / b;
}

/* call_with(around, text, number, misaligned): probe with known values in all that a call may not change. */
__asm__(".text\n"
	".globl call_with\n"
	".type call_with, @function\n"
	"call_with:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	"
	"push %r15\n"
	"	push %rdi\n"
	"	sub %rcx, %rsp\n"
	"	push %rcx\n"
	"	push %rcx\n"
	"	mov %rsi, %r8\n"
	"	mov %rdx, %rsi\n"
	"	mov $0x1111111111111111, %rbx\n"
	"	mov $0x2222222222222222, %rbp\n"
	"	mov $0x3333333333333333, %r12\n"
	"	mov $0x4444444444444444, %r13\n"
	"	mov %rsp, %r14\n"
	"	mov $0x6666666666666666, %r15\n"
	"	movq %rbx, %xmm0\n	movq %rbp, %xmm1\n	movq %r12, %xmm7\n	movq %r13, "
	"%xmm15\n"
	"	mov %r8, %rdi\n"
	"	call probe@PLT\n"
	"	sub %rsp, %r14\n" /* 0 */
	"	pop %rcx\n"
	"	pop %rcx\n"
	"	add %rcx, %rsp\n"
	"	pop %rdi\n"
	"	mov %rbx, (%rdi)\n	mov %rbp, 8(%rdi)\n	mov %r12, 16(%rdi)\n"
	"	mov %r13, 24(%rdi)\n	mov %r14, 32(%rdi)\n	mov %r15, 40(%rdi)\n"
	"	pushfq\n	popq 48(%rdi)\n"
	"	stmxcsr 56(%rdi)\n	fnstcw 60(%rdi)\n	fnstsw 62(%rdi)\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n	"
	"pop %rbx\n"
	"	ret\n"
	".size call_with, .-call_with\n");

static void print(const char *what, const struct state *state)
{
	printf("%s %lx %lx %lx %lx %lx %lx direction %lx mxcsr %x x87 %x %x\n", what,
	       state->preserved[0], state->preserved[1], state->preserved[2], state->preserved[3],
	       state->preserved[4], state->preserved[5], state->flags & 0x400, state->mxcsr,
	       state->x87_control, state->x87_status & 0x3800);
}

static void call(long misaligned)
{
	struct state around = {0};
	uint32_t before, rounding;
	uint16_t control = 0x0f7f, usual;

	errno = 4711;
	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(before), "=m"(usual));
	rounding = before | 0xe000; /* towards zero, flush to zero */
	__asm__ volatile("ldmxcsr %0; fldcw %1; fld1; fldpi" ::"m"(rounding), "m"(control));
	around.preserved[0] = (uint64_t)call_with(&around, "~", 10, misaligned);
	__asm__ volatile("fstp %%st(0); fstp %%st(0); ldmxcsr %0; fldcw %1" ::"m"(before),
			 "m"(usual));
	print("around", &around);
	print("inside", &inside);
	for (int i = 0; i < 16; i++)
		if (i < 2 || i == 7 || i == 15)
			printf("%lx ", *(uint64_t *)inside.vectors[i]);
	printf("errno %d\n", errno);
}

TRACED int all(int number)
{
	call(0);
	call(8);
	printf("%La\n", x87(1, 3));
	return number;
}
#endif

#ifdef PROGRAM
int main(void)
{
	for (int i = 0; i < 4; i++)
		all(i);
	return 0;
}
#endif
