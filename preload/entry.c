// SPDX-License-Identifier: Apache-2.0
/*
 * Module: moves the first instructions of a function.
 *
 * They are copied; what counts from its own place (RIP-relative operands, relative jumps, the return
 * address that a call pushes) is written anew, so that it means what it meant. Then the question is who
 * else might jump between them, where the jump will lie: the function's own direct jumps are all read;
 * so are those of the whole segment where it may have a part elsewhere. Of jumps whose targets are not
 * known, nothing is believed but that they do not lead into the middle of a stack frame's set-up.
 */

#include "entry.h"

#include <stdbool.h>
#include <string.h>

#include <Zydis/Zydis.h>

#define MOST_STEPS 5   /* of one byte each */
#define ALIGNMENT  16  /* of functions; what lies between is padding */
#define SHORT_JUMP 130 /* bytes that a jump of two bytes reaches, from its start */

enum flow {
	FLOW_ON,
	FLOW_JUMP,   /* jmp rel */
	FLOW_BRANCH, /* jcc rel */
	FLOW_OTHER,  /* loop, jrcxz, xbegin: there is no form with a longer reach */
	FLOW_CALL,   /* call rel */
	FLOW_JUMP_INDIRECT,
	FLOW_CALL_INDIRECT,
	FLOW_RETURN,
	FLOW_TRAP, /* ud2 */
};

struct step {
	ZydisDecodedInstruction as;
	size_t offset;
	enum flow flow;
	bool by_rip;      /* it has an operand that counts from its own place */
	uintptr_t target; /* ... and leads there; as do relative jumps and calls */
};

struct mover {
	ZydisDecoder decoder;
	const struct ts_entry_function *function;
	struct step steps[MOST_STEPS];
	size_t n_steps;
	size_t end; /* of the last step */
	size_t taken;
};

/* --- reading one instruction ---------------------------------------------------------------------- */

static bool has_prefix(const ZydisDecodedInstruction *as, uint8_t value)
{
	for (size_t i = 0; i < as->raw.prefix_count; i++)
		if (as->raw.prefixes[i].value == value)
			return true;
	return false;
}

static enum flow relative_flow(const ZydisDecodedInstruction *as)
{
	if (as->mnemonic == ZYDIS_MNEMONIC_JMP)
		return FLOW_JUMP;
	if (as->mnemonic == ZYDIS_MNEMONIC_CALL)
		return FLOW_CALL;
	if (as->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
	    ((as->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && (as->opcode & 0xf0) == 0x70) ||
	     (as->opcode_map == ZYDIS_OPCODE_MAP_0F && (as->opcode & 0xf0) == 0x80)))
		return FLOW_BRANCH;
	return FLOW_OTHER;
}

static enum flow flow_of(const ZydisDecodedInstruction *as)
{
	if (as->raw.imm[0].is_relative)
		return relative_flow(as);
	switch (as->mnemonic) {
	case ZYDIS_MNEMONIC_JMP:
		return FLOW_JUMP_INDIRECT;
	case ZYDIS_MNEMONIC_CALL:
		return FLOW_CALL_INDIRECT;
	case ZYDIS_MNEMONIC_RET:
		return FLOW_RETURN;
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
		return FLOW_TRAP;
	default:
		return FLOW_ON;
	}
}

static bool is_last(enum flow flow)
{
	return flow == FLOW_JUMP || flow == FLOW_JUMP_INDIRECT || flow == FLOW_RETURN ||
	       flow == FLOW_TRAP;
}

/* The instruction at `offset` of the function, which is not read past `end`. */
static bool read_step(const struct mover *mover, size_t offset, size_t end, struct step *ret)
{
	const struct ts_entry_function *function = mover->function;
	ZydisDecodedInstruction *as = &ret->as;
	uintptr_t next;

	if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&mover->decoder, NULL,
							function->code + offset, end - offset, as)))
		return false;
	next = function->address + offset + as->length;
	ret->offset = offset;
	ret->flow = flow_of(as);
	ret->by_rip = (as->attributes & ZYDIS_ATTRIB_IS_RELATIVE) && !as->raw.imm[0].is_relative;
	ret->target = next + (ret->by_rip ? (uintptr_t)as->raw.disp.value
					  : (uintptr_t)as->raw.imm[0].value.s);
	return true;
}

/* --- what can be moved ---------------------------------------------------------------------------- */

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

/* Does an instruction that is no jump use the instruction pointer's value? */
static bool uses_ip(const struct mover *mover, const struct step *step)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction as;

	if (step->flow != FLOW_ON)
		return false;
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&mover->decoder,
						 mover->function->code + step->offset,
						 step->as.length, &as, operands)))
		return true;
	for (size_t i = 0; i < as.operand_count; i++)
		if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    ZydisRegisterGetClass(operands[i].reg.value) == ZYDIS_REGCLASS_IP)
			return true;
	return false;
}

/* A call whose target does not change when the return address is pushed before it is read. */
static bool is_plain_call(const struct step *step)
{
	const ZydisDecodedInstruction *as = &step->as;

	if (step->flow == FLOW_CALL || step->by_rip)
		return true;
	return as->raw.modrm.mod == 3 && !(as->raw.modrm.rm == 4 && !as->raw.rex.B);
}

/* Why this one of the first instructions cannot be moved; NULL: it can. */
static const char *refuse_step(const struct mover *mover, const struct step *step)
{
	const ZydisDecodedInstruction *as = &step->as;
	bool is_call = step->flow == FLOW_CALL || step->flow == FLOW_CALL_INDIRECT;

	if (as->mnemonic == ZYDIS_MNEMONIC_INT3)
		return "a breakpoint stands in its first bytes";
	if (is_privileged(as))
		return "a system call or another privileged instruction stands in its first bytes";
	if (step->flow == FLOW_OTHER)
		return "a loop, jrcxz or xbegin stands in its first bytes";
	/* Intel's CPUs ignore this prefix there, AMD's jump by 16 bits. */
	if (as->meta.branch_type != ZYDIS_BRANCH_TYPE_NONE && step->flow != FLOW_RETURN &&
	    has_prefix(as, 0x66) && !as->raw.rex.W)
		return "a jump with an operand size stands in its first bytes";
	if ((step->by_rip && as->address_width != 64) || uses_ip(mover, step))
		return "an instruction in its first bytes depends on where it stands";
	if (is_call && step->offset + as->length < TS_ENTRY_BYTES)
		return "a call in its first bytes would return into them";
	if (is_call && !is_plain_call(step))
		return "a call through memory stands in its first bytes";
	return NULL;
}

/* The first instructions, up to five bytes or to the one that leaves. */
static const char *read_steps(struct mover *mover)
{
	const struct ts_entry_function *function = mover->function;

	while (mover->end < TS_ENTRY_BYTES && mover->end < function->bytes) {
		struct step *step = &mover->steps[mover->n_steps];
		const char *why;

		if (!read_step(mover, mover->end, function->bytes, step))
			return "its first bytes do not decode";
		why = refuse_step(mover, step);
		if (why)
			return why;
		mover->n_steps++;
		mover->end += step->as.length;
		if (is_last(step->flow))
			break;
	}
	mover->taken = mover->end < TS_ENTRY_BYTES ? TS_ENTRY_BYTES : mover->end;
	return NULL;
}

/* --- what lies around them ------------------------------------------------------------------------ */

/* Is there nothing but padding from `from` on, until one piece of it ends at `to` or behind? */
static bool is_padding(const struct mover *mover, size_t from, size_t to, size_t end)
{
	struct step step;

	for (; from < to; from += step.as.length)
		if (!read_step(mover, from, end, &step) ||
		    (step.as.mnemonic != ZYDIS_MNEMONIC_NOP &&
		     step.as.mnemonic != ZYDIS_MNEMONIC_INT3))
			return false;
	return true;
}

static const char *refuse_size(const struct mover *mover)
{
	static const char *const is_short[TS_ENTRY_BYTES] = {
		"its size is not known",    "it is too short: 1 byte",  "it is too short: 2 bytes",
		"it is too short: 3 bytes", "it is too short: 4 bytes",
	};
	const struct ts_entry_function *function = mover->function;
	size_t padded = -function->address % ALIGNMENT; /* to the first multiple behind its end */

	if (mover->end >= TS_ENTRY_BYTES)
		return NULL;
	if (function->bytes >= TS_ENTRY_BYTES)
		return is_padding(mover, mover->end, TS_ENTRY_BYTES, function->bytes)
			       ? NULL
			       : "it leaves within its first bytes, and other code follows";
	while (padded < function->bytes)
		padded += ALIGNMENT;
	if (!is_last(mover->steps[mover->n_steps - 1].flow) || padded < TS_ENTRY_BYTES ||
	    padded > function->readable || !is_padding(mover, mover->end, padded, padded))
		return is_short[function->bytes];
	return NULL;
}

static bool is_inside(const struct mover *mover, uintptr_t address)
{
	return address - mover->function->address < mover->function->bytes;
}

/* Does it start with a jump that some other hooker wrote? Its own tail call would be all there is. */
static const char *refuse_hooked(const struct mover *mover)
{
	const struct step *step = &mover->steps[0];

	if (step->as.mnemonic == ZYDIS_MNEMONIC_ENDBR64 && mover->n_steps > 1)
		step++;
	if ((step->flow != FLOW_JUMP && !(step->flow == FLOW_JUMP_INDIRECT && step->by_rip)) ||
	    (step->flow == FLOW_JUMP && is_inside(mover, step->target)) ||
	    is_padding(mover, mover->end, mover->function->bytes, mover->function->bytes))
		return NULL;
	return "it starts with a jump to elsewhere: somebody else has patched it";
}

/* --- who jumps between them ----------------------------------------------------------------------- */

static const char jumps_in[] = "something jumps into its first bytes";

struct view {
	size_t n_inner;   /* direct jumps within the function */
	size_t n_outer;   /* ... and out of it */
	size_t n_unknown; /* jumps whose targets are not known */
	bool has_more;    /* there is code behind the last of these */
	bool undecoded;
};

/* An address between the first instructions, where the jump will lie. */
static bool is_between(const struct mover *mover, uintptr_t address)
{
	return address - mover->function->address - 1 < mover->taken - 1;
}

static bool starts_with_endbr(const struct mover *mover)
{
	return mover->steps[0].as.mnemonic == ZYDIS_MNEMONIC_ENDBR64;
}

/*
 * A jump through a register or memory may be a switch. It is a tail call where it goes through the GOT,
 * or where the function is built for CET and it is not marked `notrack`: then its target has an
 * endbr64, and so is none of the instructions behind the first.
 */
static bool is_tail_call(const struct mover *mover, const struct step *step)
{
	return step->by_rip || (starts_with_endbr(mover) && !has_prefix(&step->as, 0x3e));
}

static const char *see_jump(const struct mover *mover, const struct step *step, struct view *view)
{
	if (is_between(mover, step->target))
		return "it jumps back into its first bytes";
	if (step->flow == FLOW_CALL)
		return NULL;
	if (step->target == mover->function->address)
		return "it jumps back to its own start";
	if (is_inside(mover, step->target))
		view->n_inner++;
	else
		view->n_outer++;
	return NULL;
}

/* Does it use the first bytes as data, or the address of one between them? */
static bool uses_bytes(const struct mover *mover, const struct step *step)
{
	const ZydisDecodedInstruction *as = &step->as;

	for (size_t i = 0; i < 2; i++)
		if (as->raw.imm[i].size >= 32 && !as->raw.imm[i].is_relative &&
		    is_between(mover, as->raw.imm[i].value.u))
			return true;
	if (!step->by_rip)
		return false;
	return is_between(mover, step->target) ||
	       (as->mnemonic != ZYDIS_MNEMONIC_LEA && step->target == mover->function->address);
}

static const char *see(const struct mover *mover, const struct step *step, struct view *view)
{
	if (step->as.mnemonic == ZYDIS_MNEMONIC_ENDBR64 && step->offset > 0 &&
	    step->offset < mover->taken)
		return jumps_in;
	if (uses_bytes(mover, step))
		return "it uses the address of its first bytes";
	if (step->as.raw.imm[0].is_relative)
		return see_jump(mover, step, view);
	if (step->flow == FLOW_JUMP_INDIRECT && !is_tail_call(mover, step)) {
		view->n_unknown++;
		view->has_more = false;
	} else if (step->as.mnemonic != ZYDIS_MNEMONIC_NOP &&
		   step->as.mnemonic != ZYDIS_MNEMONIC_INT3) {
		view->has_more = true;
	}
	return NULL;
}

static const char *see_function(const struct mover *mover, struct view *view)
{
	size_t offset = 0;

	while (offset < mover->function->bytes) {
		struct step step;
		const char *why;

		if (!read_step(mover, offset, mover->function->bytes, &step)) {
			view->undecoded = true;
			break;
		}
		why = see(mover, &step, view);
		if (why)
			return why;
		offset += step.as.length;
	}
	return NULL;
}

/* push %reg; mov %rsp,%rbp; sub $n,%rsp: no jump leads to one of these. */
static bool is_set_up(const struct step *step)
{
	const ZydisDecodedInstruction *as = &step->as;
	bool rm_is_rsp = as->raw.modrm.mod == 3 && as->raw.modrm.rm == 4 && !as->raw.rex.B;

	if (as->mnemonic == ZYDIS_MNEMONIC_PUSH)
		return (as->opcode & 0xf8) == 0x50 && as->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT;
	if (as->mnemonic == ZYDIS_MNEMONIC_SUB)
		return (as->opcode == 0x81 || as->opcode == 0x83) && rm_is_rsp && as->raw.rex.W;
	if (as->mnemonic != ZYDIS_MNEMONIC_MOV || as->length != 3 || !as->raw.rex.W)
		return false;
	if (as->raw.rex.B || as->raw.rex.R || as->raw.modrm.mod != 3)
		return false;
	return (as->opcode == 0x89 && as->raw.modrm.reg == 4 && as->raw.modrm.rm == 5) ||
	       (as->opcode == 0x8b && as->raw.modrm.reg == 5 && as->raw.modrm.rm == 4);
}

static bool is_all_set_up(const struct mover *mover)
{
	for (size_t i = 1; i < mover->n_steps; i++)
		if (!is_set_up(&mover->steps[i]))
			return false;
	return true;
}

/*
 * Is there, in [from, to) of the segment, a jump of four bytes' reach that leads between the first
 * instructions? Every place that can be read as one counts: by chance that happens once in 2^34 bytes.
 */
static bool has_long_jump(const struct mover *mover, const uint8_t *from, const uint8_t *to)
{
	const struct ts_entry_function *function = mover->function;
	uint32_t most = (uint32_t)mover->taken - 1;

	for (const uint8_t *at = from + 1; at < to && to - at >= 4; at++) {
		uint32_t place = (uint32_t)(at - function->code) + 4;
		uint32_t distance;

		memcpy(&distance, at, 4);
		if (distance + place - 1 >= most)
			continue;
		if ((at[-1] & 0xfe) == 0xe8 ||
		    (at - from > 1 && at[-2] == 0x0f && (at[-1] & 0xf0) == 0x80))
			return true;
	}
	return false;
}

/*
 * The same for jumps of one byte's reach, from [from, to). They are common, so the bytes are read as
 * instructions; behind at most a few that are none, these are the right ones.
 */
static bool has_short_jump(const struct mover *mover, const uint8_t *from, const uint8_t *to)
{
	struct ts_entry_function beside = *mover->function;
	struct mover other = {.decoder = mover->decoder, .function = &beside};
	size_t bytes = (size_t)(to - from);

	beside.address += (uintptr_t)(from - beside.code);
	beside.code = from;
	for (size_t offset = 0; offset < bytes;) {
		struct step step;

		if (!read_step(&other, offset, bytes, &step)) {
			offset++;
			continue;
		}
		if (step.as.raw.imm[0].is_relative && is_between(mover, step.target))
			return true;
		offset += step.as.length;
	}
	return false;
}

static const char *see_others(const struct mover *mover)
{
	const struct ts_entry_function *function = mover->function;
	const uint8_t *end = function->code + function->bytes;
	const uint8_t *text_end = function->text + function->text_bytes;
	const uint8_t *low = function->text, *high = text_end;

	if (function->code - low > 2 * SHORT_JUMP)
		low = function->code - 2 * SHORT_JUMP;
	if (high - end > 2 * SHORT_JUMP)
		high = end + 2 * SHORT_JUMP;
	if (has_short_jump(mover, low, function->code) || has_short_jump(mover, end, high) ||
	    has_long_jump(mover, function->text, function->code) ||
	    has_long_jump(mover, end, text_end))
		return jumps_in;
	return NULL;
}

static const char *refuse_jumps(const struct mover *mover)
{
	struct view view = {0};
	const char *why = see_function(mover, &view);

	if (why || is_all_set_up(mover))
		return why;
	if (view.undecoded)
		return "some of its bytes do not decode";
	/* Straight on to one jump at its end: a tail call, for a loop would have no way out. */
	if (view.n_unknown > 1 || (view.n_unknown && (view.n_inner || view.has_more)))
		return "it has a jump table, whose targets are not known";
	if (mover->function->text)
		return see_others(mover);
	if (view.n_outer)
		return "it may have a part elsewhere, whose jumps are not known";
	return NULL;
}

/* --- writing -------------------------------------------------------------------------------------- */

struct writer {
	struct ts_entry_moved *moved;
	uintptr_t at;
	bool is_far; /* something is out of reach */
};

static void put(struct writer *writer, const void *bytes, size_t n)
{
	memcpy(writer->moved->code + writer->moved->bytes, bytes, n);
	writer->moved->bytes += n;
}

/* The distance to `target` into the four bytes at `offset` of the moved code; `end`: counted from there. */
static void set_distance(struct writer *writer, size_t offset, size_t end, uintptr_t target)
{
	int64_t distance = (int64_t)(target - (writer->at + end));
	int32_t value = (int32_t)distance;

	writer->is_far |= value != distance;
	memcpy(writer->moved->code + offset, &value, sizeof(value));
}

static void put_distance(struct writer *writer, uintptr_t target)
{
	size_t offset = writer->moved->bytes;

	writer->moved->bytes += 4;
	set_distance(writer, offset, offset + 4, target);
}

static void put_jump(struct writer *writer, uintptr_t target)
{
	put(writer, "\xe9", 1);
	put_distance(writer, target);
}

/* What a call leaves on the stack, without a register or flag. */
static void put_push(struct writer *writer, uintptr_t value)
{
	uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);

	put(writer, "\x68", 1); /* push $low, its sign extended */
	put(writer, &low, sizeof(low));
	if ((uintptr_t)(intptr_t)(int32_t)low == value)
		return;
	put(writer, "\xc7\x44\x24\x04", 4); /* movl $high, 4(%rsp) */
	put(writer, &high, sizeof(high));
}

static void put_copy(struct writer *writer, const struct mover *mover, const struct step *step)
{
	size_t start = writer->moved->bytes;

	put(writer, mover->function->code + step->offset, step->as.length);
	if (step->by_rip)
		set_distance(writer, start + step->as.raw.disp.offset, writer->moved->bytes,
			     step->target);
}

static void put_step(struct writer *writer, const struct mover *mover, const struct step *step)
{
	uint8_t branch[2] = {0x0f, (uint8_t)(0x80 | (step->as.opcode & 0x0f))};
	size_t start;

	switch (step->flow) {
	case FLOW_JUMP:
		put_jump(writer, step->target);
		return;
	case FLOW_BRANCH:
		put(writer, branch, sizeof(branch));
		put_distance(writer, step->target);
		return;
	case FLOW_CALL:
		put_push(writer, mover->function->address + mover->end);
		put_jump(writer, step->target);
		return;
	case FLOW_CALL_INDIRECT:
		put_push(writer, mover->function->address + mover->end);
		start = writer->moved->bytes;
		put_copy(writer, mover, step);
		writer->moved->code[start + step->as.raw.modrm.offset] ^= (2 ^ 4) << 3; /* jmp */
		return;
	default:
		put_copy(writer, mover, step);
	}
}

static const char *write_moved(const struct mover *mover, uintptr_t at, struct ts_entry_moved *ret)
{
	struct writer writer = {.moved = ret, .at = at};
	enum flow last = mover->steps[mover->n_steps - 1].flow;

	ret->bytes = 0;
	ret->taken = mover->taken;
	for (size_t i = 0; i < mover->n_steps; i++)
		put_step(&writer, mover, &mover->steps[i]);
	if (!is_last(last) && last != FLOW_CALL && last != FLOW_CALL_INDIRECT)
		put_jump(&writer, mover->function->address + mover->end);
	return writer.is_far ? "what its first bytes use is out of reach from there" : NULL;
}

const char *ts_entry_move(const struct ts_entry_function *function, uintptr_t at,
			  struct ts_entry_moved *ret)
{
	struct mover mover = {.function = function};
	const char *why = NULL;

	if (!function->bytes)
		return "its size is not known";
	if (!ZYAN_SUCCESS(ZydisDecoderInit(&mover.decoder, ZYDIS_MACHINE_MODE_LONG_64,
					   ZYDIS_STACK_WIDTH_64)))
		return "the decoder cannot be used";
	why = read_steps(&mover);
	if (!why)
		why = refuse_hooked(&mover);
	if (!why)
		why = refuse_size(&mover);
	if (!why)
		why = refuse_jumps(&mover);
	return why ? why : write_moved(&mover, at, ret);
}
