/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vfork: the child runs on this very stack, and shares the thread's memory with its parent. So nothing may
 * lie on the stack when the real function is entered: it is jumped to, after ts_life_before_vfork has seen
 * to it that nothing is recorded in the child.
 */

	.text

.macro enter_vfork name
	.p2align 4
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	subq	$8, %rsp
	.cfi_def_cfa_offset 16
	call	ts_life_before_vfork		/* rax = ts_life_before_vfork(): the real one */
	addq	$8, %rsp
	.cfi_def_cfa_offset 8
	jmp	*%rax
	.cfi_endproc
	.size	\name, . - \name
.endm

	enter_vfork vfork
	enter_vfork __vfork

	.section .note.GNU-stack, "", @progbits
