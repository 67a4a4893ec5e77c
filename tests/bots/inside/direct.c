// SPDX-License-Identifier: Apache-2.0
/* libdirect.so, linked with -Bsymbolic: all that its own calls go past every slot. */

#include "inside.h"

#define apart __attribute__((noinline, noclone))

apart int exported_and_called(int number)
{
	__asm__ volatile("");
	return number + 1;
}

int exported_only(int number)
{
	__asm__ volatile("");
	return number + 2;
}

__attribute__((visibility("protected"))) apart int protected_one(int number)
{
	__asm__ volatile("");
	return number + 3;
}

__attribute__((visibility("hidden"))) int hidden_one(int number);

apart int hidden_one(int number)
{
	__asm__ volatile("");
	return number + 4;
}

static apart int static_one(int number)
{
	__asm__ volatile("");
	return number + 5;
}

/* Only tables lead there; each is a relative relocation. */
static int in_table(int number)
{
	__asm__ volatile("");
	return number + 6;
}

int exported_in_table(int number);

int exported_in_table(int number)
{
	__asm__ volatile("");
	return number + 7;
}

/* Three bytes, and other code behind them. */
__asm__("	.text\n"
	"	.globl	exported_tight\n"
	"	.type	exported_tight, @function\n"
	"exported_tight:\n"
	"	mov	%edi, %eax\n"
	"	ret\n"
	"	.size	exported_tight, . - exported_tight\n"
	"	.type	close_behind, @function\n"
	"close_behind:\n"
	"	ret\n"
	"	.size	close_behind, . - close_behind\n");

static work_fn *const table[] = {in_table, exported_in_table};

work_fn *address_in_table(int index)
{
	return table[index];
}

work_fn *address_of_exported(void)
{
	return exported_and_called;
}

int calls_all(int number)
{
	return exported_tight(number) + exported_and_called(number) + protected_one(number) +
	       hidden_one(number) + static_one(number) + address_in_table(number & 0)(number) +
	       address_in_table(1 - (number & 0))(number);
}
