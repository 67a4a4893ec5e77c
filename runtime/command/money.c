// SPDX-License-Identifier: Apache-2.0
#include "money.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NANO     UINT64_C(1000000000)
#define DECIMALS 9
#define CENTS    2

/* How many decimals: those of cents, or what it takes to show three digits. */
static int decimals_for(uint64_t nano)
{
	int decimals = DECIMALS;

	for (uint64_t least = 1000; decimals > CENTS && nano >= least; least *= 10)
		decimals--;
	return decimals;
}

void ts_money(int64_t nano_usd, char ret[TS_MONEY_TEXT])
{
	uint64_t nano = nano_usd < 0 ? 0 - (uint64_t)nano_usd : (uint64_t)nano_usd;
	int decimals = decimals_for(nano), n;
	uint64_t unit = 1;

	for (int i = decimals; i < DECIMALS; i++)
		unit *= 10;
	nano = (nano + unit / 2) / unit * unit;
	n = snprintf(ret, TS_MONEY_TEXT, "%s%" PRIu64 ".%09" PRIu64, nano_usd < 0 ? "-" : "",
		     nano / NANO, nano % NANO);
	n -= DECIMALS - decimals;
	while (decimals-- > CENTS && ret[n - 1] == '0')
		n--;
	strcpy(ret + n, " USD");
}

void ts_money_count(int64_t count, char ret[TS_MONEY_TEXT])
{
	char digits[TS_MONEY_TEXT];
	int n = snprintf(digits, sizeof(digits), "%" PRId64, count);

	for (int i = 0; i < n; i++) {
		*ret++ = digits[i];
		if (digits[i] != '-' && i + 1 < n && (n - i - 1) % 3 == 0)
			*ret++ = ',';
	}
	*ret = 0;
}
