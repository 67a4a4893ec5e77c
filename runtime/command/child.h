/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_CHILD_H
#define TS_COMMAND_CHILD_H

/* One child program from start to end. */

#include <stdbool.h>

/*
 * Runs `path` with argv and our environment, and waits. SIGINT, SIGTERM, SIGHUP and SIGQUIT that
 * were sent to us alone go on to the child; we outlive them. `quiet`: it reads nothing, and what it
 * writes to stdout goes to stderr. Answers its exit status as a shell has it: 128+N where signal N
 * ended it, 127 or 126 (with a line on stderr) where it could not be executed.
 */
int ts_child_run(const char *path, char **argv, bool quiet);

#endif
