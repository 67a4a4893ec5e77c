/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PROGRAM_ASK_H
#define TS_COMMAND_PROGRAM_ASK_H

/* Asking the shim what becomes of a symbols.conf in a program, which ends before its main. */

#include <limits.h>

#include "rules.h"

/*
 * The program that executing `name` ends in, a script's interpreter for a script. 0, or -ENOENT once
 * it is told why nothing in it can be traced.
 */
int ts_ask_find(const char *name, char ret[PATH_MAX]);

/*
 * The shim's report on `conf` (NULL: on the symbols.conf that a program started here would find) in
 * the program at `path`. 0, or a negative errno once the reason is printed. Changes our environment.
 */
int ts_ask(const char *path, char **argv, const char *conf, struct ts_rules *ret);

/* The same without a program: what the shim makes of `conf` as a text. */
int ts_ask_nobody(const char *conf, struct ts_rules *ret);

/* A folder of our own below $TMPDIR or /tmp. 0, or -EIO once the reason is printed. */
int ts_ask_folder(char ret[PATH_MAX]);

#endif
