// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a function's address is one and the same wherever it is taken: in tables that relocations fill, read-only ones
 * too, in code, by dlsym, and on both sides of a border between objects.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   one = int one(int number)
 *   two = int two(int number)
 *   labs = labs
 * check: (SELECT count(*) = 2 AND sum(success) = 2 FROM pipeline_traces)
 * check: (SELECT count(*) >= 8 FROM pipeline_spans WHERE span_name = 'tool:one')
 * flags: -fno-builtin
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "hazard.h"

typedef int function(int);

int all(int number);
int one(int number);
int two(int number);
function *one_of_library(void);
long (*labs_of_library(void))(long);
int same(function *asked);
function *from_table(int place);
function *from_written(int place);

#ifdef LIBRARY
TRACED int one(int number)
{
	BARRIER();
	return number + 1;
}

TRACED int two(int number)
{
	BARRIER();
	return number + 2;
}

static function *const table[3] = {one, two, one};
static function *volatile written[2] = {one, two};

function *from_table(int place)
{
	return table[place];
}

function *from_written(int place)
{
	return written[place];
}

function *one_of_library(void)
{
	return one;
}

long (*labs_of_library(void))(long)
{
	return labs;
}

int same(function *asked)
{
	return (asked == one) + 2 * (asked == table[0]) + 4 * (asked == table[2]) +
	       8 * (asked == written[0]) + 16 * (asked == two);
}

TRACED int all(int number)
{
	int sum = one(number);

	for (int i = 0; i < 3; i++)
		sum = sum * 3 + table[i](number);
	for (int i = 0; i < 2; i++)
		sum = sum * 3 + written[i](number);
	return sum;
}
#endif

#ifdef PROGRAM
static function *const own[2] = {one, two};

int main(void)
{
	function *volatile taken = one;
	function *looked_up = (function *)dlsym(RTLD_DEFAULT, "one");
	long (*volatile taken_labs)(long) = labs;

	printf("%d %d\n", all(1), all(2));
	printf("%d %d %d\n", taken == one_of_library(), taken == own[0], taken == from_table(0));
	printf("%d %d %d\n", same(taken), same(own[0]), same(from_written(0)));
	printf("%d\n", looked_up ? looked_up == taken : -1);
	printf("%d %d\n", taken_labs == labs_of_library(),
	       (void *)taken_labs == dlsym(RTLD_DEFAULT, "labs"));
	return taken(one_of_library()(1));
}
#endif
