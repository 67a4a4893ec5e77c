/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real instructions, as gas writes them. struct pool_insn of mover_generated.c: where, how long,
 * what CPU it takes (0 any, 1 AVX2 and BMI, 2 AVX-512). An operand DATA(%rip) gets a place in the
 * data area, 64 bytes aligned to 64, when a function is made of it. Registers that stay: rsp but
 * for small steps, r11 (a helper's address), r14 (the data area). Nothing here faults, reads a
 * clock or its own address.
 */

#define DATA 0x11223344

	.macro	insn level, text:vararg
	.section .rodata.pool_code, "a"
77701:	\text
77702:	.section .data.rel.ro.pool, "aw"
	.quad	77701b
	.byte	77702b - 77701b, \level
	.balign	8
	.endm

	.section .data.rel.ro.pool, "aw"
	.globl	pool
	.balign	8
pool:

	/* stack */
	.irp	r, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r15
	insn	0, push %\r
	insn	0, pop %\r
	insn	0, mov %rdi, %\r
	insn	0, mov %\r, DATA(%rip)
	insn	0, mov DATA(%rip), %\r
	insn	0, lea DATA(%rip), %\r
	insn	0, movabs $0x0123456789abcdef, %\r
	insn	0, xchg %\r, %rdx
	insn	0, bswap %\r
	.endr
	insn	0, push %r11
	insn	0, push %rsp
	insn	0, push %r14
	insn	0, push $7
	insn	0, push $-0x12345
	insn	0, push DATA(%rip)
	insn	0, pop DATA(%rip)
	insn	0, push %fs
	insn	0, pushfq
	insn	0, mov %rsp, %rbp
	insn	0, .byte 0x48, 0x8b, 0xec
	insn	0, sub $8, %rsp
	insn	0, sub $0x38, %rsp
	insn	0, sub $0x88, %rsp
	insn	0, add $8, %rsp
	insn	0, add $-0x80, %rsp
	insn	0, lea -0x28(%rsp), %rsp
	insn	0, lea 8(%rsp), %r10
	insn	0, and $-32, %rsp
	insn	0, mov %rax, -8(%rsp)
	insn	0, mov %rdi, -0x40(%rsp)
	insn	0, mov 8(%rsp), %rsi
	insn	0, mov (%rsp), %r9
	insn	0, movups %xmm0, -0x18(%rsp)
	insn	0, orq $0, -0x100(%rsp)
	insn	0, mov %fs:0x28, %rax

	/* flags: made and used */
	.irp	op, add, adc, sub, sbb, and, or, xor, cmp, test
	insn	0, \op %rbx, %r9
	insn	0, \op %eax, %eax
	insn	0, \op %edi, %esi
	insn	0, \op %al, %bl
	insn	0, \op $5, %dl
	insn	0, \op $0x12, %eax
	insn	0, \op $0x1234, %cx
	insn	0, \op $0x12345, %rcx
	insn	0, \op $0x7f, %r15
	insn	0, \op %rdx, DATA(%rip)
	insn	0, \op\()b $0x55, DATA(%rip)
	insn	0, \op\()w $0x1234, DATA(%rip)
	insn	0, \op\()l $0x12345678, DATA(%rip)
	insn	0, \op\()q $-3, DATA(%rip)
	.endr
	.irp	op, add, adc, sub, sbb, and, or, xor, cmp
	insn	0, \op DATA(%rip), %r8
	insn	0, \op 16(%r14), %ecx
	.endr
	.irp	op, inc, dec, neg, not
	insn	0, \op %rax
	insn	0, \op %r8b
	insn	0, \op\()l DATA(%rip)
	insn	0, lock \op\()q DATA(%rip)
	.endr
	.irp	op, shl, shr, sar, rol, ror, rcl, rcr
	insn	0, \op $3, %rdx
	insn	0, \op %r12d
	insn	0, \op %cl, %rsi
	insn	0, \op\()q $7, DATA(%rip)
	insn	0, \op\()l %cl, DATA(%rip)
	.endr
	.irp	cc, o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g
	insn	0, set\cc %al
	insn	0, set\cc DATA(%rip)
	insn	0, cmov\cc %rdx, %rcx
	insn	0, cmov\cc DATA(%rip), %r13
	.endr
	insn	0, stc
	insn	0, clc
	insn	0, cmc
	insn	0, cld
	insn	0, std
	insn	0, lahf
	insn	0, sahf
	insn	0, bt $5, %rax
	insn	0, btsq $9, DATA(%rip)
	insn	0, bsf %rdx, %rbx
	insn	0, bsr DATA(%rip), %ecx
	insn	0, popcnt DATA(%rip), %rdx
	insn	0, crc32q DATA(%rip), %rax
	insn	0, shld $3, %rax, DATA(%rip)
	insn	0, shrd %cl, %rax, %rdx

	/* other integer */
	insn	0, mov $1, %eax
	insn	0, mov $-1, %rax
	insn	0, movl $7, DATA(%rip)
	insn	0, movq $-7, DATA(%rip)
	insn	0, movw $7, DATA(%rip)
	insn	0, movb $7, DATA(%rip)
	insn	0, movzbl %dil, %edi
	insn	0, movzwl DATA(%rip), %edx
	insn	0, movslq DATA(%rip), %rsi
	insn	0, movslq %edi, %rdi
	insn	0, movbe DATA(%rip), %rcx
	insn	0, mul %rcx
	insn	0, mulq DATA(%rip)
	insn	0, imul %rdx, %rsi
	insn	0, imul $100, DATA(%rip), %rdx
	insn	0, imul $0x12345, DATA(%rip), %edx
	insn	0, imul $3, %rdi, %rax
	insn	0, cltq
	insn	0, cqto
	insn	0, cwtl
	insn	0, lea (%rdi,%rsi,4), %rax
	insn	0, lea 0x1234(%rdi), %r8d
	insn	0, lea DATA(%rip), %ecx
	insn	0, lea DATA(%rip), %dx
	insn	0, addr32 lea 8(%eax), %rbx
	insn	0, xchg %rax, DATA(%rip)
	insn	0, xadd %rcx, DATA(%rip)
	insn	0, lock xadd %ecx, DATA(%rip)
	insn	0, lock cmpxchg %rdx, DATA(%rip)
	insn	0, lock cmpxchg16b DATA(%rip)
	insn	0, movnti %rax, DATA(%rip)
	insn	0, mov 8(%r14), %rax
	insn	0, mov %rcx, 24(%r14)
	insn	0, xor %eax, %eax
	insn	0, xor %edi, %edi

	/* nothing */
	insn	0, nop
	insn	0, endbr64
	insn	0, .byte 0x66, 0x90
	insn	0, nopl (%rax)
	insn	0, nopl 8(%rax)
	insn	0, nopl 8(%rax,%rax,1)
	insn	0, nopw 0x200(%rax,%rax,1)
	insn	0, nopl DATA(%rip)
	insn	0, .byte 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 2, 0, 0
	insn	0, .byte 0x48, 0x90
	insn	0, pause
	insn	0, lfence
	insn	0, prefetcht0 DATA(%rip)
	insn	0, clflush DATA(%rip)
	insn	0, .byte 0x2e, 0x48, 0x89, 0xc1 /* cs mov %rax,%rcx */

	/* SSE */
	.irp	n, 0, 1, 5, 7, 9, 15
	insn	0, movaps %xmm\n, DATA(%rip)
	insn	0, movups DATA(%rip), %xmm\n
	insn	0, pxor %xmm\n, %xmm\n
	insn	0, addpd %xmm3, %xmm\n
	insn	0, mulss DATA(%rip), %xmm\n
	insn	0, cvtsi2sdq DATA(%rip), %xmm\n
	insn	0, cvttsd2si %xmm\n, %rax
	insn	0, ucomisd DATA(%rip), %xmm\n
	insn	0, pshufd $0x1b, DATA(%rip), %xmm\n
	insn	0, pinsrw $3, DATA(%rip), %xmm\n
	insn	0, movq %rax, %xmm\n
	insn	0, movd %xmm\n, DATA(%rip)
	.endr
	insn	0, roundsd $4, DATA(%rip), %xmm2
	insn	0, palignr $5, DATA(%rip), %xmm4
	insn	0, pcmpistri $8, DATA(%rip), %xmm6
	insn	0, ptest DATA(%rip), %xmm1
	insn	0, aesenc DATA(%rip), %xmm8
	insn	0, pclmulqdq $1, DATA(%rip), %xmm3
	insn	0, pextrq $1, %xmm2, DATA(%rip)
	insn	0, blendvps %xmm0, DATA(%rip), %xmm5
	insn	0, movntdq %xmm3, DATA(%rip)
	insn	0, stmxcsr DATA(%rip)

	/* x87 and MMX */
	insn	0, fld1
	insn	0, fldpi
	insn	0, fldl DATA(%rip)
	insn	0, fldt DATA(%rip)
	insn	0, fildll DATA(%rip)
	insn	0, fstps DATA(%rip)
	insn	0, fistpl DATA(%rip)
	insn	0, fadds DATA(%rip)
	insn	0, faddp
	insn	0, fxch
	insn	0, fcmovne %st(2), %st
	insn	0, fcomi %st(1), %st
	insn	0, fnstcw DATA(%rip)
	insn	0, fnstsw %ax
	insn	0, fchs
	insn	0, movq DATA(%rip), %mm3
	insn	0, paddd DATA(%rip), %mm1
	insn	0, emms

	/* AVX, AVX2, FMA, BMI */
	.irp	n, 0, 2, 8, 15
	insn	1, vmovdqu DATA(%rip), %ymm\n
	insn	1, vmovaps %ymm\n, DATA(%rip)
	insn	1, vaddps DATA(%rip), %ymm3, %ymm\n
	insn	1, vpxor %xmm\n, %xmm\n, %xmm\n
	insn	1, vfmadd231pd DATA(%rip), %ymm1, %ymm\n
	insn	1, vperm2f128 $1, DATA(%rip), %ymm4, %ymm\n
	insn	1, vpblendvb %ymm\n, DATA(%rip), %ymm4, %ymm9
	insn	1, vinserti128 $1, DATA(%rip), %ymm4, %ymm\n
	insn	1, vbroadcastss DATA(%rip), %ymm\n
	insn	1, vpshufd $0x4e, DATA(%rip), %ymm\n
	.endr
	insn	1, vzeroupper
	insn	1, vzeroall
	insn	1, vmaskmovps DATA(%rip), %ymm1, %ymm2
	insn	1, vptest DATA(%rip), %ymm2
	insn	1, andn DATA(%rip), %rax, %rdx
	insn	1, rorx $7, DATA(%rip), %rcx
	insn	1, pdep DATA(%rip), %rax, %rbx
	insn	1, shlx %rax, DATA(%rip), %rcx
	insn	1, mulx DATA(%rip), %rax, %rcx
	insn	1, blsr DATA(%rip), %rdi

	/* AVX-512 */
	.irp	n, 0, 7, 16, 31
	insn	2, vmovdqu64 DATA(%rip), %zmm\n
	insn	2, vmovdqa64 %zmm\n, DATA(%rip)
	insn	2, vmovdqu8 DATA(%rip), %zmm\n{%k3}{z}
	insn	2, vmovdqu32 %zmm\n, DATA(%rip){%k1}
	insn	2, vpaddd DATA(%rip){1to16}, %zmm5, %zmm\n{%k2}
	insn	2, vpternlogd $0x96, DATA(%rip), %zmm17, %zmm\n
	insn	2, vpcmpub $2, DATA(%rip), %zmm\n, %k4
	insn	2, vpermt2d DATA(%rip), %zmm3, %zmm\n
	insn	2, vgetmantpd $3, DATA(%rip), %zmm\n{%k1}{z}
	insn	2, vpxord %xmm\n, %xmm\n, %xmm\n
	insn	2, vaddps {rz-sae}, %zmm1, %zmm2, %zmm\n
	insn	2, vcompressps %zmm\n, DATA(%rip){%k5}
	insn	2, vinserti64x4 $1, DATA(%rip), %zmm2, %zmm\n
	.endr
	insn	2, kmovq DATA(%rip), %k3
	insn	2, kmovq %k1, DATA(%rip)
	insn	2, kxnorq %k1, %k2, %k6
	insn	2, kortestq %k1, %k5
	insn	2, kshiftlq $3, %k1, %k2
	insn	2, vpmovm2b %k2, %zmm9

	.section .data.rel.ro.pool, "aw"
	.globl	pool_end
pool_end:
	.section .note.GNU-stack, "", @progbits
