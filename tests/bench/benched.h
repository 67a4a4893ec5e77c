/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHED_H
#define BENCHED_H

/* Functions in a library, so that a program's calls of them go through its GOT slots. */

#ifdef __cplusplus
extern "C" {
#endif

int ping(int number);                                /* wrapped, times only */
const char *echo(const char *s);                     /* wrapped, its string in and out */
int idle(int number);                                /* never wrapped */
int descend(int depth, int (*bottom)(void));         /* wrapped; so many calls, then bottom */
void converse(void (*body)(void *data), void *data); /* the pipeline: calls back */

/* The same in the program itself (own.c), which calls them directly. */
int own_ping(int number);
const char *own_echo(const char *s);

#ifdef __cplusplus
}
#endif

#endif
