// SPDX-License-Identifier: Apache-2.0
/* A program that stays in the middle of calls until a line comes in: `stays WHERE [N]`. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "steps.h"

#define MOST 256

static int n = 3;

static int nothing(void *unused)
{
	(void)unused;
	return 0;
}

/* Says so, and waits for a line. */
static int stay(void *unused)
{
	char line[16];

	(void)unused;
	puts("waiting");
	fflush(stdout);
	return read(STDIN_FILENO, line, sizeof(line)) < 0;
}

static int ask(void *what)
{
	return claude("claude-4", (what_fn *)what, NULL);
}

static int train(void *what)
{
	return trainer("a lesson", ask, what);
}

static void nested(void)
{
	learn("I broke my wrist", train, (void *)stay);
}

/* --- threads ------------------------------------------------------------------------------------ */

static pthread_barrier_t all_inside;
static volatile int done;

/* All are inside before one says so. */
static int stay_together(void *unused)
{
	pthread_barrier_wait(&all_inside);
	return unused != NULL;
}

static int wait_for_all(void *unused)
{
	stay_together(unused);
	pthread_barrier_wait(&all_inside);
	return 0;
}

static void *learn_in_thread(void *number)
{
	char name[16];

	snprintf(name, sizeof(name), "worker-%ld", (long)number);
	pthread_setname_np(pthread_self(), name);
	learn("in a thread", train, (void *)wait_for_all);
	return NULL;
}

static void *ask_in_thread(void *unused)
{
	ask((void *)wait_for_all);
	return unused;
}

static int start_all(void *start)
{
	pthread_t threads[MOST];

	pthread_barrier_init(&all_inside, NULL, (unsigned)n + 1);
	for (long i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, *(void *(**)(void *))start, (void *)i);
	stay_together(NULL);
	stay(NULL);
	pthread_barrier_wait(&all_inside);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static void threads(void)
{
	void *(*start)(void *) = learn_in_thread;

	start_all(&start);
}

static int hand_over(void *unused)
{
	void *(*start)(void *) = ask_in_thread;

	(void)unused;
	return trainer("several at once", start_all, &start);
}

static void handed(void)
{
	learn("in one trace", hand_over, NULL);
}

/* --- a process in it -------------------------------------------------------------------------- */

static int ask_in_child(void *unused)
{
	pid_t child = fork();
	int status;

	(void)unused;
	if (child == 0) {
		ask((void *)stay);
		_exit(0);
	}
	return waitpid(child, &status, 0) < 0;
}

static int train_with_child(void *unused)
{
	return trainer("by a child", ask_in_child, unused);
}

static void forked(void)
{
	learn("in two processes", train_with_child, NULL);
}

/* --- coroutines: several pipelines on one thread ------------------------------------------------- */

static ucontext_t home, others[MOST];

static int switch_home(void *number)
{
	return swapcontext(&others[(long)number], &home);
}

static int ask_and_switch(void *number)
{
	return claude("claude-4", switch_home, number);
}

static void run_coroutine(int number)
{
	learn("in a coroutine", ask_and_switch, (void *)(long)number);
}

static void coroutines(void)
{
	static char stacks[MOST][65536];

	for (int i = 0; i < n; i++) {
		getcontext(&others[i]);
		others[i].uc_stack.ss_sp = stacks[i];
		others[i].uc_stack.ss_size = sizeof(stacks[i]);
		others[i].uc_link = &home;
		makecontext(&others[i], (void (*)(void))(void *)run_coroutine, 1, i);
		swapcontext(&home, &others[i]);
	}
	stay(NULL);
	for (int i = 0; i < n; i++)
		swapcontext(&home, &others[i]);
}

/* --- many short ones --------------------------------------------------------------------------- */

static what_fn *often = nothing;

static int take_a_while(void *unused)
{
	(void)unused;
	return usleep(200);
}

static int ask_often(void *count)
{
	for (int i = 0; i < *(int *)count && !done; i++)
		ask((void *)often);
	return 0;
}

static int ask_then_stay(void *count)
{
	return ask_often(count) || stay(NULL);
}

static int train_for_long(void *count)
{
	return trainer("for long", ask_then_stay, count);
}

/* One call that goes on while others come and go in it. */
static void longest(void)
{
	learn("for long", train_for_long, &n);
}

static int train_often(void *count)
{
	return trainer("a lesson", ask_often, count);
}

static void *flood_in_thread(void *unused)
{
	int five = 5;

	while (!done)
		learn("one of many", train_often, &five);
	return unused;
}

/* As many as there can be, until a line comes in. */
static void flood(void)
{
	pthread_t floods[MOST];

	for (int i = 0; i < n; i++)
		pthread_create(&floods[i], NULL, flood_in_thread, NULL);
	stay(NULL);
	done = 1;
	for (int i = 0; i < n; i++)
		pthread_join(floods[i], NULL);
}

/* So many that they can be stored. */
static void steady(void)
{
	often = take_a_while;
	flood();
}

static const struct {
	const char *name;
	void (*be)(void);
} places[] = {
	{"nested", nested},         {"threads", threads}, {"handed", handed}, {"forked", forked},
	{"coroutines", coroutines}, {"long", longest},    {"flood", flood},   {"steady", steady},
};

int main(int argc, char **argv)
{
	if (argc > 2)
		n = atoi(argv[2]);
	for (size_t i = 0; argc > 1 && i < sizeof(places) / sizeof(places[0]); i++)
		if (!strcmp(argv[1], places[i].name)) {
			places[i].be();
			return 0;
		}
	return 2;
}
