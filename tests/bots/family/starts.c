// SPDX-License-Identifier: Apache-2.0
/* Programs started inside a pipeline. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "family.h"
#include "work.h"

static char *nothing[] = {NULL};

static char **leaf(char *name)
{
	static char *argv[4];

	argv[0] = self;
	argv[1] = "leaf";
	argv[2] = name;
	return argv;
}

/* Each of the exec family, in a child of vfork; the program's environment, or none. */
static void by_execve(void)
{
	execve(self, leaf("execve"), nothing);
}

static void by_execv(void)
{
	execv(self, leaf("execv"));
}

static void by_execvp(void)
{
	execvp(self, leaf("execvp"));
}

static void by_execvpe(void)
{
	execvpe(self, leaf("execvpe"), nothing);
}

static void by_execl(void)
{
	execl(self, self, "leaf", "execl", (char *)NULL);
}

static void by_execlp(void)
{
	execlp(self, self, "leaf", "execlp", (char *)NULL);
}

static void by_execle(void)
{
	execle(self, self, "leaf", "execle", (char *)NULL, nothing);
}

static void by_fexecve(void)
{
	fexecve(open(self, O_RDONLY | O_CLOEXEC), leaf("fexecve"), nothing);
}

static void by_execveat(void)
{
	execveat(AT_FDCWD, self, leaf("execveat"), nothing, 0);
}

/* The shell runs us again; its own environment is empty. */
static void by_shell(void)
{
	execle("/bin/sh", "sh", "-c", "\"$0\" leaf shell && true", self, (char *)NULL, nothing);
}

static void (*const ways[])(void) = {
	by_execve, by_execv,  by_execvp,  by_execvpe,  by_execl,
	by_execlp, by_execle, by_fexecve, by_execveat, by_shell,
};

static __attribute__((noinline)) int vfork_and(void (*way)(void))
{
	pid_t child = vfork();

	if (child == 0) {
		way();
		_exit(127);
	}
	return await(child);
}

static int vforks(void)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		failed |= vfork_and(ways[i]);
		help("between"); /* the parent goes on as before */
	}
	return failed;
}

/* Functions that are traced, called where they must not be recorded, and an exec that fails. */
static int guests(void)
{
	pid_t child = vfork();
	int result;

	if (child == 0) {
		for (int i = 0; i < 3; i++)
			help("guest");
		execve("/nonexistent", leaf("none"), nothing);
		_exit(errno == ENOENT ? 5 : 6);
	}
	result = await(child);
	help("after");
	return result;
}

static int spawns(void)
{
	pid_t first, second, third;

	if (posix_spawn(&first, self, NULL, NULL, leaf("spawn"), nothing))
		return -1;
	if (await(first))
		return 1;
	if (posix_spawnp(&second, self, NULL, NULL, leaf("spawnp"), environ) || await(second))
		return 1;
	return posix_spawn(&third, "/nonexistent", NULL, NULL, leaf("none"), nothing) == ENOENT ? 0
												: 1;
}

/* An environment too long for any stack, ours all at its end. */
static int crowds(void)
{
	static char *list[5001];
	static char text[5000][16];
	pid_t child;

	for (int i = 0; i < 5000; i++) {
		snprintf(text[i], sizeof(text[i]), "V%d=%d", i, i);
		list[i] = text[i];
	}
	child = vfork();
	if (child == 0) {
		execve(self, leaf("crowd"), list);
		_exit(127);
	}
	return await(child);
}

#define PARTS      18
#define PART_BYTES 100000

/* Does the kernel take an environment that is `bytes` longer than 18 times 100,000? */
static int takes(size_t bytes)
{
	static char text[PARTS][PART_BYTES], rest[PART_BYTES * 4];
	static char *list[PARTS + 5];
	pid_t child;
	int result;

	for (int i = 0; i < PARTS; i++) {
		memset(text[i], 'x', PART_BYTES - 1);
		list[i] = text[i];
	}
	for (int i = 0; i < 4; i++) { /* one string may have 128 KB */
		size_t part = bytes < PART_BYTES ? bytes : PART_BYTES - 1;

		list[PARTS + i] = part ? rest + i * PART_BYTES : NULL;
		memset(rest + i * PART_BYTES, 'y', part);
		rest[i * PART_BYTES + part] = '\0';
		bytes -= part;
	}
	child = vfork();
	if (child == 0) {
		execve("/bin/true", (char *[]){"true", NULL}, list);
		_exit(errno == E2BIG ? 1 : 2);
	}
	result = await(child);
	if (result > 1)
		abort();
	return result == 0;
}

/* The longest environment there may be is as long as ever; and a list that is none is none. */
static int limits(void)
{
	size_t low = 0, high = 4 * (PART_BYTES - 1);

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		*(takes(middle) ? &low : &high) = middle;
	}
	say("at most", (int)low);
	say("no list", fexecve(open("/bin/true", O_RDONLY | O_CLOEXEC), leaf("none"), NULL));
	say("because", errno);
	return 0;
}

static int system_and_popen(void)
{
	char command[4200], answer[64] = "";
	FILE *from;
	int result;

	snprintf(command, sizeof(command), "'%s' leaf system", self);
	result = system(command);
	snprintf(command, sizeof(command), "'%s' leaf popen", self);
	from = popen(command, "r");
	if (!from || !fgets(answer, sizeof(answer), from) || pclose(from))
		return -1;
	return result || strcmp(answer, "popen 0\n") != 0;
}

static void *spawn_in_thread(void *unused)
{
	pid_t child;

	if (posix_spawn(&child, self, NULL, NULL, leaf("thread"), nothing) || await(child))
		abort();
	return unused;
}

/* A thread made inside the pipeline is inside it. */
static int threads(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, spawn_in_thread, NULL))
		return -1;
	return pthread_join(thread, NULL);
}

/* Becomes another program in the middle of the pipeline, after an attempt that fails. */
static int becomes(void)
{
	execve("/nonexistent", leaf("none"), environ);
	help("still here");
	execv(self, leaf("became"));
	return 1;
}

/* The same, and the other program is not traced. */
static int becomes_another(void)
{
	execle("/bin/echo", "echo", "another", (char *)NULL,
	       ((char *[]){"TRACESHIM_DISABLE=1", NULL}));
	return 1;
}

static int fails_to_become(void)
{
	execve("/nonexistent", leaf("none"), environ);
	return errno == ENOENT ? 0 : 1;
}

static int fails_and_dies(void)
{
	execve("/nonexistent", leaf("none"), environ);
	return kill(getpid(), SIGKILL);
}

static int chains(void)
{
	pid_t child = vfork();

	if (child == 0) {
		execle(self, self, "spawns", (char *)NULL, nothing);
		_exit(127);
	}
	return await(child);
}

const struct way starts[] = {
	{"vforks", vforks},
	{"guests", guests},
	{"spawns", spawns},
	{"crowds", crowds},
	{"limits", limits},
	{"system", system_and_popen},
	{"threads", threads},
	{"becomes", becomes},
	{"becomes_another", becomes_another},
	{"fails_to_become", fails_to_become},
	{"fails_and_dies", fails_and_dies},
	{"chains", chains},
	{NULL, NULL},
};
