// SPDX-License-Identifier: Apache-2.0
/* What must never be wrapped is refused with its reason, whichever of its names a rule has; what is beside it is not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "preload/hook/hook.h"

static void refused(const char *const *names, const char *why)
{
	for (; *names; names++) {
		const char *reason = ts_hook_refusal(*names);

		if (!reason)
			fail_msg("%s may be wrapped", *names);
		else
			assert_string_equal(reason, why);
	}
}

static void test_returns_twice(void **state)
{
	static const char *const names[] = {
		"setjmp", "_setjmp", "sigsetjmp",  "__sigsetjmp",
		"vfork",  "__vfork", "getcontext", NULL,
	};

	(void)state;
	refused(names, "it returns twice, and its frame would be gone the second time");
}

static void test_leaves(void **state)
{
	static const char *const names[] = {
		"longjmp",    "_longjmp",    "siglongjmp", "__longjmp_chk",
		"setcontext", "swapcontext", NULL,
	};

	(void)state;
	refused(names, "it leaves for another frame and never returns");
}

static void test_exceptions(void **state)
{
	static const char *const unwinder[] = {
		"_Unwind_Resume",
		"_Unwind_RaiseException",
		"_Unwind_Backtrace",
		"_Unwind_Find_FDE",
		"__gxx_personality_v0",
		"__gcc_personality_v0",
		NULL,
	};
	static const char *const runtime[] = {
		"__cxa_throw", "__cxa_begin_catch", "__cxa_atexit", "__cxa_thread_atexit_impl",
		NULL,
	};

	(void)state;
	refused(unwinder, "the unwinder walks the stack that a wrapper changes");
	refused(runtime, "the C++ runtime calls it in the middle of an exception");
}

static void test_loader(void **state)
{
	static const char *const asks[] = {
		"dlopen",         "dlmopen",         "dlclose", "dlerror",
		"dlinfo",         "dladdr",          "dladdr1", "dl_iterate_phdr",
		"__tls_get_addr", "_dl_find_object", NULL,
	};
	static const char *const own[] = {"dlsym", "dlvsym", "pthread_create", "thrd_create", NULL};
	static const char *const start[] = {"_start",         "_init", "_fini", "__libc_start_main",
					    "__gmon_start__", NULL};

	(void)state;
	refused(asks, "the dynamic linker asks who called it");
	refused(own, "traceshim stands in for it itself");
	refused(start, "it runs before the program does");
}

static void test_beside(void **state)
{
	static const char *const names[] = {
		"makecontext", "fork", "_exit", "setjmp_buffer", "__cx", "_Unwin",
		"dlopen2",     "main", NULL,
	};

	(void)state;
	for (const char *const *name = names; *name; name++)
		assert_null(ts_hook_refusal(*name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_returns_twice), cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_exceptions),    cmocka_unit_test(test_loader),
		cmocka_unit_test(test_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
