/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STEPS_H
#define STEPS_H

/* Calls within calls, each of a function of this library's that other libraries may replace. */

#ifdef __cplusplus
extern "C" {
#endif

/* The outermost call. */
int play(void (*what)(void));

/* outer calls middle calls inner calls what(argument); each adds 1 to what it answers. */
int outer(int (*what)(int), int argument);
int middle(int (*what)(int), int argument);
int inner(int (*what)(int), int argument);

/* Like inner; catches what comes out and throws it again. */
int again(int (*what)(int), int argument);

/* Like inner, with an object whose destructor speaks. */
int tidy(int (*what)(int), int argument);

/* Like inner; may not be left by an exception. */
#ifdef __cplusplus
int strict(int (*what)(int), int argument) noexcept;
#else
int strict(int (*what)(int), int argument);
#endif

int leaf(int argument);

#ifdef __cplusplus
}
#endif

#endif
