// SPDX-License-Identifier: Apache-2.0
/* Exceptions through functions of the program itself. */

#include <cstdio>
#include <stdexcept>

namespace {
struct Counted {
	int *n;
	~Counted()
	{
		++*n;
	}
};
} // namespace

extern "C" {
[[gnu::noinline]] int thrower(int number);
[[gnu::noinline]] int between(int number, int *destroyed);
[[gnu::noinline]] int rethrower(int number, int *destroyed);
[[gnu::noinline]] int request(int number);

int thrower(int number)
{
	if (number % 2)
		throw std::runtime_error("odd");
	return number;
}

int between(int number, int *destroyed)
{
	Counted counted = {destroyed};

	return thrower(number) + 1;
}

int rethrower(int number, int *destroyed)
{
	try {
		return between(number, destroyed) + 1;
	} catch (const std::exception &) {
		throw;
	}
}

int request(int number)
{
	int destroyed = 0, caught = 0, sum = 0;

	for (int i = 0; i < number; i++) {
		try {
			sum += rethrower(i, &destroyed);
		} catch (const std::runtime_error &) {
			caught++;
		}
	}
	std::printf("%d %d %d\n", sum, destroyed, caught);
	return 0;
}
}

int main()
{
	return request(100);
}
