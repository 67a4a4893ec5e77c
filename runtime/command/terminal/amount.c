// SPDX-License-Identifier: Apache-2.0
#include "amount.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "print.h"

#define NANO     UINT64_C(1000000000)
#define DECIMALS 9
#define CENTS    2

struct ts_amount ts_amount_count(uint64_t n)
{
	struct ts_amount amount = {""};
	char digits[24];
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), to = 0;

	for (size_t i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			amount.text[to++] = ',';
		amount.text[to++] = digits[i];
	}
	return amount;
}

struct ts_amount ts_amount_short(uint64_t n)
{
	static const char units[] = "kMGTPE";
	struct ts_amount amount;
	double value = (double)n;
	int unit = -1;

	if (n < 10000)
		return ts_amount_count(n);
	for (; value >= 999.5; unit++)
		value /= 1000;
	snprintf(amount.text, sizeof(amount.text), "%.*f %c",
		 value < 9.995   ? 2
		 : value < 99.95 ? 1
				 : 0,
		 value, units[unit]);
	return amount;
}

struct ts_amount ts_amount_share(double part, double all)
{
	double percent = all > 0 ? 100 * part / all : 0;
	int decimals = percent >= 9.95 || percent <= 0 ? 0 : percent >= 0.095 ? 1 : 2;
	struct ts_amount amount;

	if (percent > 0 && percent < 0.01)
		strcpy(amount.text, "<0.01 %");
	else
		snprintf(amount.text, sizeof(amount.text), "%.*f %%", decimals, percent);
	return amount;
}

/* How many decimals: those of cents, or what it takes to show three digits. */
static int decimals_for(uint64_t nano)
{
	int decimals = DECIMALS;

	for (uint64_t least = 1000; decimals > CENTS && nano >= least; least *= 10)
		decimals--;
	return decimals;
}

struct ts_amount ts_amount_money(int64_t nano_usd)
{
	uint64_t nano = nano_usd < 0 ? 0 - (uint64_t)nano_usd : (uint64_t)nano_usd, unit = 1;
	int decimals = decimals_for(nano), n;
	struct ts_amount amount;

	for (int i = decimals; i < DECIMALS; i++)
		unit *= 10;
	nano = (nano + unit / 2) / unit * unit;
	n = snprintf(amount.text, sizeof(amount.text), "%s$%.20s.%09" PRIu64,
		     nano_usd < 0 ? "-" : "", ts_amount_count(nano / NANO).text, nano % NANO);
	n -= DECIMALS - decimals;
	while (decimals-- > CENTS && amount.text[n - 1] == '0')
		n--;
	amount.text[n] = 0;
	return amount;
}

static struct ts_amount at_least(struct ts_amount known, const struct ts_sum *sum, uint64_t calls)
{
	const char *sign = ts_terminal()->utf8 ? "≥" : ">=";
	struct ts_amount amount;

	if (!calls)
		strcpy(amount.text, "-");
	else if (ts_sum_is_unknown(sum, calls))
		strcpy(amount.text, "?");
	else
		snprintf(amount.text, sizeof(amount.text), "%s%.40s", sum->unknown ? sign : "",
			 known.text);
	return amount;
}

struct ts_amount ts_amount_cost(const struct ts_spend *spend)
{
	return at_least(ts_amount_money(spend->cost_nano_usd.known), &spend->cost_nano_usd,
			spend->calls);
}

struct ts_amount ts_amount_tokens(const struct ts_sum *sum, uint64_t calls)
{
	return at_least(ts_amount_short(sum->known < 0 ? 0 : (uint64_t)sum->known), sum, calls);
}
