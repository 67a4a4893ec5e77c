/* SPDX-License-Identifier: Apache-2.0 */
/*
 * makecontext(context, function, n, ...) has any number of arguments, in registers and on the stack: it is
 * looked at and jumped to.
 */

	.text
	.p2align 4
	.globl	ts_stacks_makecontext_entry
	.hidden	ts_stacks_makecontext_entry
	.type	ts_stacks_makecontext_entry, @function
ts_stacks_makecontext_entry:
	.cfi_startproc
	subq	$56, %rsp
	.cfi_def_cfa_offset 64
	movq	%rdi, (%rsp)
	movq	%rsi, 8(%rsp)
	movq	%rdx, 16(%rsp)
	movq	%rcx, 24(%rsp)
	movq	%r8, 32(%rsp)
	movq	%r9, 40(%rsp)
	movq	%rax, 48(%rsp)
	call	ts_stacks_makecontext		/* ts_stacks_makecontext(context) */
	movq	(%rsp), %rdi
	movq	8(%rsp), %rsi
	movq	16(%rsp), %rdx
	movq	24(%rsp), %rcx
	movq	32(%rsp), %r8
	movq	40(%rsp), %r9
	movq	48(%rsp), %rax
	addq	$56, %rsp
	.cfi_def_cfa_offset 8
	jmp	*ts_stacks_real(%rip)
	.cfi_endproc
	.size	ts_stacks_makecontext_entry, . - ts_stacks_makecontext_entry

	.section .note.GNU-stack, "", @progbits
