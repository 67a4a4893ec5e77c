/* SPDX-License-Identifier: Apache-2.0 */
/* Functions by OpenSSL's names that change nothing at all: what they call leaves every register as it is. */

	.text

	.macro function name
	.p2align 4
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	call	*untouched(%rip)
	ret
	.cfi_endproc
	.size	\name, . - \name
	.endm

	function SSL_read
	function SSL_read_ex
	function SSL_write
	function SSL_write_ex
	function SSL_free
	function SSL_sendfile
	function SSL_write_early_data
	function SSL_get_error

	.globl	set_untouched
	.type	set_untouched, @function
set_untouched:
	movq	%rdi, untouched(%rip)
	ret
	.size	set_untouched, . - set_untouched

	.local	untouched
	.comm	untouched, 8, 8

	.section .note.GNU-stack, "", @progbits
