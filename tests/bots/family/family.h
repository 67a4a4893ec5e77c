/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAMILY_H
#define FAMILY_H

#include <sys/types.h>

extern char *self; /* the path of this program */

/* One way to start others; runs inside learn(), or calls it. The program's exit status. */
struct way {
	const char *name;
	int (*run)(void);
};

extern const struct way starts[], forks[]; /* each ends with a name that is NULL */

/* Waits for the child; its exit status, 128 and the signal, or -1. */
int await(pid_t child);

/* Says what a process has done, at once. */
void say(const char *what, int result);

#endif
