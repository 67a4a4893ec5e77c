/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SQLITE_HEAP_H
#define TS_SQLITE_HEAP_H

/*
 * SQLite's memory, in pages of its own, which go back when its last connection is closed. Malloc, in the traced program, would
 * keep a quarter of a megabyte of page cache between what lives longer, for as long as the program does.
 */

/* Before each opening of a connection: from the first one on, SQLite takes its memory from here. */
void ts_sqlite_heap_begin(void);

#endif
