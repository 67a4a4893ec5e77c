// SPDX-License-Identifier: Apache-2.0
/* Instructions, read with Zydis. */

#include "entry_insn.h"

#include <string.h>

#include <Zydis/Zydis.h>

static bool has_prefix(const ZydisDecodedInstruction *as, uint8_t value)
{
	for (size_t i = 0; i < as->raw.prefix_count; i++)
		if (as->raw.prefixes[i].value == value)
			return true;
	return false;
}

static bool is_branch(const ZydisDecodedInstruction *as)
{
	return as->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
	       ((as->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && (as->opcode & 0xf0) == 0x70) ||
		(as->opcode_map == ZYDIS_OPCODE_MAP_0F && (as->opcode & 0xf0) == 0x80));
}

static enum ts_insn_flow flow_of(const ZydisDecodedInstruction *as)
{
	bool is_relative = as->raw.imm[0].is_relative;

	switch (as->mnemonic) {
	case ZYDIS_MNEMONIC_JMP:
		return is_relative ? TS_INSN_JUMP : TS_INSN_JUMP_INDIRECT;
	case ZYDIS_MNEMONIC_CALL:
		return is_relative ? TS_INSN_CALL : TS_INSN_CALL_INDIRECT;
	case ZYDIS_MNEMONIC_RET:
		return TS_INSN_RETURN;
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
		return TS_INSN_TRAP;
	default:
		if (!is_relative)
			return TS_INSN_ON;
		return is_branch(as) ? TS_INSN_BRANCH : TS_INSN_OTHER;
	}
}

static bool is_privileged(const ZydisDecodedInstruction *as)
{
	switch (as->meta.category) {
	case ZYDIS_CATEGORY_INTERRUPT:
	case ZYDIS_CATEGORY_IO:
	case ZYDIS_CATEGORY_IOSTRINGOP:
	case ZYDIS_CATEGORY_SGX:
	case ZYDIS_CATEGORY_SYSCALL:
	case ZYDIS_CATEGORY_SYSRET:
	case ZYDIS_CATEGORY_UINTR:
	case ZYDIS_CATEGORY_VTX:
		return true;
	default:
		return (as->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) ||
		       as->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
	}
}

/* Does it use the instruction pointer otherwise than as the base of an address of 64 bits? */
static bool uses_ip(const ZydisDecodedInstruction *as, const ZydisDecodedOperand *operands)
{
	for (size_t i = 0; i < as->operand_count; i++) {
		const ZydisDecodedOperand *operand = &operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    as->meta.branch_type == ZYDIS_BRANCH_TYPE_NONE &&
		    ZydisRegisterGetClass(operand->reg.value) == ZYDIS_REGCLASS_IP)
			return true;
		if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    operand->mem.base == ZYDIS_REGISTER_EIP)
			return true;
	}
	return false;
}

/* Is its operand, as ModRM has it, the register of this number (without REX.B)? */
static bool is_register(const ZydisDecodedInstruction *as, uint8_t number)
{
	return as->raw.modrm.mod == 3 && as->raw.modrm.rm == number && !as->raw.rex.B;
}

static bool is_stack_step(const ZydisDecodedInstruction *as)
{
	return (as->opcode == 0x81 || as->opcode == 0x83) && as->raw.rex.W && is_register(as, 4);
}

static bool is_one_byte(const ZydisDecodedInstruction *as, uint8_t opcode)
{
	return as->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && (as->opcode & 0xf8) == opcode;
}

static bool is_set_up(const ZydisDecodedInstruction *as)
{
	if (as->mnemonic == ZYDIS_MNEMONIC_PUSH)
		return is_one_byte(as, 0x50);
	if (as->mnemonic == ZYDIS_MNEMONIC_SUB)
		return is_stack_step(as);
	if (as->mnemonic != ZYDIS_MNEMONIC_MOV || as->length != 3 || !as->raw.rex.W ||
	    as->raw.rex.R)
		return false;
	return (as->opcode == 0x89 && as->raw.modrm.reg == 4 && is_register(as, 5)) ||
	       (as->opcode == 0x8b && as->raw.modrm.reg == 5 && is_register(as, 4));
}

static bool is_tear_down(const ZydisDecodedInstruction *as)
{
	if (as->mnemonic == ZYDIS_MNEMONIC_POP)
		return is_one_byte(as, 0x58);
	return as->mnemonic == ZYDIS_MNEMONIC_LEAVE ||
	       (as->mnemonic == ZYDIS_MNEMONIC_ADD && is_stack_step(as));
}

#define KEPT_BY_CALLEES 0xf028 /* rbx, rbp, r12 to r15 */

static void read_registers(const ZydisDecodedInstruction *as, const ZydisDecodedOperand *operands,
			   struct ts_insn *ret)
{
	for (size_t i = 0; i < as->operand_count; i++) {
		ZydisRegister whole;

		if (operands[i].type != ZYDIS_OPERAND_TYPE_REGISTER)
			continue;
		whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
							 operands[i].reg.value);
		if (ZydisRegisterGetClass(whole) != ZYDIS_REGCLASS_GPR64)
			continue;
		if (operands[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
			ret->written |= (uint16_t)(1u << ZydisRegisterGetId(whole));
		else if (as->mnemonic == ZYDIS_MNEMONIC_PUSH && is_one_byte(as, 0x50))
			ret->pushed |= (uint16_t)(1u << ZydisRegisterGetId(whole));
	}
	ret->pushed &= KEPT_BY_CALLEES;
}

static void read_kind(const ZydisDecodedInstruction *as, struct ts_insn *ret)
{
	bool is_jump = as->meta.branch_type != ZYDIS_BRANCH_TYPE_NONE;

	ret->is_endbr = as->mnemonic == ZYDIS_MNEMONIC_ENDBR64;
	ret->is_breakpoint = as->mnemonic == ZYDIS_MNEMONIC_INT3;
	ret->is_padding = ret->is_breakpoint || as->mnemonic == ZYDIS_MNEMONIC_NOP;
	ret->is_set_up = is_set_up(as);
	ret->is_tear_down = is_tear_down(as);
	ret->is_lea = as->mnemonic == ZYDIS_MNEMONIC_LEA;
	ret->is_notrack = is_jump && has_prefix(as, 0x3e);
	ret->is_16bit =
		is_jump && ret->flow != TS_INSN_RETURN && has_prefix(as, 0x66) && !as->raw.rex.W;
	ret->is_privileged = is_privileged(as);
}

static void read_operands(const ZydisDecodedInstruction *as, uintptr_t address, struct ts_insn *ret)
{
	bool is_relative = as->raw.imm[0].is_relative;
	uintptr_t next = address + as->length;

	if (is_relative)
		ret->target = next + (uintptr_t)as->raw.imm[0].value.s;
	if (!is_relative && (as->attributes & ZYDIS_ATTRIB_IS_RELATIVE)) {
		ret->displacement = as->raw.disp.offset;
		ret->target = next + (uintptr_t)as->raw.disp.value;
	}
	for (size_t i = 0; i < 2; i++)
		if (as->raw.imm[i].size >= 32 && !is_relative)
			ret->immediates[i] = as->raw.imm[i].value.u;
	ret->modrm = as->raw.modrm.offset;
	ret->condition = as->opcode & 0x0f;
	ret->is_plain_call =
		ret->flow == TS_INSN_CALL ||
		(ret->flow == TS_INSN_CALL_INDIRECT &&
		 (ret->displacement || (as->raw.modrm.mod == 3 && !is_register(as, 4))));
}

bool ts_insn_read(const uint8_t *code, size_t bytes, uintptr_t address, struct ts_insn *ret)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction as;
	ZydisDecoder decoder;

	if (!ZYAN_SUCCESS(
		    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)) ||
	    !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, bytes, &as, operands)))
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->bytes = as.length;
	ret->flow = flow_of(&as);
	ret->uses_ip = uses_ip(&as, operands);
	read_registers(&as, operands, ret);
	read_kind(&as, ret);
	read_operands(&as, address, ret);
	return true;
}
