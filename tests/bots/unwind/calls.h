/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CALLS_H
#define CALLS_H

/* Calls of functions that other libraries may replace, one inside the other. */

#ifdef __cplusplus
extern "C" {
#endif

/* The outermost call. */
int play(void (*what)(void));

/* Answers what(argument), under `depth` calls of itself and that of `reach` inside them all. */
int deep(int depth, int (*what)(int), int argument);
int reach(int (*what)(int), int argument);

/* Like deep; each call has something to clean up when it is left, and counts it in *argument. */
int tidy(int depth, int (*what)(int), int *argument);

/* The same number, by calls that end as they call: `depth` of them hand over to each other. */
int hop(int depth, int number);
int skip(int depth, int number);

int leaf(int argument);

/* Its result is a float, so that vector registers are kept over it. */
float scale(int (*what)(int), float by);

#ifdef __cplusplus
}
#endif

#endif
