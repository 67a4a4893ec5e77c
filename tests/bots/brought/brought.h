/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BROUGHT_H
#define BROUGHT_H

/* Between the program and the library, which finds these in it (-rdynamic). */
extern int brought_opening; /* 1: the library's constructor runs; 2: it has run */
extern int brought_looked;  /* the program has started a thread meanwhile */
extern int brought_written; /* a slot of the library is not as it was */

#endif
