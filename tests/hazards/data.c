// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a rule that names a data object; a COPY relocation of one (without PIE): functions alone are wrapped.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   counter = int counter(int)
 *   table = int table(int)
 *   environ = environ
 *   stdout = stdout
 *   local = int local(int)
 *   bump = int bump(int number)
 * check: (SELECT count(*) = 2 AND sum(success) = 2 FROM pipeline_traces)
 * check: (SELECT count(*) <= 4 AND count(*) = (SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:bump') FROM pipeline_spans)
 */
#include <stdio.h>
#include <unistd.h>

#include "hazard.h"

int all(int number);
int bump(int number);
extern int counter;
extern int (*table[2])(int);
extern _Thread_local int local;

#ifdef LIBRARY
int counter = 40;
_Thread_local int local = 7;

TRACED int bump(int number)
{
	BARRIER();
	counter += number;
	return counter;
}

int (*table[2])(int) = {bump, bump};

TRACED int all(int number)
{
	return table[0](number) + table[1](number) + local++;
}
#endif

#ifdef PROGRAM
int main(void)
{
	counter++;
	printf("%d\n", all(1));
	printf("%d %d %d\n", all(2), counter, local);
	fprintf(stdout, "%d\n", environ != NULL && table[0] == table[1]);
	return 0;
}
#endif
