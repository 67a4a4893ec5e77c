// SPDX-License-Identifier: Apache-2.0
/* Functions of names that other files of the program have, too, and a clone. */

#include "inside.h"

static __attribute__((noinline)) int helper(int number)
{
	__asm__ volatile("");
	return number + 2;
}

int second_help(int number)
{
	return helper(number);
}

/* gcc makes cloned_one.constprop.0 of it: `by` is always 3. */
static __attribute__((noinline)) int cloned_one(int number, int by)
{
	__asm__ volatile("");
	return number * by + by / 2;
}

/* Chosen when the program starts; calls go where no symbol's slot is. */
static __attribute__((noinline, noclone)) int chosen_plainly(int number)
{
	__asm__ volatile("");
	return number + 100;
}

static work_fn *choose(void)
{
	return chosen_plainly;
}

static int chosen(int number) __attribute__((ifunc("choose")));

/* Two names of one function. */
int second_name(int number) __attribute__((alias("second_help")));

int several_names(int number)
{
	return chosen(number) + cloned_one(number, 3) + cloned_one(number + 1, 3) +
	       first_help(number) + second_help(number);
}
