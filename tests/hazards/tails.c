// SPDX-License-Identifier: Apache-2.0
/*
 * Row: tail calls, mutual recursion, 60,000 calls deep: past the depth limit calls run unrecorded and are counted.
 *
 * rules:
 *   [pipeline]
 *   tails = long tails(long number)
 *   deep = long deep(long number)
 *   after = long after(long number)
 *   [tool]
 *   even = long even(long left, long sum)
 *   odd = long odd(long left, long sum)
 *   left = long left(long number)
 *   right = long right(long number)
 * check: (SELECT count(*) = 3 AND sum(success) = 3 FROM pipeline_traces)
 * check: (SELECT count(*) > 1000 AND sum(success) = count(*) FROM pipeline_spans)
 * check: (SELECT count(*) = 2 FROM pipeline_spans JOIN pipeline_traces t USING (trace_id) WHERE pipeline_name = 'after')
 */
#include <stdio.h>
#include <sys/resource.h>

#include "hazard.h"

long tails(long number);
long deep(long number);
long after(long number);
long even(long left, long sum);
long odd(long left, long sum);
long left(long number);
long right(long number);

#ifdef LIBRARY
TRACED long even(long left, long sum)
{
	return left ? odd(left - 1, sum + 2) : sum;
}

TRACED long odd(long left, long sum)
{
	return left ? even(left - 1, sum * 3 % 65521) : -sum;
}

TRACED long left(long number)
{
	long answer = number ? right(number - 1) : 1;

	BARRIER();
	return answer * 2 % 65521;
}

TRACED long right(long number)
{
	long answer = number ? left(number - 1) : 2;

	BARRIER();
	return answer * 3 % 65521;
}

TRACED long tails(long number)
{
	return even(number, 1) + 1;
}

TRACED long deep(long number)
{
	return left(number) + 1;
}

TRACED long after(long number)
{
	return left(number);
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%ld\n", tails(60000));
	printf("%ld\n", deep(60000));
	printf("%ld\n", after(1));
	return 0;
}
#endif
