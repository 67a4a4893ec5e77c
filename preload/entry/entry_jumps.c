// SPDX-License-Identifier: Apache-2.0
/*
 * Who jumps between the first instructions of a function, where a jump is to lie? Its own direct
 * jumps are all read; those of the whole segment are, too, unless what stands between is the set-up
 * of a frame, into which nobody jumps. A cold part that a compiler laid elsewhere may loop back,
 * and assembler functions share their tails: in python3.11 the cold part of PyOS_strtol jumps behind
 * its first push, in libc memmove's neighbour behind its first mov.
 */

#include "entry_jumps.h"

#include <string.h>

#define FUNCTION_ALIGN 16  /* of nearly all */
#define SHORT_JUMP     130 /* bytes that a jump of two bytes reaches, from its start */

static const char jumps_in[] = "something jumps into its first bytes";

/* What a function's own instructions say. */
struct view {
	const struct ts_entry_steps *steps;
	size_t n_inner;    /* direct jumps within the function */
	size_t n_outer;    /* ... and out of it */
	size_t n_unknown;  /* jumps whose targets are not known */
	bool has_more;     /* there is code behind the last of these */
	bool is_undecoded; /* some bytes are no instruction */
	bool is_torn_down; /* the last instruction was a frame's end */
};

/* An address between the first instructions, where the jump will lie. */
static bool is_between(const struct ts_entry_steps *steps, uintptr_t address)
{
	return address - steps->function->address - 1 < steps->taken - 1;
}

/*
 * A jump through a register or memory may be a switch; marked `notrack` it is one. It is a tail
 * call where it goes through the GOT; where a frame ends right before it, for no loop has its
 * function's frame set up and torn down within; and where the function is built for CET: then its
 * target has an endbr64, and so is none of the instructions behind the first.
 */
static bool is_tail_call(const struct view *view, const struct ts_insn *insn)
{
	if (insn->displacement)
		return true;
	return !insn->is_notrack && (view->is_torn_down || view->steps->insns[0].is_endbr);
}

static const char *see_direct(struct view *view, const struct ts_insn *insn)
{
	const struct ts_entry_function *function = view->steps->function;

	if (is_between(view->steps, insn->target))
		return "it jumps back into its first bytes";
	if (insn->flow == TS_INSN_CALL)
		return NULL;
	if (insn->target == function->address)
		return "it jumps back to its own start";
	if (ts_entry_is_inside(function, insn->target))
		view->n_inner++;
	else
		view->n_outer++;
	return NULL;
}

/* Does it use the first bytes as data, or the address of one between them? */
static bool uses_bytes(const struct ts_entry_steps *steps, const struct ts_insn *insn)
{
	if (is_between(steps, insn->immediates[0]) || is_between(steps, insn->immediates[1]))
		return true;
	if (!insn->displacement)
		return false;
	return is_between(steps, insn->target) ||
	       (!insn->is_lea && insn->target == steps->function->address);
}

static const char *see(struct view *view, const struct ts_insn *insn, size_t offset)
{
	if (insn->is_endbr && offset > 0 && offset < view->steps->taken)
		return jumps_in;
	if (uses_bytes(view->steps, insn))
		return "it uses the address of its first bytes";
	if (insn->flow == TS_INSN_JUMP_INDIRECT && !is_tail_call(view, insn)) {
		view->n_unknown++;
		view->has_more = false;
	} else if (!insn->is_padding) {
		view->has_more = true;
	}
	view->is_torn_down = insn->is_tear_down;
	return ts_insn_is_direct(insn) ? see_direct(view, insn) : NULL;
}

static const char *see_function(struct view *view)
{
	const struct ts_entry_function *function = view->steps->function;

	for (size_t offset = 0; offset < function->bytes;) {
		struct ts_insn insn;
		const char *why;

		if (!ts_insn_read(function->code + offset, function->bytes - offset,
				  function->address + offset, &insn)) {
			view->is_undecoded = true;
			return NULL;
		}
		why = see(view, &insn, offset);
		if (why)
			return why;
		offset += insn.bytes;
	}
	return NULL;
}

static bool is_all_set_up(const struct ts_entry_steps *steps)
{
	for (size_t i = 1; i < steps->n; i++)
		if (!steps->insns[i].is_set_up)
			return false;
	return true;
}

/*
 * Does what stands first, straight on, save a register behind the last of the first instructions?
 * One that a callee has to keep, and that still holds what the caller had in it: no loop begins
 * before that.
 */
static bool is_before_save(const struct ts_entry_steps *steps)
{
	const struct ts_entry_function *function = steps->function;
	struct ts_insn insn;
	uint16_t written = 0;

	for (size_t offset = 0; offset < function->bytes; offset += insn.bytes) {
		if (!ts_insn_read(function->code + offset, function->bytes - offset,
				  function->address + offset, &insn) ||
		    insn.flow != TS_INSN_ON)
			return false;
		if (offset >= steps->offsets[steps->n - 1] && (insn.pushed & ~written))
			return true;
		written |= insn.written;
	}
	return false;
}

/*
 * Is there, in [from, to) of the segment, a jump of four bytes' reach that leads between the first
 * instructions? Each place counts that could be read as one, whatever it is: that refuses one
 * function in some thousands for nothing.
 */
static bool has_long_jump(const struct ts_entry_steps *steps, const uint8_t *from,
			  const uint8_t *to)
{
	uint32_t most = (uint32_t)steps->taken - 1;

	for (const uint8_t *at = from + 1; at < to && to - at >= 4; at++) {
		uint32_t place = (uint32_t)(at - steps->function->code) + 4;
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

/* Bytes beside a function, and where instructions were read in them. */
struct beside {
	const struct ts_entry_steps *steps;
	const uint8_t *from, *to;
	bool is_read[2 * SHORT_JUMP];
};

/* Does one lead between the first instructions, from `at` on, up to where another reading went on from? */
static bool reads_jump(struct beside *beside, const uint8_t *at)
{
	const struct ts_entry_function *function = beside->steps->function;

	while (at < beside->to && !beside->is_read[at - beside->from]) {
		uintptr_t address = function->address + (uintptr_t)(at - function->code);
		struct ts_insn insn;

		beside->is_read[at - beside->from] = true;
		if (!ts_insn_read(at, (size_t)(beside->to - at), address, &insn)) {
			at++;
			continue;
		}
		if (ts_insn_is_direct(&insn) && is_between(beside->steps, insn.target))
			return true;
		at += insn.bytes;
	}
	return false;
}

/* Zeros are no padding that can be read: an odd number of them takes the next function's first byte along. */
static bool may_begin(const struct ts_entry_function *function, const uint8_t *at)
{
	uintptr_t address = function->address + (uintptr_t)(at - function->code);

	return address % FUNCTION_ALIGN == 0 && at[-1] == 0;
}

/*
 * The same for jumps of one byte's reach, in at most 2 * SHORT_JUMP bytes. They are common, so that the bytes
 * are read as instructions; wherever one begins to read, after a few these are the right ones.
 */
static bool has_short_jump(const struct ts_entry_steps *steps, const uint8_t *from,
			   const uint8_t *to)
{
	struct beside beside = {.steps = steps, .from = from, .to = to};

	for (const uint8_t *at = from; at < to; at++)
		if ((at == from || may_begin(steps->function, at)) && reads_jump(&beside, at))
			return true;
	return false;
}

static const char *see_others(const struct ts_entry_steps *steps)
{
	const struct ts_entry_function *function = steps->function;
	const uint8_t *end = function->code + function->bytes;
	const uint8_t *text_end = function->text + function->text_bytes;
	const uint8_t *low = function->text, *high = text_end;

	if (function->code - low > 2 * SHORT_JUMP)
		low = function->code - 2 * SHORT_JUMP;
	if (high - end > 2 * SHORT_JUMP)
		high = end + 2 * SHORT_JUMP;
	if (has_short_jump(steps, low, function->code) || has_short_jump(steps, end, high))
		return jumps_in;
	if (has_long_jump(steps, function->text, function->code) ||
	    has_long_jump(steps, end, text_end))
		return jumps_in;
	return NULL;
}

const char *ts_entry_refuse_jumps(const struct ts_entry_steps *steps)
{
	struct view view = {.steps = steps};
	const char *why = see_function(&view);
	bool is_safe;

	if (why || is_all_set_up(steps))
		return why;
	is_safe = is_before_save(steps);
	if (view.is_undecoded && !is_safe)
		return "some of its bytes do not decode";
	/* Straight on to one jump at its end: a tail call, for a loop would have no way out. */
	if ((view.n_unknown > 1 || (view.n_unknown && (view.n_inner || view.has_more))) && !is_safe)
		return "it has a jump table, whose targets are not known";
	if (steps->function->text)
		return see_others(steps);
	if (view.n_outer && !is_safe)
		return "it may have a part elsewhere, whose jumps are not known";
	return NULL;
}
