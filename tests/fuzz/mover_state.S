/* SPDX-License-Identifier: Apache-2.0 */
/*
 * void state_run(const struct state *in, struct state *out, const void *entry)
 *
 * Jumps to `entry` with every register and flag as `in` says, the stack pointer among them; the
 * code there ends with a jump to state_back, which keeps them all in `out`. state_level: 0 SSE, 1
 * AVX, 2 AVX-512. Not reentrant.
 */

#define GPR   0
#define FLAGS 128
#define K     136
#define FX    256
#define VEC   768

	.local	kept_rsp, kept_out, kept_entry, kept_rax, kept_code_rsp, kept_mxcsr
	.comm	kept_rsp, 8, 8
	.comm	kept_out, 8, 8
	.comm	kept_entry, 8, 8
	.comm	kept_rax, 8, 8
	.comm	kept_code_rsp, 8, 8
	.comm	kept_mxcsr, 4, 4
	.comm	state_level, 4, 4

	.text
	.globl	state_run
	.type	state_run, @function
state_run:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, kept_rsp(%rip)
	mov	%rsi, kept_out(%rip)
	mov	%rdx, kept_entry(%rip)
	stmxcsr	kept_mxcsr(%rip)
	fxrstor64 FX(%rdi)
	cmpl	$1, state_level(%rip)
	jb	2f
	ja	1f
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	VEC + 64 * \n(%rdi), %ymm\n
	.endr
	jmp	2f
1:	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu64 VEC + 64 * \n(%rdi), %zmm\n
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vmovdqu64 VEC + 64 * \n(%rdi), %zmm\n
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq	K + 8 * \n(%rdi), %k\n
	.endr
2:	push	FLAGS(%rdi)
	popfq				/* nothing below changes a flag */
	mov	GPR + 8 * 0(%rdi), %rax
	mov	GPR + 8 * 1(%rdi), %rcx
	mov	GPR + 8 * 2(%rdi), %rdx
	mov	GPR + 8 * 3(%rdi), %rbx
	mov	GPR + 8 * 4(%rdi), %rsp
	mov	GPR + 8 * 5(%rdi), %rbp
	mov	GPR + 8 * 6(%rdi), %rsi
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	mov	GPR + 8 * \n(%rdi), %r\n
	.endr
	mov	GPR + 8 * 7(%rdi), %rdi
	jmp	*kept_entry(%rip)
	.size	state_run, . - state_run

	.globl	state_back
	.type	state_back, @function
state_back:
	mov	%rax, kept_rax(%rip)
	mov	kept_out(%rip), %rax
	mov	%rcx, GPR + 8 * 1(%rax)
	mov	%rdx, GPR + 8 * 2(%rax)
	mov	%rbx, GPR + 8 * 3(%rax)
	mov	%rsp, GPR + 8 * 4(%rax)
	mov	%rbp, GPR + 8 * 5(%rax)
	mov	%rsi, GPR + 8 * 6(%rax)
	mov	%rdi, GPR + 8 * 7(%rax)
	.irp	n, 8, 9, 10, 11, 12, 13, 14, 15
	mov	%r\n, GPR + 8 * \n(%rax)
	.endr
	mov	kept_rax(%rip), %rcx
	mov	%rcx, GPR(%rax)
	mov	kept_rsp(%rip), %rsp
	pushfq
	pop	FLAGS(%rax)
	cld
	fxsave64 FX(%rax)
	cmpl	$1, state_level(%rip)
	jb	2f
	ja	1f
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu	%ymm\n, VEC + 64 * \n(%rax)
	.endr
	vzeroupper
	jmp	2f
1:	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vmovdqu64 %zmm\n, VEC + 64 * \n(%rax)
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vmovdqu64 %zmm\n, VEC + 64 * \n(%rax)
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq	%k\n, K + 8 * \n(%rax)
	.endr
	vzeroupper
2:	fninit
	ldmxcsr	kept_mxcsr(%rip)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	state_back, . - state_back

	.section .note.GNU-stack, "", @progbits
