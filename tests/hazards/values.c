// SPDX-License-Identifier: Apache-2.0
/*
 * Row: varargs, _Complex, long double, big structs by value, more than six arguments, __int128, as arguments and as
 * results; also of functions whose parameters the rule records, so that the shim looks at them.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   sum = double sum(int n)
 *   ten = long ten(long a, int b, char c, short d, long e, unsigned f, long g, unsigned char h, short i, bool j)
 *   mixed = double mixed(int a, double b, long c, float d, double e, float f, double g, double h, double i, double j, float k)
 *   format = int format(char *, unsigned long, const char *how)
 *   multiply = multiply
 *   multiplyf = multiplyf
 *   widest = widest
 *   wide = wide
 *   big = big
 *   pair = pair
 *   halves = halves
 *   floats = floats
 *   in_memory = in_memory
 *   long_complex = long_complex
 * spans:
 *   3 trace all -
 *   6 tool:sum (all) -
 *   3 tool:ten (all) -
 *   3 tool:mixed (all) -
 *   3 tool:format (all) -
 *   3 tool:multiply (all) -
 *   3 tool:multiplyf (all) -
 *   3 tool:widest (all) -
 *   3 tool:wide (all) -
 *   3 tool:big (all) -
 *   3 tool:pair (all) -
 *   3 tool:halves (all) -
 *   3 tool:floats (all) -
 *   3 tool:in_memory (all) -
 *   3 tool:long_complex (all) -
 * check: (SELECT count(DISTINCT input_data || output_data) = 1 FROM pipeline_spans WHERE span_name = 'tool:ten')
 * check: (SELECT input_data = '{"a":-1,"b":2,"c":"c","d":-4,"e":5000000000,"f":6,"g":-7,"h":8,"i":-9,"j":true}' FROM pipeline_spans WHERE span_name = 'tool:ten' LIMIT 1)
 * check: (SELECT json_extract(input_data, '$.d', '$.e', '$.j', '$.k') = '[0.5,2.5,-7.25,0.125]' FROM pipeline_spans WHERE span_name = 'tool:mixed' LIMIT 1)
 */
#include <complex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hazard.h"

struct big {
	long words[12];
	char tail[5];
};
struct pair {
	long first;
	double second;
};
struct halves {
	int a, b, c, d;
};
struct floats {
	float a, b, c;
};
union in_memory {
	long double wide;
	char bytes[24];
};

int all(int number);
double sum(int n, ...);
long ten(long a, int b, char c, short d, long e, unsigned f, long g, unsigned char h, short i,
	 bool j);
double mixed(int a, double b, long c, float d, double e, float f, double g, double h, double i,
	     double j, float k);
int format(char *to, unsigned long bytes, const char *how, ...);
double _Complex multiply(double _Complex a, double _Complex b);
float _Complex multiplyf(float _Complex a, float _Complex b);
long double widest(long double a, int b, long double c);
__int128 wide(__int128 a, unsigned __int128 b, int c, __int128 d);
struct big big(struct big one, int by, struct big other);
struct pair pair(struct pair a, struct pair b, int c);
struct halves halves(struct halves a, long b, struct halves c, struct halves d);
struct floats floats(struct floats a, double b);
union in_memory in_memory(union in_memory a);
long double _Complex long_complex(long double _Complex a);

#ifdef LIBRARY
TRACED double sum(int n, ...)
{
	double all = 0;
	va_list rest;

	va_start(rest, n);
	for (int i = 0; i < n; i++)
		all = all * 3 + (i % 2 ? va_arg(rest, double) : (double)va_arg(rest, long));
	va_end(rest);
	return all;
}

TRACED long ten(long a, int b, char c, short d, long e, unsigned f, long g, unsigned char h,
		short i, bool j)
{
	return a + b * 2L + c * 3L + d * 4L + e * 5L + f * 6L + g * 7L + h * 8L + i * 9L + j * 10L;
}

TRACED double mixed(int a, double b, long c, float d, double e, float f, double g, double h,
		    double i, double j, float k)
{
	return a + b * 2 + (double)c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10 +
	       k * 11;
}

TRACED int format(char *to, unsigned long bytes, const char *how, ...)
{
	va_list rest;
	int n;

	va_start(rest, how);
	n = vsnprintf(to, bytes, how, rest);
	va_end(rest);
	return n;
}

TRACED double _Complex multiply(double _Complex a, double _Complex b)
{
	return a * b + 1.0 * I;
}

TRACED float _Complex multiplyf(float _Complex a, float _Complex b)
{
	return a * b - 1.0f;
}

TRACED long double widest(long double a, int b, long double c)
{
	return a * b - c;
}

TRACED __int128 wide(__int128 a, unsigned __int128 b, int c, __int128 d)
{
	return a * c + (__int128)b - d;
}

TRACED struct big big(struct big one, int by, struct big other)
{
	for (int i = 0; i < 12; i++)
		one.words[i] = one.words[i] * by - other.words[11 - i];
	memcpy(one.tail, other.tail, sizeof(one.tail));
	return one;
}

TRACED struct pair pair(struct pair a, struct pair b, int c)
{
	return (struct pair){a.first * c + b.first, a.second - b.second * c};
}

TRACED struct halves halves(struct halves a, long b, struct halves c, struct halves d)
{
	return (struct halves){a.a + (int)b, a.b - c.b, c.c * d.c, a.d ^ d.d};
}

TRACED struct floats floats(struct floats a, double b)
{
	return (struct floats){a.c, a.a * (float)b, a.b};
}

TRACED union in_memory in_memory(union in_memory a)
{
	a.wide = a.wide * 2 + 1;
	a.bytes[20] ^= 0x55;
	return a;
}

TRACED long double _Complex long_complex(long double _Complex a)
{
	return a * a + 0.5L * I;
}

static void integers(void)
{
	__int128 square = wide((__int128)1 << 100, (unsigned __int128)7 << 90, 3, -5);
	char text[100];
	int n = format(text, sizeof(text), "%s %d %g %Lg %c", "text", 7, 0.25, 1.5L, 'x');

	printf("%ld\n", ten(-1, 2, 'c', -4, 5000000000, 6, -7, 8, -9, true));
	printf("%lx %lx\n", (long)(square >> 64), (long)square);
	printf("%d %s\n", n, text);
}

static void floating(void)
{
	double _Complex z = multiply(1.5 + 2 * I, -0.25 - 3 * I);
	float _Complex f = multiplyf(0.5f + 1 * I, 2 - 1 * I);
	long double _Complex l = long_complex(1.25L - 2 * I);

	printf("%a %a\n", sum(4, 5L, 0.5, -3L, 2.25), sum(0));
	printf("%a\n", mixed(1, 0.25, -3, 0.5f, 2.5, 1.5f, -1e10, 3.5, 4.5, -7.25, 0.125f));
	printf("%a %a %a %a\n", creal(z), cimag(z), (double)crealf(f), (double)cimagf(f));
	printf("%La %La\n", creall(l), cimagl(l));
	printf("%La\n", widest(1.0L / 3, 7, 0x1p-60L));
}

static void structs(void)
{
	struct big one = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, "one"}, other = one;
	struct pair two = pair((struct pair){3, 0.5}, (struct pair){-4, 1.25}, 6);
	struct halves three = halves((struct halves){1, 2, 3, 4}, 9, (struct halves){5, 6, 7, 8},
				     (struct halves){9, 10, 11, 12});
	struct floats four = floats((struct floats){1.5f, 2.5f, 3.5f}, 0.75);
	union in_memory five = {.wide = 1.75L};
	long sum = 0;

	memcpy(other.tail, "two", 4);
	one = big(one, 3, other);
	for (int i = 0; i < 12; i++)
		sum = sum * 7 % 65521 + one.words[i];
	five.bytes[20] = 1;
	five = in_memory(five);
	printf("%ld %s\n%ld %a\n", sum, one.tail, two.first, two.second);
	printf("%d %d %d %d\n%a %a %a\n", three.a, three.b, three.c, three.d, (double)four.a,
	       (double)four.b, (double)four.c);
	printf("%La %d\n", five.wide, five.bytes[20]);
}

TRACED int all(int number)
{
	integers();
	floating();
	structs();
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
