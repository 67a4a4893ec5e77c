/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCHED_H
#define BENCHED_H

/* Functions in a library, so that a program's calls of them go through its GOT slots. */

int ping(int number);                                /* wrapped, times only */
const char *echo(const char *s);                     /* wrapped, its string in and out */
int idle(int number);                                /* never wrapped */
void converse(void (*body)(void *data), void *data); /* the pipeline: calls back */

#endif
