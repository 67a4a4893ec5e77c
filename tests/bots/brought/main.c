// SPDX-License-Identifier: Apache-2.0
/*
 * A program that starts a thread just when the shim, on a thread of its own, is in the middle of opening a module:
 * in the constructor of a library which that brings (library.c).
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "brought.h"

#define MOST_S 20

int brought_opening, brought_looked, brought_written;

__attribute__((noinline)) int request(int number)
{
	close(-1);
	return number;
}

static void *nothing(void *argument)
{
	return argument;
}

int main(void)
{
	time_t end = time(NULL) + MOST_S;
	pthread_t thread;

	request(1);
	while (!__atomic_load_n(&brought_opening, __ATOMIC_ACQUIRE))
		if (time(NULL) >= end)
			return 2;
	pthread_create(&thread, NULL, nothing, NULL);
	__atomic_store_n(&brought_looked, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	while (__atomic_load_n(&brought_opening, __ATOMIC_ACQUIRE) == 1)
		if (time(NULL) >= end)
			return 3;
	printf("%s\n", brought_written ? "written" : "left alone");
	return brought_written;
}
