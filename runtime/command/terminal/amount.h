/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TERMINAL_AMOUNT_H
#define TS_COMMAND_TERMINAL_AMOUNT_H

/* Counts, shares and money as people read them. */

#include <stdint.h>

#include "../../report/spend.h"

struct ts_amount {
	char text[48];
};

/* "12,519" */
struct ts_amount ts_amount_count(uint64_t n);

/* The same, from 10,000 on three digits and a unit: "812 k", "1.23 M". */
struct ts_amount ts_amount_short(uint64_t n);

/* `part` of `all`, which may be 0: "5.8 %", "0 %", "0.02 %". */
struct ts_amount ts_amount_share(double part, double all);

/* Billionths of a dollar: "$1,204.21", below a dollar three digits that count: "$0.00213", "-$0.12". */
struct ts_amount ts_amount_money(int64_t nano_usd);

/*
 * Sums over `calls` calls: with ">=" (on a terminal that shows it the sign for it) before it where a part of it is not
 * known, "?" where nothing is, "-" where there were no calls.
 */
struct ts_amount ts_amount_cost(const struct ts_spend *spend);
struct ts_amount ts_amount_tokens(const struct ts_sum *sum, uint64_t calls);

#endif
