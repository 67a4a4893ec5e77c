/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PROGRAM_TARGET_H
#define TS_COMMAND_PROGRAM_TARGET_H

/* The program that is to be traced: where it is, and whether a preloaded library can enter it. */

#include <limits.h>
#include <stddef.h>

/*
 * The file that a shell would execute for `name`, by PATH where it has no slash. 0; -ENOENT, or
 * -EACCES where only what cannot be executed was found (then ret names it).
 */
int ts_target_find(const char *name, char ret[PATH_MAX]);

/* Puts a script's interpreter, the one behind env(1) where that stands between, in the place of a script. */
void ts_target_program(char path[PATH_MAX]);

/*
 * Why nothing in `path` can be traced, as the end of a sentence that begins with the program: "is
 * statically linked". 0 and a reason of up to `bytes`; 1 where nothing speaks against it.
 */
int ts_target_untraceable(const char *path, char *why, size_t bytes);

#endif
