/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_EXPORT_FILE_H
#define TS_COMMAND_EXPORT_FILE_H

/* A file that is there whole or, whatever ends the command but SIGKILL, not at all. */

#include <stdio.h>

/*
 * A file of mode 0600 beside `path` (kept, not copied); what is no regular file, as /dev/null or a pipe, is written itself. One at a time. NULL
 * with the sentence printed.
 */
FILE *ts_outfile_begin(const char *path);

/* Puts it in the place of what stood there. 0, or a negative errno with the sentence printed; then it is gone. */
int ts_outfile_keep(void);
void ts_outfile_drop(void);

#endif
