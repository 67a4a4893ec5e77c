/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TRACES_STORED_H
#define TS_COMMAND_TRACES_STORED_H

/* The way to what is stored, for the commands that read. */

#include "../../query/query.h"

/*
 * Brings in what ended programs left in their spools (a line on stderr only where that failed),
 * then opens the store. 0; -ENOENT where nothing was ever stored; another negative errno with the
 * reason printed.
 */
int ts_stored_open(struct ts_query **ret);
/* The same for who can do nothing without traces: it is also printed that there are none. */
int ts_stored_open_some(struct ts_query **ret);

/* Of how many programs what they left could not be stored, when the store was last opened. */
size_t ts_stored_waiting(void);
/* For who goes on looking: the same without a word. */
void ts_stored_recover(void);
int ts_stored_reopen(struct ts_query **ret, struct ts_error *err);

/* Is the store a file, which may be removed and made anew beneath who has it open, and is quickly opened again? */
bool ts_stored_is_file(void);

/* As which tenant ts_stored_open opens; NULL: as whoever asks. Not copied. */
void ts_stored_as(const char *tenant);

/* A line on stderr: no `what` ("traces") are stored, and what became of the last program under the shim. */
void ts_stored_say_nothing(const char *what);

#endif
