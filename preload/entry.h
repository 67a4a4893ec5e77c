/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ENTRY_H
#define TS_ENTRY_H

/*
 * What the module `entry` offers: it reads machine code (Zydis) and moves the first instructions of a
 * function, so that a jump may take their place. It is opened when some rule needs it. Pure: it touches
 * nothing but what it is given.
 *
 *     function:  jmp elsewhere      <- 5 bytes, written by patch.c
 *     resume:    rest of the function
 *
 *     moved:     the instructions that stood there
 *                jmp resume
 */

#include <stddef.h>
#include <stdint.h>

#define TS_ENTRY_BYTES 5   /* of the jump */
#define TS_ENTRY_MOST  128 /* that moved code takes */

struct ts_entry_function {
	const uint8_t *code; /* where its bytes can be read now */
	uintptr_t address; /* where they run; the same in a program, another in a file or a test */
	size_t bytes;      /* the function's size, by its symbol */
};

struct ts_entry_moved {
	uint8_t code[TS_ENTRY_MOST]; /* to run at the address asked for; ends with the jump back */
	size_t bytes;
	size_t taken; /* bytes of the function that it stands for, at least TS_ENTRY_BYTES */
};

/*
 * Makes code that runs at `at` (within 2 GB of the function) and does what the function's first bytes do, to
 * every register, flag and byte of the stack. NULL; or why that cannot be had, a static sentence
 * fragment for people ("it is too short: 3 bytes"), with *ret undefined. Refuses rather than guesses.
 */
typedef const char *ts_entry_move_fn(const struct ts_entry_function *function, uintptr_t at,
				     struct ts_entry_moved *ret);
#define TS_ENTRY_MOVE_SYMBOL "ts_entry_move"

#endif
