/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PROGRAM_CHILD_H
#define TS_COMMAND_PROGRAM_CHILD_H

/* One child program from start to end. */

#include <stdbool.h>
#include <sys/types.h>

/* Called where a signal ended the child, while its pid is still its own. */
typedef void ts_child_killed_fn(pid_t pid, int signal);

/*
 * Runs `path` with argv and our environment, and waits. SIGINT, SIGTERM, SIGHUP and SIGQUIT that
 * were sent to us alone go on to the child; we outlive them. `quiet`: it reads nothing, and what it
 * writes to stdout goes to stderr. Answers its exit status as a shell has it: 128+N where signal N
 * ended it, 127 or 126 (with a line on stderr) where it could not be executed. `killed` may be NULL.
 */
int ts_child_run(const char *path, char **argv, bool quiet, ts_child_killed_fn *killed);

#endif
