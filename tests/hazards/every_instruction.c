// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a signal handler interrupts the shim at each of its instructions, and calls what it interrupted; and one that
 * leaves by siglongjmp from many. Steps by the trap flag, so that no moment is left to luck.
 *
 * rules:
 *   [pipeline]
 *   called = int called(void (*what)(void), int number)
 *   left = int left(void (*what)(void), int number)
 *   thread = void *thread(void *argument)
 *   [tool]
 *   leaf = int leaf(int number)
 *   note = const char *note(const char *text)
 * run: returns
 * run: leaves
 * check: (SELECT count(*) = 2 AND sum(success) = 2 FROM pipeline_traces WHERE pipeline_name = 'called')
 * check: (SELECT count(*) = 1 AND sum(success) = 1 FROM pipeline_traces WHERE pipeline_name = 'left')
 * check: (SELECT count(*) = 2 FROM pipeline_spans s JOIN pipeline_traces t USING (trace_id) WHERE pipeline_name <> 'left' AND s.input_data ->> 'number' = 41 AND s.output_data ->> 'result' = 288)
 * check: (SELECT count(*) = 1 FROM pipeline_spans s JOIN pipeline_traces t USING (trace_id) WHERE pipeline_name <> 'left' AND s.input_data ->> 'text' = 'a note' AND s.output_data ->> 'result' = ' note')
 * check: (SELECT count(*) > 50 FROM pipeline_spans WHERE input_data ->> 'number' = 6 AND output_data ->> 'result' = 43)
 * check: (SELECT count(*) = 0 FROM pipeline_spans WHERE error <> 'left by longjmp')
 * check: (SELECT count(*) = 0 FROM pipeline_spans s JOIN pipeline_traces t USING (trace_id) WHERE NOT s.success AND pipeline_name <> 'left')
 * check: (SELECT begun = stored + open + dropped AND open = 0 FROM pipeline_runs ORDER BY started_at LIMIT 1)
 */
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "hazard.h"

int called(void (*what)(void), int number);
int left(void (*what)(void), int number);
void *thread(void *argument);
int leaf(int number);
const char *note(const char *text);

#ifdef LIBRARY
TRACED int leaf(int number)
{
	BARRIER();
	return number * 7 + 1;
}

TRACED const char *note(const char *text)
{
	BARRIER();
	return text + 1;
}

TRACED int called(void (*what)(void), int number)
{
	what();
	BARRIER();
	return number;
}

TRACED int left(void (*what)(void), int number)
{
	what();
	BARRIER();
	return number;
}

TRACED void *thread(void *argument)
{
	((void (*)(void))argument)();
	BARRIER();
	return argument;
}
#endif

#ifdef PROGRAM
#define MOST_PLACES 65536

static struct {
	uintptr_t low, high;
} watched;

static uint8_t seen[MOST_PLACES * 16]; /* of what is watched, each instruction once */
static volatile int wrong, places, steps_left;
static sigjmp_buf back;

/* The red zone may be in use. */
#define TRAP_FLAG(change)                                                                        \
	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\tpushfq\n\t" change ", (%%rsp)\n\tpopfq\n\t" \
			 "leaq 128(%%rsp), %%rsp" ::                                             \
				 : "cc", "memory")
#define STEP() TRAP_FLAG("orq $0x100")
#define RUN()  TRAP_FLAG("andq $~0x100")

static int find_shim(struct dl_phdr_info *info, size_t bytes, void *unused)
{
	(void)bytes, (void)unused;
	for (int i = 0; strstr(info->dlpi_name, "libtraceshim") && i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X))
			continue;
		watched.low = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		watched.high = watched.low + info->dlpi_phdr[i].p_memsz;
	}
	return 0;
}

static void call_again(void)
{
	wrong += leaf(6) != 43 || strcmp(note("xyz"), "yz") != 0;
}

static void trapped(int signal, siginfo_t *about, void *context)
{
	uintptr_t at = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	(void)signal, (void)about;
	if (at < watched.low || at >= watched.high)
		return;
	if (steps_left) {
		if (--steps_left)
			return;
		call_again();
		siglongjmp(back, 1);
	}
	if (at - watched.low >= sizeof(seen) || seen[at - watched.low]++)
		return;
	places++;
	call_again();
}

static void step_leaf(void)
{
	int answer;

	STEP();
	answer = leaf(41);
	RUN();
	wrong += answer != 288;
}

static void step_note(void)
{
	const char *answer;

	STEP();
	answer = note("a note");
	RUN();
	wrong += strcmp(answer, " note") != 0;
}

#define LEAVE_EVERY 29 /* each would take longer than all else here */

/* Leaves it from one in so many of its instructions of the shim's. */
static void leave(void (*step)(void))
{
	for (volatile int n = 1;; n += LEAVE_EVERY) {
		if (sigsetjmp(back, 1))
			continue;
		steps_left = n;
		step();
		if (steps_left)
			break;
	}
	steps_left = 0;
}

static void leave_both(void)
{
	leave(step_leaf);
	leave(step_note);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
	pthread_t other;

	sigaction(SIGTRAP, &action, NULL);
	dl_iterate_phdr(find_shim, NULL);
	if (argc > 1 && strcmp(argv[1], "leaves") == 0) {
		left(leave_both, 1);
	} else {
		called(step_leaf, 1);
		called(step_note, 2);
		pthread_create(&other, NULL, thread, step_leaf);
		pthread_join(other, NULL);
	}
	printf("%d %d\n", wrong, watched.low && places < 300 && strcmp(argv[1], "leaves") != 0);
	return 0;
}
#endif
