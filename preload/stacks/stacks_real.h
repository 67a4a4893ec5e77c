/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_STACKS_REAL_H
#define TS_STACKS_REAL_H

/* What stands before the makers of coroutines, and the makers themselves. */

#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

struct ts_stacks_real {
	uintptr_t makecontext; /* jumped to by stacks_x86_64.S */
	void *(*make_fcontext)(void *top, size_t bytes, void (*function)(void *));
};

extern struct ts_stacks_real ts_stacks_real;

/* In the place of makecontext, whose arguments are of any number. */
extern const char ts_stacks_makecontext_entry[];
void ts_stacks_makecontext(const ucontext_t *context);

/* In the place of make_fcontext. */
void *ts_stacks_make_fcontext(void *top, size_t bytes, void (*function)(void *));

#endif
