// SPDX-License-Identifier: Apache-2.0
/*
 * Row: libraries come and go on two threads while a third and the first look functions up and call them.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   work = int work(int number)
 *   leaf = int leaf(int number)
 * check: (SELECT count(*) = 1 AND sum(success) = 1 FROM pipeline_traces)
 * check: (SELECT sum(success) = count(*) AND count(*) > 100 FROM pipeline_spans)
 * only: lib
 * build: $CC $PIC -shared -DPLUGIN=1 -o libplugin1.so $SRC $LINK
 * build: $CC $PIC -shared -DPLUGIN=2 -o libplugin2.so $SRC $LINK
 * build: $CC $PIC -shared -DLIBRARY -o libhazard.so $SRC $LINK
 * build: $CC $PIE -DPROGRAM -o program $SRC $LINK_PIE -lhazard
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "hazard.h"

int all(int number);
int work(int number);
int leaf(int number);

#ifdef PLUGIN
TRACED int work(int number)
{
	BARRIER();
	return number * 3 + PLUGIN;
}
#endif

#ifdef LIBRARY
static int wrong;

TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

static void *load(void *path)
{
	int expected = ((char *)path)[11] - '0';

	for (int i = 0; i < 100; i++) {
		void *library = dlopen(path, i % 2 ? RTLD_NOW : RTLD_LAZY);
		int (*work)(int) = (int (*)(int))dlsym(library, "work");

		__atomic_fetch_add(&wrong, work(i) != i * 3 + expected, __ATOMIC_RELAXED);
		dlclose(library);
	}
	return NULL;
}

static void *look_up(void *unused)
{
	for (int i = 0; i < 300; i++) {
		int (*found)(int) = (int (*)(int))dlsym(RTLD_DEFAULT, "leaf");

		__atomic_fetch_add(&wrong, found(i) != i + 1, __ATOMIC_RELAXED);
	}
	return unused;
}

TRACED int all(int number)
{
	pthread_t threads[3];

	pthread_create(&threads[0], NULL, load, "./libplugin1.so");
	pthread_create(&threads[1], NULL, load, "./libplugin2.so");
	pthread_create(&threads[2], NULL, look_up, NULL);
	for (int i = 0; i < 300; i++)
		number = leaf(number);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return number + wrong;
}
#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d\n", all(0));
	return 0;
}
#endif
