// SPDX-License-Identifier: Apache-2.0
/*
 * Reads of memory that may not be there, both ways: with system calls, and with the handler, which hides what
 * the program set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "preload/guard/guard.h"
#include "preload/hot/guarded.h"

#define PAGE 4096

/* What a look at the kernel's mask answered stands for so many reads. */
#define READS_UNTIL_LOOK 33

/* Three pages, of which the middle one is there. */
static char *page_between_holes(void)
{
	char *page = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(mprotect(page + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	return page + PAGE;
}

static void free_page(char *page)
{
	munmap(page - PAGE, 3 * PAGE);
}

/* Bytes that look like a NUL to a careless test for one. */
static void fill(char *text, size_t bytes, size_t seed)
{
	static const uint8_t tricky[] = {0x01, 0x80, 0xff, 0x81, 0x7f, 'a', 0xfe};

	for (size_t i = 0; i < bytes; i++)
		text[i] = (char)tricky[(i * 5 + seed) % sizeof(tricky)];
}

static void assert_untouched(const char *at, const char *end)
{
	for (; at < end; at++)
		assert_int_equal((uint8_t)*at, 0xa5);
}

static struct sigaction ours[2];

/*
 * cmocka sets handlers of its own before each test; in those that are about the guard, its handler comes
 * back first.
 */
static void begin(void **state)
{
	if (!*state)
		return;
	ts_guard_start(sigaction);
	if (!ours[0].sa_handler) {
		assert_int_equal(sigaction(SIGSEGV, NULL, &ours[0]), 0);
		assert_int_equal(sigaction(SIGBUS, NULL, &ours[1]), 0);
	}
	assert_int_equal(sigaction(SIGSEGV, &ours[0], NULL), 0);
	assert_int_equal(sigaction(SIGBUS, &ours[1], NULL), 0);
	ts_guard_look();
	assert_true(ts_guarded_by_kernel());
	assert_int_equal(ts_guarded_epoch & 1, 0);
}

/* --- what is there ---------------------------------------------------------------------------- */

/* A string that ends `gap` bytes before the hole, and one that begins right behind the other. */
static void check_string(char *page, size_t bytes, size_t gap, size_t most)
{
	char copy[1024], *text = page + PAGE - gap - 1 - bytes;
	uint64_t expected = bytes <= most ? bytes : most + 1;

	memset(copy, 0xa5, sizeof(copy));
	fill(text, bytes, bytes + gap);
	text[bytes] = 0;
	memset(text + bytes + 1, 0xff, gap);
	assert_int_equal(ts_guarded_string(copy, text, most), expected);
	assert_memory_equal(copy, text, bytes <= most ? bytes : most);
	assert_untouched(copy + most, copy + sizeof(copy));
}

static void test_strings_of_every_length_before_a_hole(void **state)
{
	char *page = page_between_holes();

	begin(state);
	for (size_t bytes = 0; bytes <= 140; bytes++)
		for (size_t gap = 0; gap < 33; gap++) {
			check_string(page, bytes, gap, 600);
			for (size_t most = bytes < 9 ? 0 : bytes - 9; most < bytes + 9; most++)
				check_string(page, bytes, gap, most);
		}
	free_page(page);
}

static void test_a_string_over_many_pages(void **state)
{
	static char text[6 * PAGE], copy[6 * PAGE];

	begin(state);
	for (size_t start = 0; start < 40; start += 3) {
		fill(text, sizeof(text), start);
		text[sizeof(text) - 1 - start] = 0;
		assert_int_equal(ts_guarded_string(copy, text + start, sizeof(copy)),
				 sizeof(text) - 1 - 2 * start);
		assert_memory_equal(copy, text + start, sizeof(text) - 1 - 2 * start);
		assert_int_equal(ts_guarded_length(text + start), sizeof(text) - 1 - 2 * start);
		assert_int_equal(ts_guarded_string(copy, text + start, 2 * PAGE), 2 * PAGE + 1);
	}
}

static void test_lengths_at_every_alignment(void **state)
{
	char *page = page_between_holes();

	begin(state);
	for (size_t bytes = 0; bytes <= 200; bytes++)
		for (size_t gap = 0; gap < 33; gap++) {
			char *text = page + PAGE - gap - 1 - bytes;

			memset(page, gap & 1 ? 0 : 0xff, PAGE);
			fill(text, bytes, bytes);
			text[bytes] = 0;
			assert_int_equal(ts_guarded_length(text), bytes);
		}
	page[0] = 0;
	assert_int_equal(ts_guarded_length(page), 0);
	free_page(page);
}

static void test_bytes_at_every_alignment(void **state)
{
	char *page = page_between_holes(), copy[512];

	begin(state);
	fill(page, PAGE, 1);
	for (size_t bytes = 0; bytes <= 150; bytes++)
		for (size_t gap = 0; gap < 17; gap++) {
			const char *from = page + PAGE - gap - bytes;

			memset(copy, 0xa5, sizeof(copy));
			assert_true(ts_guarded_copy(copy + gap, from, bytes));
			assert_memory_equal(copy + gap, from, bytes);
			assert_untouched(copy, copy + gap);
			assert_untouched(copy + gap + bytes, copy + sizeof(copy));
		}
	assert_int_equal(ts_guarded_bytes(copy, page, 100), 100);
	free_page(page);
}

/* --- vector registers -------------------------------------------------------------------------- */

#define STATE   0xe6 /* SSE, AVX, AVX-512 */
#define XMM     160  /* where XSAVE writes what: 16 registers, ... */
#define IN_USE  512
#define YMM     576 /* ... and the upper halves of 16 */
#define TRAPS   0x100
#define VECTORS (16 * 16)

struct vectors {
	_Alignas(64) uint8_t bytes[16384];
};

static void fill_vectors(struct vectors *vectors)
{
	uint32_t low, high;

	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	memset(vectors, 0, sizeof(*vectors));
	__asm__ volatile("xsave64 %0" : "+m"(*vectors) : "a"(STATE), "d"(0));
	for (size_t i = 0; i < VECTORS; i++) {
		vectors->bytes[XMM + i] = (uint8_t)(i * 7 + 1);
		vectors->bytes[YMM + i] = low & 4 ? (uint8_t)(i * 5 + 3) : 0;
	}
	vectors->bytes[IN_USE] |= 2 | (low & 4);
}

/* One piece of assembly, so that nothing else changes them. `flags` are added to the processor's meanwhile. */
static uint64_t string_with(const struct vectors *before, struct vectors *after, uint64_t flags,
			    char *to, const char *from, uint64_t most)
{
	register uint64_t result __asm__("rbx");

	memset(after, 0, sizeof(*after));
	__asm__ volatile("subq	$256, %%rsp\n\t" /* below it lies what the compiler has there */
			 "xorl	%%edx, %%edx\n\t"
			 "movl	%[state], %%eax\n\t"
			 "xrstor64 (%[before])\n\t"
			 "movq	%[most], %%rdx\n\t"
			 "pushfq\n\t"
			 "pushfq\n\t"
			 "orq	%[flags], (%%rsp)\n\t"
			 "popfq\n\t"
			 "call	ts_guarded_string\n\t"
			 "popfq\n\t"
			 "movq	%%rax, %[result]\n\t"
			 "xorl	%%edx, %%edx\n\t"
			 "movl	%[state], %%eax\n\t"
			 "xsave64 (%[after])\n\t"
			 "addq	$256, %%rsp"
			 : [result] "=&r"(result), "+D"(to), "+S"(from)
			 : [before] "r"(before), [after] "r"(after), [most] "r"(most),
			   [flags] "r"(flags), [state] "i"(STATE)
			 : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0",
			   "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
			   "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
	assert_memory_equal(after->bytes + XMM, before->bytes + XMM, VECTORS);
	assert_memory_equal(after->bytes + YMM, before->bytes + YMM, VECTORS);
	return result;
}

static void test_vector_registers_are_the_programs(void **state)
{
	static struct vectors before, after;
	char *page = page_between_holes(), copy[1024];

	begin(state);
	fill_vectors(&before);
	for (size_t bytes = 0; bytes <= 300; bytes++) {
		char *text = page + PAGE - 1 - bytes;
		uint64_t most = bytes & 1 ? 1000 : 100;

		memset(page, 'x', PAGE);
		assert_int_equal(string_with(&before, &after, 0, copy, text, 1000), TS_UNREADABLE);
		text[bytes] = 0;
		assert_int_equal(string_with(&before, &after, 0, copy, text, most),
				 bytes <= most ? bytes : most + 1);
		assert_memory_equal(copy, text, bytes <= most ? bytes : most);
	}
	free_page(page);
}

static char *taken_away;
static int steps_until_taken;

static void step(int signal)
{
	(void)signal;
	if (steps_until_taken-- == 0)
		mprotect(taken_away, PAGE, PROT_NONE);
}

/* As another thread might: the memory is gone from some instruction on. */
static void test_memory_that_goes_away_meanwhile(void **state)
{
	const struct sigaction counted = {.sa_handler = step, .sa_flags = SA_NODEFER};
	static struct vectors before, after;
	char copy[1024];
	int n_gone = 0;

	begin(state);
	fill_vectors(&before);
	taken_away = page_between_holes();
	sigaction(SIGTRAP, &counted, NULL);
	for (int at = 0; at < 250; at++) {
		uint64_t result;

		assert_int_equal(mprotect(taken_away, PAGE, PROT_READ | PROT_WRITE), 0);
		memset(taken_away, 'x', PAGE);
		taken_away[300] = 0;
		steps_until_taken = at;
		result = string_with(&before, &after, TRAPS, copy, taken_away, 1000);
		n_gone += result == TS_UNREADABLE;
		assert_true(result == TS_UNREADABLE || result == 300);
	}
	assert_in_range(n_gone, 50, 249);
	free_page(taken_away);
}

/* --- what is not ------------------------------------------------------------------------------ */

static void test_memory_that_ends_before_the_string(void **state)
{
	static char copy[2 * PAGE];
	char *page = page_between_holes();

	begin(state);
	memset(page, 'x', PAGE);
	for (size_t left = 0; left <= 140; left++) {
		const char *text = page + PAGE - left;

		assert_int_equal(ts_guarded_string(copy, text, sizeof(copy)), TS_UNREADABLE);
		assert_int_equal(ts_guarded_length(text), TS_UNREADABLE);
		/* it takes a look at the byte behind, to tell whether there is more */
		assert_int_equal(ts_guarded_string(copy, text, left), TS_UNREADABLE);
		if (left)
			assert_int_equal(ts_guarded_string(copy, text, left - 1), left);
		for (size_t bytes = 0; bytes <= 2 * left; bytes++)
			assert_int_equal(ts_guarded_copy(copy, text, bytes), bytes <= left);
		assert_false(ts_guarded_copy(copy, text, PAGE + 1));
	}
	assert_int_equal(ts_guarded_string(copy, page, sizeof(copy)), TS_UNREADABLE);
	free_page(page);
}

static void test_pointers_to_nowhere(void **state)
{
	static const uint64_t nowhere[] = {
		0, 1, 42, 4096, 1ULL << 47, 0x00dead0000000000, 0xffff800000000000, UINT64_MAX - 31,
	};
	char *page = page_between_holes(), copy[64];

	begin(state);
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		const char *at = (const char *)nowhere[i];

		assert_int_equal(ts_guarded_string(copy, at, 64), TS_UNREADABLE);
		assert_int_equal(ts_guarded_string(copy, at, 0), TS_UNREADABLE);
		assert_int_equal(ts_guarded_length(at), TS_UNREADABLE);
		assert_false(ts_guarded_copy(copy, at, 1));
		assert_true(ts_guarded_copy(copy, at, 0));
	}
	for (size_t i = 1; i < 70; i++) {
		assert_int_equal(ts_guarded_string(copy, page - i, 64), TS_UNREADABLE);
		assert_int_equal(ts_guarded_length(page - i), TS_UNREADABLE);
		assert_false(ts_guarded_copy(copy, page - i, 64));
	}
	free_page(page);
}

/* SIGBUS. */
static void test_a_file_that_became_shorter(void **state)
{
	int fd = memfd_create("shorter", 0);
	char *map, copy[64];

	begin(state);
	assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
	map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(ts_guarded_length(map + PAGE), 0);
	assert_int_equal(ftruncate(fd, 100), 0);
	assert_int_equal(ts_guarded_length(map + PAGE), TS_UNREADABLE);
	assert_int_equal(ts_guarded_string(copy, map + PAGE + 7, 64), TS_UNREADABLE);
	assert_false(ts_guarded_copy(copy, map + PAGE - 1, 64));
	assert_true(ts_guarded_copy(copy, map, 64));
	munmap(map, 2 * PAGE);
	close(fd);
}

/* Long enough to be copied by one instruction, around the length from which that is done. */
static void test_many_bytes(void **state)
{
	static char from[5 * PAGE], copy[5 * PAGE];
	int fd = memfd_create("many", 0);
	char *map;

	begin(state);
	fill(from, sizeof(from), 3);
	assert_int_equal(pwrite(fd, from, 4 * PAGE, 0), 4 * PAGE);
	map = mmap(NULL, 8 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	for (size_t bytes = 2 * PAGE - 3; bytes <= 2 * PAGE + 3; bytes++) {
		memset(copy, 0xa5, sizeof(copy));
		assert_int_equal(ts_guarded_bytes(copy + 5, map + 9, bytes), bytes);
		assert_memory_equal(copy + 5, from + 9, bytes);
		assert_untouched(copy, copy + 5);
		assert_untouched(copy + 5 + bytes, copy + sizeof(copy));
		/* it ends in the middle */
		assert_int_equal(ts_guarded_bytes(copy, map + 3 * PAGE + 9, bytes), TS_UNREADABLE);
		assert_true(ts_guarded_copy(copy, map + 4 * PAGE - bytes, bytes));
	}
	munmap(map, 8 * PAGE);
	close(fd);
}

static void test_masks_are_left_alone(void **state)
{
	sigset_t before, after;
	char copy[8];

	begin(state);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
	assert_int_equal(ts_guarded_string(copy, (const char *)42, 8), TS_UNREADABLE);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	for (int i = 1; i < 65; i++)
		assert_int_equal(sigismember(&before, i), sigismember(&after, i));
}

/* --- when which ------------------------------------------------------------------------------- */

static bool reads_are_plain(void)
{
	char byte;

	ts_guarded_seen = 0;
	for (int i = 0; i < READS_UNTIL_LOOK; i++)
		ts_guarded_copy(&byte, "x", 1);
	return ts_guarded_seen == ts_guarded_epoch;
}

static void test_a_thread_that_blocks_faults_reads_by_system_call(void **state)
{
	sigset_t faults, before;

	begin(state);
	assert_true(reads_are_plain());
	sigemptyset(&faults);
	sigaddset(&faults, SIGBUS);
	pthread_sigmask(SIG_BLOCK, &faults, &before);
	assert_false(reads_are_plain());
	test_memory_that_ends_before_the_string(state);
	test_pointers_to_nowhere(state);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert_true(reads_are_plain());
}

/* Behind the guard's back, as a system call does. */
static void put_in_place(int signal, const struct sigaction *action)
{
	ts_guarded_seen = 0;
	assert_int_equal(sigaction(signal, action, NULL), 0);
}

static void test_another_handler_in_the_kernel(void **state)
{
	const struct sigaction other = {.sa_handler = SIG_DFL};
	char byte;

	begin(state);
	put_in_place(SIGBUS, &other);
	assert_false(reads_are_plain());
	assert_true(ts_guarded_epoch & 1);
	assert_false(ts_guarded_copy(&byte, (const void *)42, 1));
	put_in_place(SIGBUS, &ours[1]);
	assert_false(reads_are_plain()); /* until setup has looked */
	ts_guard_look();
	assert_true(reads_are_plain());
	put_in_place(SIGSEGV, &other);
	ts_guard_look();
	assert_true(ts_guarded_epoch & 1);
	put_in_place(SIGSEGV, &ours[0]);
	ts_guard_look();
	assert_true(reads_are_plain());
}

/* --- what the program sees -------------------------------------------------------------------- */

static void handler(int signal)
{
	_exit(signal);
}

static void set(int signal, __sighandler_t to, int flags)
{
	struct sigaction action = {.sa_handler = to, .sa_flags = flags};

	sigaddset(&action.sa_mask, SIGUSR1);
	assert_int_equal(ts_guard_sigaction(signal, &action, NULL, false), 0);
}

static void assert_set(int signal, __sighandler_t to, int flags)
{
	const int of_the_library = 0x04000000; /* SA_RESTORER */
	struct sigaction found;

	memset(&found, 0xff, sizeof(found));
	assert_int_equal(ts_guard_sigaction(signal, NULL, &found, false), 0);
	assert_ptr_equal(found.sa_handler, to);
	assert_int_equal(found.sa_flags, flags | of_the_library);
	for (int i = 1; i < 65; i++)
		assert_int_equal(sigismember(&found.sa_mask, i), i == SIGUSR1);
}

static void test_what_was_set_is_what_is_found(void **state)
{
	static const int flags[] = {
		SA_RESTART, SA_SIGINFO, SA_NODEFER, SA_ONSTACK, SA_RESETHAND | SA_RESTART, 0};
	struct sigaction first;

	begin(state);
	assert_int_equal(ts_guard_sigaction(SIGSEGV, NULL, &first, false), 0);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		set(SIGSEGV, handler, flags[i]);
		set(SIGBUS, SIG_DFL, flags[i]);
		assert_set(SIGSEGV, handler, flags[i]);
		assert_set(SIGBUS, SIG_DFL, flags[i]);
		assert_true(reads_are_plain());
		set(SIGSEGV, SIG_IGN, flags[i]);
		assert_set(SIGSEGV, SIG_IGN, flags[i]);
		assert_false(reads_are_plain());
		assert_set(SIGBUS, SIG_DFL, flags[i]);
	}
	assert_int_equal(ts_guard_sigaction(SIGSEGV, &first, NULL, false), 0);
	assert_true(reads_are_plain());
}

/* sigaction(2) may be given one structure for both. */
static void test_old_and_new_may_be_one(void **state)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	begin(state);
	set(SIGSEGV, SIG_DFL, 0);
	assert_int_equal(ts_guard_sigaction(SIGSEGV, &action, &action, false), 0);
	assert_ptr_equal(action.sa_handler, SIG_DFL);
	assert_int_equal(ts_guard_sigaction(SIGSEGV, &action, &action, false), 0);
	assert_ptr_equal(action.sa_handler, handler);
}

/* The wait status of a child that runs `what`. */
static int status_of(void (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void fault(void)
{
	*(volatile char *)42 = 1;
}

static void fault_with_handler(void)
{
	set(SIGSEGV, handler, 0);
	fault();
}

static void fault_by_default(void)
{
	set(SIGSEGV, SIG_DFL, 0);
	fault();
}

static void fault_ignored(void)
{
	set(SIGSEGV, SIG_IGN, 0);
	fault();
}

static void raise_ignored(void)
{
	set(SIGSEGV, SIG_IGN, 0);
	raise(SIGSEGV);
	_exit(17);
}

static void raise_by_default(void)
{
	set(SIGBUS, SIG_DFL, SA_NODEFER);
	raise(SIGBUS);
}

static void return_once(int signal)
{
	(void)signal;
}

static void fault_once(void)
{
	set(SIGSEGV, return_once, SA_RESETHAND);
	raise(SIGSEGV);
	assert_set(SIGSEGV, SIG_DFL, SA_RESETHAND);
	raise(SIGSEGV);
}

static void test_what_is_no_fault_of_ours(void **state)
{
	begin(state);
	assert_int_equal(WEXITSTATUS(status_of(fault_with_handler)), SIGSEGV);
	assert_int_equal(WTERMSIG(status_of(fault_by_default)), SIGSEGV);
	assert_int_equal(WTERMSIG(status_of(fault_ignored)), SIGSEGV);
	assert_int_equal(WEXITSTATUS(status_of(raise_ignored)), 17);
	assert_int_equal(WTERMSIG(status_of(raise_by_default)), SIGBUS);
	assert_int_equal(WTERMSIG(status_of(fault_once)), SIGSEGV);
}

#define WITH(state, test) cmocka_unit_test_prestate(test, state)
#define READS(state)                                                                        \
	WITH(state, test_strings_of_every_length_before_a_hole),                            \
		WITH(state, test_a_string_over_many_pages),                                 \
		WITH(state, test_lengths_at_every_alignment),                               \
		WITH(state, test_bytes_at_every_alignment),                                 \
		WITH(state, test_memory_that_ends_before_the_string),                       \
		WITH(state, test_pointers_to_nowhere),                                      \
		WITH(state, test_a_file_that_became_shorter), WITH(state, test_many_bytes), \
		WITH(state, test_masks_are_left_alone),                                     \
		WITH(state, test_vector_registers_are_the_programs)

int main(void)
{
	static char guard[] = "guard";
	const struct CMUnitTest checked[] = {READS(NULL)};
	const struct CMUnitTest plain[] = {
		READS(guard),
		WITH(guard, test_a_thread_that_blocks_faults_reads_by_system_call),
		WITH(guard, test_another_handler_in_the_kernel),
		WITH(guard, test_what_was_set_is_what_is_found),
		WITH(guard, test_old_and_new_may_be_one),
		WITH(guard, test_what_is_no_fault_of_ours),
		WITH(guard, test_memory_that_goes_away_meanwhile),
	};
	int failed = cmocka_run_group_tests_name("checked reads", checked, NULL, NULL);

	return failed + cmocka_run_group_tests_name("guarded reads", plain, NULL, NULL);
}
