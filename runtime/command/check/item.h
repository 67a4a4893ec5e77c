/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_CHECK_ITEM_H
#define TS_COMMAND_CHECK_ITEM_H

/* A line below a rule, or below [wire]: a label of seven columns, then the text, wrapped under itself. */
void ts_check_item(const char *label, const char *text);

#endif
