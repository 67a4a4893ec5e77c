/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNT_H
#define COUNT_H

long step(long n);
long count(int thread, long n);
long deep(int thread, long n); /* in deep.c */

#endif
