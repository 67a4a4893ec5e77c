// SPDX-License-Identifier: Apache-2.0
/*
 * Static functions whose callers count on what they leave alone (gcc -fipa-ra): seven values live in
 * caller-saved registers over the calls.
 */

#include "inside.h"

static volatile int calls;

static __attribute__((noinline)) long few_registers(long number)
{
	calls = calls + 1;
	return number + 1;
}

static __attribute__((noinline)) double few_vectors(double number)
{
	calls = calls + 1;
	return number + 1;
}

static __attribute__((noinline)) long keep_general(const volatile long *from)
{
	long a = from[0], b = from[1], c = from[2], d = from[3], e = from[4], f = from[5];
	long sum = few_registers(a);

	return sum * 1 + a * 3 + b * 5 + c * 7 + d * 11 + e * 13 + f * 17;
}

static __attribute__((noinline)) double keep_vectors(const volatile double *from)
{
	double a = from[0], b = from[1], c = from[2], d = from[3], e = from[4], f = from[5];
	double sum = few_vectors(a);

	return sum + a * 3 + b * 5 + c * 7 + d * 11 + e * 13 + f * 17;
}

int keeps_values(int times)
{
	volatile long longs[6];
	volatile double doubles[6];
	uint64_t sum = 0;

	for (int i = 0; i < times; i++) {
		for (int j = 0; j < 6; j++) {
			longs[j] = i * 1000003L + j * 7919;
			doubles[j] = i + j / 8.0;
		}
		sum = sum * 31 + (uint64_t)keep_general(longs);
		sum = sum * 31 + (uint64_t)(keep_vectors(doubles) * 8);
	}
	return (int)(sum % 1000000007) + calls;
}
