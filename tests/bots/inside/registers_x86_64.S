/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function that changes nothing at all, and a caller that loads every register before it calls it. Places
 * of registers: struct registers of inside.h.
 */

#define GENERAL 0	/* rax rcx rdx rbx rbp rsi rdi r8 .. r15 */
#define FLAGS 120
#define FXSAVE 128	/* x87, MXCSR, xmm */
#define VECTORS 640	/* zmm0 .. zmm31, or ymm0 .. ymm15 in their places */
#define MASKS 2688
#define BYTES 2752

	.macro store_general to
	movq	%rax, \to+0(%rip)
	movq	%rcx, \to+8(%rip)
	movq	%rdx, \to+16(%rip)
	movq	%rbx, \to+24(%rip)
	movq	%rbp, \to+32(%rip)
	movq	%rsi, \to+40(%rip)
	movq	%rdi, \to+48(%rip)
	movq	%r8, \to+56(%rip)
	movq	%r9, \to+64(%rip)
	movq	%r10, \to+72(%rip)
	movq	%r11, \to+80(%rip)
	movq	%r12, \to+88(%rip)
	movq	%r13, \to+96(%rip)
	movq	%r14, \to+104(%rip)
	movq	%r15, \to+112(%rip)
	.endm

	.macro vectors how, width, count, at
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	.if \n < \count
	.ifc \how, store
	vmovups	%\width\()\n, \at+VECTORS+64*\n(%rip)
	.else
	vmovups	\at+VECTORS+64*\n(%rip), %\width\()\n
	.endif
	.endif
	.endr
	.endm

	.macro masks how, at
	.irp	n, 0,1,2,3,4,5,6,7
	.ifc \how, store
	kmovq	%k\n, \at+MASKS+8*\n(%rip)
	.else
	kmovq	\at+MASKS+8*\n(%rip), %k\n
	.endif
	.endr
	.endm

	.text

/* The same three times: for what the CPU has. `name` is what callers call. */
	.macro untouched name, width, count
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	movq	%rax, got(%rip)
	pushfq
	.cfi_adjust_cfa_offset 8
	popq	got+FLAGS(%rip)
	.cfi_adjust_cfa_offset -8
	store_general got
	fxsave64 got+FXSAVE(%rip)
	.if \count
	vectors	store, \width, \count, got
	.endif
	.if \count == 32
	masks	store, got
	.endif
	ret
	.cfi_endproc
	.size	\name, . - \name
	.endm

	untouched untouched_sse, xmm, 0
	untouched untouched_avx, ymm, 16
	untouched untouched_avx512, zmm, 32

/* Calls *callee with the registers as in `before`, and leaves what it finds after in `after`. */
	.macro call_with name, width, count
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_offset rbx, -16
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_offset rbp, -24
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_offset r12, -32
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_offset r13, -40
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_offset r14, -48
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_offset r15, -56
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	fxsave64 own(%rip)
	fxrstor64 before+FXSAVE(%rip)
	.if \count
	vectors	load, \width, \count, before
	.endif
	.if \count == 32
	masks	load, before
	.endif
	movq	before+0(%rip), %rax
	movq	before+8(%rip), %rcx
	movq	before+16(%rip), %rdx
	movq	before+24(%rip), %rbx
	movq	before+32(%rip), %rbp
	movq	before+40(%rip), %rsi
	movq	before+48(%rip), %rdi
	movq	before+56(%rip), %r8
	movq	before+64(%rip), %r9
	movq	before+72(%rip), %r10
	movq	before+80(%rip), %r11
	movq	before+88(%rip), %r12
	movq	before+96(%rip), %r13
	movq	before+104(%rip), %r14
	movq	before+112(%rip), %r15
	call	*callee(%rip)
	store_general after
	pushfq
	.cfi_adjust_cfa_offset 8
	popq	after+FLAGS(%rip)
	.cfi_adjust_cfa_offset -8
	fxsave64 after+FXSAVE(%rip)
	.if \count
	vectors	store, \width, \count, after
	vzeroupper
	.endif
	.if \count == 32
	masks	store, after
	.endif
	fxrstor64 own(%rip)
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r15
	.cfi_adjust_cfa_offset -8
	popq	%r14
	.cfi_adjust_cfa_offset -8
	popq	%r13
	.cfi_adjust_cfa_offset -8
	popq	%r12
	.cfi_adjust_cfa_offset -8
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	\name, . - \name
	.endm

	call_with call_with_sse, xmm, 0
	call_with call_with_avx, ymm, 16
	call_with call_with_avx512, zmm, 32

	.bss
	.p2align 6
	.globl	before, got, after, callee
before:	.zero BYTES
got:	.zero BYTES
after:	.zero BYTES
own:	.zero 512
callee:	.zero 8

	.section .note.GNU-stack, "", @progbits
