/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ENVIRONMENT_H
#define TS_ENVIRONMENT_H

/*
 * The environment of the next program: the one that this program gives it, with what is missing. The
 * program's own strings stay as they are; the new list points to them.
 *
 * No libc but string.h, no allocation: between vfork and exec, and in signal handlers.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_ENVIRONMENT_MISSING 32 /* the most variables that may be wished for */

/* Lists end with NULL; all strings are NAME=VALUE and must live as long as the environment does. */
struct ts_environment_wish {
	const char *library;        /* shall be in LD_PRELOAD; NULL: LD_PRELOAD stays as it is */
	const char *const *missing; /* added where NAME is not set */
	const char *const *ours;    /* in place of whatever NAME is */
};

struct ts_environment {
	char *const *from; /* NULL: nothing */
	const struct ts_environment_wish *wish;
	size_t n;            /* entries of `from` */
	const char *preload; /* the LD_PRELOAD that counts, the last one; or NULL */
	bool preload_whole;  /* it names the library already, by a path from the root */
	bool preload_named;  /* it names the library */
	size_t preload_bytes;
	uint32_t added; /* which of wish->missing */
};

/* The value of NAME in a list ("NAME=" as `name`), the first one; NULL: not set. */
const char *ts_environment_value(char *const *list, const char *name);

/* Does a list ("/a/lib.so:b.so lib.so") of the dynamic linker's name this library? */
bool ts_environment_names(const char *preload, const char *library);

/* How many bytes ts_environment_make needs; 0: `from` is as it should be. */
size_t ts_environment_plan(struct ts_environment *ret, char *const *from,
			   const struct ts_environment_wish *wish);

/* The new list, in `memory`, 8-aligned. Another thread may change what `from` holds meanwhile. */
char **ts_environment_make(const struct ts_environment *plan, void *memory);

#endif
