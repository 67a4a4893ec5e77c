/* SPDX-License-Identifier: Apache-2.0 */
/* Functions whose first bytes are not to be moved. Each answers its argument, and `edi` counts as one. */

	.text

	.macro function name
	.p2align 4
	.globl	\name
	.type	\name, @function
\name:
	.endm

	.macro end name
	.size	\name, . - \name
	.endm

	function too_short		/* 4 bytes, and other code behind them */
	mov	%edi, %eax
	nop
	ret
	end too_short
	.globl	behind_it
	.type	behind_it, @function
behind_it:
	mov	%edi, %eax
	mov	%eax, %eax
	mov	%eax, %eax
	ret
	end behind_it

	function jumps_back		/* into its third byte */
	mov	%edi, %eax
1:	sub	$8, %edi
	jns	1b
	ret
	end jumps_back

	function jumps_to_start
	mov	%edi, %eax
	add	$0, %eax
	and	$0, %edi
	jnz	jumps_to_start
	ret
	end jumps_to_start

	function jumped_into		/* from a part that lies elsewhere */
	mov	%edi, %eax
jumped_into_here:
	add	$0, %eax
	cmp	$1000000, %eax
	jg	elsewhere
	ret
	end jumped_into
	.section .text.unlikely, "ax", @progbits
	.zero	4096, 0x90
elsewhere:
	sub	$1000000, %eax
	jmp	jumped_into_here
	.text

	function has_table
	mov	%edi, %eax
	and	$1, %edi
	lea	table(%rip), %rdx
	movslq	(%rdx,%rdi,4), %rcx
	add	%rdx, %rcx
	jmp	*%rcx
1:	ret
2:	ret
	.section .rodata
	.p2align 2
table:	.long 1b - table, 2b - table
	.text
	end has_table

	function hooked			/* as if somebody had been here before */
	jmp	hook_of_another
	ret
	.zero	11, 0x90
	ret
	end hooked
hook_of_another:
	mov	%edi, %eax
	ret

	.p2align 4
	.globl	without_size
	.type	without_size, @function
without_size:
	mov	%edi, %eax
	mov	%eax, %eax
	mov	%eax, %eax
	ret

	.data
	.globl	no_function
	.type	no_function, @object
no_function:
	.long	42
	end no_function

	.section .note.GNU-stack, "", @progbits
