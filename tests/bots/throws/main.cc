// SPDX-License-Identifier: Apache-2.0
// Leaves calls in every way but by returning: `throws HOW`.

#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <execinfo.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdexcept>
#include <string>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "steps.h"

namespace
{

struct speaker {
	const char *name;
	~speaker()
	{
		std::printf("%s is gone\n", name);
	}
};

int fail(int number)
{
	speaker speaker = {"fail"};

	throw std::runtime_error("number " + std::to_string(number));
}

void catch_one(int (*call)(int (*)(int), int), int number)
{
	try {
		std::printf("answered %d\n", call(fail, number));
	} catch (const std::exception &error) {
		std::printf("caught %s\n", error.what());
	}
}

void direct()
{
	catch_one(inner, 1);
	std::printf("%d\n", inner(leaf, 5));
}

void across()
{
	catch_one(outer, 2);
	catch_one(middle, 3);
	std::printf("%d\n", outer(leaf, 5));
}

void rethrow()
{
	catch_one(again, 4);
	try {
		try {
			outer(fail, 5);
		} catch (const std::exception &) {
			std::puts("once more");
			throw;
		}
	} catch (const std::exception &error) {
		std::printf("caught %s\n", error.what());
	}
	std::printf("%d\n", again(leaf, 5));
}

int two_speakers(int number)
{
	speaker first = {"first"}, second = {"second"};

	return tidy(fail, number);
}

void destructors()
{
	try {
		outer(two_speakers, 6);
	} catch (const std::exception &error) {
		std::printf("caught %s\n", error.what());
	}
}

// A destructor that runs while an exception passes, and calls functions that throw and catch their
// own.
struct busy {
	~busy()
	{
		catch_one(outer, 8);
		std::printf("%d\n", middle(leaf, 1));
	}
};

int fail_busily(int number)
{
	busy busy;

	return inner(fail, number);
}

void nested()
{
	try {
		outer(fail_busily, 7);
	} catch (const std::exception &error) {
		std::printf("caught %s\n", error.what());
	}
}

// What one call threw, another throws on.
std::exception_ptr kept;

int throw_kept(int)
{
	std::rethrow_exception(kept);
}

void pointer()
{
	try {
		outer(fail, 9);
	} catch (...) {
		kept = std::current_exception();
	}
	try {
		middle(throw_kept, 0);
	} catch (const std::exception &error) {
		std::printf("caught %s\n", error.what());
	}
	kept = nullptr;
}

int fail_number(int number)
{
	throw number;
}

void many()
{
	int caught = 0;

	for (int i = 0; i < 300; i++) {
		try {
			if (i % 3 == 2)
				caught += outer(leaf, -3) == 0;
			else
				outer(fail_number, i);
		} catch (int number) {
			caught += number == i;
		}
	}
	std::printf("caught %d\n", caught);
}

void uncaught()
{
	outer(fail_number, 1);
}

void no_except()
{
	catch_one(strict, 10);
}

int unexpected(int)
{
	std::terminate();
}

void terminate()
{
	std::set_terminate([] {
		std::puts("terminating");
		std::fflush(stdout);
		_exit(7);
	});
	outer(unexpected, 0);
}

// --- threads
// ---------------------------------------------------------------------------------------------

sem_t waiting;

int exit_thread(int)
{
	speaker speaker = {"thread"};

	pthread_exit(reinterpret_cast<void *>(11L));
}

int wait_for_ever(int)
{
	speaker speaker = {"waiter"};

	sem_post(&waiting);
	for (;;)
		pause();
}

void *run_outer(void *what)
{
	return reinterpret_cast<void *>(long(outer(reinterpret_cast<int (*)(int)>(what), 1)));
}

void exits()
{
	pthread_t thread;
	void *result;

	pthread_create(&thread, nullptr, run_outer, reinterpret_cast<void *>(exit_thread));
	pthread_join(thread, &result);
	std::printf("%ld\n", reinterpret_cast<long>(result));
	std::printf("%d\n", inner(leaf, 5));
}

void cancels()
{
	pthread_t thread;
	void *result;

	sem_init(&waiting, 0, 0);
	pthread_create(&thread, nullptr, run_outer, reinterpret_cast<void *>(wait_for_ever));
	sem_wait(&waiting);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	std::printf("%d\n", result == PTHREAD_CANCELED);
}

// --- jumps
// -----------------------------------------------------------------------------------------------

jmp_buf place;
sigjmp_buf signal_place;

int jump(int number)
{
	std::longjmp(place, number);
}

void jumps()
{
	for (volatile int i = 1; i <= 3; i = i + 1) {
		int from = setjmp(place);

		if (!from)
			outer(jump, i);
		std::printf("jumped %d\n", from);
		std::printf("%d\n", middle(leaf, from));
	}
}

// The jump ends inside of wrapped calls: `middle` goes on, what it called is left.
int lands(int number)
{
	volatile int from = setjmp(place);

	if (!from)
		middle(jump, number);
	return from;
}

void jumps_part()
{
	std::printf("%d\n", outer(lands, 12));
}

void handler(int)
{
	siglongjmp(signal_place, 1);
}

int raise_signal(int)
{
	raise(SIGUSR1);
	return 0;
}

void jumps_from_signal()
{
	signal(SIGUSR1, handler);
	for (volatile int i = 0; i < 3; i = i + 1) {
		if (!sigsetjmp(signal_place, 1))
			outer(raise_signal, i);
		std::printf("%d\n", middle(leaf, i));
	}
}

// A handler that jumps away from wherever the timer finds the program, two hundred times.
sigjmp_buf storm_place;
volatile sig_atomic_t armed, storms;

void storm_handler(int)
{
	if (!armed)
		return;
	armed = 0;
	storms = storms + 1;
	siglongjmp(storm_place, 1);
}

void storm()
{
	struct itimerval often = {{0, 200}, {0, 200}}, never = {};

	signal(SIGALRM, storm_handler);
	setitimer(ITIMER_REAL, &often, nullptr);
	while (storms < 200) {
		if (sigsetjmp(storm_place, 1))
			continue;
		armed = 1;
		for (volatile int i = 0; armed; i = i + 1)
			if (outer(leaf, i) != i + 3)
				std::puts("wrong");
	}
	setitimer(ITIMER_REAL, &never, nullptr);
	std::printf("%d\n", outer(leaf, 1));
}

// A thread that may be cancelled anywhere.
void *call_always(void *)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
	for (volatile int i = 0;; i = i + 1)
		outer(leaf, i);
}

void cancels_anywhere()
{
	for (int i = 0; i < 100; i++) {
		pthread_t thread;
		void *result;

		pthread_create(&thread, nullptr, call_always, nullptr);
		usleep(100 + i * 7);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		if (result != PTHREAD_CANCELED)
			std::puts("not cancelled");
	}
}

// --- who called
// --------------------------------------------------------------------------------------------

void backtraces();

_Unwind_Reason_Code note(struct _Unwind_Context *context, void *seen)
{
	void *function =
		_Unwind_FindEnclosingFunction(reinterpret_cast<void *>(_Unwind_GetIP(context)));

	if (function == reinterpret_cast<void *>(backtraces))
		*static_cast<int *>(seen) += 1;
	return _URC_NO_REASON;
}

int look_back(int)
{
	int seen = 0;

	_Unwind_Backtrace(note, &seen);
	return seen;
}

int look_back_with_libc(int)
{
	void *calls[64];
	int n = backtrace(calls, 64), seen = 0;

	for (int i = 0; i < n; i++)
		seen += _Unwind_FindEnclosingFunction(calls[i]) ==
			reinterpret_cast<void *>(backtraces);
	return seen;
}

// Whom the two above look for.
__attribute__((noinline)) void backtraces()
{
	std::printf("%d\n", outer(look_back, 0) - 3);
	std::printf("%d\n", outer(look_back_with_libc, 0) - 3);
}

// --- coroutines
// ---------------------------------------------------------------------------------------------

ucontext_t here, there;
alignas(16) char stack[65536];

int hand_over(int number)
{
	swapcontext(&there, &here);
	return number;
}

void coroutine()
{
	std::printf("in %d\n", outer(hand_over, 1));
	std::printf("in %d\n", middle(hand_over, 2));
}

void coroutines()
{
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack);
	there.uc_link = &here;
	makecontext(&there, coroutine, 0);
	for (int i = 0; i < 3; i++) {
		swapcontext(&here, &there);
		std::printf("out %d\n", outer(leaf, i));
	}
}

// Fibers side by side, whose stacks lie next to each other; the thread's own stack calls nothing.

constexpr int FIBERS = 4;
ucontext_t scheduler, fibers[FIBERS];
alignas(65536) char stacks[FIBERS][65536 / FIBERS];

int switch_back(int number)
{
	swapcontext(&fibers[number], &scheduler);
	return number;
}

void fiber(int number)
{
	for (int i = 0; i < 2; i++) {
		int a = outer(switch_back, number);
		int b = middle(switch_back, number);

		std::printf("fiber %d: %d %d\n", number, a, b);
	}
	swapcontext(&fibers[number], &scheduler);
}

void make_fibers()
{
	for (int i = 0; i < FIBERS; i++) {
		getcontext(&fibers[i]);
		fibers[i].uc_stack.ss_sp = stacks[i];
		fibers[i].uc_stack.ss_size = sizeof(stacks[i]);
		fibers[i].uc_link = nullptr;
		makecontext(&fibers[i], reinterpret_cast<void (*)()>(fiber), 1, i);
	}
}

void run_fibers()
{
	make_fibers();
	for (int round = 0; round < 5; round++)
		for (int i = 0; i < FIBERS; i++)
			swapcontext(&scheduler, &fibers[(i * 3 + round) % FIBERS]);
}

// Fibers that are resumed on another thread than they began on.
void *resume_fibers(void *)
{
	for (int i = 0; i < FIBERS; i++)
		swapcontext(&scheduler, &fibers[i]);
	return nullptr;
}

void wander()
{
	make_fibers();
	for (int round = 0; round < 5; round++) {
		pthread_t thread;

		pthread_create(&thread, nullptr, resume_fibers, nullptr);
		pthread_join(thread, nullptr);
	}
}

const struct {
	const char *name;
	void (*what)();
} ways[] = {
	{"direct", direct},
	{"across", across},
	{"rethrow", rethrow},
	{"destructors", destructors},
	{"nested", nested},
	{"pointer", pointer},
	{"many", many},
	{"uncaught", uncaught},
	{"noexcept", no_except},
	{"terminate", terminate},
	{"exit", exits},
	{"cancel", cancels},
	{"jump", jumps},
	{"jump-part", jumps_part},
	{"jump-signal", jumps_from_signal},
	{"storm", storm},
	{"cancel-anywhere", cancels_anywhere},
	{"backtrace", backtraces},
	{"coroutine", coroutines},
	{"fibers", run_fibers},
	{"wander", wander},
};

} // namespace

int main(int argc, char **argv)
{
	for (const auto &way : ways)
		if (argc > 1 && !std::strcmp(argv[1], way.name)) {
			if (argc > 2)
				way.what();
			else
				play(way.what);
			std::puts("done");
			return 0;
		}
	return 2;
}
