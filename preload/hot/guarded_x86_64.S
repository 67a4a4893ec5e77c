/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain reads of memory that may not be there (guarded.h): leaf functions that keep nothing on the
 * stack and change no register that a callee must preserve, so that a fault anywhere in them can be
 * answered by returning from them at once. General registers only: the vector registers are the
 * program's. In C a compiler might push one, inline them, or make a loop a call of memcpy.
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

/* Copies the word at `at` before the next index; r10 = the word. */
.macro copy_word at
	movq	\at(%rsi,%rax), %r10
	movq	%r10, \at(%rdi,%rax)
.endm

/* Is there a NUL? In the copy, for the program may change its own meanwhile. */
.macro look_closer at, found
	movq	\at(%rdi,%rax), %r10
	zero_bytes %r10, %r11
	jne	\found
.endm

	function string
	constants
	xorl	%eax, %eax			/* index = 0 */
1:	leaq	(%rsi,%rax), %rcx		/* end = min(index + what is left of the page, most) */
	orq	$-4096, %rcx
	negq	%rcx
	addq	%rax, %rcx
	cmpq	%rdx, %rcx
	cmovaq	%rdx, %rcx
	addq	$32, %rax
	cmpq	%rcx, %rax
	ja	4f
	.p2align 4
2:	copy_word -32				/* four words, if they end before `end` */
	leaq	(%r10,%r8), %r11
	copy_word -24
	addq	%r8, %r10
	orq	%r10, %r11
	copy_word -16
	addq	%r8, %r10
	orq	%r10, %r11
	copy_word -8
	addq	%r8, %r10
	orq	%r10, %r11
	testq	%r9, %r11
	jne	8f
3:	addq	$32, %rax
	cmpq	%rcx, %rax
	jbe	2b
4:	subq	$24, %rax
	jmp	6f
5:	copy_word -8				/* what is left: words */
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

8:	look_closer -32, 10f
	look_closer -24, 11f
	look_closer -16, 14f
	look_closer -8, 12f
	jmp	3b
10:	subq	$8, %rax
11:	subq	$8, %rax
14:	subq	$8, %rax
12:	nul_before %r11
13:	ret
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
