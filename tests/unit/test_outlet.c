// SPDX-License-Identifier: Apache-2.0
/* Stores that are opened once, left alone after a failure, and rest. The clock is ours. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/outlet.h"
#include "runtime/store.h"

static int64_t ahead_s;
static struct {
	int opened, written, rested, closed, tried, said_bad, said_good;
	int result;      /* of a write */
	int open_result; /* of an opening */
} seen;

int clock_gettime(clockid_t id, struct timespec *ret)
{
	int result = (int)syscall(SYS_clock_gettime, id, ret);

	ret->tv_sec += ahead_s;
	return result;
}

static int open_it(struct ts_store_handle **ret, const char *url, const struct ts_gate *gate,
		   struct ts_error *err)
{
	(void)url;
	(void)gate;
	seen.opened++;
	if (seen.open_result)
		return ts_error_set(err, seen.open_result, "closed");
	*ret = (void *)&seen;
	return 0;
}

static int write_it(struct ts_store_handle *handle, const struct ts_batch *batch,
		    struct ts_error *err)
{
	(void)handle;
	(void)batch;
	seen.written++;
	return seen.result ? ts_error_set(err, seen.result, "refused") : 0;
}

static void rest_it(struct ts_store_handle *handle)
{
	(void)handle;
	seen.rested++;
}

static void close_it(struct ts_store_handle *handle)
{
	(void)handle;
	seen.closed++;
}

static const struct ts_store store = {
	.scheme = "some",
	.open = open_it,
	.write = write_it,
	.rest = rest_it,
	.close = close_it,
};

static const void *load(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	(void)symbol;
	(void)why;
	(void)why_bytes;
	return strcmp(module, "store_some") == 0 ? &store : NULL;
}

static void note_try(void)
{
	seen.tried++;
}

static void say(void *context, bool bad, const char *sentence)
{
	(void)context;
	assert_null(strstr(sentence, "secret"));
	*(bad ? &seen.said_bad : &seen.said_good) += 1;
}

static int make(void **state)
{
	memset(&seen, 0, sizeof(seen));
	ahead_s = 0;
	return ts_outlets_new((struct ts_outlets **)state, &(struct ts_outlets_options){
								   .modules = load,
								   .trying = note_try,
								   .say = say,
							   });
}

static int release(void **state)
{
	ts_outlets_free(*state);
	return 0;
}

/* The same, with another store that takes over. */
static int make_with_another(void **state)
{
	int result = make(state);

	ts_outlets_free(*state);
	return result < 0 ? result
			  : ts_outlets_new((struct ts_outlets **)state,
					   &(struct ts_outlets_options){
						   .modules = load,
						   .instead = "some://another/",
					   });
}

static int write_batch(struct ts_outlets *outlets)
{
	struct ts_batch batch = {.n_spans = 0};
	struct ts_error err;

	return ts_outlets_write(outlets, "some://user:secret@host/", &batch, false, &err);
}

static int write_to_none(struct ts_outlets *outlets)
{
	struct ts_batch batch = {.n_spans = 0};
	struct ts_error err;

	assert_true(ts_outlets_is_due(outlets, "none://here/", &err));
	return ts_outlets_write(outlets, "none://here/", &batch, false, &err);
}

static void another_takes_what_is_for_one_that_cannot_be_opened(void **state)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(write_to_none(*state), 0);
	assert_int_equal(seen.opened, 1);
	assert_int_equal(seen.written, 3);
	assert_int_equal(write_batch(*state), 0);
	assert_int_equal(seen.opened, 2);
}

static void another_takes_nothing_from_one_that_was_open(void **state)
{
	assert_int_equal(write_batch(*state), 0);
	seen.result = -EIO;
	assert_int_equal(write_batch(*state), TS_AWAY);
	assert_int_equal(write_batch(*state), TS_AWAY);
	assert_int_equal(seen.opened, 1);
	assert_int_equal(seen.written, 2);
}

static void another_may_be_away_as_well(void **state)
{
	seen.open_result = -EIO;
	assert_int_equal(write_to_none(*state), TS_AWAY);
	seen.open_result = 0;
	ahead_s += 3600;
	assert_int_equal(write_to_none(*state), 0);
}

static void rests_after_ten_seconds(void **state)
{
	ts_outlets_rest(*state);
	assert_int_equal(write_batch(*state), 0);
	ts_outlets_rest(*state);
	ahead_s = 9;
	ts_outlets_rest(*state);
	assert_int_equal(seen.rested, 0);
	assert_int_equal(write_batch(*state), 0);
	ahead_s = 18;
	ts_outlets_rest(*state);
	assert_int_equal(seen.rested, 0);
	ahead_s = 20;
	ts_outlets_rest(*state);
	ts_outlets_rest(*state);
	assert_int_equal(seen.rested, 1);
	assert_int_equal(write_batch(*state), 0);
	ahead_s = 40;
	ts_outlets_rest(*state);
	assert_int_equal(seen.rested, 2);
	assert_int_equal(seen.opened, 1);
	assert_int_equal(seen.closed, 0);
}

static void is_left_alone_after_a_failure(void **state)
{
	seen.open_result = -EACCES;
	assert_int_equal(write_batch(*state), TS_AWAY);
	assert_int_equal(write_batch(*state), TS_AWAY);
	assert_int_equal(seen.tried, 2);
	assert_true(seen.opened <= 2);
	ahead_s = 1;
	seen.open_result = 0;
	assert_int_equal(write_batch(*state), 0);
	assert_int_equal(seen.tried, 2);
	assert_int_equal(seen.said_bad, 1);
	assert_int_equal(seen.said_good, 1);
}

static void says_a_failure_once_a_minute(void **state)
{
	seen.result = -EACCES;
	for (ahead_s = 0; ahead_s < 100; ahead_s++)
		assert_int_equal(write_batch(*state), TS_AWAY);
	assert_int_equal(seen.said_bad, 2);
}

static void what_is_refused_is_not_away(void **state)
{
	seen.result = -EILSEQ;
	assert_int_equal(write_batch(*state), -EILSEQ);
	assert_int_equal(write_batch(*state), -EILSEQ);
	assert_int_equal(seen.written, 2);
	assert_int_equal(seen.said_bad, 0);
}

static void the_least_recently_used_is_closed(void **state)
{
	struct ts_batch batch = {.n_spans = 0};
	char url[32];

	for (int i = 0; i < 64; i++) {
		snprintf(url, sizeof(url), "some:%d", i);
		assert_int_equal(ts_outlets_write(*state, url, &batch, false, NULL), 0);
	}
	assert_int_equal(ts_outlets_write(*state, "some:0", &batch, false, NULL), 0);
	assert_int_equal(seen.opened, 64);
	assert_int_equal(seen.closed, 0);
	/* the second, for the first was used since */
	assert_int_equal(ts_outlets_write(*state, "some:64", &batch, false, NULL), 0);
	assert_int_equal(seen.closed, 1);
	assert_int_equal(ts_outlets_write(*state, "some:0", &batch, false, NULL), 0);
	assert_int_equal(seen.opened, 65);
	assert_int_equal(ts_outlets_write(*state, "some:1", &batch, false, NULL), 0);
	assert_int_equal(seen.opened, 66);
	assert_int_equal(seen.closed, 2);
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, make, release)
#define ANOTHER(name) cmocka_unit_test_setup_teardown(name, make_with_another, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rests_after_ten_seconds),
		TEST(is_left_alone_after_a_failure),
		TEST(says_a_failure_once_a_minute),
		TEST(what_is_refused_is_not_away),
		TEST(the_least_recently_used_is_closed),
		ANOTHER(another_takes_what_is_for_one_that_cannot_be_opened),
		ANOTHER(another_takes_nothing_from_one_that_was_open),
		ANOTHER(another_may_be_away_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
