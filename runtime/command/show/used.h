/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_SHOW_USED_H
#define TS_COMMAND_SHOW_USED_H

/* Tokens and cost as `show` prints them: "cost unknown" and '?' for what is not known, '≥' before what is the least it can be. */

#include <stddef.h>

#include "../../report/bill.h"

#define TS_USED_TEXT 192

/* Of a span: "$0.00033, 125 tokens in (100 cached), 15 out"; "" where nothing is to be told. */
void ts_used_span(const struct ts_span *span, char ret[TS_USED_TEXT]);

/* Of a trace: "≥$0.0123, 1,250 tokens in, 340 out; 3 calls, 1 unknown"; "" likewise. */
void ts_used_bill(const struct ts_bill *bill, char ret[TS_USED_TEXT]);

#endif
