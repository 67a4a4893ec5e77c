// SPDX-License-Identifier: Apache-2.0
/* A library that a module needs. In its constructor it is relocated, and not bound yet. */
#include <unistd.h>

#include "brought.h"

/* What its slot holds (-fno-plt). */
__attribute__((noipa)) static int (*slot(void))(int)
{
	int (*volatile found)(int) = close;

	return found;
}

__attribute__((constructor)) static void wait_for_program(void)
{
	int (*before)(int) = slot();

	__atomic_store_n(&brought_opening, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&brought_looked, __ATOMIC_ACQUIRE))
		;
	brought_written = slot() != before;
	__atomic_store_n(&brought_opening, 2, __ATOMIC_RELEASE);
}
