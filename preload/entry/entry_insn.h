/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ENTRY_INSN_H
#define TS_ENTRY_INSN_H

/* One instruction, as far as it matters to one who moves it. Part of the module `entry`. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ts_insn_flow {
	TS_INSN_ON,
	TS_INSN_JUMP,   /* jmp rel */
	TS_INSN_BRANCH, /* jcc rel */
	TS_INSN_OTHER,  /* loop, jrcxz, xbegin: there is no form with a longer reach */
	TS_INSN_CALL,   /* call rel */
	TS_INSN_JUMP_INDIRECT,
	TS_INSN_CALL_INDIRECT,
	TS_INSN_RETURN,
	TS_INSN_TRAP, /* ud2 */
};

struct ts_insn {
	enum ts_insn_flow flow;
	uint8_t bytes;
	uint8_t displacement; /* where 4 bytes count from the next instruction; 0: none do */
	uint8_t modrm;        /* where this byte lies, for indirect calls */
	uint8_t condition;    /* of a BRANCH: 0 to 15 */

	uint8_t is_endbr : 1;
	uint8_t is_breakpoint : 1; /* int3 */
	uint8_t is_padding : 1;    /* int3 or a nop */
	uint8_t is_set_up : 1;     /* push %reg; mov %rsp,%rbp; sub $n,%rsp: no jump leads to it */
	uint8_t is_tear_down : 1;  /* pop %reg; add $n,%rsp; leave */
	uint8_t is_lea : 1;
	uint8_t is_notrack : 1;
	uint8_t is_16bit : 1;      /* a jump by 16 bits on AMD's CPUs, by 32 on Intel's */
	uint8_t is_privileged : 1; /* ... or a system call, a far jump: it leaves the program */
	uint8_t uses_ip : 1;       /* in another way than `displacement` */
	uint8_t is_plain_call : 1; /* its target stays when the return address is pushed first */

	uintptr_t
		target; /* of a relative jump or call; what an operand with `displacement` means */
	uint64_t immediates[2]; /* of 32 bits or more; 0: none */
	uint16_t written;       /* general registers, a bit each by number */
	uint16_t pushed;        /* ... the one that it pushes, if a callee has to keep it */
};

/* Is it followed by nothing? */
static inline bool ts_insn_leaves(const struct ts_insn *insn)
{
	return insn->flow == TS_INSN_JUMP || insn->flow == TS_INSN_JUMP_INDIRECT ||
	       insn->flow == TS_INSN_RETURN || insn->flow == TS_INSN_TRAP;
}

static inline bool ts_insn_calls(const struct ts_insn *insn)
{
	return insn->flow == TS_INSN_CALL || insn->flow == TS_INSN_CALL_INDIRECT;
}

/* A jump or a call with a target of its own. */
static inline bool ts_insn_is_direct(const struct ts_insn *insn)
{
	return insn->flow == TS_INSN_JUMP || insn->flow == TS_INSN_BRANCH ||
	       insn->flow == TS_INSN_OTHER || insn->flow == TS_INSN_CALL;
}

/* Reads the instruction that runs at `address`; false: in these bytes there is none. */
bool ts_insn_read(const uint8_t *code, size_t bytes, uintptr_t address, struct ts_insn *ret);

#endif
