/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thunks: TS_THUNKS times the same 32 bytes, each with a place of its own in ts_thunks. They are
 * part of the file, so no memory is ever made executable, and one row of unwind data covers them all.
 *
 * Outside every trace a call costs one thread-local test: `inside` is the first word of ts_context.
 */

#define TS_THUNKS 16384
#define THUNK_BYTES 32
#define OUTSIDE 8
#define PAD 16

	.text
	.p2align 6
	.globl	ts_thunk_code
	.hidden	ts_thunk_code
	.type	ts_thunk_code, @function
ts_thunk_code:
	.cfi_startproc
	.set	i, 0
	.rept	TS_THUNKS
	.p2align 5
	movq	ts_context@gottpoff(%rip), %r11
	cmpl	$0, %fs:(%r11)
	leaq	ts_thunks+THUNK_BYTES*i(%rip), %r11
	jne	1f
	jmp	*OUTSIDE(%r11)
1:	jmp	*PAD(%r11)
	.set	i, i+1
	.endr
	.cfi_endproc
	.size	ts_thunk_code, . - ts_thunk_code

	.section .note.GNU-stack, "", @progbits
