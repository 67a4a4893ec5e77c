/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dlsym and dlvsym: ts_dlsym may know the answer; if it does not, the real function is jumped to, so
 * that it finds the program's return address, by which it tells the program's scope.
 */

	.text

.macro look_up name, real, versioned
	.p2align 4
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	subq	$24, %rsp
	.cfi_def_cfa_offset 32
	movq	%rdi, (%rsp)
	movq	%rsi, 8(%rsp)
	movq	%rdx, 16(%rsp)
.if \versioned == 0
	xorl	%edx, %edx
.endif
	movq	24(%rsp), %rcx			/* caller */
	call	ts_dlsym			/* ts_dlsym(handle, name, version, caller) */
	movq	(%rsp), %rdi
	movq	8(%rsp), %rsi
	movq	16(%rsp), %rdx
	addq	$24, %rsp
	.cfi_def_cfa_offset 8
	testq	%rax, %rax
	jne	1f
	jmp	*\real+ts_real(%rip)
1:	ret
	.cfi_endproc
	.size	\name, . - \name
.endm

	look_up dlsym, 0, 0
	look_up dlvsym, 8, 1

	.section .note.GNU-stack, "", @progbits
