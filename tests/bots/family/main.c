// SPDX-License-Identifier: Apache-2.0
/* `family leaf NAME` does its part alone; `family WAY` starts others inside a pipeline of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "family.h"
#include "work.h"

char *self;

int await(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void say(const char *what, int result)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%s %d\n", what, result);

	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		abort();
}

static const struct way *find(const struct way *ways, const char *name)
{
	while (ways->name && strcmp(ways->name, name) != 0)
		ways++;
	return ways->name ? ways : NULL;
}

int main(int argc, char **argv)
{
	static char path[4096];
	const struct way *way;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0 || argc < 2)
		return 2;
	self = path;
	if (strcmp(argv[1], "leaf") == 0 && argc == 3) {
		int result = chapter(argv[2]);

		say(argv[2], result);
		return result ? 1 : 0;
	}
	way = find(starts, argv[1]);
	if (way) {
		int result = learn(way->name, way->run);

		say(way->name, result);
		return result;
	}
	way = find(forks, argv[1]);
	return way ? way->run() : 2;
}
