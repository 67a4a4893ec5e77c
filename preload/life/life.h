/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_LIFE_H
#define TS_LIFE_H

/*
 * The life of the process and its threads: the slow path of a thread's first event, threads that
 * start and end, fork, exit.
 *
 * One page, which fork wipes in the child however it is called (MADV_WIPEONFORK, Linux 4.14), holds
 * what is true of this process alone. A thread is ready while its generation equals the page's.
 */

#include <stdbool.h>
#include <stdint.h>

struct ts_context;
struct ts_inherited;

/*
 * Does the CPU compare return addresses with a stack of its own? Return pads are no addresses it has
 * seen. [setup]
 */
bool ts_life_on_shadow_stack(void);

/* Fills ts_hot and registers for fork and exit. 0, or a negative errno. [setup] */
int ts_life_init(void);

/*
 * The slow path but for the call itself: process and thread become ready, and the stack that `slot` lies on is
 * known, as far as all that can be had. False: nothing is recorded. errno is kept.
 */
bool ts_life_make_ready(uintptr_t slot);

/* The same where signals are blocked already; `mask` is the program's. They stay blocked: who calls it holds something. */
bool ts_life_make_ready_blocked(uintptr_t slot, uint64_t mask);

/* No call is recorded any more, from now on and in children. */
void ts_life_stand_down(const char *why);

/* A thread has started: where its stack ends upwards and how long it is, and what it lies in. */
void ts_life_thread_started(uintptr_t stack_high, uint64_t stack_bytes,
			    const struct ts_inherited *inherited);

/*
 * Has this process recorded anything? Not if it is a child that shares its parent's memory, or one that
 * was forked and has not called a wrapped function yet.
 */
bool ts_life_has_begun(void);

/* Does the thread have a ring of this process? Only while ts_life_has_begun. */
bool ts_life_is_ready(const struct ts_context *context);

/* Called by vfork (vfork_x86_64.S): answers the function to jump to. */
void *ts_life_before_vfork(void);

/*
 * Is this a child that shares its parent's memory until it execs (vfork)? A forked child finds the
 * page wiped and signs it; this one finds its parent's name there. Nothing is recorded in it. Not before
 * ts_life_init. A system call.
 */
bool ts_life_is_guest(void);

/* The destructor: removes the spool if all of it has been stored. */
void ts_life_end(void);

#endif
