// SPDX-License-Identifier: Apache-2.0
/* Personality routines of the return pads. */

#include "unwind.h"

#include "call.h"
#include "failure.h"

#include "hot.h"

/* Itanium C++ ABI, 1.1 and 1.6.1 */
#define INSTALL_CONTEXT 7
#define CONTINUE_UNWIND 8
#define SEARCH_PHASE    1
#define CLEANUP_PHASE   2
#define FORCE_UNWIND    8

/* DWARF numbers of the registers that carry two words to a landing pad (System V ABI, 6.2.1). */
#define RAX 0
#define RDX 1

typedef void resume_fn(struct _Unwind_Exception *);

struct ts_unwinder ts_unwinders[TS_UNWINDERS];
const struct ts_unwinder *ts_unwinder_libgcc;
bool (*ts_unwinder_ask)(uintptr_t address, struct ts_unwinder *ret);

extern const char ts_cleanup_pad[];

int ts_personality_a(int version, int actions, uint64_t class, struct _Unwind_Exception *exception,
		     struct _Unwind_Context *unwinding);
int ts_personality_b(int version, int actions, uint64_t class, struct _Unwind_Exception *exception,
		     struct _Unwind_Context *unwinding);
resume_fn *ts_cleanup(struct ts_frame *frame, uintptr_t how,
		      const struct _Unwind_Exception *exception);

static enum ts_outcome outcome_of(int actions)
{
	return actions & FORCE_UNWIND ? TS_OUTCOME_THREAD_EXITED : TS_OUTCOME_EXCEPTION;
}

/* The unwinder that lives where the personality routine was called from, or one like it; `found` is room for it. */
static const struct ts_unwinder *unwinder_at(uintptr_t address, struct ts_unwinder *found)
{
	for (int i = 0; i < TS_UNWINDERS; i++)
		if (address >= ts_unwinders[i].low && address < ts_unwinders[i].high &&
		    (ts_unwinders[i].stays || !ts_unwinder_ask))
			return &ts_unwinders[i];
	return ts_unwinder_ask && ts_unwinder_ask(address, found) ? found : ts_unwinder_libgcc;
}

/*
 * Ends the span without touching the unwinder. It passes frames from the inside out, so the one it
 * is at is the innermost that is still open on this stack.
 */
int ts_personality_a(int version, int actions, uint64_t class, struct _Unwind_Exception *exception,
		     struct _Unwind_Context *unwinding)
{
	struct ts_stack *stack = ts_stack_near(&ts_context, (uintptr_t)__builtin_frame_address(0));

	(void)version, (void)class, (void)unwinding;
	if (actions & SEARCH_PHASE)
		ts_failure_raised(&ts_context, exception);
	if (actions & CLEANUP_PHASE && stack && stack->top)
		ts_call_passed(stack, outcome_of(actions), exception);
	return CONTINUE_UNWIND;
}

/* Lands on the cleanup pad; rdx says what resumes, its lowest bit that it is forced: functions lie at even addresses. */
int ts_personality_b(int version, int actions, uint64_t class, struct _Unwind_Exception *exception,
		     struct _Unwind_Context *unwinding)
{
	const struct ts_unwinder *unwinder;
	struct ts_unwinder found;

	if (!(actions & CLEANUP_PHASE)) {
		ts_failure_raised(&ts_context, exception);
		return CONTINUE_UNWIND;
	}
	unwinder = unwinder_at((uintptr_t)__builtin_return_address(0), &found);
	if (!unwinder)
		return ts_personality_a(version, actions, class, exception, unwinding);
	unwinder->set_gr(unwinding, RAX, (uintptr_t)exception);
	unwinder->set_gr(unwinding, RDX,
			 (uintptr_t)unwinder->resume |
				 (outcome_of(actions) == TS_OUTCOME_THREAD_EXITED));
	unwinder->set_ip(unwinding, (uintptr_t)ts_cleanup_pad);
	return INSTALL_CONTEXT;
}

/* Ends the span of the frame that is being left; answers what resumes the unwinding. */
resume_fn *ts_cleanup(struct ts_frame *frame, uintptr_t how,
		      const struct _Unwind_Exception *exception)
{
	ts_call_unwound(frame, how & 1 ? TS_OUTCOME_THREAD_EXITED : TS_OUTCOME_EXCEPTION,
			exception);
	return (resume_fn *)(how & ~(uintptr_t)1);
}
