// SPDX-License-Identifier: Apache-2.0
/* Requests and threads: `threads WHAT [N]`. */

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

#include "tasks.h"

#define MOST 1000

static int n = 10;

static void *run_task(void *number)
{
	return (void *)(long)task((int)(long)number);
}

static int run_task_c11(void *number)
{
	return task((int)(long)number);
}

/* As many threads at once. */
static int start_and_join(int count)
{
	pthread_t threads[MOST];
	int sum = 0;
	void *answer;

	for (long i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, run_task, (void *)i);
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], &answer);
		sum += (int)(long)answer;
	}
	return sum;
}

static int c11_thread(int number)
{
	thrd_t thread;
	int answer;

	thrd_create(&thread, run_task_c11, (void *)(long)number);
	thrd_join(thread, &answer);
	return answer;
}

static int handed_to(int number)
{
	return group(start_and_join, number) + group(c11_thread, 7);
}

static void handed(void)
{
	printf("%d\n", request("handed", handed_to, 3));
}

/* One after the other. */
static int one_by_one(int count)
{
	int sum = 0;

	for (long i = 0; i < count; i++) {
		pthread_t thread;
		void *answer;

		pthread_create(&thread, NULL, run_task, (void *)i);
		pthread_join(thread, &answer);
		sum += (int)(long)answer;
	}
	return sum;
}

static void brief(void)
{
	printf("%d\n", request("brief", one_by_one, n));
}

/* --- a pool that outlives the request which made it ------------------------------------------- */

static sem_t go, done;
static pthread_t worker;

static void *work(void *unused)
{
	task(1);
	sem_post(&done);
	sem_wait(&go);
	task(2);
	request("own", task, 3);
	task(4);
	sem_post(&done);
	sem_wait(&go);
	task(5);
	sem_post(&done);
	return unused;
}

static int make_pool(int unused)
{
	pthread_create(&worker, NULL, work, NULL);
	sem_wait(&done);
	return unused;
}

/* The worker's thread was not made in this request. */
static int use_pool(int unused)
{
	sem_post(&go);
	sem_wait(&done);
	return unused;
}

static void pool(void)
{
	sem_init(&go, 0, 0);
	sem_init(&done, 0, 0);
	request("first", make_pool, 0);
	use_pool(0);
	request("second", use_pool, 0);
	pthread_join(worker, NULL);
	puts("done");
}

/* --- depth ------------------------------------------------------------------------------------ */

static int down(int depth)
{
	return (int)left(depth);
}

static int down_by_tails(int depth)
{
	return (int)tail_left(depth, 0);
}

static void deep(void)
{
	printf("%d\n", request("deep", down, n));
	printf("%d\n", request("after", task, 1));
}

static void tails(void)
{
	printf("%d\n", request("tails", down_by_tails, n));
	printf("%d\n", request("after", task, 1));
}

static int three(int number)
{
	return task(number) + group(task, number) + task(number);
}

static int two(int number)
{
	return subrequest(three, number) + request("inner", three, number);
}

static void nested(void)
{
	printf("%d\n", request("outer", two, 1));
	printf("%d\n", subrequest(three, 2));
	printf("%d\n", task(3));
}

/* --- many at once ----------------------------------------------------------------------------- */

static void *many_requests(void *number)
{
	long sum = 0;

	for (int i = 0; i < n; i++)
		sum += request("crowd", three, (int)(long)number);
	return (void *)sum;
}

static void crowd(void)
{
	pthread_t threads[8];
	long sum = 0;
	void *answer;

	for (long i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, many_requests, (void *)i);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &answer);
		sum += (long)answer;
	}
	printf("%ld\n", sum);
}

static void *wait_and_run(void *number)
{
	sem_wait(&go);
	return run_task(number);
}

/* N threads that all live at once, on the smallest stacks there are. */
static int all_at_once(int count)
{
	pthread_t threads[MOST];
	pthread_attr_t attributes;
	int sum = 0;
	void *answer;

	sem_init(&go, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	for (long i = 0; i < count; i++)
		pthread_create(&threads[i], &attributes, wait_and_run, (void *)i);
	for (int i = 0; i < count; i++)
		sem_post(&go);
	for (int i = 0; i < count; i++) {
		pthread_join(threads[i], &answer);
		sum += (int)(long)answer;
	}
	return sum;
}

static void together(void)
{
	printf("%d\n", request("together", all_at_once, n));
}

/* Everything on the smallest stack there is, the program's first request among it. */
static void *run_request(void *unused)
{
	printf("%d\n", request("small", three, 1));
	return unused;
}

static void small(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	pthread_create(&thread, &attributes, run_request, NULL);
	pthread_join(thread, NULL);
}

/* As many requests at once, a thread each, and then none until a line comes in: twice. */
static pthread_barrier_t all_there;

static int meet(int unused)
{
	pthread_barrier_wait(&all_there);
	return three(unused);
}

static void *run_meeting(void *unused)
{
	(void)unused;
	return (void *)(long)request("rest", meet, 1);
}

static void rest(void)
{
	pthread_t threads[MOST];
	void *answer;

	pthread_barrier_init(&all_there, NULL, (unsigned)n);
	for (int round = 0; round < 2; round++) {
		long sum = 0;

		for (int i = 0; i < n; i++)
			pthread_create(&threads[i], NULL, run_meeting, NULL);
		for (int i = 0; i < n; i++) {
			pthread_join(threads[i], &answer);
			sum += (long)answer;
		}
		printf("%ld\n", sum);
		fflush(stdout);
		while (round == 0 && getchar() != '\n')
			;
	}
}

/* --- signals ---------------------------------------------------------------------------------- */

static volatile sig_atomic_t ticks;

static void on_tick(int signal)
{
	(void)signal;
	task(0);
	ticks++;
}

/* A handler on its own stack calls tasks while tasks run. */
static int ticked(int count)
{
	int sum = 0;

	for (int i = 0; i < count || ticks < 3; i++)
		sum += task(1) & (i < count);
	return sum & 1;
}

static void signals(void)
{
	static char stack[65536];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_ONSTACK | SA_RESTART};

	sigaltstack(&alternate, NULL);
	sigaction(SIGALRM, &action, NULL);
	ualarm(1000, 1000);
	request("signals", ticked, n);
	ualarm(0, 0);
	puts("done");
}

static const struct {
	const char *name;
	void (*what)(void);
} parts[] = {
	{"handed", handed},   {"brief", brief},   {"pool", pool},   {"deep", deep},
	{"tails", tails},     {"nested", nested}, {"crowd", crowd}, {"together", together},
	{"signals", signals}, {"small", small},   {"rest", rest},
};

int main(int argc, char **argv)
{
	if (argc > 2)
		n = atoi(argv[2]);
	for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strcmp(argv[1], parts[i].name)) {
			parts[i].what();
			return 0;
		}
	return 2;
}
