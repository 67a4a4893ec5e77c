// SPDX-License-Identifier: Apache-2.0
/*
 * Row: C++20 coroutines: resumed and destroyed in the middle of wrapped calls, on the caller's stack. (clang 14 has
 * no <coroutine> that goes with this libstdc++.)
 *
 * rules:
 *   [pipeline]
 *   round = int round_of(int number)
 *   [agent]
 *   drive = int drive(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 * spans:
 *   10 trace round -
 *   30 agent:drive (round) -
 *   120 tool:leaf agent:drive -
 * only: gcc
 * flags: -std=gnu++20 -fcoroutines
 */
#include <coroutine>
#include <cstdio>
#include <exception>

#include "hazard.h"

extern "C" {
int round_of(int number);
int drive(int number);
int leaf(int number);
}

#ifdef LIBRARY
struct numbers {
	struct promise_type {
		int value = 0;
		numbers get_return_object()
		{
			return {std::coroutine_handle<promise_type>::from_promise(*this)};
		}
		std::suspend_always initial_suspend()
		{
			return {};
		}
		std::suspend_always final_suspend() noexcept
		{
			return {};
		}
		std::suspend_always yield_value(int number)
		{
			value = number;
			return {};
		}
		void return_void()
		{
		}
		void unhandled_exception()
		{
			std::terminate();
		}
	};
	std::coroutine_handle<promise_type> handle;
};

extern "C" TRACED int leaf(int number)
{
	BARRIER();
	return number * 3 + 1;
}

static numbers count(int from)
{
	for (;;)
		co_yield leaf(from++);
}

extern "C" TRACED int drive(int number)
{
	numbers numbers = count(number);
	int sum = 0;

	for (int i = 0; i < 4; i++) {
		numbers.handle.resume();
		sum += numbers.handle.promise().value;
	}
	numbers.handle.destroy();
	BARRIER();
	return sum;
}

extern "C" TRACED int round_of(int number)
{
	return drive(number) + drive(number + 1) + drive(number + 2);
}
#endif

#ifdef PROGRAM
int main()
{
	for (int i = 0; i < 10; i++)
		std::printf("%d\n", round_of(i));
}
#endif
