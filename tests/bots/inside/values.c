// SPDX-License-Identifier: Apache-2.0
/* Calls of static functions with arguments and results of every class. */

#include <complex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inside.h"

#define apart static __attribute__((noinline, noclone))

struct wide {
	long part[4];
};

struct pair {
	long number;
	double real;
};

apart int sum_of(int n, ...)
{
	va_list list;
	double sum = 0;

	va_start(list, n);
	for (int i = 0; i < n; i++)
		sum += i % 2 ? va_arg(list, double) : va_arg(list, int);
	va_end(list);
	return (int)sum;
}

apart long double precise(long double a, double b, long double c)
{
	return a * b + c;
}

apart struct wide wide_of(struct wide wide, long more)
{
	for (int i = 0; i < 4; i++)
		wide.part[i] += more;
	return wide;
}

apart struct pair pair_of(struct pair pair)
{
	return (struct pair){pair.number * 2, pair.real / 2};
}

apart double complex turned(double complex number)
{
	return number * I;
}

apart long many(int a, int b, int c, int d, int e, int f, short g, char h, double i, long j)
{
	return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + (long)i * 9 + j * 10;
}

apart const char *text_of(const char *text, double weight)
{
	return weight > 1 ? text + 1 : text;
}

apart __int128 widest(__int128 a, __int128 b)
{
	return a * b;
}

typedef float eight __attribute__((vector_size(16)));

apart eight scaled(eight a, float by)
{
	return a * by;
}

int all_values(int number)
{
	struct wide wide = wide_of((struct wide){{1, 2, 3, number}}, 10);
	struct pair pair = pair_of((struct pair){number, 1.5});
	double complex quarter = turned(number + 2 * I);
	__int128 product = widest((__int128)number << 70, 3);
	eight some = scaled((eight){1, 2, 3, 4}, (float)number);

	printf("%d\n", sum_of(8, 1, 2.5, 3, 4.5, 5, 6.5, 7, 8.5));
	printf("%.20Lg\n", precise(1.0L / 3, 2, 1e-18L));
	printf("%ld %ld %ld %ld\n", wide.part[0], wide.part[1], wide.part[2], wide.part[3]);
	printf("%ld %g\n", pair.number, pair.real);
	printf("%g %g\n", creal(quarter), cimag(quarter));
	printf("%ld\n", many(1, 2, 3, 4, 5, 6, 7, 8, 9.5, number));
	printf("%s %s\n", text_of("text", 0.5), text_of("text", 2));
	printf("%lx %lx\n", (long)(product >> 64), (long)product);
	printf("%g %g %g %g\n", (double)some[0], (double)some[1], (double)some[2], (double)some[3]);
	return number;
}
