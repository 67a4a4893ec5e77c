/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_THREADS_H
#define TS_THREADS_H

/*
 * How many threads this process has, and in *ret_first (may be NULL) the state of the first one: 'Z' where it
 * has ended before the others. 0: not known. By /proc/self/stat, fields 3 and 20 (proc(5)). [setup]
 */
long ts_threads(char *ret_first);

#endif
