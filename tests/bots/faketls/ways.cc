// SPDX-License-Identifier: Apache-2.0
/* The ways out of a call but its return, and where else it may run. */
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <execinfo.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "talk.h"

namespace
{

void throws(SSL *)
{
	throw 42;
}

void thrown()
{
	SSL tls{};

	talk(&tls, 1);
	ask(&tls, 2);
	for (int i = 0; i < 3; i++) {
		tls.act = throws;
		try {
			hear(&tls);
			puts("not thrown");
		} catch (int what) {
			printf("caught %d\n", what);
		}
	}
	tls.act = nullptr;
	answer(&tls, 2);
	SSL_free(&tls);
}

sem_t inside;

void waits(SSL *)
{
	sem_post(&inside);
	for (;;)
		pause();
}

void leaves(SSL *)
{
	pthread_exit(nullptr);
}

struct tidy {
	~tidy()
	{
		puts("tidied up");
	}
};

void *hears(void *tls)
{
	tidy at_the_end;

	hear(static_cast<SSL *>(tls));
	return nullptr;
}

void ended(void (*act)(SSL *))
{
	SSL tls{};
	pthread_t thread;

	talk(&tls, 1);
	ask(&tls, 2);
	tls.act = act;
	pthread_create(&thread, nullptr, hears, &tls);
	if (act == waits) {
		sem_wait(&inside);
		pthread_cancel(thread);
	}
	pthread_join(thread, nullptr);
	tls.act = nullptr;
	answer(&tls, 2);
	SSL_free(&tls);
}

jmp_buf out;

void jumps(SSL *)
{
	longjmp(out, 1);
}

void jumped()
{
	static SSL tls;

	talk(&tls, 1);
	for (volatile int i = 2; i < 5; i = i + 1) {
		ask(&tls, i);
		tls.act = jumps;
		if (setjmp(out) == 0)
			hear(&tls);
		tls.act = nullptr;
		answer(&tls, i);
	}
	SSL_free(&tls);
}

void looks(SSL *)
{
	void *frames[64];
	int n = backtrace(frames, 64);
	char **names = backtrace_symbols(frames, n);
	int found = 0;

	for (int i = 0; i < n; i++)
		found += strstr(names[i], "(hear+") || strstr(names[i], "(main+");
	printf("hear and main: %d\n", found);
	free(names);
}

void looked()
{
	SSL tls{};

	tls.act = looks;
	talk(&tls, 1);
	SSL_free(&tls);
}

ucontext_t outside, routine;
SSL shared;

void yields(SSL *)
{
	swapcontext(&routine, &outside);
}

void run_routine()
{
	hear(&shared);
	ask(&shared, 2);
}

void *resumes(void *)
{
	shared.act = nullptr;
	swapcontext(&outside, &routine);
	return nullptr;
}

void wandered()
{
	static char stack[65536];
	pthread_t thread;

	ask(&shared, 1);
	lay_ready(&shared, 1);
	shared.act = yields;
	getcontext(&routine);
	routine.uc_stack.ss_sp = stack;
	routine.uc_stack.ss_size = sizeof(stack);
	routine.uc_link = &outside;
	makecontext(&routine, run_routine, 0);
	swapcontext(&outside, &routine);
	pthread_create(&thread, nullptr, resumes, nullptr);
	pthread_join(thread, nullptr);
	answer(&shared, 2);
	SSL_free(&shared);
}

void *on_a_thread(void *tls)
{
	talk(static_cast<SSL *>(tls), 1);
	return nullptr;
}

/* 16 KB, all in all; a handler's alternate stack has as much as it must. */
void small()
{
	SSL tls{};
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	pthread_create(&thread, &attributes, on_a_thread, &tls);
	pthread_join(thread, nullptr);
	talk(&tls, 2);
	SSL_free(&tls);
}

void *hears_alone(void *tls)
{
	answer(static_cast<SSL *>(tls), 1);
	return nullptr;
}

/* The thread that receives has called nothing else that counts. */
void other()
{
	SSL tls{};
	pthread_t thread;

	ask(&tls, 1);
	pthread_create(&thread, nullptr, hears_alone, &tls);
	pthread_join(thread, nullptr);
	SSL_free(&tls);
}

} // namespace

int ways(const char *way)
{
	static const struct {
		const char *name;
		void (*run)();
	} all[] = {
		{"thrown", thrown},
		{"canceled", [] { ended(waits); }},
		{"left", [] { ended(leaves); }},
		{"jumped", jumped},
		{"looked", looked},
		{"wandered", wandered},
		{"small", small},
		{"other", other},
	};

	for (const auto &one : all)
		if (strcmp(way, one.name) == 0) {
			one.run();
			return 0;
		}
	return -1;
}
