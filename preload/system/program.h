/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PROGRAM_H
#define TS_PROGRAM_H

/* The program we are in and where we are ourselves; taken once. */

#include <stdbool.h>

#include "arena.h"

/* [setup] 0, or a negative errno. */
int ts_program_init(struct ts_arena *arena);

/* Absolute path of the executable. */
const char *ts_program_path(void);

/* Absolute path of libtraceshim.so, as LD_PRELOAD may name it; empty where it is not known. */
const char *ts_program_library(void);

/* The folder of our modules, with a '/' at its end. */
const char *ts_program_modules(void);

/* Does "/" mean another folder than at the start (chroot)? Then our paths lead elsewhere. */
bool ts_program_root_changed(void);

/* The host's name. */
const char *ts_program_host(void);

/*
 * The environment variable as it was at the start, or NULL where it is not set or empty. Reads
 * environ itself: a getenv that the program brings is not called.
 */
const char *ts_program_environment(const char *name);

/* `path` made absolute with the folder the program was started in; of `arena`. */
char *ts_program_absolute(const char *path, struct ts_arena *arena);

#endif
