// SPDX-License-Identifier: Apache-2.0
/*
 * Fuzzes preload/entry/: `mover SECONDS [SEED]`, or `mover case SEED` for one generated case
 * again. Prints the seed; a finding prints the case and exits 1.
 */

#include "mover.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MAX_REASONS 48
#define STUCK_S     30 /* seconds that no case takes */

struct counts {
	struct {
		const char *why;
		size_t n;
	} reasons[MAX_REASONS];
	size_t n_reasons;
	size_t n_moved;
	size_t n;
};

struct counts generated_counts, file_counts;
struct subject subject;

static uint64_t chance_state;

/* splitmix64 */
uint64_t chance(void)
{
	uint64_t z = chance_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void chance_begin(uint64_t seed)
{
	chance_state = seed;
}

void chance_fill(void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i += 8) {
		uint64_t value = chance();

		memcpy((char *)bytes + i, &value, n - i < 8 ? n - i : 8);
	}
}

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A handler of SIGSEGV calls it, too: all is over then, and stdio is in no other hands. */
void finding(const char *what)
{
	printf("FINDING: %s\n  %s, at 0x%zx, to 0x%zx; seed of the case: %llu\n  bytes:", what,
	       subject.name, (size_t)subject.address, (size_t)subject.at,
	       (unsigned long long)subject.seed);
	for (size_t i = 0; i < subject.bytes && i < 160; i++)
		printf(" %02x", subject.code[i]);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

void count(struct counts *counts, const char *why)
{
	size_t i = 0;

	counts->n++;
	if (!why) {
		counts->n_moved++;
		return;
	}
	while (i < counts->n_reasons && strcmp(counts->reasons[i].why, why) != 0)
		i++;
	if (i == MAX_REASONS)
		finding("more reasons than there can be");
	if (i == counts->n_reasons)
		counts->reasons[counts->n_reasons++].why = why;
	counts->reasons[i].n++;
}

static int by_number(const void *a, const void *b)
{
	const size_t *left = (const size_t *)((const char *)a + sizeof(char *));
	const size_t *right = (const size_t *)((const char *)b + sizeof(char *));

	return *left < *right ? 1 : *left > *right ? -1 : 0;
}

static void print(const char *what, struct counts *counts)
{
	printf("%s: %zu functions, %zu moved (%.1f %%)\n", what, counts->n, counts->n_moved,
	       counts->n ? 100.0 * (double)counts->n_moved / (double)counts->n : 0);
	qsort(counts->reasons, counts->n_reasons, sizeof(counts->reasons[0]), by_number);
	for (size_t i = 0; i < counts->n_reasons; i++)
		printf("  %9zu  %s\n", counts->reasons[i].n, counts->reasons[i].why);
}

static void on_signal(int number)
{
	finding(number == SIGPROF ? "it does not end" : "it faulted");
}

/* On a stack of their own: a case's stack is compared, byte by byte. */
static void catch_signals(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGPROF};
	const size_t bytes = 1 << 18;
	stack_t stack = {.ss_size = bytes};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

	stack.ss_sp = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) < 0)
		abort();
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

/* Of the processor's seconds, which other programs cannot take from it; 0: as long as it takes. */
static void end_after(time_t seconds)
{
	setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = seconds}, NULL);
}

/* Each case has a seed of its own, so that it can be had again alone. */
static void one_case(uint64_t seed)
{
	end_after(STUCK_S);
	subject.seed = seed;
	chance_begin(seed);
	generated_case();
}

static void run(double seconds, uint64_t seed)
{
	const double start = now();
	uint64_t n = 0;

	while (now() - start < seconds) {
		const double generated_until = now() + 1;

		while (now() < generated_until)
			for (int i = 0; i < 64; i++)
				one_case(seed + n++);
		subject.seed = seed + n;
		chance_begin(subject.seed ^ 0x66696c6573);
		end_after(0);
		if (!files_case(0.5))
			finding("there is no library on this machine");
	}
	print("generated", &generated_counts);
	print("of files", &file_counts);
}

int main(int argc, char **argv)
{
	const bool again = argc > 2 && strcmp(argv[1], "case") == 0;
	const double seconds = argc > 1 && !again ? strtod(argv[1], NULL) : 5;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL) << 20;

	printf("mover: SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	catch_signals();
	generated_begin();
	files_begin();
	if (again)
		one_case(seed);
	else
		run(seconds, seed);
	return 0;
}
