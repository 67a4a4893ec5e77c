// SPDX-License-Identifier: Apache-2.0
/* Calls that no GOT slot leads: `inside WAY [NUMBER]`. */

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside.h"

#define apart __attribute__((noinline, noclone))

static apart int helper(int number)
{
	__asm__ volatile("");
	return number + 1;
}

int first_help(int number)
{
	return helper(number);
}

apart int request(const char *name, work_fn *what, int argument)
{
	int result = what(argument);

	printf("%s %d\n", name, result);
	return result;
}

int refused(int number)
{
	return too_short(number) + behind_it(number) + jumps_back(8) + jumps_to_start(number) +
	       has_table(number) + hooked(number) + jumped_into(number) + jumped_into(3000000) +
	       without_size(number) + no_function;
}

/* An address is one address, whoever takes it. */
int direct(int number)
{
	int (*found)(int) = (int (*)(int))dlsym(RTLD_DEFAULT, "exported_and_called");
	int (*called)(int) = exported_and_called;
	Dl_info info = {0};

	printf("%d", found == called && called == address_of_exported());
	printf("%d", (work_fn *)dlsym(RTLD_DEFAULT, "exported_in_table") == address_in_table(1));
	printf("%d", dladdr((void *)found, &info) && info.dli_sname &&
			     !strcmp(info.dli_sname, "exported_and_called"));
	printf("%d", dladdr((void *)request, &info) != 0);
	printf("%d\n", taken() == exported_only);
	return exported_and_called(number) + exported_only(number) + exported_tight(number) +
	       taken()(number) + protected_one(number) + calls_all(number);
}

int forks(int number)
{
	int status = 0;
	pid_t child;

	helper(number);
	fflush(stdout);
	child = fork();
	if (child == 0) {
		request("child", first_help, number);
		fflush(stdout);
		_exit(helper(number));
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status) + helper(number);
}

/* 100 MB in small pieces: the heap, which begins where the program ends, grows. */
int grows(int pieces)
{
	char *end = sbrk(0);
	int n_refused = 0;

	for (int i = 0; i < pieces; i++) {
		char *piece = malloc(1000);

		if (piece)
			memset(piece, i, 1000);
		n_refused += !piece;
	}
	return n_refused + ((char *)sbrk(0) - end < pieces * 900L);
}

/* The mappings that can be written and executed. */
static int open_pages(int unused)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	int n = 0;

	(void)unused;
	while (maps && fgets(line, sizeof(line), maps))
		n += strstr(line, " rwx") || strstr(line, " -wx");
	return maps ? n : -1;
}

static int maps(int number)
{
	FILE *all = fopen("/proc/self/maps", "re");
	char line[512];

	while (all && fgets(line, sizeof(line), all))
		fputs(line, stdout);
	return number;
}

/* Again, as another process image. */
static int execs(int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", helper(number));
	fflush(stdout);
	execl("/proc/self/exe", "inside", "values", text, NULL);
	return errno;
}

static const struct {
	const char *name;
	work_fn *what;
} ways[] = {
	{"registers", registers},
	{"ipa", keeps_values},
	{"values", all_values},
	{"flow", all_flow},
	{"deep", deep},
	{"signals", signals_at},
	{"profiled", profiled},
	{"one", one_late},
	{"several", several_late},
	{"again", again_late},
	{"other", other_late},
	{"thread", thread_late},
	{"child", child_late},
	{"forks", forks},
	{"grows", grows},
	{"names", several_names},
	{"refused", refused},
	{"direct", direct},
	{"open", open_pages},
	{"execs", execs},
	{"depths", depths},
	{"marked", marked},
	{"swapped", swapped_late},
	{"maps", maps},
};

/* WAY, or -WAY: outside every request. */
int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 5;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(way, ways[i].name) == 0) {
			request(way, ways[i].what, number);
			return 0;
		}
		if (*way == '-' && strcmp(way + 1, ways[i].name) == 0) {
			printf("%d\n", ways[i].what(number));
			return 0;
		}
	}
	return 2;
}
