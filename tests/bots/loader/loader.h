/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOADER_H
#define LOADER_H

/* base: linked */
int job(const char *name, int (*what)(int), int argument);
int measure(int number);

/* inner: comes with outer. number + 1 */
int inner_work(int number);

/* outer: loaded late. inner_work(number) + inner_work(number) */
int outer_work(int number);

#endif
