// SPDX-License-Identifier: Apache-2.0
/* All programs of a spool folder: which of them live, and what their calls lie in, within and across them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "runtime/live/programs.h"
#include "spool_builder.h"

#define NO_PID 4194305 /* that there cannot be */

static char root[64];

static int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_programs-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static uint64_t namespace_of_ours(void)
{
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/pid", &st), 0);
	return st.st_ino;
}

/* Of this process, which has it mapped. */
static void make_program(struct spool *spool, const char *suffix)
{
	char name[64];

	snprintf(name, sizeof(name), "0-%d-%s", (int)getpid(), suffix);
	spool_new_at(spool, root, name, (uint32_t)getpid());
	spool->process->pid_namespace = namespace_of_ours();
	spool_settings(spool, "sqlite:/tmp/x.db", "", "");
	spool_thunk(spool, 0, TS_KIND_PIPELINE, "learn", "handle_learn", "", NULL);
	spool_thunk(spool, 1, TS_KIND_AGENT, "trainer", "trainer_run", "", NULL);
	spool_thunk(spool, 2, TS_KIND_LLM, "claude", "claude_complete", "", NULL);
	spool_ring(spool, 65536);
}

static void begin(struct spool *spool, uint32_t tid, uint64_t trace, uint64_t span, uint64_t parent,
		  uint32_t thunk)
{
	struct record record;

	record_begin(&record, span ? TS_BEGIN_SPAN : TS_BEGIN_TRACE, trace, span, parent, thunk,
		     1000 * (span + 1));
	record.begin.tid = tid;
	spool_put(spool, 0, &record);
}

/* By its span's number, 0 the trace's own. */
static const struct ts_live_call *find(const struct ts_programs *programs, uint64_t trace,
				       uint64_t span)
{
	uint8_t ids[2][16];

	record_id(ids[0], trace);
	record_id(ids[1], span);
	for (size_t i = 0; i < programs->n; i++)
		for (size_t j = 0; j < programs->all[i].n_calls; j++) {
			const struct ts_live_call *call = &programs->all[i].calls[j];

			if (!memcmp(&call->trace_id, ids[0], 16) &&
			    !memcmp(&call->span_id, ids[1], 16))
				return call;
		}
	return NULL;
}

static void test_no_folder(void **state)
{
	struct ts_programs programs;
	struct ts_error err;

	(void)state;
	assert_int_equal(ts_programs_look(&programs, "/nowhere", &err), -ENOENT);
	assert_int_equal(ts_programs_look(&programs, root, &err), 0);
	assert_int_equal(programs.n + programs.ended + programs.others, 0);
	ts_programs_release(&programs);
}

/* Threads that wait for others, and one with several calls that are not inside each other. */
static void test_what_lies_in_what(void **state)
{
	struct ts_programs programs;
	struct spool spool;

	(void)state;
	make_program(&spool, "a");
	begin(&spool, 1, 1, 0, 0, 0);
	begin(&spool, 1, 1, 10, 0, 1);
	begin(&spool, 2, 1, 11, 10, 2); /* in another thread */
	begin(&spool, 3, 2, 0, 0, 0);
	begin(&spool, 3, 2, 20, 0, 1);
	begin(&spool, 3, 2, 21, 20, 2); /* two that go on at once, in one agent */
	begin(&spool, 3, 2, 22, 20, 2);
	begin(&spool, 3, 3, 30, 99, 2); /* its parent is nowhere */
	assert_int_equal(ts_programs_look(&programs, root, NULL), 0);
	assert_int_equal(programs.n, 1);
	assert_string_equal(programs.all[0].program, "/usr/bin/bot");
	assert_true(programs.all[0].here && programs.all[0].sure);
	assert_int_equal(programs.all[0].started_us, SPOOL_EPOCH_US);

	assert_string_equal(find(&programs, 1, 0)->name, "learn");
	assert_true(find(&programs, 1, 0)->is_trace);
	assert_string_equal(find(&programs, 1, 10)->name, "agent:trainer");
	assert_ptr_equal(find(&programs, 1, 10)->parent, find(&programs, 1, 0));
	assert_ptr_equal(find(&programs, 1, 11)->parent, find(&programs, 1, 10));
	assert_false(find(&programs, 1, 0)->innermost);
	assert_true(find(&programs, 1, 10)->innermost && find(&programs, 1, 10)->goes_on);
	assert_true(find(&programs, 1, 11)->innermost && !find(&programs, 1, 11)->goes_on);

	assert_false(find(&programs, 2, 0)->innermost || find(&programs, 2, 20)->innermost);
	assert_true(find(&programs, 2, 21)->innermost && find(&programs, 2, 22)->innermost);
	assert_null(find(&programs, 3, 30)->parent);
	assert_true(find(&programs, 3, 30)->innermost && !find(&programs, 3, 30)->is_trace);
	ts_programs_release(&programs);
	spool_remove(&spool);
}

/* As prctl lets it be: any bytes, and cut anywhere. */
static void test_names_of_threads(void **state)
{
	static const struct {
		const char *recorded, *shown;
	} names[] = {
		{"worker", "worker"},
		{"\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac"},
		{"cut \xe6\x97", "cut \xef\xbf\xbd\xef\xbf\xbd"},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", NULL},
	};
	struct ts_programs programs;
	struct record record;
	struct spool spool;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		make_program(&spool, "a");
		record_thread(&record, 1, names[i].recorded);
		spool_put(&spool, 0, &record);
		begin(&spool, 1, 1, 0, 0, 0);
		assert_int_equal(ts_programs_look(&programs, root, NULL), 0);
		if (names[i].shown)
			assert_string_equal(find(&programs, 1, 0)->thread_name, names[i].shown);
		else
			assert_int_equal(strlen(find(&programs, 1, 0)->thread_name), 3 * 15);
		ts_programs_release(&programs);
		spool_remove(&spool);
	}
}

static void test_from_program_to_program(void **state)
{
	struct ts_programs programs;
	struct spool parent, child;

	(void)state;
	make_program(&parent, "a");
	make_program(&child, "b");
	begin(&parent, 1, 1, 0, 0, 0);
	begin(&parent, 1, 1, 10, 0, 1);
	begin(&child, 1, 1, 50, 10, 0);
	begin(&child, 1, 1, 51, 50, 2);
	assert_int_equal(ts_programs_look(&programs, root, NULL), 0);
	assert_int_equal(programs.n, 2);
	assert_ptr_equal(find(&programs, 1, 50)->parent, find(&programs, 1, 10));
	assert_string_equal(find(&programs, 1, 50)->name, "pipeline:learn");
	/* the same number of a thread, in another program */
	assert_true(find(&programs, 1, 10)->innermost && find(&programs, 1, 10)->goes_on);
	assert_true(find(&programs, 1, 51)->innermost && !find(&programs, 1, 50)->innermost);
	ts_programs_release(&programs);
	spool_remove(&parent);
	spool_remove(&child);
}

/* Every call in the next one, and twice the same. */
static void test_circles(void **state)
{
	struct ts_programs programs;
	struct spool spool;
	size_t heads = 0;

	(void)state;
	make_program(&spool, "a");
	for (uint64_t i = 1; i <= 100; i++)
		begin(&spool, 1, 1, i, i % 100 + 1, 1);
	begin(&spool, 1, 1, 200, 200, 1);
	assert_int_equal(ts_programs_look(&programs, root, NULL), 0);
	assert_int_equal(programs.all[0].n_calls, 101);
	for (uint64_t i = 1; i <= 100; i++)
		heads += !find(&programs, 1, i)->parent;
	assert_int_equal(heads, 1);
	assert_null(find(&programs, 1, 200)->parent);
	ts_programs_release(&programs);
	spool_remove(&spool);
}

static void test_which_of_them_live(void **state)
{
	struct spool ended, older, elsewhere, unborn;
	struct ts_programs programs;

	(void)state;
	spool_new_at(&ended, root, "0-4194305-a", NO_PID);
	ended.process->pid_namespace = namespace_of_ours();
	spool_new_at(&unborn, root, "0-4194305-b", NO_PID);
	unborn.process->magic = 0;
	make_program(&older, "c");
	older.process->version++;
	make_program(&elsewhere, "d");
	elsewhere.process->pid_namespace++;
	assert_int_equal(ts_programs_look(&programs, root, NULL), 0);
	assert_int_equal(programs.ended, 2);
	assert_int_equal(programs.n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct ts_live_program *program = &programs.all[i];

		if (program->trouble)
			assert_string_equal(program->trouble,
					    "it runs under another version of traceshim");
		else
			assert_false(program->here || program->sure);
	}
	assert_true(!programs.all[0].trouble != !programs.all[1].trouble);
	ts_programs_release(&programs);
	spool_remove(&ended);
	spool_remove(&older);
	spool_remove(&elsewhere);
	spool_remove(&unborn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_folder),
		cmocka_unit_test(test_what_lies_in_what),
		cmocka_unit_test(test_names_of_threads),
		cmocka_unit_test(test_from_program_to_program),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_which_of_them_live),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
