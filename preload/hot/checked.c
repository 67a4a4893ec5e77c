// SPDX-License-Identifier: Apache-2.0
/*
 * Reads of memory that may not be there, where a fault of this thread would not reach our handler
 * (guarded.h), and the finding out whether it would.
 *
 * Before a page is read a system call is asked whether it is there: rt_sigprocmask copies a mask
 * from where it is told, answers EFAULT where it cannot, and does nothing with the mask, since what
 * to do with it makes no sense. It is permitted wherever a C library runs, and takes a ninth of the
 * time of process_vm_readv. Only what another thread unmaps between the two is not noticed.
 */

#include "guarded.h"

#include <linux/errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include "hot.h"

#define PAGE          4096ULL
#define FAULTS        (1ULL << (SIGSEGV - 1) | 1ULL << (SIGBUS - 1))
#define NOTHING_KNOWN (-1L) /* no `how` of rt_sigprocmask */
#define LOOK_EVERY    32    /* reads, on a thread that has the signals blocked */

uint32_t ts_guarded_epoch = 1;
const void *ts_guarded_handler;
__thread uint32_t ts_guarded_seen;

/* Reads until this thread looks again whether the signals are still blocked. */
static __thread uint32_t reads_until_look __attribute__((tls_model("initial-exec")));

/* What the test at the head of each function of guarded_x86_64.S leads to, and what lies behind it. */
uint64_t ts_checked_string(char *to, const char *from, uint64_t most);
uint64_t ts_checked_length(const char *string);
uint64_t ts_checked_bytes(void *to, const void *from, uint64_t bytes);
uint64_t ts_plain_string(char *to, const char *from, uint64_t most);
uint64_t ts_plain_length(const char *string);
uint64_t ts_plain_bytes(void *to, const void *from, uint64_t bytes);

static __attribute__((noinline)) long system_call(long n, long a, const void *b, void *c)
{
	register unsigned long mask_bytes __asm__("r10") = sizeof(uint64_t);
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(mask_bytes)
			 : "rcx", "r11", "memory");
	return result;
}

static bool is_ours(int signal)
{
	struct {
		const void *handler;
		uint64_t rest[3];
	} action;

	return system_call(SYS_rt_sigaction, signal, NULL, &action) == 0 &&
	       action.handler == ts_guarded_handler;
}

bool ts_guarded_by_kernel(void)
{
	return ts_guarded_handler && is_ours(SIGSEGV) && is_ours(SIGBUS);
}

/* The kernel kills a thread that faults while it has the signal blocked, whatever handler there is. */
static bool are_blocked(void)
{
	uint64_t blocked = FAULTS;

	if (reads_until_look) {
		reads_until_look--;
		return true;
	}
	if (system_call(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked) == 0 && !(blocked & FAULTS))
		return false;
	reads_until_look = LOOK_EVERY;
	return true;
}

/* The first read of a thread, and of all threads when the epoch has changed. */
static bool faults_are_caught(void)
{
	uint32_t epoch = __atomic_load_n(&ts_guarded_epoch, __ATOMIC_RELAXED);

	if (epoch & 1 || are_blocked())
		return false;
	if (!ts_guarded_by_kernel()) {
		/* setup's next look makes it even again, if this one was at a bad moment */
		__atomic_compare_exchange_n(&ts_guarded_epoch, &epoch, epoch + 1, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		return false;
	}
	ts_guarded_seen = epoch;
	return true;
}

static bool is_there(const char *at)
{
	return system_call(SYS_rt_sigprocmask, NOTHING_KNOWN,
			   (const void *)((uintptr_t)at & ~(uintptr_t)7), NULL) == -EINVAL;
}

static uint64_t left_of_page(const char *at, uint64_t most)
{
	uint64_t left = PAGE - ((uintptr_t)at & (PAGE - 1));

	return left < most ? left : most;
}

uint64_t ts_checked_string(char *to, const char *from, uint64_t most)
{
	uint64_t done = 0;

	if (faults_are_caught())
		return ts_plain_string(to, from, most);
	while (done < most) {
		uint64_t left = left_of_page(from + done, most - done);
		uint64_t n;

		if (!is_there(from + done))
			return TS_UNREADABLE;
		/* it looks at one byte more than it copies */
		n = ts_plain_string(to + done, from + done, left - 1);
		if (n < left)
			return done + n;
		to[done + left - 1] = from[done + left - 1];
		done += left;
	}
	if (!is_there(from + most))
		return TS_UNREADABLE;
	return from[most] ? most + 1 : most;
}

uint64_t ts_checked_length(const char *string)
{
	uint64_t done = 0;

	if (faults_are_caught())
		return ts_plain_length(string);
	for (;;) {
		uint64_t end = done + left_of_page(string + done, PAGE);

		if (!is_there(string + done))
			return TS_UNREADABLE;
		for (; done < end; done++)
			if (!string[done])
				return done;
	}
}

uint64_t ts_checked_bytes(void *to, const void *from, uint64_t bytes)
{
	uint64_t done = 0, left;

	if (faults_are_caught())
		return ts_plain_bytes(to, from, bytes);
	for (; done < bytes; done += left) {
		const char *at = (const char *)from + done;

		left = left_of_page(at, bytes - done);
		if (!is_there(at))
			return TS_UNREADABLE;
		ts_plain_bytes((char *)to + done, at, left);
	}
	return bytes;
}
