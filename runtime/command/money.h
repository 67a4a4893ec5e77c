/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_MONEY_H
#define TS_COMMAND_MONEY_H

/* Money as people read it. */

#include <stddef.h>
#include <stdint.h>

#define TS_MONEY_TEXT 32

/* Billionths of a dollar: "12.35 USD", below a dollar three digits that count: "0.00033 USD". */
void ts_money(int64_t nano_usd, char ret[TS_MONEY_TEXT]);

/* A count with commas: "1,225,300". */
void ts_money_count(int64_t count, char ret[TS_MONEY_TEXT]);

#endif
