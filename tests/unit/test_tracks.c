// SPDX-License-Identifier: Apache-2.0
/* Where exported calls are drawn: nothing on one track overlaps what it does not lie in, whatever was recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/export/tracks.h"

#define CALLS 40

static struct ts_uuid id_of(uint64_t number)
{
	struct ts_uuid id = {{0}};

	for (int i = 0; i < 8; i++)
		id.bytes[15 - i] = (uint8_t)(number >> (8 * i));
	return id;
}

static int64_t ended[CALLS + 1];
static size_t n_ended;

static void note_end(void *context, const struct ts_track_call *call)
{
	(void)context;
	ended[n_ended++] = call->end_us;
}

static struct ts_tracks *new_tracks(void)
{
	struct ts_tracks *tracks;

	n_ended = 0;
	assert_int_equal(ts_tracks_new(&tracks, note_end, NULL), 0);
	return tracks;
}

static struct ts_track_call call_at(struct ts_track_thread *thread, uint64_t id, int64_t start_us,
				    int64_t end_us)
{
	return (struct ts_track_call){
		.span_id = id_of(id), .thread = thread, .start_us = start_us, .end_us = end_us};
}

/* Puts call `id`, made in call `parent` (0: in the trace); answers its branch. */
static uint32_t put(struct ts_tracks *tracks, struct ts_track_thread *thread, uint64_t id,
		    int64_t start_us, int64_t end_us, uint64_t parent)
{
	struct ts_track_call call = call_at(thread, id, start_us, end_us);
	struct ts_uuid parent_id = id_of(parent);
	uint32_t number = ts_tracks_put(tracks, &call, parent ? &parent_id : NULL);

	assert_int_not_equal(number, TS_TRACKS_NONE);
	return ts_tracks_call(tracks, number)->branch;
}

static uint32_t begin(struct ts_tracks *tracks, struct ts_track_thread *thread, int64_t start_us,
		      int64_t end_us)
{
	struct ts_track_call call = call_at(thread, 0, start_us, end_us);

	assert_int_equal(ts_tracks_begin(tracks, &call), 0);
	return ts_tracks_call(tracks, 0)->branch;
}

static void test_calls_inside_each_other(void **state)
{
	struct ts_tracks *tracks = new_tracks();
	struct ts_track_thread *a = ts_tracks_thread(tracks, 1, 1),
			       *b = ts_tracks_thread(tracks, 1, 2);

	(void)state;
	assert_ptr_equal(ts_tracks_thread(tracks, 1, 1), a);
	assert_ptr_not_equal(ts_tracks_thread(tracks, 2, 1), a);
	assert_int_equal(begin(tracks, a, 0, 100), TS_TRACKS_NONE);
	assert_int_equal(put(tracks, a, 1, 0, 100, 0), TS_TRACKS_NONE);
	assert_int_equal(put(tracks, a, 2, 0, 50, 1), TS_TRACKS_NONE);
	assert_int_equal(put(tracks, b, 3, 10, 60, 2),
			 TS_TRACKS_NONE); /* another thread's, outlives it */
	assert_int_equal(put(tracks, a, 4, 50, 50, 2),
			 TS_TRACKS_NONE); /* in its last microsecond */
	assert_int_equal(put(tracks, a, 5, 50, 100, 1), TS_TRACKS_NONE);
	ts_tracks_end(tracks);
	assert_int_equal(n_ended, 0);
	ts_tracks_free(tracks);
}

/* Two tasks take turns on one thread; what the second calls goes with it. */
static void test_tasks_on_one_thread(void **state)
{
	struct ts_tracks *tracks = new_tracks();
	struct ts_track_thread *a = ts_tracks_thread(tracks, 1, 1);

	(void)state;
	begin(tracks, a, 0, 100);
	assert_int_equal(put(tracks, a, 1, 10, 50, 0), TS_TRACKS_NONE);
	assert_int_equal(put(tracks, a, 2, 20, 90, 0), 2); /* overlaps */
	assert_int_equal(put(tracks, a, 3, 30, 40, 2), 2);
	assert_int_equal(put(tracks, a, 4, 35, 38, 0), 4); /* lies in time where it was not made */
	assert_int_equal(put(tracks, a, 5, 60, 70, 0), TS_TRACKS_NONE);
	assert_int_equal(put(tracks, a, 6, 75, 80, 2), 2);
	assert_int_equal(n_ended, 1); /* call 3, before 6 */
	assert_int_equal(ended[0], 40);
	assert_int_equal(put(tracks, a, 7, 78, 95, 6), 7); /* outlives what it was made in */
	ts_tracks_end(tracks);
	assert_int_equal(n_ended, 5);
	assert_int_equal(ended[1], 80); /* innermost first */
	assert_int_equal(ended[2], 90);
	ts_tracks_free(tracks);
}

/* The newest trace first, and then older ones that had the thread before, at the same time, or in between. */
static void test_traces_on_one_thread(void **state)
{
	struct ts_tracks *tracks = new_tracks();
	struct ts_track_thread *a = ts_tracks_thread(tracks, 1, 1);

	(void)state;
	assert_int_equal(begin(tracks, a, 100, 200), TS_TRACKS_NONE);
	assert_int_equal(begin(tracks, a, 50, 100), TS_TRACKS_NONE);
	assert_int_equal(begin(tracks, a, 20, 60), 0);
	assert_int_equal(put(tracks, a, 1, 30, 40, 0), 0);
	assert_int_equal(begin(tracks, a, 10, 20), TS_TRACKS_NONE);
	assert_int_equal(begin(tracks, a, 20, 50), TS_TRACKS_NONE);
	assert_int_equal(begin(tracks, a, 0, 300), 0);
	assert_int_equal(begin(tracks, a, 200, 200), TS_TRACKS_NONE);
	assert_int_equal(begin(tracks, a, 150, 150), 0);
	assert_int_equal(begin(tracks, NULL, 400, 500), 0); /* nobody knows where it ran */
	assert_int_equal(put(tracks, a, 1, 410, 420, 0), TS_TRACKS_NONE);
	ts_tracks_free(tracks);
}

/* --- anything ---------------------------------------------------------------------------------- */

struct drawn {
	const struct ts_track_thread *thread;
	uint32_t branch;
	uint32_t trace;
	int64_t start_us, end_us;
	uint32_t number, parent; /* in the trace; UINT32_MAX: none */
};

static struct drawn drawn[20000];
static size_t n_drawn;

static bool same_track(const struct drawn *a, const struct drawn *b)
{
	if ((a->branch == TS_TRACKS_NONE) != (b->branch == TS_TRACKS_NONE))
		return false;
	return a->branch == TS_TRACKS_NONE ? a->thread == b->thread
					   : a->branch == b->branch && a->trace == b->trace;
}

static bool is_ancestor(const struct drawn *outer, const struct drawn *inner)
{
	const struct drawn *first = inner - inner->number;

	if (outer->trace != inner->trace)
		return false;
	for (uint32_t at = inner->number; at != UINT32_MAX; at = first[at].parent)
		if (at == outer->number)
			return true;
	return false;
}

/* Behind each other, or one in the other that it was made in. */
static void check(const struct drawn *a, const struct drawn *b)
{
	if (!same_track(a, b) || a->end_us <= b->start_us || b->end_us <= a->start_us)
		return;
	if (is_ancestor(a, b))
		assert_true(a->start_us <= b->start_us && b->end_us <= a->end_us);
	else
		assert_true(is_ancestor(b, a) && b->start_us <= a->start_us &&
			    a->end_us <= b->end_us);
}

static int compare_starts(const void *a, const void *b)
{
	const struct ts_track_call *x = a, *y = b;

	if (x->start_us != y->start_us)
		return x->start_us < y->start_us ? -1 : 1;
	return (x->end_us < y->end_us) - (x->end_us > y->end_us);
}

static void draw_trace(struct ts_tracks *tracks, uint32_t trace)
{
	struct ts_track_call calls[CALLS];
	size_t n = 1 + (size_t)(random() % CALLS);

	n_ended = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t start_us = random() % 60;

		calls[i] = call_at(ts_tracks_thread(tracks, 1, random() % 3), 0, start_us,
				   start_us + random() % 20);
	}
	qsort(calls, n, sizeof(calls[0]), compare_starts);
	for (size_t i = 0; i < n; i++) {
		uint64_t parent = i ? (uint64_t)random() % i : 0; /* 0: the trace */
		const struct ts_track_call *call;

		if (i)
			put(tracks, calls[i].thread, i, calls[i].start_us, calls[i].end_us, parent);
		else
			begin(tracks, calls[i].thread, calls[i].start_us, calls[i].end_us);
		call = ts_tracks_call(tracks, (uint32_t)i);
		drawn[n_drawn++] = (struct drawn){call->thread,
						  call->branch,
						  trace,
						  call->start_us,
						  call->end_us,
						  (uint32_t)i,
						  i ? (uint32_t)parent : UINT32_MAX};
	}
}

static void test_whatever_there_is(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 40; seed++) {
		struct ts_tracks *tracks = new_tracks();
		size_t branches = 0;

		srandom(seed);
		n_drawn = 0;
		for (uint32_t trace = 0; trace < 10; trace++) {
			size_t first = n_drawn;

			draw_trace(tracks, trace);
			ts_tracks_end(tracks);
			for (branches = 0; first < n_drawn; first++)
				branches += drawn[first].branch != TS_TRACKS_NONE;
			assert_int_equal(n_ended, branches);
		}
		for (size_t i = 0; i < n_drawn; i++)
			for (size_t j = 0; j < i; j++)
				check(&drawn[i], &drawn[j]);
		ts_tracks_free(tracks);
	}
}

/* A trace of very many calls, and a small one behind it that finds none of them. */
static void test_many_calls(void **state)
{
	struct ts_tracks *tracks = new_tracks();
	struct ts_track_thread *a = ts_tracks_thread(tracks, 1, 1);

	(void)state;
	begin(tracks, a, 0, 1000000);
	for (uint64_t i = 1; i <= 100000; i++)
		assert_int_equal(put(tracks, a, i, (int64_t)i, 1000000, i - 1), TS_TRACKS_NONE);
	begin(tracks, ts_tracks_thread(tracks, 1, 2), 0, 10);
	put(tracks, a, 500, 1, 2, 77);
	assert_int_equal(ts_tracks_call(tracks, 1)->parent, 0);
	ts_tracks_free(tracks);
	ts_tracks_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_inside_each_other),
		cmocka_unit_test(test_tasks_on_one_thread),
		cmocka_unit_test(test_traces_on_one_thread),
		cmocka_unit_test(test_whatever_there_is),
		cmocka_unit_test(test_many_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
