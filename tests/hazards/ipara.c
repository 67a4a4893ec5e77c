// SPDX-License-Identifier: Apache-2.0
/*
 * Row: static functions, whose callers keep values in caller-saved registers over the call (-fipa-ra), which pass
 * arguments in what registers they like (-fipa-sra, clang's fastcc), and are called before and after each other.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   twist = twist
 *   half = half
 *   sum3 = sum3
 * spans:
 *   3 trace all -
 *   300 tool:twist (all) -
 *   300 tool:half (all) -
 *   300 tool:sum3 (all) -
 */
#include <stdio.h>

#include "hazard.h"

int all(int number);

#ifdef LIBRARY
#define STATIC static __attribute__((noinline, used))

STATIC unsigned twist(unsigned number)
{
	return number * 2654435761u ^ number >> 15;
}

STATIC double half(double number)
{
	return number / 2;
}

struct three {
	unsigned a, b, c, unused;
};

STATIC unsigned sum3(const struct three *three)
{
	return three->a + three->b * 3 + three->c * 5;
}

/* More values live over the calls than there are registers that a callee preserves. */
TRACED int all(int number)
{
	unsigned a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, i = (unsigned)number;
	double x = 1, y = 2, z = 3, v = 4, w = 5;

	for (int n = 0; n < 100; n++) {
		struct three three = {a, b, c, d};
		unsigned twisted = twist(a + (unsigned)n);

		a = b + twisted;
		b = c ^ d;
		c = d + e;
		d = e ^ f;
		e = f + sum3(&three);
		f = g ^ h;
		g = h + i;
		h = i ^ twisted;
		i = a + n;
		x = half(y + z) + v;
		y = z - w;
		z = v * 0.75 + x * 0.001;
		v = w + 1;
		w = x - n;
	}
	printf("%u %u %u %u %u %u %u %u %u\n", a, b, c, d, e, f, g, h, i);
	printf("%a %a %a %a %a\n", x, y, z, v, w);
	return number;
}
#endif

#ifdef PROGRAM
int main(void)
{
	for (int i = 0; i < 3; i++)
		all(i);
	return 0;
}
#endif
