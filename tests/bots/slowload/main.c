// SPDX-License-Identifier: Apache-2.0
/* Has no unwinder but the one that a library brings, which comes and goes, and takes its time each time. */

#include <dlfcn.h>
#include <stdio.h>

#define ROUNDS 4

int step(int number);

__attribute__((noinline)) int step(int number)
{
	return printf("step %d\n", number);
}

int main(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		void *library;
		int (*callers)(void);

		step(i);
		library = dlopen("libslow.so", RTLD_NOW | RTLD_LOCAL);
		callers = library ? (int (*)(void))dlsym(library, "callers") : NULL;
		if (!callers) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
		printf("callers: %s\n", callers() > 1 ? "found" : "not found");
		dlclose(library);
	}
	return 0;
}
