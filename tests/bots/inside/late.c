// SPDX-License-Identifier: Apache-2.0
/* Libraries that come while the program runs; what they call inside themselves no slot leads to. */

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside.h"

static void *load(const char *name)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return library;
}

static work_fn *find(void *library, const char *name)
{
	work_fn *found = (work_fn *)dlsym(library, name);

	if (!found) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return found;
}

int one_late(int number)
{
	return find(load("libplugin1.so"), "plugin")(number);
}

static void *load_and_call(void *argument)
{
	*(int *)argument = one_late(*(int *)argument);
	return NULL;
}

/* In a thread, beside which the first one waits. */
int thread_late(int number)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, load_and_call, &number))
		return -1;
	pthread_join(thread, NULL);
	return number;
}

static pthread_barrier_t barrier;

static void *wait_for_it(void *unused)
{
	pthread_barrier_wait(&barrier);
	return unused;
}

int several_late(int number)
{
	pthread_t thread;
	int result;

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, wait_for_it, NULL))
		return -1;
	result = one_late(number);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	return result;
}

/* The same library again and again, and another that mostly lies in its place. */
int again_late(int times)
{
	int sum = 0;

	for (int i = 0; i < times; i++) {
		void *library = load(i % 2 ? "libplugin2.so" : "libplugin1.so");

		sum += find(library, "plugin")(i);
		dlclose(library);
	}
	return sum;
}

/* Loaded while there is one thread, used when there are two. */
int other_late(int number)
{
	void *library = load("libplugin1.so");
	pthread_t thread;
	int result;

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, wait_for_it, NULL))
		return -1;
	result = find(library, "plugin")(number);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	return result;
}

/* In a child of a process that has been traced for a while. */
int child_late(int number)
{
	int status = 0;
	pid_t child;

	first_help(number);
	child = fork();
	if (child == 0)
		_exit(one_late(number) & 0x7f);
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

/* Another file takes the library's place before anybody looks at what it has. */
int swapped_late(int number)
{
	void *library = load("./libswapped.so");

	if (rename("libother.so", "libswapped.so")) {
		perror("libswapped.so");
		exit(1);
	}
	return find(library, "plugin")(number);
}
