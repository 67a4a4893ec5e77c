/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PROGRAM_FATE_H
#define TS_COMMAND_PROGRAM_FATE_H

/* What became of a program, and of those it started, under the shim. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct ts_fate {
	bool started; /* the shim began its work in at least one program */
	bool reached; /* at least one call was recorded */
	bool passive; /* ... or it stood down, for: */
	char why[512];
	long rules;  /* the most that one program had, a [wire] among them */
	bool wire;   /* it is there */
	long hooked; /* of those, the ones that found a function */
	char program[PATH_MAX];
};

/* From a file of run lines; a file that is not there leaves all as nothing. */
void ts_fate_read(const char *path, struct ts_fate *ret);

/*
 * The sentence for people, about the command `argv`, NULL where it is not known; "" where a rule was reached.
 */
void ts_fate_sentence(const struct ts_fate *fate, char *const *argv, char *ret, size_t bytes);

#endif
