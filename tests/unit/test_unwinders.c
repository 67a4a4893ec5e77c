// SPDX-License-Identifier: Apache-2.0
/* Unwinders come and go. */

#include <dlfcn.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "preload/hot/unwind.h"
#include "preload/life/module.h"
#include "preload/hook/unwinders.h"

/* In place of those of hot/unwind.c, which needs the pads. */
struct ts_unwinder ts_unwinders[TS_UNWINDERS];
const struct ts_unwinder *ts_unwinder_libgcc;
bool (*ts_unwinder_ask)(uintptr_t address, struct ts_unwinder *ret);

static enum ts_brought brought;

/* In place of that of module.c, which needs the whole shim. */
enum ts_brought ts_module_brought(uintptr_t low)
{
	(void)low;
	return brought;
}

static struct link_map *kept;

const struct link_map *ts_module_keep(const char *path)
{
	assert_non_null(strstr(path, "libgcc_s.so"));
	return kept;
}

static int find_libgcc(struct dl_phdr_info *info, size_t bytes, void *object)
{
	(void)bytes;
	return strstr(info->dlpi_name, "libgcc_s.so") && ts_object_read(info, object) == 0;
}

static void test_what_is_unloaded_is_forgotten(void **state)
{
	struct ts_object object;

	(void)state;
	assert_non_null(dlopen("libgcc_s.so.1", RTLD_NOW));
	assert_int_equal(dl_iterate_phdr(find_libgcc, &object), 1);
	assert_true(ts_unwinders_is_one(&object));
	assert_false(ts_unwinders_any());
	for (int i = 0; i < 2 * TS_UNWINDERS; i++) {
		ts_unwinders_note(&object);
		assert_true(ts_unwinders_any());
		assert_ptr_equal(ts_unwinder_libgcc, &ts_unwinders[0]);
		ts_unwinders_keep(&object, 1);
		assert_int_equal(ts_unwinders[0].low, object.low);
		ts_unwinders_note(&object); /* once is enough */
		assert_int_equal(ts_unwinders[1].low, 0);
		ts_unwinders_keep(NULL, 0);
		assert_false(ts_unwinders_any());
		assert_null(ts_unwinder_libgcc);
	}
}

static int find_libc(struct dl_phdr_info *info, size_t bytes, void *object)
{
	(void)bytes;
	return strstr(info->dlpi_name, "libc.so") && ts_object_read(info, object) == 0;
}

static void assert_forgotten(const struct ts_object *libgcc, const struct ts_object *in_its_place)
{
	ts_unwinders_note(libgcc);
	assert_true(ts_unwinders_any());
	ts_unwinders_keep(in_its_place, 1);
	assert_false(ts_unwinders_any());
	assert_null(ts_unwinder_libgcc);
	assert_int_equal(ts_unwinders[0].high, 0);
}

static void test_another_object_in_its_place(void **state)
{
	struct ts_object libgcc, other;

	(void)state;
	assert_int_equal(dl_iterate_phdr(find_libgcc, &libgcc), 1);
	other = libgcc;
	other.high += 4096;
	assert_forgotten(&libgcc, &other);
	assert_int_equal(dl_iterate_phdr(find_libc, &other), 1);
	other.low = libgcc.low;
	other.high = libgcc.high;
	assert_forgotten(&libgcc, &other);
}

static void test_what_modules_bring_is_not_the_programs(void **state)
{
	struct ts_object object;

	(void)state;
	assert_int_equal(dl_iterate_phdr(find_libgcc, &object), 1);
	brought = TS_BEING_BROUGHT;
	ts_unwinders_note(&object);
	assert_int_equal(ts_unwinders[0].low, 0);
	brought = TS_BROUGHT;
	ts_unwinders_note(&object);
	assert_int_equal(ts_unwinders[0].low, object.low);
	assert_false(ts_unwinders_any());
	ts_unwinders_keep(NULL, 0);
}

static void test_what_may_go_is_held_first(void **state)
{
	struct ts_object object, plugin;

	(void)state;
	assert_int_equal(dl_iterate_phdr(find_libgcc, &object), 1);
	plugin = object;
	plugin.soname = "libplugin.so";
	assert_false(
		ts_unwinders_may_go(&plugin)); /* it has one in it, and goes when it is closed */
	assert_false(ts_unwinders_hold());
	brought = TS_BROUGHT;
	assert_false(ts_unwinders_may_go(&object));
	brought = TS_NOT_BROUGHT;
	assert_true(ts_unwinders_may_go(&object));
	assert_false(ts_unwinders_hold()); /* it went */
	assert_true(ts_unwinders_may_go(&object));
	kept = dlopen("libgcc_s.so.1", RTLD_NOW);
	assert_true(ts_unwinders_hold());
	assert_false(ts_unwinders_hold());
	assert_false(ts_unwinders_may_go(&object));
}

static int read_loader(struct dl_phdr_info *info, size_t bytes, void *object)
{
	(void)bytes;
	return strstr(info->dlpi_name, "ld-linux") && ts_object_read(info, object) == 0;
}

static void test_one_is_found_by_where_it_calls_from(void **state)
{
	void *libgcc = dlopen("libgcc_s.so.1", RTLD_NOW);
	struct ts_unwinder found;
	struct ts_object loader;

	(void)state;
	assert_int_equal(dl_iterate_phdr(read_loader, &loader), 1);
	ts_unwinders_keep(&loader, 1);
	if (!ts_unwinder_ask) /* glibc before 2.35 */
		skip();
	assert_true(ts_unwinder_ask((uintptr_t)dlsym(libgcc, "_Unwind_ForcedUnwind"), &found));
	assert_ptr_equal(found.set_gr, dlsym(libgcc, "_Unwind_SetGR"));
	assert_ptr_equal(found.set_ip, dlsym(libgcc, "_Unwind_SetIP"));
	assert_ptr_equal(found.resume, dlsym(libgcc, "_Unwind_Resume"));
	assert_false(ts_unwinder_ask((uintptr_t)puts, &found));
	assert_false(ts_unwinder_ask((uintptr_t)&found, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_unloaded_is_forgotten),
		cmocka_unit_test(test_another_object_in_its_place),
		cmocka_unit_test(test_what_modules_bring_is_not_the_programs),
		cmocka_unit_test(test_what_may_go_is_held_first),
		cmocka_unit_test(test_one_is_found_by_where_it_calls_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
