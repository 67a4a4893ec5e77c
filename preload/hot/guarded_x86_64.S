/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain reads of memory that may not be there (guarded.h): leaf functions that keep nothing on the
 * stack and change no register that a callee must preserve, so that a fault anywhere in them can be
 * answered by returning from them at once. In C a compiler might push one, inline them, or make a loop a
 * call of memcpy.
 *
 * The vector registers are the program's. Strings are copied through two of them, which lie below the stack
 * pointer meanwhile (where a handler leaves 128 bytes alone, ABI 3.2.2) and are put back on each way out; a
 * fault there is answered at ts_guarded_give_up, which is one. Their upper halves, and flags of arithmetic,
 * are not touched by what is done with them.
 *
 * No read crosses into a page that the string does not reach. Of `word - ONES & ~word & HIGHS` the lowest
 * bit that is set belongs to the first zero byte; `word - ONES & HIGHS` is quicker had and zero for ASCII
 * without a NUL, so that is what is asked of four words at once.
 */

#define MINUS_ONES -0x0101010101010101
#define HIGHS 0x8080808080808080
#define MANY 8192 /* bytes from which the start of a string instruction is worth it */

	.text
	.p2align 6
	.globl	ts_guarded_start
	.hidden	ts_guarded_start
ts_guarded_start:

/* The function behind its test, whether a fault of this thread would reach the handler. */
.macro function name
	.p2align 6
	.globl	ts_guarded_\name
	.hidden	ts_guarded_\name
	.type	ts_guarded_\name, @function
ts_guarded_\name:
	.cfi_startproc
	movq	ts_guarded_seen@gottpoff(%rip), %rax
	movl	%fs:(%rax), %eax
	cmpl	ts_guarded_epoch(%rip), %eax
	jne	ts_checked_\name
	.globl	ts_plain_\name
	.hidden	ts_plain_\name
	.type	ts_plain_\name, @function
ts_plain_\name:
.endm

.macro end_function name
	.cfi_endproc
	.size	ts_guarded_\name, . - ts_guarded_\name
	.size	ts_plain_\name, . - ts_plain_\name
.endm

.macro constants
	movabsq	$MINUS_ONES, %r8
	movabsq	$HIGHS, %r9
.endm

/* zero = the highest bits of the zero bytes of word, the lowest of which is right; changes word */
.macro zero_bytes word, zero
	leaq	(\word,%r8), \zero
	notq	\word
	andq	%r9, \word
	andq	\word, \zero
.endm

/*
 * Its lowest bit tells the NUL in the word before the next index: rax = where that lies. A CPU without
 * tzcnt takes it for bsf, which answers the same, for there is a bit.
 */
.macro nul_before zeros
	tzcntq	\zeros, \zeros
	shrl	$3, \zeros\()d
	leaq	-8(%rax,\zeros), %rax
.endm

/* --- rax = ts_guarded_string(to = rdi, from = rsi, most = rdx) ----------------------------------- */

.macro save_vectors
	movups	%xmm0, -24(%rsp)
	movups	%xmm1, -40(%rsp)
.endm

.macro restore_vectors
	movups	-24(%rsp), %xmm0
	movups	-40(%rsp), %xmm1
.endm

/* Copies 16 bytes before the next index. */
.macro copy_vector at, by
	movups	\at(%rsi,%rax), \by
	movups	\by, \at(%rdi,%rax)
.endm

	function string
	xorl	%eax, %eax			/* index = 0 */
1:	leaq	(%rsi,%rax), %rcx		/* end = min(index + what is left of the page, most) */
	orq	$-4096, %rcx
	negq	%rcx
	addq	%rax, %rcx
	cmpq	%rdx, %rcx
	cmovaq	%rdx, %rcx
	addq	$64, %rax
	cmpq	%rcx, %rax
	ja	4f
	save_vectors
	.globl	ts_guarded_vectors_start
	.hidden	ts_guarded_vectors_start
ts_guarded_vectors_start:
	.p2align 4
2:	copy_vector -64, %xmm0			/* 64 bytes, if they end before `end` */
	copy_vector -48, %xmm1
	pminub	%xmm1, %xmm0
	copy_vector -32, %xmm1
	pminub	%xmm1, %xmm0
	copy_vector -16, %xmm1
	pminub	%xmm1, %xmm0
	pxor	%xmm1, %xmm1
	pcmpeqb	%xmm1, %xmm0
	pmovmskb %xmm0, %r10d
	testl	%r10d, %r10d
	jne	8f
	addq	$64, %rax
	cmpq	%rcx, %rax
	jbe	2b
	restore_vectors
	jmp	4f
8:	subq	$64, %rax			/* a NUL: where? In the copy, for the program may change its own */
3:	movups	(%rdi,%rax), %xmm0
	addq	$16, %rax
	pcmpeqb	%xmm1, %xmm0
	pmovmskb %xmm0, %r10d
	testl	%r10d, %r10d
	je	3b
	tzcntl	%r10d, %r10d			/* or bsf, see above */
	leaq	-16(%rax,%r10), %rax
	restore_vectors
	ret
	.globl	ts_guarded_vectors_end
	.hidden	ts_guarded_vectors_end
ts_guarded_vectors_end:
4:	constants
	subq	$56, %rax
	jmp	6f
5:	movq	-8(%rsi,%rax), %r10		/* what is left: words */
	movq	%r10, -8(%rdi,%rax)
	zero_bytes %r10, %r11
	jne	12f
	addq	$8, %rax
6:	cmpq	%rcx, %rax
	jbe	5b
	subq	$8, %rax
	jmp	7f
9:	movzbl	(%rsi,%rax), %r10d		/* and bytes */
	testl	%r10d, %r10d
	je	13f
	movb	%r10b, (%rdi,%rax)
	incq	%rax
7:	cmpq	%rcx, %rax
	jb	9b
	cmpq	%rdx, %rax
	jb	1b				/* on to the next page */
	cmpb	$1, (%rsi,%rdx)
	sbbq	$-1, %rax			/* most, and one more unless that byte is a NUL */
	ret

12:	nul_before %r11
13:	ret

	.globl	ts_guarded_give_up
	.hidden	ts_guarded_give_up
ts_guarded_give_up:
	restore_vectors
	movq	$-1, %rax			/* TS_UNREADABLE */
	ret
	end_function string

/* --- rax = ts_guarded_length(string = rdi) ------------------------------------------------------- */

	function length
	constants
	movl	%edi, %ecx			/* the word in which it begins, ones before it */
	movq	%rdi, %rax
	andq	$-8, %rax
	andl	$7, %ecx
	shll	$3, %ecx
	movl	$1, %r10d
	shlq	%cl, %r10
	decq	%r10
	orq	(%rax), %r10
	jmp	2f
1:	movq	(%rax), %r10
2:	addq	$8, %rax
	zero_bytes %r10, %r11
	jne	4f
	testb	$31, %al
	jne	1b
3:	movq	(%rax), %r10			/* aligned to 32 bytes: four words */
	addq	%r8, %r10
	movq	8(%rax), %r11
	addq	%r8, %r11
	orq	%r11, %r10
	movq	16(%rax), %r11
	addq	%r8, %r11
	orq	%r11, %r10
	movq	24(%rax), %r11
	addq	%r8, %r11
	orq	%r11, %r10
	testq	%r9, %r10
	jne	1b
	addq	$32, %rax
	jmp	3b
4:	nul_before %r11
	subq	%rdi, %rax
	ret
	end_function length

/* --- rax = ts_guarded_bytes(to = rdi, from = rsi, bytes = rdx) ----------------------------------- */

	function bytes
	movq	%rdx, %rax
	cmpq	$8, %rdx
	jb	3f
	cmpq	$MANY, %rdx
	jae	6f
	movl	$8, %ecx			/* the next index */
	jmp	2f
1:	movq	-8(%rsi,%rcx), %r10
	movq	%r10, -8(%rdi,%rcx)
	addq	$8, %rcx
2:	cmpq	%rdx, %rcx
	jb	1b
	movq	-8(%rsi,%rdx), %r10		/* the last eight, some of them perhaps again */
	movq	%r10, -8(%rdi,%rdx)
	ret
3:	testl	%edx, %edx
	je	5f
4:	movzbl	-1(%rsi,%rdx), %r10d
	movb	%r10b, -1(%rdi,%rdx)
	decq	%rdx
	jne	4b
5:	ret
6:	movq	%rdx, %rcx			/* by whole cache lines, where the CPU can */
	rep movsb
	ret
	end_function bytes

	.globl	ts_guarded_end
	.hidden	ts_guarded_end
ts_guarded_end:

	.section .note.GNU-stack, "", @progbits
