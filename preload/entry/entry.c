// SPDX-License-Identifier: Apache-2.0
/*
 * Module: moves the first instructions of a function. They are copied; what counts from its own
 * place (RIP-relative operands, relative jumps, the return address that a call pushes) is written
 * anew, so that it means what it meant. entry_insn.c reads instructions, entry_jumps.c finds who
 * jumps between them.
 */

#include "../entry.h"

#include <string.h>

#include "entry_insn.h"
#include "entry_jumps.h"

#define ALIGNMENT 16 /* of functions; what lies between is padding */

/* --- what can be moved ------------------------------------------------------------------------ */

/* Why this one of the first instructions cannot be moved; NULL: it can. */
static const char *refuse_insn(const struct ts_insn *insn, size_t offset)
{
	if (insn->is_breakpoint)
		return "a breakpoint stands in its first bytes";
	if (insn->is_privileged)
		return "a system call or another privileged instruction stands in its first bytes";
	if (insn->flow == TS_INSN_OTHER)
		return "a loop, jrcxz or xbegin stands in its first bytes";
	if (insn->is_16bit)
		return "a jump with an operand size stands in its first bytes";
	if (insn->uses_ip)
		return "an instruction in its first bytes depends on where it stands";
	if (ts_insn_calls(insn) && offset + insn->bytes < TS_ENTRY_BYTES)
		return "a call in its first bytes would return into them";
	if (ts_insn_calls(insn) && !insn->is_plain_call)
		return "a call through memory stands in its first bytes";
	return NULL;
}

/* The first instructions, up to five bytes or to the one that leaves. */
static const char *read_steps(struct ts_entry_steps *steps)
{
	const struct ts_entry_function *function = steps->function;
	bool has_left = false;

	while (steps->end < TS_ENTRY_BYTES && steps->end < function->bytes && !has_left) {
		struct ts_insn *insn = &steps->insns[steps->n];
		const char *why;

		if (!ts_insn_read(function->code + steps->end, function->bytes - steps->end,
				  function->address + steps->end, insn))
			return "its first bytes do not decode";
		why = refuse_insn(insn, steps->end);
		if (why)
			return why;
		steps->offsets[steps->n++] = steps->end;
		steps->end += insn->bytes;
		has_left = ts_insn_leaves(insn);
	}
	steps->taken = steps->end < TS_ENTRY_BYTES ? TS_ENTRY_BYTES : steps->end;
	return NULL;
}

/* Is there nothing but padding from `from` on, until a piece of it ends at `to` or behind? */
static bool is_padding(const struct ts_entry_function *function, size_t from, size_t to, size_t end)
{
	struct ts_insn insn;

	for (; from < to; from += insn.bytes)
		if (!ts_insn_read(function->code + from, end - from, function->address + from,
				  &insn) ||
		    !insn.is_padding)
			return false;
	return true;
}

static const char *refuse_size(const struct ts_entry_steps *steps)
{
	static const char *const is_short[TS_ENTRY_BYTES] = {
		"its size is not known",    "it is too short: 1 byte",  "it is too short: 2 bytes",
		"it is too short: 3 bytes", "it is too short: 4 bytes",
	};
	const struct ts_entry_function *function = steps->function;
	size_t padded = -function->address % ALIGNMENT; /* to the first multiple behind its end */

	if (function->readable && function->readable < function->bytes &&
	    function->readable < steps->taken)
		return "another function begins within its first bytes";
	if (steps->end >= TS_ENTRY_BYTES)
		return NULL;
	if (function->bytes >= TS_ENTRY_BYTES)
		return is_padding(function, steps->end, TS_ENTRY_BYTES, function->bytes)
			       ? NULL
			       : "it leaves within its first bytes, and other code follows";
	while (padded < function->bytes)
		padded += ALIGNMENT;
	if (!ts_insn_leaves(&steps->insns[steps->n - 1]) || padded < TS_ENTRY_BYTES ||
	    padded > function->readable || !is_padding(function, steps->end, padded, padded))
		return is_short[function->bytes];
	return NULL;
}

/* Does it start with some other hooker's jump? Its own tail call would be all there is. */
static const char *refuse_hooked(const struct ts_entry_steps *steps)
{
	const struct ts_entry_function *function = steps->function;
	const struct ts_insn *insn = &steps->insns[steps->insns[0].is_endbr && steps->n > 1];
	bool is_through_memory = insn->flow == TS_INSN_JUMP_INDIRECT && insn->displacement;

	if ((insn->flow != TS_INSN_JUMP && !is_through_memory) ||
	    (insn->flow == TS_INSN_JUMP && ts_entry_is_inside(function, insn->target)) ||
	    is_padding(function, steps->end, function->bytes, function->bytes))
		return NULL;
	return "it starts with a jump to elsewhere: somebody else has patched it";
}

/* --- writing ---------------------------------------------------------------------------------- */

struct writer {
	const struct ts_entry_steps *steps;
	struct ts_entry_moved *moved;
	uintptr_t at;
	bool is_far; /* something is out of reach */
};

static void put(struct writer *writer, const void *bytes, size_t n)
{
	memcpy(writer->moved->code + writer->moved->bytes, bytes, n);
	writer->moved->bytes += n;
}

/* The distance from the moved code's end to `target`, into the four bytes at `offset` of it. */
static void set_distance(struct writer *writer, size_t offset, uintptr_t target)
{
	int64_t distance = (int64_t)(target - (writer->at + writer->moved->bytes));
	int32_t value = (int32_t)distance;

	writer->is_far |= value != distance;
	memcpy(writer->moved->code + offset, &value, sizeof(value));
}

static void put_distance(struct writer *writer, uintptr_t target)
{
	writer->moved->bytes += 4;
	set_distance(writer, writer->moved->bytes - 4, target);
}

static void put_jump(struct writer *writer, uintptr_t target)
{
	put(writer, "\xe9", 1);
	put_distance(writer, target);
}

/* What a call in the function leaves on the stack, without a register or flag. */
static void put_return_address(struct writer *writer)
{
	uintptr_t value = writer->steps->function->address + writer->steps->end;
	uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);

	put(writer, "\x68", 1); /* push $low, its sign extended */
	put(writer, &low, sizeof(low));
	if ((uintptr_t)(intptr_t)(int32_t)low == value)
		return;
	put(writer, "\xc7\x44\x24\x04", 4); /* movl $high, 4(%rsp) */
	put(writer, &high, sizeof(high));
}

/* Where it lies in the moved code. */
static size_t put_copy(struct writer *writer, size_t i)
{
	const struct ts_insn *insn = &writer->steps->insns[i];
	size_t start = writer->moved->bytes;

	put(writer, writer->steps->function->code + writer->steps->offsets[i], insn->bytes);
	if (insn->displacement)
		set_distance(writer, start + insn->displacement, insn->target);
	return start;
}

static void put_step(struct writer *writer, size_t i)
{
	const struct ts_insn *insn = &writer->steps->insns[i];
	uint8_t branch[2] = {0x0f, 0x80 | insn->condition};
	size_t start;

	switch (insn->flow) {
	case TS_INSN_JUMP:
		put_jump(writer, insn->target);
		return;
	case TS_INSN_BRANCH:
		put(writer, branch, sizeof(branch));
		put_distance(writer, insn->target);
		return;
	case TS_INSN_CALL:
		put_return_address(writer);
		put_jump(writer, insn->target);
		return;
	case TS_INSN_CALL_INDIRECT:
		put_return_address(writer);
		start = put_copy(writer, i);
		writer->moved->code[start + insn->modrm] ^= (2 ^ 4) << 3; /* FF /2 to FF /4: jmp */
		return;
	default:
		put_copy(writer, i);
	}
}

static const char *write_moved(const struct ts_entry_steps *steps, uintptr_t at,
			       struct ts_entry_moved *ret)
{
	const struct ts_insn *last = &steps->insns[steps->n - 1];
	int64_t there = (int64_t)(at - (steps->function->address + TS_ENTRY_BYTES));
	struct writer writer = {
		.steps = steps, .moved = ret, .at = at, .is_far = there != (int32_t)there};

	ret->bytes = 0;
	ret->taken = steps->taken;
	for (size_t i = 0; i < steps->n; i++)
		put_step(&writer, i);
	if (!ts_insn_leaves(last) && !ts_insn_calls(last))
		put_jump(&writer, steps->function->address + steps->end);
	return writer.is_far ? "what its first bytes lead to is out of reach from there" : NULL;
}

const char *ts_entry_move(const struct ts_entry_function *function, uintptr_t at,
			  struct ts_entry_moved *ret)
{
	struct ts_entry_steps steps = {.function = function};
	const char *why = NULL;

	if (!function->bytes)
		return "its size is not known";
	why = read_steps(&steps);
	if (!why)
		why = refuse_hooked(&steps);
	if (!why)
		why = refuse_size(&steps);
	if (!why)
		why = ts_entry_refuse_jumps(&steps);
	return why ? why : write_moved(&steps, at, ret);
}
