// SPDX-License-Identifier: Apache-2.0
/* Stacks other than the threads' own. */

#include "stacks.h"

#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "../elf/walk.h"
#include "../hook/definition.h"
#include "../hot/context.h"
#include "../system/maps.h"
#include "../system/pages.h"
#include "../system/signals.h"
#include "stacks_real.h"

#define STACKS_A_PIECE 256

/* Records are never freed; those of stacks that are no more have no bounds and serve again. */
struct piece {
	struct piece *next;
	size_t n;
	struct ts_stack stacks[STACKS_A_PIECE];
};

static struct {
	struct piece *pieces;
	uint32_t
		holder; /* pid of the process whose thread holds the table; a dead parent's counts not */
	bool everywhere;
} table;

struct ts_stacks_real ts_stacks_real;

static void take_table(void)
{
	uint32_t pid = (uint32_t)ts_sys_getpid();

	for (unsigned int turn = 0;; turn++) {
		uint32_t holder = __atomic_load_n(&table.holder, __ATOMIC_RELAXED);

		if (holder != pid &&
		    __atomic_compare_exchange_n(&table.holder, &holder, pid, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return;
		ts_sys_give_way(turn);
	}
}

static void give_table(void)
{
	__atomic_store_n(&table.holder, 0, __ATOMIC_RELEASE);
}

static struct ts_stack *new_stack(void)
{
	struct piece *piece = table.pieces;

	for (; piece; piece = piece->next)
		for (size_t i = 0; i < piece->n; i++)
			if (piece->stacks[i].low == piece->stacks[i].high &&
			    !piece->stacks[i].top && !piece->stacks[i].left)
				return &piece->stacks[i];
	piece = table.pieces;
	if (!piece || piece->n == STACKS_A_PIECE) {
		piece = ts_pages_new(sizeof(*piece));
		if (!piece)
			return NULL;
		piece->next = table.pieces;
		table.pieces = piece;
	}
	return &piece->stacks[piece->n++];
}

/* Threads read the bounds meanwhile: at no time does the upper end lie below the lower. */
static void set_bounds(struct ts_stack *stack, uintptr_t low, uintptr_t high)
{
	if (low >= stack->low)
		__atomic_store_n(&stack->high, high, __ATOMIC_RELEASE);
	__atomic_store_n(&stack->low, low, __ATOMIC_RELEASE);
	__atomic_store_n(&stack->high, high, __ATOMIC_RELEASE);
}

/* Adds the calls of `from` behind those of `to`. */
static void move_frames(struct ts_frame **from, struct ts_frame **to, struct ts_stack *stack)
{
	while (*to)
		to = &(*to)->outer;
	*to = *from;
	*from = NULL;
	for (struct ts_frame *frame = *to; frame; frame = frame->outer)
		frame->stack = stack;
}

/* Others that overlap are no more. With `made`, what was open there ends on this one. */
static void retire_others(struct ts_stack *stack, uintptr_t low, uintptr_t high, bool made)
{
	for (struct piece *piece = table.pieces; piece; piece = piece->next) {
		for (size_t i = 0; i < piece->n; i++) {
			struct ts_stack *other = &piece->stacks[i];

			if (other == stack || other->low >= high || low >= other->high)
				continue;
			__atomic_store_n(&other->high, other->low, __ATOMIC_RELEASE);
			if (!made)
				continue;
			move_frames(&other->top, &stack->top, stack);
			move_frames(&other->left, &stack->left, stack);
		}
	}
}

static struct ts_stack *find_bounds(uintptr_t low, uintptr_t high)
{
	for (struct piece *piece = table.pieces; piece; piece = piece->next)
		for (size_t i = 0; i < piece->n; i++)
			if (piece->stacks[i].low == low && piece->stacks[i].high == high)
				return &piece->stacks[i];
	return NULL;
}

/* The record with just these bounds, or a new one; with `made`, nothing runs there yet. */
static struct ts_stack *record(uintptr_t low, uintptr_t high, bool made)
{
	struct ts_stack *stack = find_bounds(low, high);

	if (stack)
		return stack;
	stack = new_stack();
	if (!stack)
		return NULL;
	retire_others(stack, low, high, made);
	stack->flags = 0;
	stack->inherited.frame = NULL;
	set_bounds(stack, low, high);
	return stack;
}

static struct ts_stack *find_record(uintptr_t slot)
{
	for (struct piece *piece = table.pieces; piece; piece = piece->next)
		for (size_t i = 0; i < piece->n; i++)
			if (slot >= piece->stacks[i].low && slot < piece->stacks[i].high)
				return &piece->stacks[i];
	return NULL;
}

/* --- stacks that nobody told us of ------------------------------------------------------------ */

static bool is_alternate(uintptr_t slot, uintptr_t *ret_low, uintptr_t *ret_high)
{
	stack_t alternate = {.ss_flags = SS_DISABLE};

	ts_syscall(SYS_sigaltstack, 0, (long)&alternate, 0, 0, 0, 0);
	*ret_low = (uintptr_t)alternate.ss_sp;
	*ret_high = *ret_low + alternate.ss_size;
	return !(alternate.ss_flags & SS_DISABLE) && slot >= *ret_low && slot < *ret_high;
}

/* A mapping of its own, above a page that stops it. */
static bool is_fenced(uintptr_t slot, uintptr_t *ret_low, uintptr_t *ret_high)
{
	struct ts_maps maps;
	const struct ts_mapping *mapping, *below;
	bool fenced = false;

	if (ts_maps_read(&maps) < 0)
		return false;
	mapping = ts_maps_find(&maps, slot);
	below = mapping ? ts_maps_find(&maps, mapping->low - 1) : NULL;
	if (below && below->protection == PROT_NONE) {
		*ret_low = mapping->low;
		*ret_high = mapping->high;
		fenced = true;
	}
	ts_maps_release(&maps);
	return fenced;
}

static struct ts_stack *discover(uintptr_t slot)
{
	uintptr_t low, high;
	uint32_t flags = 0;
	struct ts_stack *stack;

	if (is_alternate(slot, &low, &high)) {
		flags = TS_STACK_ALTERNATE;
	} else if (!is_fenced(slot, &low, &high)) {
		flags = TS_STACK_UNKNOWN;
		low = slot & ~(uintptr_t)(TS_ABI_PAGE - 1);
		high = low + TS_ABI_PAGE;
	}
	stack = record(low, high, false);
	if (stack)
		stack->flags |= flags;
	return stack;
}

/* From now on calls outside every trace ask, too. */
static void reach_everywhere(void)
{
	if (table.everywhere || !ts_walk_hold())
		return;
	ts_definitions_reach_everywhere();
	table.everywhere = true;
	ts_walk_go_on(true);
}

void ts_stacks_find(uintptr_t slot)
{
	struct ts_stack *stack;

	take_table();
	stack = find_record(slot);
	if (!stack)
		stack = discover(slot);
	if (stack)
		__atomic_store_n(ts_stack_at(slot), stack, __ATOMIC_RELEASE);
	give_table();
	if (stack && !(stack->flags & (TS_STACK_ALTERNATE | TS_STACK_UNKNOWN)))
		reach_everywhere();
}

/* --- stacks whose makers we see --------------------------------------------------------------- */

void ts_stacks_made(uintptr_t low, uintptr_t high)
{
	uint64_t before = ts_signals_block();
	struct ts_stack *stack;

	take_table();
	stack = low < high ? record(low, high, true) : NULL;
	if (stack)
		stack->flags = TS_STACK_RESTARTED;
	give_table();
	ts_signals_restore(before);
}

void ts_stacks_makecontext(const ucontext_t *context)
{
	uintptr_t low = (uintptr_t)context->uc_stack.ss_sp;

	ts_stacks_made(low, low + context->uc_stack.ss_size);
}

/* boost's: `top` is the upper end of a stack of `bytes`. */
void *ts_stacks_make_fcontext(void *top, size_t bytes, void (*function)(void *))
{
	ts_stacks_made((uintptr_t)top - bytes, (uintptr_t)top);
	return ts_stacks_real.make_fcontext(top, bytes, function);
}

static const char makecontext_name[] = "makecontext", make_fcontext_name[] = "make_fcontext";

bool ts_stacks_watches(const char *name)
{
	return strcmp(name, makecontext_name) == 0 || strcmp(name, make_fcontext_name) == 0;
}

/* Of several copies of boost's the first one's callers are watched. */
uintptr_t ts_stacks_watch(const char *name, uintptr_t address)
{
	if (strcmp(name, makecontext_name) == 0) {
		ts_stacks_real.makecontext = address;
		return (uintptr_t)ts_stacks_makecontext_entry;
	}
	if (ts_stacks_real.make_fcontext && (uintptr_t)ts_stacks_real.make_fcontext != address)
		return address;
	ts_stacks_real.make_fcontext = (void *(*)(void *, size_t, void (*)(void *)))address;
	return (uintptr_t)ts_stacks_make_fcontext;
}
