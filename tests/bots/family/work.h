/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORK_H
#define WORK_H

/* Work that starts with other work. */
int learn(const char *name, int (*inside)(void));

/* Work that a process does alone: help, and its own. */
int chapter(const char *name);

int help(const char *name);

#endif
