/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pads of functions through which text passes (wire.h). They call the original in a frame of their own, which
 * any unwinder walks by its size: what leaves the original by unwinding or longjmp has passed nothing that counts.
 *
 *   rsp + 104  caller's return address (the slot)
 *   rsp + 96   of a patched entry the caller's r11, which came pushed
 *   rsp + 88   the original
 *   rsp + 80   rdx, which may hold a part of the result; before the call r10
 *   rsp + 72   result; before the call rax
 *   rsp + 16   rdi rsi rdx rcx r8 r9, thunk: with the result, struct ts_passed
 *   rsp        what lies behind the slot: two arguments more, once again (__recvfrom_chk has seven)
 *
 * As in pads_x86_64.S a patched entry gets every register back, at the call and at the return.
 */

#define ORIGINAL 0
#define SLOW 1
#define WIRE_SLOW 8
#define WIRE_LISTED 80
#define WIRE_FDS 65536

	.text

.macro frame entry
.if \entry
	.cfi_def_cfa_offset 16			/* the caller's r11 */
	subq	$96, %rsp
.else
	subq	$104, %rsp
.endif
	.cfi_def_cfa_offset 112
	movq	%rdi, 16(%rsp)
	movq	%rsi, 24(%rsp)
	movq	%rdx, 32(%rsp)
	movq	%rcx, 40(%rsp)
	movq	%r8, 48(%rsp)
	movq	%r9, 56(%rsp)
	movq	%r11, 64(%rsp)
	movq	ORIGINAL(%r11), %r11
	movq	%r11, 88(%rsp)
.endm

/* ts_wire_passed(passed, slot), or what is slow of it; rsp is `below` bytes further down. Changes what C code may. */
.macro tell below
	leaq	\below+16(%rsp), %rdi
	leaq	\below+104(%rsp), %rsi
	call	ts_wire_passed
	cmpq	$SLOW, %rax
	jne	1f
	leaq	\below+16(%rsp), %rdi
	leaq	\below+104(%rsp), %rsi
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
	movq	112(%rsp), %r11
	movq	%r11, (%rsp)
	movq	120(%rsp), %r11
	movq	%r11, 8(%rsp)
.if \entry
	movq	96(%rsp), %r11
.endif
	call	*88(%rsp)
	movq	%rax, 72(%rsp)
	movq	%rdx, 80(%rsp)
.if \entry
	subq	$64, %rsp
	.cfi_def_cfa_offset 176
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
	.cfi_def_cfa_offset 112
.else
	tell	0
.endif
	movq	72(%rsp), %rax
	movq	80(%rsp), %rdx
	addq	$104, %rsp
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
	movq	%rax, 72(%rsp)
	movq	%r10, 80(%rsp)
	tell	0
	movq	88(%rsp), %r11
.if \entry
	movq	96(%rsp), %rax
	movq	%r11, 96(%rsp)			/* what a ret takes */
	movq	%rax, %r11
.endif
	movq	16(%rsp), %rdi
	movq	24(%rsp), %rsi
	movq	32(%rsp), %rdx
	movq	40(%rsp), %rcx
	movq	48(%rsp), %r8
	movq	56(%rsp), %r9
	movq	72(%rsp), %rax
	movq	80(%rsp), %r10
.if \entry
	addq	$96, %rsp
	.cfi_def_cfa_offset 16
	ret					/* to the original, with no register lost */
.else
	addq	$104, %rsp
	.cfi_def_cfa_offset 8
	jmp	*%r11
.endif
	.cfi_endproc
	.size	ts_pad_\suffix, . - ts_pad_\suffix
.endm

/*
 * Of the C library: a descriptor that is not listed costs this much and no more. The functions take neither a static chain nor
 * a count of vector arguments.
 */
.macro listed suffix
	.p2align 6
	.globl	ts_pad_\suffix\()_listed
	.hidden	ts_pad_\suffix\()_listed
	.type	ts_pad_\suffix\()_listed, @function
ts_pad_\suffix\()_listed:
	.cfi_startproc
	movl	%edi, %eax
	cmpl	$WIRE_FDS, %eax
	jae	1f
	leaq	ts_wire+WIRE_LISTED(%rip), %r10
	cmpb	$0, (%r10,%rax)
	jne	ts_pad_\suffix
1:	jmp	*ORIGINAL(%r11)
	.cfi_endproc
	.size	ts_pad_\suffix\()_listed, . - ts_pad_\suffix\()_listed
.endm

/* The same, for what passes text from its first descriptor to its third argument's. */
	.p2align 6
	.globl	ts_pad_wire_spliced
	.hidden	ts_pad_wire_spliced
	.type	ts_pad_wire_spliced, @function
ts_pad_wire_spliced:
	.cfi_startproc
	leaq	ts_wire+WIRE_LISTED(%rip), %r10
	movl	%edi, %eax
	cmpl	$WIRE_FDS, %eax
	jae	1f
	cmpb	$0, (%r10,%rax)
	jne	ts_pad_wire
1:	movl	%edx, %eax
	cmpl	$WIRE_FDS, %eax
	jae	2f
	cmpb	$0, (%r10,%rax)
	jne	ts_pad_wire
2:	jmp	*ORIGINAL(%r11)
	.cfi_endproc
	.size	ts_pad_wire_spliced, . - ts_pad_wire_spliced

	after wire, 0
	after wire_entry, 1
	listed wire
	before wire_before, 0
	before wire_before_entry, 1
	listed wire_before

	.section .note.GNU-stack, "", @progbits
