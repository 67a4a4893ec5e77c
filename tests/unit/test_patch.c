// SPDX-License-Identifier: Apache-2.0
/* Function entries: patches functions of this very program. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "preload/elf/elf.h"
#include "preload/hot/call.h"
#include "preload/reach/patch.h"

#define BESIDE 512  /* bytes that the mover is shown beside a function */
#define MANY   3000 /* functions, whose stubs take more than one run of pages */

/* Counts the calls that come through a stub, and passes them on, as the pads do without a frame. */
__asm__(".text\n"
	"counting_pad:\n"
	"	incl	n_counted(%rip)\n"
	"	movq	(%r11), %r11\n"
	"	xchgq	(%rsp), %r11\n"
	"	ret\n");
extern const char counting_pad[];
int n_counted;

/* Functions of a few shapes: `mov %edi,%eax; add $n,%eax; ret`, and one that begins with a RIP-relative load. */
__asm__(".text\n"
	"	.p2align 4\n"
	"plain:	movl	%edi, %eax\n"
	"	addl	$7, %eax\n"
	"	ret\n"
	"plain_end:\n"
	"	.p2align 4\n"
	"loads:	movl	some(%rip), %eax\n"
	"	addl	%edi, %eax\n"
	"	ret\n"
	"loads_end:\n"
	"	.p2align 12\n"
	"	.zero	4093\n"
	"crosses: movl	%edi, %eax\n" /* its jump lies on two pages */
	"	addl	$9, %eax\n"
	"	ret\n"
	"crosses_end:\n"
	"	.p2align 4\n"
	"many:	.rept	3000\n"
	"	movl	%edi, %eax\n"
	"	addl	$11, %eax\n"
	"	ret\n"
	"	.p2align 4\n"
	"	.endr\n");
typedef int function_fn(int);
extern function_fn plain, loads, crosses, many;
extern const uint8_t plain_end[], loads_end[], crosses_end[];
int some = 1000;

static const char *patch_by(const struct ts_maps *maps, uintptr_t address, size_t bytes,
			    size_t index, struct ts_patch *ret)
{
	struct ts_entry_function function = {
		.code = (const uint8_t *)address,
		.address = address,
		.bytes = bytes,
		.readable = bytes,
	};
	const char *why;

	function.text = (const uint8_t *)(address - BESIDE);
	function.text_bytes = bytes + 2UL * BESIDE;
	ts_thunks[index].pad = counting_pad;
	why = ts_patch_prepare(&function, maps, ret);
	return why ? why : ts_patch_apply(ret, index, false);
}

static const char *patch(uintptr_t address, size_t bytes, size_t index, struct ts_patch *ret)
{
	struct ts_maps maps;
	const char *why;

	assert_int_equal(ts_maps_read(&maps), 0);
	why = patch_by(&maps, address, bytes, index, ret);
	ts_maps_release(&maps);
	return why;
}

/* No page of ours may ever be written and executed. */
static void assert_no_open_pages(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, " rwx") || strstr(line, " -wx"))
			fail_msg("%s", line);
	fclose(maps);
}

static void check(function_fn *function, const uint8_t *end, size_t index)
{
	struct ts_patch done;
	int expected = function(35), before;

	assert_false(ts_patch_stands_at((uintptr_t)function));
	assert_null(patch((uintptr_t)function, (size_t)(end - (const uint8_t *)function), index,
			  &done));
	assert_true(ts_patch_stands_at((uintptr_t)function));
	assert_true(ts_patch_stands_in((uintptr_t)function, (uintptr_t)function + 1));
	assert_false(ts_patch_stands_at((uintptr_t)function + 1));

	before = n_counted;
	assert_int_equal(function(35), expected);
	assert_int_equal(n_counted, before); /* outside every trace */
	ts_context.inside = 1;
	assert_int_equal(function(35), expected);
	ts_context.inside = 0;
	assert_int_equal(n_counted, before + 1);
	assert_no_open_pages();
}

static void test_functions_do_what_they_did(void **state)
{
	(void)state;
	check(plain, plain_end, 0);
	check(loads, loads_end, 1);
	check(crosses, crosses_end, 2);
}

static void write_bytes(uintptr_t at, const void *bytes, size_t n)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, n, (off_t)at), n);
	close(fd);
}

/* As when a library is loaded again: the function is new, the stub's place is the old one. */
static void test_a_stub_is_used_again(void **state)
{
	uintptr_t address = (uintptr_t)&many;
	uint8_t bytes[TS_ENTRY_BYTES];
	struct ts_patch first, second;

	(void)state;
	memcpy(bytes, (const void *)address, sizeof(bytes));
	assert_null(patch(address, 6, 3, &first));
	write_bytes(address, bytes, sizeof(bytes));
	assert_false(ts_patch_stands_at(address));
	assert_null(patch(address, 6, 4, &second));
	assert_int_equal(first.stub, second.stub);
	assert_int_equal(many(1), 12);
	ts_context.inside = 1;
	n_counted = 0;
	assert_int_equal(many(1), 12);
	ts_context.inside = 0;
	assert_int_equal(n_counted, 1);
}

/* What starts with a jump of somebody else's is not ours. */
static void test_another_jump(void **state)
{
	static const uint8_t jump[TS_ENTRY_BYTES] = {0xe9, 1, 0, 0, 0};
	uintptr_t address = (uintptr_t)&many;
	uint8_t ours[TS_ENTRY_BYTES];

	(void)state;
	memcpy(ours, (const void *)address, sizeof(ours));
	write_bytes(address, jump, sizeof(jump));
	assert_false(ts_patch_stands_at(address));
	write_bytes(address, ours, sizeof(ours));
	assert_true(ts_patch_stands_at(address));
}

/* As when a library is gone, and in its place lies another, with a gap where the function was. */
static void test_what_cannot_be_read_any_more(void **state)
{
	static const uint8_t code[] = {0x89, 0xf8, 0x83, 0xc0, 0x07, 0xc3};
	uint8_t *pages =
		mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t address = (uintptr_t)pages + 4096;
	struct ts_patch done;

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	write_bytes(address, code, sizeof(code));
	assert_null(patch(address, sizeof(code), 5, &done));
	assert_true(ts_patch_stands_in(address, address + 1));
	assert_int_equal(mprotect(pages, 8192, PROT_NONE), 0);
	assert_false(ts_patch_stands_at(address));
	assert_false(ts_patch_stands_in(address, address + 1));
	assert_int_equal(munmap(pages, 8192), 0);
	assert_false(ts_patch_stands_in(address, address + 1));
}

static int take_low(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct ts_object object;

	(void)bytes;
	assert_int_equal(ts_object_read(info, &object), 0);
	*(uintptr_t *)context = object.low;
	return 1;
}

/* Where the program begins. */
static uintptr_t object_low(void)
{
	uintptr_t low = 0;

	dl_iterate_phdr(take_low, &low);
	return low;
}

/* The program as one mapping, with room for 16 runs of stubs below it and nowhere else. */
static void test_many_functions(void **state)
{
	uintptr_t low = object_low() & ~0xffffUL;
	struct ts_mapping mappings[] = {{0, low - (16UL << 16), 0},
					{low, (uintptr_t)&many + MANY * 16, PROT_EXEC}};
	struct ts_maps maps = {.mappings = mappings, .n = 2};

	(void)state;
	for (size_t i = 1; i < MANY; i++) {
		uintptr_t address = (uintptr_t)&many + 16 * i;
		struct ts_patch done;

		assert_null(patch_by(&maps, address, 6, 10 + i, &done));
	}
	n_counted = 0;
	ts_context.inside = 1;
	for (size_t i = 0; i < MANY; i++) {
		function_fn *function = (function_fn *)((uintptr_t)&many + 16 * i);

		if (function((int)i) != (int)i + 11)
			n_counted = -MANY;
	}
	ts_context.inside = 0;
	assert_int_equal(n_counted, MANY);
	assert_no_open_pages();
}

static void test_what_is_too_short(void **state)
{
	struct ts_patch done;

	(void)state;
	assert_string_equal(patch((uintptr_t)&patch, 4, 5, &done), "it is too short: 4 bytes");
	assert_string_equal(patch((uintptr_t)&patch, 0, 5, &done), "its size is not known");
	assert_false(ts_patch_stands_at((uintptr_t)&patch));
}

static pthread_barrier_t barrier;

static void *wait_for_it(void *unused)
{
	pthread_barrier_wait(&barrier);
	return unused;
}

static void test_only_while_one_thread_runs(void **state)
{
	struct ts_abi_process process = {.pid = (uint32_t)getpid()};
	uint64_t generation = 5;
	pthread_t thread;

	(void)state;
	ts_hot.generation = &generation;
	ts_hot.process = &process;
	assert_null(ts_patch_refusal());
	ts_context.untraced = true;
	assert_non_null(ts_patch_refusal());
	ts_context.untraced = false;

	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_it, NULL), 0);
	assert_non_null(ts_patch_refusal());
	ts_hot.flusher_runs = 1; /* ... it is the flusher */
	assert_null(ts_patch_refusal());
	generation = 0; /* ... of the parent's */
	assert_non_null(ts_patch_refusal());
	generation = 5;
	process.stopped = 1; /* ... which may be gone */
	assert_non_null(ts_patch_refusal());
	process.stopped = 0;
	process.pid++; /* a child before its exec, in its parent's memory */
	assert_non_null(ts_patch_refusal());
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	ts_hot.generation = NULL;
	ts_hot.process = NULL;
	ts_hot.flusher_runs = 0;

	ts_patch_use(NULL);
	assert_non_null(ts_patch_refusal());
	ts_patch_use(ts_entry_move);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions_do_what_they_did),
		cmocka_unit_test(test_a_stub_is_used_again),
		cmocka_unit_test(test_another_jump),
		cmocka_unit_test(test_what_cannot_be_read_any_more),
		cmocka_unit_test(test_many_functions),
		cmocka_unit_test(test_what_is_too_short),
		cmocka_unit_test(test_only_while_one_thread_runs),
	};

	ts_patch_use(ts_entry_move);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
