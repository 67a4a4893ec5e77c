// SPDX-License-Identifier: Apache-2.0
// Leaves calls of functions in a library in every way there is: `ways HOW`, all under play().

#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <execinfo.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unwind.h>

#include "calls.h"

namespace
{

int fail(int number)
{
	throw number;
}

// --- exceptions

void over_many_calls()
{
	for (int depth = 1; depth <= 50; depth++) {
		try {
			deep(depth, fail, depth);
		} catch (int number) {
			if (number != depth)
				std::printf("%d instead of %d\n", number, depth);
		}
	}
}

void tidy_up()
{
	for (int depth = 1; depth <= 50; depth++) {
		int counter = 0;

		try {
			tidy(depth, fail, &counter);
		} catch (int) {
			if (counter != depth)
				std::printf("%d of %d cleaned up\n", counter, depth);
		}
	}
}

int throw_on(int number)
{
	try {
		return number ? reach(throw_on, number - 1) : fail(7);
	} catch (...) {
		throw;
	}
}

void rethrow()
{
	try {
		reach(throw_on, 20);
	} catch (int number) {
		std::printf("caught %d\n", number);
	}
}

int catch_inside(int number)
{
	try {
		return deep(3, fail, number);
	} catch (int) {
		return 5;
	}
}

void caught_half_way()
{
	std::printf("%d\n", deep(4, catch_inside, 1));
}

struct thrower {
	~thrower()
	{
		try {
			deep(2, fail, 8);
		} catch (int number) {
			std::printf("in the destructor %d\n", number);
		}
	}
};

int fail_with_destructor(int number)
{
	thrower thrower;

	return reach(fail, number);
}

void nested()
{
	try {
		deep(2, fail_with_destructor, 9);
	} catch (int number) {
		std::printf("outside %d\n", number);
	}
}

void after_a_float()
{
	float sum = 0;

	for (int i = 0; i < 3; i++) {
		try {
			sum += scale(i % 2 ? fail : leaf, 1.5f);
		} catch (int) {
			sum += 100;
		}
	}
	std::printf("%.1f\n", double(sum));
}

// --- forced unwinding

struct speaker {
	~speaker()
	{
		std::puts("left");
	}
};

int exit_thread(int)
{
	speaker speaker;

	pthread_exit(reinterpret_cast<void *>(11L));
}

// With nothing to clean up: libgcc_s unwinds threads, and what it may meet of other unwinders is little.
int exit_thread_bare(int)
{
	pthread_exit(reinterpret_cast<void *>(12L));
}

void *run_bare(void *)
{
	return reinterpret_cast<void *>(long(deep(20, exit_thread_bare, 0)));
}

sem_t waiting;

int wait_for_ever(int)
{
	speaker speaker;

	sem_post(&waiting);
	for (;;)
		pause();
}

void *run_deep(void *what)
{
	int counter = 0;

	return reinterpret_cast<void *>(
		long(tidy(20, reinterpret_cast<int (*)(int)>(what), &counter)));
}

void bare_exit()
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, nullptr, run_bare, nullptr);
	pthread_join(thread, &result);
	std::printf("%ld\n", reinterpret_cast<long>(result));
}

void thread_exit()
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, nullptr, run_deep, reinterpret_cast<void *>(exit_thread));
	pthread_join(thread, &result);
	std::printf("%ld\n", reinterpret_cast<long>(result));
}

void cancel()
{
	pthread_t thread;
	void *result;

	sem_init(&waiting, 0, 0);
	pthread_create(&thread, nullptr, run_deep, reinterpret_cast<void *>(wait_for_ever));
	sem_wait(&waiting);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	std::printf("%d\n", result == PTHREAD_CANCELED);
}

// --- who called

int n_seen;

_Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *seen)
{
	void *function =
		_Unwind_FindEnclosingFunction(reinterpret_cast<void *>(_Unwind_GetIP(context)));

	*static_cast<int *>(seen) += function == reinterpret_cast<void *>(&deep);
	n_seen++;
	return _URC_NO_REASON;
}

int look_back(int)
{
	int seen = 0;

	n_seen = 0;
	_Unwind_Backtrace(count_frame, &seen);
	return n_seen > 30;
}

int look_back_with_libc(int)
{
	void *calls[128];

	return backtrace(calls, 128) > 30;
}

void trace_back()
{
	std::printf("%d %d\n", deep(30, look_back, 0), deep(30, look_back_with_libc, 0));
}

int stop_here(int number)
{
	raise(SIGUSR2); // a debugger looks now
	return number;
}

void stop()
{
	signal(SIGUSR2, SIG_IGN);
	std::printf("%d\n", deep(3, stop_here, 4));
}

// --- jumps

jmp_buf place;
sigjmp_buf signal_place;

int jump(int number)
{
	std::longjmp(place, number);
}

void jumps()
{
	for (volatile int i = 1; i <= 30; i = i + 1) {
		int from = setjmp(place);

		if (!from)
			deep(i, jump, i);
		if (from && from != i)
			std::printf("%d instead of %d\n", from, i);
	}
	std::printf("%d\n", deep(3, leaf, 6));
}

void jump_from_handler(int)
{
	siglongjmp(signal_place, 1);
}

int raise_signal(int number)
{
	raise(SIGUSR1);
	return number;
}

void signal_jumps(int flags)
{
	struct sigaction action = {};
	stack_t stack = {};

	action.sa_handler = jump_from_handler;
	action.sa_flags = flags;
	stack.ss_size = 65536;
	stack.ss_sp = std::malloc(stack.ss_size);
	sigaltstack(&stack, nullptr);
	sigaction(SIGUSR1, &action, nullptr);
	for (volatile int i = 1; i < 10; i = i + 1) {
		if (!sigsetjmp(signal_place, 1))
			deep(i, raise_signal, i);
		std::printf("%d ", deep(2, leaf, i));
	}
	std::puts("");
}

void jump_out_of_signal()
{
	signal_jumps(0);
}

void jump_off_alternate_stack()
{
	signal_jumps(SA_ONSTACK);
}

void throw_from_handler(int)
{
	deep(2, fail, 77);
}

int read_nothing(int number)
{
	return *reinterpret_cast<volatile int *>(long(number));
}

void exception_out_of_signal()
{
	struct sigaction action = {};

	action.sa_handler = throw_from_handler;
	action.sa_flags = SA_NODEFER;
	sigaction(SIGSEGV, &action, nullptr);
	for (int i = 0; i < 3; i++) {
		try {
			deep(3, read_nothing, 0);
		} catch (int number) {
			std::printf("caught %d\n", number);
		}
	}
}

// --- depth

void *run_recursion(void *)
{
	std::printf("%d\n", deep(60000, leaf, 3));
	try {
		deep(60000, fail, 4);
	} catch (int number) {
		std::printf("caught %d\n", number);
	}
	return nullptr;
}

void recursion()
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 20);
	pthread_create(&thread, &attributes, run_recursion, nullptr);
	pthread_join(thread, nullptr);
}

void tail_calls()
{
	std::printf("%d\n", hop(500, 12));
}

// --- processes

volatile bool forking;

void *fail_always(void *)
{
	while (forking)
		deep(3, leaf, 1);
	return nullptr;
}

// Children of a program whose threads fail all the time; each fails once.
void fork_amid_failures()
{
	pthread_t threads[2];
	int failed = 0;

	forking = true;
	for (auto &thread : threads)
		pthread_create(&thread, nullptr, fail_always, nullptr);
	for (int i = 0; i < 50; i++) {
		pid_t child = fork();
		int status = 0;

		if (child == 0)
			_exit(deep(2, leaf, 7));
		waitpid(child, &status, 0);
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 7;
	}
	forking = false;
	for (auto &thread : threads)
		pthread_join(thread, nullptr);
	std::printf("%d children failed\n", failed);
}

const struct {
	const char *name;
	void (*what)();
} ways[] = {
	{"many", over_many_calls},
	{"tidy", tidy_up},
	{"rethrow", rethrow},
	{"half-way", caught_half_way},
	{"nested", nested},
	{"float", after_a_float},
	{"bare-exit", bare_exit},
	{"exit", thread_exit},
	{"cancel", cancel},
	{"backtrace", trace_back},
	{"stop", stop},
	{"jump", jumps},
	{"signal-jump", jump_out_of_signal},
	{"alternate-jump", jump_off_alternate_stack},
	{"signal-throw", exception_out_of_signal},
	{"recursion", recursion},
	{"tail", tail_calls},
	{"fork", fork_amid_failures},
};

} // namespace

int main(int argc, char **argv)
{
	for (const auto &way : ways) {
		if (argc > 1 && !std::strcmp(argv[1], way.name)) {
			play(way.what);
			std::puts("done");
			return 0;
		}
	}
	return 2;
}
