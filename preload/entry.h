/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ENTRY_H
#define TS_ENTRY_H

/*
 * What the module `entry` offers: it reads machine code (Zydis) and moves the first instructions of
 * a function, so that a jump may take their place. It is opened when some rule needs it. Pure: it
 * touches nothing but what it is given, allocates nothing, and may run on several threads at once.
 *
 *     function:  jmp elsewhere      <- 5 bytes, written by patch.c
 *     resume:    rest of the function
 *
 *     moved:     the instructions that stood there
 *                jmp resume
 *
 * Where the first instructions end with a jump or a return there is no jump back. Where they end
 * with a call, that pushes the return address it had in the function, so that stacks are walked as
 * before.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_ENTRY_BYTES 5   /* of the jump */
#define TS_ENTRY_MOST  127 /* that moved code takes; a short jump leads over it */

struct ts_entry_function {
	const uint8_t *code; /* where its bytes can be read now */
	uintptr_t address; /* where they run; the same in a program, another in a file or a test */
	size_t bytes;      /* the function's size, by its symbol; 0, not known, is refused */

	/*
	 * Bytes that can be read from `code` on and belong to no other function: up to where the
	 * next known symbol begins, be it within this function, or to the segment's end. 0:
	 * `bytes`. A function of 3 bytes can be moved where this shows that padding follows it up
	 * to a multiple of 16; one with a second entry within its first bytes cannot.
	 */
	size_t readable;

	/*
	 * The executable segment, `code` in it: jumps into the function's first bytes may come from
	 * its cold part, which lies elsewhere, or from an assembler function beside it. It is
	 * searched only where such a jump could be (the search takes about 1 ms a MB). NULL, 0: not
	 * known, and functions that may have a part elsewhere are refused.
	 */
	const uint8_t *text;
	size_t text_bytes;
};

struct ts_entry_moved {
	uint8_t code[TS_ENTRY_MOST]; /* to run at the address asked for; ends with a jump */
	size_t bytes;
	size_t taken; /* bytes of the function that it stands for, at least TS_ENTRY_BYTES */
};

/*
 * Makes code that runs at `at` (within 2 GB of the function) and does what the function's first
 * bytes do, to every register, flag and byte of the stack. NULL; or why that cannot be had, a
 * static sentence fragment for people ("it is too short: 3 bytes"), with *ret undefined. Refuses
 * rather than guesses.
 *
 * Not kept, since nothing can: the address that a fault in a moved instruction reports, and what
 * x87 saves as its last instruction's address.
 */
typedef const char *ts_entry_move_fn(const struct ts_entry_function *function, uintptr_t at,
				     struct ts_entry_moved *ret);
#define TS_ENTRY_MOVE_SYMBOL "ts_entry_move"

/* What the module exports; it is opened, never linked. */
__attribute__((visibility("default"))) ts_entry_move_fn ts_entry_move;

#endif
