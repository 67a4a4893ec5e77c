/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAULTS_H
#define FAULTS_H

/* What the program does with faults of its own. Each answers an exit status, if it returns. */

#include <signal.h>

/* Handlers of every style count faults that they mend, between calls with pointers to nowhere. */
int handle(void);
int jump_out(void);
int query(void);
int race(void);
int overflow_handled(void);

/* Dies as `how` says; watch() runs that in a child and prints the last signal that it got. */
int die(const char *how);
int watch(const char *how);

/* Threads and handlers that block the signals; handlers that were set by system call; other programs. */
int block(void);
int set_by_call(void);
int ignore_and_exec(const char *program);
int disposition(void);
int vfork_and_reset(void);
int fork_and_call(void);

#endif
