// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a program that waits for its signals (sigwait, signalfd, sigsuspend), each sent to the process: none is taken
 * by a thread of ours, masks and dispositions are the program's, and slow calls are interrupted as ever.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   leaf = int leaf(int number)
 * spans:
 *   20 trace all -
 *   20 tool:leaf (all) -
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "hazard.h"

int all(int number);
int leaf(int number);

#ifdef LIBRARY
TRACED int leaf(int number)
{
	BARRIER();
	return number + 1;
}

static int by_sigwait(sigset_t *set)
{
	int got = 0;

	kill(getpid(), SIGUSR1);
	sigwait(set, &got);
	return got;
}

static int by_descriptor(sigset_t *set)
{
	struct signalfd_siginfo info = {0};
	int fd = signalfd(-1, set, 0);

	kill(getpid(), SIGUSR2);
	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return -1;
	close(fd);
	return (int)info.ssi_signo;
}

static volatile int handled;

static void handle(int signal)
{
	handled = signal;
}

static int by_handler(sigset_t *set)
{
	sigset_t others = *set;
	struct itimerval soon = {{0, 0}, {0, 2000}};

	handled = 0;
	signal(SIGALRM, handle);
	sigdelset(&others, SIGALRM);
	setitimer(ITIMER_REAL, &soon, NULL);
	if (sigsuspend(&others) != -1 || errno != EINTR)
		return -1;
	return handled;
}

static int by_sleep(void)
{
	struct sigaction action = {.sa_handler = handle}; /* without SA_RESTART */
	/* again and again, for the first may come before poll is reached */
	struct itimerval soon = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
	sigset_t alarm, before;
	int n;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &alarm, &before);
	handled = 0;
	setitimer(ITIMER_REAL, &soon, NULL);
	n = poll(NULL, 0, 5000);
	setitimer(ITIMER_REAL, &never, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return n == -1 && errno == EINTR ? handled : -1;
}

TRACED int all(int number)
{
	sigset_t set, now;
	int sum;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sum = leaf(number) + by_sigwait(&set) + by_descriptor(&set) * 10 + by_handler(&set) * 100 +
	      by_sleep() * 1000;
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	for (int i = 1; i < 65; i++)
		sum = sum * 2 % 65521 + sigismember(&now, i);
	return sum;
}
#endif

#ifdef PROGRAM
int main(void)
{
	struct sigaction action;
	int own = 0;

	for (int i = 0; i < 20; i++)
		printf("%d\n", all(i));
	for (int i = 1; i < 65; i++)
		if (i != SIGALRM && sigaction(i, NULL, &action) == 0)
			own += action.sa_handler != SIG_DFL;
	printf("%d\n", own);
	return 0;
}
#endif
