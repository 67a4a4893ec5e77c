/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pads. A thunk jumps here with r11 = its struct ts_thunk; r11 is the one register that a call may
 * lose on its way (System V ABI, 3.2.3; r10 is the static chain, al counts vector arguments).
 *
 * A patched entry (patch.c) comes with r11 = the thunk, too, and the caller's r11 pushed: gcc's -fipa-ra lets
 * a caller count on any register that the function itself leaves alone. So these pads give every register
 * back, at entry and at return; but for the arithmetic flags, which no compiler keeps over a call.
 *
 *                    entry pad                     while the original runs     return pad
 *   slot + 8 ..  arguments on the stack        ........................     ........................
 *   slot         caller's return address  <──  return pad's address   <──   caller's return address
 *   slot - 8     r11 (of an entry: caller's)   the original's frame         rax
 *   slot - 16    r10
 *   slot - 24    rax
 *   slot - 72    rdi rsi rdx rcx r8 r9                                       rdx at slot - 16
 *   slot - 200   xmm0 .. xmm7 (vector pads)                                  xmm0 at slot - 56
 *   below that   thunk (of an entry)                                         rcx rsi rdi r8 .. r11 (entry)
 *
 * The pad *calls* the original, from the same slot that held the caller's return address: the CPU's
 * return stack then predicts both returns.
 *
 * Unwinding. While the original runs, rbx holds the frame (struct ts_frame: caller's rbx at 0, return
 * address at 8), and the original preserves rbx, so DWARF expressions on rbx find both. Two variants
 * differ in how the row at the return address describes itself:
 *
 *   b  CFA = rsp, so that this row and the caller have one CFA. The personality routine handles the
 *      handler's frame, too: it makes the unwinder land on the cleanup pad, which ends the span and
 *      resumes. Needs the accessors of the unwinder that is at work.
 *   a  CFA = rsp + 4, the caller's rsp by val_expression. The personality routine ends the span itself
 *      and calls no accessor, whose copy of the unwinder might be another than the caller's. The CFA is
 *      neither the original's (rsp) nor the caller's (rsp + 8 at least), which libgcc would take for one
 *      frame, and lies between the two, for gdb stops at a frame that seems to be inside the one before.
 *
 * DW_CFA_expression (0x10) says where a register lies, DW_CFA_val_expression (0x16) what it is worth
 * (DWARF 5, section 6.4.2.3).
 */

#define CALLER_RBX 0
#define RETURN_ADDRESS 8
#define TARGET 16
#define ORIGINAL 0

#define SLOW 1

#define SYS_mmap 9
#define SYS_munmap 11
#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_PRIVATE 2
#define MAP_ANONYMOUS 0x20

#define HOT_SLOW 8
#define HOT_MISSED 36
#define HOT_XSAVE_BYTES 40
#define HOT_XSAVE_MASK 48

/* rbx is saved at *(rbx + 0), the return address at *(rbx + 8) */
.macro cfi_in_frame
	.cfi_escape 0x10, 3, 2, 0x73, CALLER_RBX
	.cfi_escape 0x10, 16, 2, 0x73, RETURN_ADDRESS
.endm

/* rsp of the caller = rsp */
.macro cfi_rsp_is_callers
	.cfi_escape 0x16, 7, 2, 0x77, 0
.endm

	.text

.macro pad variant, suffix, vector, entry
	.p2align 6
	.globl	ts_pad_\suffix
	.hidden	ts_pad_\suffix
	.type	ts_pad_\suffix, @function
ts_pad_\suffix:
	.cfi_startproc
.if \entry
	.cfi_def_cfa_offset 16			/* the caller's r11 */
	subq	$64, %rsp
.else
	subq	$72, %rsp
.endif
	.cfi_def_cfa_offset 80
	movq	%rdi, (%rsp)
	movq	%rsi, 8(%rsp)
	movq	%rdx, 16(%rsp)
	movq	%rcx, 24(%rsp)
	movq	%r8, 32(%rsp)
	movq	%r9, 40(%rsp)
	movq	%rax, 48(%rsp)
	movq	%r10, 56(%rsp)
.if \entry == 0
	movq	%r11, 64(%rsp)
.endif
	leaq	72(%rsp), %rsi			/* slot */
	.set	below, 0
.if \vector
	.set	below, 128
	subq	$128, %rsp
	.cfi_def_cfa_offset 208
	movups	%xmm0, (%rsp)
	movups	%xmm1, 16(%rsp)
	movups	%xmm2, 32(%rsp)
	movups	%xmm3, 48(%rsp)
	movups	%xmm4, 64(%rsp)
	movups	%xmm5, 80(%rsp)
	movups	%xmm6, 96(%rsp)
	movups	%xmm7, 112(%rsp)
.endif
	.set	thunk, below+64
.if \entry
	.set	thunk, 0
	.set	below, below+16
	subq	$16, %rsp
	.cfi_def_cfa_offset below+80
	movq	%r11, (%rsp)
.endif
	movq	%r11, %rdi			/* thunk */
	call	ts_call_begin			/* frame = ts_call_begin(thunk, slot) */
	cmpq	$SLOW, %rax
	jb	3f				/* no frame: as if we were not here */
	je	2f
1:	movq	below+72(%rsp), %rcx
	movq	%rcx, RETURN_ADDRESS(%rax)	/* frame->return_address = *slot */
	movq	%rbx, CALLER_RBX(%rax)
.if \entry
	movq	thunk(%rsp), %rcx
	movq	ORIGINAL(%rcx), %rcx
	movq	%rcx, TARGET(%rax)		/* frame->target = thunk->original */
.endif
	movq	below+64(%rsp), %r11
	movq	below+56(%rsp), %r10
	movq	below(%rsp), %rdi
	movq	below+8(%rsp), %rsi
	movq	below+16(%rsp), %rdx
	movq	below+24(%rsp), %rcx
	movq	below+32(%rsp), %r8
	movq	below+40(%rsp), %r9
	movq	%rax, %rbx			/* rbx = frame */
	cfi_in_frame
	movq	below+48(%rsp), %rax
	leaq	below+80(%rsp), %rsp		/* past the slot; the call fills it again */
	.cfi_endproc
	.cfi_startproc
	.cfi_personality 0x1b, ts_personality_\variant
	cfi_in_frame
.ifc \variant,b
	.cfi_def_cfa rsp, 0
.else
	.cfi_def_cfa rsp, 4
	cfi_rsp_is_callers
.endif
.if \entry
	call	*TARGET(%rbx)			/* frame->target */
.else
	call	*ORIGINAL(%r11)			/* thunk->original */
.endif
	.cfi_endproc
	.cfi_startproc
	cfi_in_frame
.ifc \variant,b
	.cfi_def_cfa rsp, 0
.else
	.cfi_def_cfa rsp, 4
	cfi_rsp_is_callers
.endif
	.globl	ts_return_pad_\suffix
	.hidden	ts_return_pad_\suffix
ts_return_pad_\suffix:
	pushq	RETURN_ADDRESS(%rbx)		/* the caller's return address is back in its slot */
	.cfi_def_cfa rsp, 8
	.cfi_offset rip, -8
.ifc \variant,a
	.cfi_restore rsp
.endif
	pushq	%rax
	.cfi_def_cfa_offset 16
	pushq	%rdx
	.cfi_def_cfa_offset 24
	leaq	-40(%rsp), %rsp
	.cfi_def_cfa_offset 64
.if \vector
	movups	%xmm0, (%rsp)
.endif
.if \entry
	pushq	%rcx
	.cfi_def_cfa_offset 72
	pushq	%rsi
	.cfi_def_cfa_offset 80
	pushq	%rdi
	.cfi_def_cfa_offset 88
	pushq	%r8
	.cfi_def_cfa_offset 96
	pushq	%r9
	.cfi_def_cfa_offset 104
	pushq	%r10
	.cfi_def_cfa_offset 112
	pushq	%r11
	.cfi_def_cfa_offset 120
	pushq	%r11				/* aligns */
	.cfi_def_cfa_offset 128
	leaq	120(%rsp), %rsi			/* slot */
.else
	leaq	56(%rsp), %rsi			/* slot */
.endif
	movq	%rbx, %rdi			/* frame */
	movq	CALLER_RBX(%rbx), %rbx
	.cfi_restore rbx
	call	ts_call_end			/* ts_call_end(frame, slot) */
.if \entry
	popq	%r11
	.cfi_def_cfa_offset 120
	popq	%r11
	.cfi_def_cfa_offset 112
	popq	%r10
	.cfi_def_cfa_offset 104
	popq	%r9
	.cfi_def_cfa_offset 96
	popq	%r8
	.cfi_def_cfa_offset 88
	popq	%rdi
	.cfi_def_cfa_offset 80
	popq	%rsi
	.cfi_def_cfa_offset 72
	popq	%rcx
	.cfi_def_cfa_offset 64
.endif
	leaq	40(%rsp), %rsp
	.cfi_def_cfa_offset 24
	popq	%rdx
	.cfi_def_cfa_offset 16
	popq	%rax
	.cfi_def_cfa_offset 8
	ret

	/* A thread's first event: save what C code may change and the pad has not saved yet. */
	.cfi_restore rbx
	.cfi_def_cfa rsp, below+80
	.cfi_offset rip, -8
2:	pushq	%rbp
	.cfi_def_cfa_offset below+88
	.cfi_offset rbp, -(below+88)
	movq	%rsp, %rbp
	.cfi_def_cfa_register rbp
	movq	thunk+8(%rbp), %rdi		/* thunk */
	leaq	below+80(%rbp), %rsi		/* slot */
	call	ts_slow_with_vectors
	leave
	.cfi_def_cfa rsp, below+80
	.cfi_restore rbp
	testq	%rax, %rax
	jne	1b

3:
.if \entry
	movq	thunk(%rsp), %rdi
	movq	ORIGINAL(%rdi), %rdi
	movq	%rdi, thunk(%rsp)
.endif
	movq	below(%rsp), %rdi
	movq	below+8(%rsp), %rsi
	movq	below+16(%rsp), %rdx
	movq	below+24(%rsp), %rcx
	movq	below+32(%rsp), %r8
	movq	below+40(%rsp), %r9
	movq	below+48(%rsp), %rax
	movq	below+56(%rsp), %r10
	movq	below+64(%rsp), %r11
.if \entry
	pushq	thunk(%rsp)			/* *slot - 8 .. hold what a ret takes */
	.cfi_adjust_cfa_offset 8
	popq	below+64(%rsp)
	.cfi_adjust_cfa_offset -8
	leaq	below+64(%rsp), %rsp
	.cfi_def_cfa_offset 16
	ret					/* to thunk->original, with no register lost */
.else
	leaq	below+72(%rsp), %rsp
	.cfi_def_cfa_offset 8
	jmp	*ORIGINAL(%r11)			/* thunk->original */
.endif
	.cfi_endproc
	.size	ts_pad_\suffix, . - ts_pad_\suffix
.endm

	pad a, a, 0, 0
	pad b, b, 0, 0
	pad a, a_vector, 1, 0
	pad b, b_vector, 1, 0
	pad a, a_entry, 0, 1
	pad b, b_entry, 0, 1
	pad a, a_entry_vector, 1, 1
	pad b, b_entry_vector, 1, 1

/*
 * rax = rdx(rdi, rsi), with all vector, x87 and mask state as it was, on a stack of its own: the program's
 * may be the smallest there is (16 KB, or 8 KB for a handler). 0 where there is no memory.
 */
#define SLOW_STACK_BYTES 131072

	.p2align 4
	.type	ts_slow_with_vectors, @function
ts_slow_with_vectors:
	.cfi_startproc
	movq	ts_hot+HOT_SLOW(%rip), %rdx
	.globl	ts_with_vectors
	.hidden	ts_with_vectors
	.type	ts_with_vectors, @function
ts_with_vectors:
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register rbp
	pushq	%rbx
	.cfi_offset rbx, -24
	pushq	%r12
	.cfi_offset r12, -32
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	movl	$SYS_mmap, %eax			/* r12 = mmap(NULL, SLOW_STACK_BYTES, ...) */
	xorl	%edi, %edi
	movl	$SLOW_STACK_BYTES, %esi
	movl	$(PROT_READ | PROT_WRITE), %edx
	movl	$(MAP_PRIVATE | MAP_ANONYMOUS), %r10d
	movq	$-1, %r8
	xorl	%r9d, %r9d
	syscall
	cmpq	$-4095, %rax
	jae	3f
	movq	%rax, %r12
	movq	-24(%rbp), %rdi
	movq	-32(%rbp), %rsi
	leaq	ts_hot(%rip), %rbx
	leaq	SLOW_STACK_BYTES(%r12), %rsp
	subq	HOT_XSAVE_BYTES(%rbx), %rsp
	andq	$-64, %rsp
	movl	HOT_XSAVE_MASK(%rbx), %eax
	movl	HOT_XSAVE_MASK+4(%rbx), %edx
	testl	%eax, %eax
	je	1f
	xsave64	(%rsp)				/* the header is zero: new pages are */
	call	*-40(%rbp)
	movq	%rax, %rcx
	movl	HOT_XSAVE_MASK(%rbx), %eax
	movl	HOT_XSAVE_MASK+4(%rbx), %edx
	xrstor64 (%rsp)
	movq	%rcx, %rax
	jmp	2f
1:	fxsave64 (%rsp)
	call	*-40(%rbp)
	fxrstor64 (%rsp)
2:	leaq	-40(%rbp), %rsp
	movq	%rax, (%rsp)
	movl	$SYS_munmap, %eax
	movq	%r12, %rdi
	movl	$SLOW_STACK_BYTES, %esi
	syscall
	movq	(%rsp), %rax
	jmp	4f
3:	movq	ts_hot+HOT_SLOW(%rip), %rax
	cmpq	%rax, -40(%rbp)
	sete	%al
	movzbl	%al, %eax
	lock addl %eax, ts_hot+HOT_MISSED(%rip)	/* a call is lost, and no ring can tell */
	xorl	%eax, %eax
4:	movq	-16(%rbp), %r12
	.cfi_restore r12
	movq	-8(%rbp), %rbx
	.cfi_restore rbx
	leave
	.cfi_def_cfa rsp, 8
	.cfi_restore rbp
	ret
	.cfi_endproc
	.size	ts_slow_with_vectors, . - ts_slow_with_vectors
	.size	ts_with_vectors, . - ts_with_vectors

/*
 * Where variant b's personality routine makes the unwinder land, with rsp and rbx as the return pad
 * finds them, rax = the exception and rdx = what ts_cleanup takes. It has no personality of its own: the
 * resumed unwinding passes on to the caller.
 */
	.p2align 4
	.globl	ts_cleanup_pad
	.hidden	ts_cleanup_pad
	.type	ts_cleanup_pad, @function
	.cfi_startproc
	.cfi_def_cfa rsp, 0
	cfi_in_frame
	nop					/* so that a look-up of the address before finds this row */
ts_cleanup_pad:
	pushq	RETURN_ADDRESS(%rbx)
	.cfi_def_cfa rsp, 8
	.cfi_offset rip, -8
	pushq	%rax
	.cfi_def_cfa_offset 16
	movq	%rbx, %rdi			/* frame */
	movq	CALLER_RBX(%rbx), %rbx
	.cfi_restore rbx
	movq	%rdx, %rsi
	movq	%rax, %rdx
	call	ts_cleanup			/* resume = ts_cleanup(frame, how, exception) */
	movq	(%rsp), %rdi			/* exception */
	call	*%rax				/* resume(exception) does not return */
	ud2
	.cfi_endproc
	.size	ts_cleanup_pad, . - ts_cleanup_pad

	.section .note.GNU-stack, "", @progbits
