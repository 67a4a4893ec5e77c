/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ASSEMBLE_FIXTURE_H
#define TS_ASSEMBLE_FIXTURE_H

/* A spool with a dictionary and two rings, and an assembler on it. Include after cmocka.h. */

#include <errno.h>
#include <stdbool.h>

#include "runtime/assemble/assemble.h"
#include "runtime/log/reader.h"
#include "spool_builder.h"

enum { LEARN, TRAINER, CLAUDE, CHECK, PYTHON };

/* A spool with two rings, and whoever reads it. */
struct fixture {
	struct spool spool;
	struct ts_reader *reader;
	struct ts_assembler *assembler;
	struct ts_batch batch;
	struct record record;
};

SPOOL_BUILDER void open_reader(struct fixture *f)
{
	assert_int_equal(ts_reader_new(&f->reader, f->spool.path, NULL, NULL), 0);
	assert_int_equal(ts_assembler_new(&f->assembler, f->reader, NULL), 0);
}

SPOOL_BUILDER void close_reader(struct fixture *f)
{
	ts_assembler_free(f->assembler);
	ts_reader_free(f->reader);
}

/* The reader is killed, and another comes. */
SPOOL_BUILDER void reopen(struct fixture *f)
{
	close_reader(f);
	open_reader(f);
}

SPOOL_BUILDER int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	spool_new(&f->spool);
	spool_settings(&f->spool, "sqlite:x", "acme", "password");
	spool_thunk(&f->spool, LEARN, TS_KIND_PIPELINE, "learn", "handle_learn", "< 0",
		    "telegram_id,user_id,session_id,tenant_id");
	spool_thunk(&f->spool, TRAINER, TS_KIND_AGENT, "trainer", "trainer_run", "NULL", "prompt");
	spool_thunk(&f->spool, CLAUDE, TS_KIND_LLM, "claude", "claude_complete", "",
		    "model,prompt");
	spool_thunk(&f->spool, CHECK, TS_KIND_STEP, "check", "check", "false", NULL);
	spool_thunk_of(&f->spool, TS_LANGUAGE_PYTHON, "/srv/bot/agents/trainer.py", PYTHON,
		       TS_KIND_LLM, "coach", "bot.agents.trainer:TrainerAgent.run", "NULL",
		       "prompt,options,kwargs");
	spool_ring(&f->spool, 1 << 16);
	spool_ring(&f->spool, 1 << 16);
	open_reader(f);
	*state = f;
	return 0;
}

SPOOL_BUILDER int tear_down(void **state)
{
	struct fixture *f = *state;

	close_reader(f);
	spool_remove(&f->spool);
	free(f);
	return 0;
}

SPOOL_BUILDER void put(struct fixture *f, uint32_t ring)
{
	assert_true(spool_put(&f->spool, ring, &f->record));
}

SPOOL_BUILDER void put_begin(struct fixture *f, uint32_t ring, uint16_t flags, uint64_t trace,
			     uint64_t span, uint64_t parent, uint32_t thunk, uint64_t ticks)
{
	record_begin(&f->record, flags, trace, span, parent, thunk, ticks);
	put(f, ring);
}

SPOOL_BUILDER void put_end(struct fixture *f, uint32_t ring, uint64_t trace, uint64_t span,
			   uint64_t ticks)
{
	record_end(&f->record, trace, span, TS_OUTCOME_OK, 0, ticks);
	put(f, ring);
}

SPOOL_BUILDER void pass(struct fixture *f, size_t n_traces, size_t n_spans)
{
	assert_int_equal(ts_assembler_pass(f->assembler, &f->batch, NULL), 0);
	assert_int_equal(f->batch.n_traces, n_traces);
	assert_int_equal(f->batch.n_spans, n_spans);
}

SPOOL_BUILDER void commit(struct fixture *f)
{
	assert_int_equal(ts_assembler_commit(f->assembler, NULL), 0);
}

SPOOL_BUILDER void pass_and_commit(struct fixture *f, size_t n_traces, size_t n_spans)
{
	pass(f, n_traces, n_spans);
	commit(f);
}

SPOOL_BUILDER void interrupt(struct fixture *f, size_t n_traces, size_t n_spans)
{
	assert_int_equal(ts_assembler_interrupt(f->assembler, &f->batch, NULL), 0);
	assert_int_equal(f->batch.n_traces, n_traces);
	assert_int_equal(f->batch.n_spans, n_spans);
}

/* Of the segment `open`. */
SPOOL_BUILDER off_t open_bytes(struct fixture *f)
{
	struct stat status;
	char path[512];

	spool_file(&f->spool, "open", path);
	return stat(path, &status) ? 0 : status.st_size;
}

SPOOL_BUILDER bool has_id(const struct ts_uuid *uuid, uint64_t number)
{
	struct ts_uuid wanted;

	record_id(wanted.bytes, number);
	return !memcmp(uuid, &wanted, sizeof(wanted));
}

/* Of span 2. */
SPOOL_BUILDER void make_end(struct fixture *f, enum ts_outcome outcome, int error_number)
{
	record_end(&f->record, 1, 2, outcome, error_number, 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
