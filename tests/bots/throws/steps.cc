// SPDX-License-Identifier: Apache-2.0
#include "steps.h"

#include <cstdio>

namespace
{

struct speaker {
	const char *name;
	~speaker()
	{
		std::printf("%s is gone\n", name);
	}
};

} // namespace

extern "C" {

int leaf(int argument)
{
	return argument;
}

int inner(int (*what)(int), int argument)
{
	return what(argument) + 1;
}

int middle(int (*what)(int), int argument)
{
	return inner(what, argument) + 1;
}

int outer(int (*what)(int), int argument)
{
	return middle(what, argument) + 1;
}

int again(int (*what)(int), int argument)
{
	try {
		return inner(what, argument) + 1;
	} catch (...) {
		std::puts("again");
		throw;
	}
}

int tidy(int (*what)(int), int argument)
{
	speaker speaker = {"tidy"};

	return what(argument) + 1;
}

int strict(int (*what)(int), int argument) noexcept
{
	return what(argument) + 1;
}

int play(void (*what)(void))
{
	what();
	return 0;
}
}
