/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_SHOW_DOCUMENT_H
#define TS_COMMAND_SHOW_DOCUMENT_H

/* A trace with its spans as one JSON document. */

struct ts_story;

/* Prints it on stdout, a row at a time: thousands at once take longer than to read them. Answers the exit status. */
int ts_show_document(const struct ts_story *story);

#endif
