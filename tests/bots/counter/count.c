// SPDX-License-Identifier: Apache-2.0
#include "count.h"

long step(long n)
{
	return n + 1;
}

long count(int thread, long n)
{
	return step(n) + thread;
}
