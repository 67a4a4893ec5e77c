/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pads of functions through which text passes (wire.h). They call the original in a frame of their own, which
 * any unwinder walks by its size: what leaves the original by unwinding or longjmp has passed nothing that counts.
 * All arguments lie in the six integer registers.
 *
 *   rsp + 88   caller's return address (the slot)
 *   rsp + 80   of a patched entry the caller's r11, which came pushed
 *   rsp + 72   the original
 *   rsp + 64   rdx, which may hold a part of the result; before the call r10
 *   rsp + 56   result; before the call rax
 *   rsp        rdi rsi rdx rcx r8 r9, thunk: with the result, struct ts_passed
 *
 * As in pads_x86_64.S a patched entry gets every register back, at the call and at the return.
 */

#define ORIGINAL 0
#define SLOW 1
#define WIRE_SLOW 8

	.text

.macro frame entry
.if \entry
	.cfi_def_cfa_offset 16			/* the caller's r11 */
	subq	$80, %rsp
.else
	subq	$88, %rsp
.endif
	.cfi_def_cfa_offset 96
	movq	%rdi, (%rsp)
	movq	%rsi, 8(%rsp)
	movq	%rdx, 16(%rsp)
	movq	%rcx, 24(%rsp)
	movq	%r8, 32(%rsp)
	movq	%r9, 40(%rsp)
	movq	%r11, 48(%rsp)
	movq	ORIGINAL(%r11), %r11
	movq	%r11, 72(%rsp)
.endm

/* ts_wire_passed(passed, slot), or what is slow of it; rsp is `below` bytes further down. Changes what C code may. */
.macro tell below
	leaq	\below(%rsp), %rdi
	leaq	\below+88(%rsp), %rsi
	call	ts_wire_passed
	cmpq	$SLOW, %rax
	jne	1f
	leaq	\below(%rsp), %rdi
	leaq	\below+88(%rsp), %rsi
	movq	ts_wire+WIRE_SLOW(%rip), %rdx
	call	ts_with_vectors
1:
.endm

/* What is looked at when it has returned. */
.macro after suffix, entry
	.p2align 6
	.globl	ts_pad_\suffix
	.hidden	ts_pad_\suffix
	.type	ts_pad_\suffix, @function
ts_pad_\suffix:
	.cfi_startproc
	frame	\entry
.if \entry
	movq	80(%rsp), %r11
.endif
	call	*72(%rsp)
	movq	%rax, 56(%rsp)
	movq	%rdx, 64(%rsp)
.if \entry
	subq	$64, %rsp
	.cfi_def_cfa_offset 160
	movq	%rcx, (%rsp)
	movq	%rsi, 8(%rsp)
	movq	%rdi, 16(%rsp)
	movq	%r8, 24(%rsp)
	movq	%r9, 32(%rsp)
	movq	%r10, 40(%rsp)
	movq	%r11, 48(%rsp)
	tell	64
	movq	(%rsp), %rcx
	movq	8(%rsp), %rsi
	movq	16(%rsp), %rdi
	movq	24(%rsp), %r8
	movq	32(%rsp), %r9
	movq	40(%rsp), %r10
	movq	48(%rsp), %r11
	addq	$64, %rsp
	.cfi_def_cfa_offset 96
.else
	tell	0
.endif
	movq	56(%rsp), %rax
	movq	64(%rsp), %rdx
	addq	$88, %rsp
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size	ts_pad_\suffix, . - ts_pad_\suffix
.endm

/* What is looked at before it is called: the original returns to the caller. */
.macro before suffix, entry
	.p2align 6
	.globl	ts_pad_\suffix
	.hidden	ts_pad_\suffix
	.type	ts_pad_\suffix, @function
ts_pad_\suffix:
	.cfi_startproc
	frame	\entry
	movq	%rax, 56(%rsp)
	movq	%r10, 64(%rsp)
	tell	0
	movq	72(%rsp), %r11
.if \entry
	movq	80(%rsp), %rax
	movq	%r11, 80(%rsp)			/* what a ret takes */
	movq	%rax, %r11
.endif
	movq	(%rsp), %rdi
	movq	8(%rsp), %rsi
	movq	16(%rsp), %rdx
	movq	24(%rsp), %rcx
	movq	32(%rsp), %r8
	movq	40(%rsp), %r9
	movq	56(%rsp), %rax
	movq	64(%rsp), %r10
.if \entry
	addq	$80, %rsp
	.cfi_def_cfa_offset 16
	ret					/* to the original, with no register lost */
.else
	addq	$88, %rsp
	.cfi_def_cfa_offset 8
	jmp	*%r11
.endif
	.cfi_endproc
	.size	ts_pad_\suffix, . - ts_pad_\suffix
.endm

	after wire, 0
	after wire_entry, 1
	before wire_before, 0
	before wire_before_entry, 1

	.section .note.GNU-stack, "", @progbits
