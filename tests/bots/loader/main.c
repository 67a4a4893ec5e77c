// SPDX-License-Identifier: Apache-2.0
/* Loads libraries late, in all ways: `loader WAY`. */

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader.h"

typedef int work_fn(int);

static void *load(const char *name, int flags)
{
	void *library = dlopen(name, flags);

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

static int on_handle(int number)
{
	void *library = load("libouter.so", RTLD_NOW | RTLD_LOCAL);

	return find(library, "outer_work")(number);
}

static int lazily(int number)
{
	void *library = load("libouter.so", RTLD_LAZY | RTLD_LOCAL);

	return find(library, "outer_work")(number);
}

static int by_default(int number)
{
	load("libouter.so", RTLD_NOW | RTLD_GLOBAL);
	return find(RTLD_DEFAULT, "outer_work")(number) + find(NULL, "measure")(number);
}

static int of_the_program(int number)
{
	return find(dlopen(NULL, RTLD_NOW), "measure")(number);
}

/* What is not there stays not there, and dlerror says so. */
static int of_nothing(int number)
{
	void *library = load("libouter.so", RTLD_NOW);
	const char *error;

	dlerror();
	printf("%d ", dlsym(library, "no_work") != NULL);
	error = dlerror();
	printf("%d ", error && strstr(error, "no_work"));
	printf("%d ", dlsym(RTLD_DEFAULT, "nowhere_work") != NULL);
	error = dlerror();
	printf("%d\n", error && strstr(error, "nowhere_work"));
	return number;
}

static int again(int number)
{
	int sum = 0;

	for (int i = 0; i < 20; i++) {
		void *library = load("libouter.so", RTLD_NOW | RTLD_LOCAL);

		sum += find(library, "outer_work")(number + i);
		dlclose(library);
	}
	return sum;
}

/* Called through `measure`, which stands in two libraries. */
static int through(int number)
{
	return measure(number);
}

/* One thread loads and unloads while others call. */
static volatile int stop;

static void *call_on(void *unused)
{
	while (!stop)
		job("busy", measure, 1);
	return unused;
}

static int beside_others(int number)
{
	pthread_t threads[2];
	int sum;

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, call_on, NULL);
	sum = again(number);
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return sum;
}

/* A copy of the libraries in a name space of its own. */
static int apart(int number)
{
	void *library = dlmopen(LM_ID_NEWLM, "libouter.so", RTLD_NOW);

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return ((work_fn *)dlsym(library, "outer_work"))(number);
}

static const struct {
	const char *name;
	work_fn *what;
} ways[] = {
	{"handle", on_handle},       {"lazy", lazily},          {"default", by_default},
	{"program", of_the_program}, {"nothing", of_nothing},   {"again", again},
	{"through", through},        {"beside", beside_others}, {"apart", apart},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(argv[1], ways[i].name)) {
			printf("%d\n", job(argv[1], ways[i].what, 5));
			return 0;
		}
	return 2;
}
