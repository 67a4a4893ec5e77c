// SPDX-License-Identifier: Apache-2.0
/* libplugin1.so and libplugin2.so: of one layout, their functions at the same places. */

static __attribute__((noinline, noclone)) int plugin_step(int number)
{
	__asm__ volatile("");
	return number * FACTOR;
}

int plugin(int number);

int plugin(int number)
{
	return plugin_step(number) + plugin_step(1);
}
