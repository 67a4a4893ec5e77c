// SPDX-License-Identifier: Apache-2.0
/*
 * Row: boost.context fibers, on stacks that are made and freed all the time, and exceptions within.
 *
 * rules:
 *   [pipeline]
 *   round = int round_of(int number)
 *   [agent]
 *   work = int work(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 *   fail = int fail(int number)
 * spans:
 *   20 trace round -
 *   60 agent:work (round) -
 *   120 tool:leaf agent:work -
 *   60 tool:fail agent:work int
 * flags: -lboost_context
 */
#include <boost/context/fiber.hpp>
#include <cstdio>

#include "hazard.h"

extern "C" {
int round_of(int number);
int work(int number);
int leaf(int number);
int fail(int number);
}

#ifdef LIBRARY
using context = boost::context::fiber;
static context *home;

extern "C" TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

extern "C" TRACED int fail(int number)
{
	BARRIER();
	throw number;
}

extern "C" TRACED int work(int number)
{
	int answer = leaf(number);

	*home = std::move(*home).resume();
	try {
		answer += fail(answer);
	} catch (int thrown) {
		answer += thrown * 2;
	}
	*home = std::move(*home).resume();
	answer += leaf(answer);
	BARRIER();
	return answer;
}

extern "C" TRACED int round_of(int number)
{
	int sum = number;

	for (int i = 0; i < 3; i++) {
		int answer = 0;
		context fiber{[&answer, i](context &&back) {
			home = &back;
			answer = work(i);
			return std::move(back);
		}};
		while (fiber)
			fiber = std::move(fiber).resume();
		sum = sum * 5 % 65521 + answer;
	}
	return sum;
}
#endif

#ifdef PROGRAM
int main()
{
	for (int i = 0; i < 20; i++)
		std::printf("%d\n", round_of(i));
}
#endif
