// SPDX-License-Identifier: Apache-2.0
/* Takes half a second to be relocated, once the libraries that it needs are: an address is found out by code. */

#include <sys/syscall.h>
#include <time.h>
#include <unwind.h>

static int walked;

static _Unwind_Reason_Code count(struct _Unwind_Context *context, void *unused)
{
	(void)context, (void)unused;
	walked++;
	return _URC_NO_REASON;
}

static int walk(void)
{
	_Unwind_Backtrace(count, 0);
	return walked;
}

/* No function of a library can be called yet. */
static int (*choose(void))(void)
{
	struct timespec half = {.tv_nsec = 500000000};
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"((long)SYS_nanosleep), "D"(&half), "S"(0L)
			 : "rcx", "r11", "memory");
	(void)result;
	return walk;
}

static int chosen(void) __attribute__((ifunc("choose")));

int callers(void);

int callers(void)
{
	return chosen();
}
