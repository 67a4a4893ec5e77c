/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a fault enters. The program's handler is jumped to with the arguments and the stack that the
 * kernel gave us, so that it, whoever unwinds through it and whoever jumps out of it find what they would
 * have found; its return leads straight to the C library's rt_sigreturn.
 */

	.text
	.p2align 4
	.globl	ts_guard_entry
	.hidden	ts_guard_entry
	.type	ts_guard_entry, @function
ts_guard_entry:
	.cfi_startproc
	pushq	%rdi
	.cfi_def_cfa_offset 16
	pushq	%rsi
	.cfi_def_cfa_offset 24
	pushq	%rdx
	.cfi_def_cfa_offset 32
	call	ts_guard_fault			/* handler = ts_guard_fault(signal, info, context) */
	popq	%rdx
	.cfi_def_cfa_offset 24
	popq	%rsi
	.cfi_def_cfa_offset 16
	popq	%rdi
	.cfi_def_cfa_offset 8
	movq	%rax, %r11
	xorl	%eax, %eax			/* as from the kernel */
	testq	%r11, %r11
	je	1f
	jmp	*%r11				/* handler(signal, info, context) */
1:	ret
	.cfi_endproc
	.size	ts_guard_entry, . - ts_guard_entry

	.section .note.GNU-stack, "", @progbits
