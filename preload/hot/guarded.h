/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_GUARDED_H
#define TS_HOT_GUARDED_H

/*
 * Reads of memory that may not be there: a rule's prototype may be wrong, a pointer may dangle. The
 * one way in which hot/ follows a pointer of the program.
 *
 * They are plain reads as long as a fault in [ts_guarded_start, ts_guarded_end) reaches a handler
 * that makes the function answer TS_UNREADABLE, and reads of what a system call has found to be
 * there otherwise: before there is such a handler, where the program has put another in its place,
 * on a thread that has the signals blocked.
 */

#include <stdbool.h>
#include <stdint.h>

#define TS_UNREADABLE UINT64_MAX

/*
 * Copies a string up to its NUL, which is not copied, and no more than `most` bytes. Answers its
 * length; `most` + 1 where it is longer; TS_UNREADABLE where memory ends before it does. [hot]
 */
uint64_t ts_guarded_string(char *to, const char *from, uint64_t most);

/* Length of a string, or TS_UNREADABLE. [hot] */
uint64_t ts_guarded_length(const char *string);

/* Copies `bytes` bytes and answers how many; TS_UNREADABLE where they cannot all be read. [hot] */
uint64_t ts_guarded_bytes(void *to, const void *from, uint64_t bytes);

/* The same; false: they cannot all be read. [hot] */
static inline bool ts_guarded_copy(void *to, const void *from, uint64_t bytes)
{
	return ts_guarded_bytes(to, from, bytes) != TS_UNREADABLE;
}

/*
 * Odd: no handler of ours stands in the kernel. It changes with every change of that, and whenever
 * a handler of the program is about to run (in which the signals are blocked): then each thread looks
 * again. Setup counts it up.
 */
extern uint32_t ts_guarded_epoch;

/* The epoch in which this thread last found that its faults reach the handler; 0: look again. */
extern __thread uint32_t ts_guarded_seen __attribute__((tls_model("initial-exec")));

/* The handler, as the kernel is told of it. Filled by setup. */
extern const void *ts_guarded_handler;

/* Does the kernel have it for SIGSEGV and for SIGBUS? Two system calls. [hot] */
bool ts_guarded_by_kernel(void);

/* The code whose faults mean: unreadable. The return address lies at the stack pointer in all of it,
 * so the handler sets rax to TS_UNREADABLE and returns from the function. */
extern const char ts_guarded_start[], ts_guarded_end[];

/* A part of it in which registers have to be put back first: there it goes on at ts_guarded_give_up instead. */
extern const char ts_guarded_vectors_start[], ts_guarded_vectors_end[], ts_guarded_give_up[];

#endif
