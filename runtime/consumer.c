// SPDX-License-Identifier: Apache-2.0
#include "consumer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "assemble/assemble.h"
#include "log/dictionary.h"
#include "assemble/run.h"
#include "assemble/tally.h"

struct ts_consumer {
	struct ts_reader *reader;
	struct ts_assembler *assembler;
	struct ts_outlets *outlets;
	struct ts_backlog *backlog;
	const char *spool;
	bool complained; /* that the backlog cannot be written */
	struct ts_batch batch;
	enum { NO_BATCH, TO_STORE, TO_COMMIT } state;
	int more; /* what the pass that made the batch answered */
	bool all_read;
	struct ts_run_row run;           /* of the batch that stands */
	struct ts_backlog_counts counts; /* that it was made with */
	struct ts_run told; /* as last stored: its counts, and whether it has an outcome */
};

static void tell_price_fault(const struct ts_consumer *consumer)
{
	const char *fault = ts_assembler_price_fault(consumer->assembler);
	char sentence[1024];

	if (!*fault)
		return;
	snprintf(sentence, sizeof(sentence), "prices: %s; those built in serve", fault);
	ts_outlets_note(consumer->outlets, sentence);
}

int ts_consumer_new(struct ts_consumer **ret, const char *spool, struct ts_abi_process *page,
		    struct ts_outlets *outlets, ts_module_symbol_fn *modules, struct ts_error *err)
{
	struct ts_consumer *consumer = calloc(1, sizeof(*consumer));
	int result;

	if (!consumer)
		return ts_error_set(err, -ENOMEM, "no memory");
	consumer->outlets = outlets;
	consumer->spool = spool;
	result = ts_reader_new(&consumer->reader, spool, page, err);
	if (result == 0)
		result = ts_assembler_new(&consumer->assembler, consumer->reader, err);
	if (result == 0 && ts_assembler_load(consumer->assembler, modules) < 0)
		result = ts_error_set(err, -ENOMEM, "no memory");
	if (result == 0 && ts_backlog_new(&consumer->backlog, spool,
					  ts_assembler_settings(consumer->assembler), outlets) < 0)
		result = ts_error_set(err, -ENOMEM, "no memory");
	if (result < 0) {
		ts_consumer_free(consumer);
		return result;
	}
	tell_price_fault(consumer);
	*ret = consumer;
	return 0;
}

void ts_consumer_free(struct ts_consumer *consumer)
{
	if (!consumer)
		return;
	ts_backlog_free(consumer->backlog);
	ts_assembler_free(consumer->assembler);
	ts_reader_free(consumer->reader);
	free(consumer);
}

/* The row of the process goes with every batch, and alone where it has changed. */
static void add_run(struct ts_consumer *consumer, bool ended, bool all_read)
{
	struct ts_backlog_counts counts = ts_backlog_count(consumer->backlog);
	struct ts_batch *batch = &consumer->batch;

	consumer->counts = counts;
	/* when it is written, all of that is stored */
	counts.waiting = 0;
	if (ts_assembler_run(consumer->assembler, ended, all_read, &counts, &consumer->run) &&
	    (batch->n_traces + batch->n_spans ||
	     ts_run_changed(&consumer->run.run, &consumer->told)))
		batch->run = &consumer->run.run;
}

static void note_told(struct ts_consumer *consumer, const struct ts_run *run)
{
	struct ts_abi_process *page = ts_reader_process(consumer->reader);

	consumer->told = *run;
	__atomic_store_n(&page->told, consumer->run.told, __ATOMIC_RELEASE);
}

static void complain(struct ts_consumer *consumer, const char *what, const char *why)
{
	char sentence[1024];

	if (consumer->complained)
		return;
	consumer->complained = true;
	snprintf(sentence, sizeof(sentence), "%s%.450s; traces stay in %.450s", what, why,
		 consumer->spool);
	ts_outlets_note(consumer->outlets, sentence);
}

/* To disk. What does not fit there either stays in the rings. */
static int keep_batch(struct ts_consumer *consumer)
{
	const struct ts_batch *batch = &consumer->batch;
	struct ts_error why = {""};
	int result;

	if (!ts_backlog_folder(consumer->backlog))
		return TS_AWAY;
	result = ts_backlog_add(consumer->backlog, batch, &why);
	if (result < 0) {
		complain(consumer, "cannot keep a backlog: ", why.text);
		return result;
	}
	consumer->complained = false;
	if (batch->run)
		note_told(consumer, batch->run);
	return 0;
}

/* Straight to the store, although something may wait. */
static int bypass(struct ts_consumer *consumer, bool insist, struct ts_error *err)
{
	struct ts_batch batch = consumer->batch;
	struct ts_run run;
	int64_t waiting = (int64_t)ts_backlog_count(consumer->backlog).waiting;
	int result;

	if (batch.run && waiting) {
		run = *batch.run;
		waiting = waiting < run.stored ? waiting : run.stored;
		run.stored -= waiting;
		run.open += waiting;
		batch.run = &run;
	}
	result = ts_backlog_bypass(consumer->backlog, &batch, insist, err);
	if (result < 0)
		return result;
	if (batch.run)
		note_told(consumer, batch.run);
	return 0;
}

/* `waits` is what the backlog's step answered. */
static int store_batch(struct ts_consumer *consumer, int waits, bool insist, struct ts_error *err)
{
	const struct ts_batch *batch = &consumer->batch;
	struct ts_error why = {""};
	int result = TS_AWAY;

	if (batch->n_traces + batch->n_spans == 0 && !batch->run)
		return 0;
	if (!ts_assembler_settings(consumer->assembler)->known)
		return ts_error_set(err, -EBADMSG, "nothing says where it is to be stored");
	if (waits > 0 && keep_batch(consumer) == 0)
		return 0;
	if (waits != TS_AWAY)
		result = bypass(consumer, insist, &why);
	if (result == 0)
		return 0;
	if (result != TS_AWAY)
		complain(consumer, "", why.text);
	if (keep_batch(consumer) == 0)
		return 0;
	return why.text[0] ? ts_error_set(err, TS_AWAY, "%s", why.text) : TS_AWAY;
}

/* Were rows dropped or refused since the run was made? Then it has to be told again. */
static bool has_lost(const struct ts_consumer *consumer)
{
	struct ts_backlog_counts counts = ts_backlog_count(consumer->backlog);

	return counts.dropped != consumer->counts.dropped ||
	       counts.rejected != consumer->counts.rejected;
}

typedef int next_batch_fn(struct ts_assembler *, struct ts_batch *, struct ts_error *);

static int make_batch(struct ts_consumer *consumer, next_batch_fn *next, bool ended,
		      struct ts_error *err)
{
	const struct ts_abi_process *page = ts_reader_process(consumer->reader);
	/* acquire: all that came before the program's exit is read, where there is no more */
	bool exits = __atomic_load_n(&page->stop, __ATOMIC_ACQUIRE);
	bool all_read;

	consumer->more = next(consumer->assembler, &consumer->batch, err);
	if (consumer->more < 0)
		return consumer->more;
	all_read = consumer->all_read || consumer->more == 0;
	add_run(consumer, ended || (exits && all_read), all_read);
	consumer->state = TO_STORE;
	return 0;
}

static int pass(struct ts_consumer *consumer, next_batch_fn *next, bool ended, int waits,
		bool insist, struct ts_error *err)
{
	bool kept = consumer->state != NO_BATCH;
	int result;

	if (!kept) {
		result = make_batch(consumer, next, ended, err);
		if (result < 0)
			return result;
	}
	if (consumer->state == TO_STORE) {
		result = store_batch(consumer, waits, insist, err);
		if (result < 0)
			return result;
		consumer->state = TO_COMMIT;
	}
	result = ts_assembler_commit(consumer->assembler, err);
	if (result < 0)
		return result;
	consumer->state = NO_BATCH;
	/* since it was made, more may have come */
	return kept || has_lost(consumer) ? 1 : consumer->more;
}

/*
 * What waits goes first. While there is a lot of it, what is new goes behind it: the rings must not fill
 * meanwhile.
 */
static int step(struct ts_consumer *consumer, next_batch_fn *next, bool ended, bool insist,
		struct ts_error *err)
{
	int waits = ts_backlog_step(consumer->backlog, insist, err), result;

	result = pass(consumer, next, ended, waits, insist && waits >= 0, err);
	return result == 0 && waits > 0 ? 1 : result;
}

int ts_consumer_step(struct ts_consumer *consumer, bool insist, struct ts_error *err)
{
	return step(consumer, ts_assembler_pass, false, insist, err);
}

int ts_consumer_finish_step(struct ts_consumer *consumer, bool insist, struct ts_error *err)
{
	int result;

	if (consumer->all_read)
		return step(consumer, ts_assembler_interrupt, true, insist, err);
	result = step(consumer, ts_assembler_pass, true, insist, err);
	consumer->all_read = result == 0;
	return result == 0 ? 1 : result;
}

struct ts_backlog_counts ts_consumer_backlog(const struct ts_consumer *consumer)
{
	return ts_backlog_count(consumer->backlog);
}

const char *ts_consumer_place(const struct ts_consumer *consumer)
{
	const char *folder = ts_backlog_folder(consumer->backlog);

	return folder ? folder : consumer->spool;
}

const char *ts_consumer_state(const struct ts_consumer *consumer)
{
	return ts_assembler_settings(consumer->assembler)->state;
}

struct ts_consumed ts_consumer_consumed(const struct ts_consumer *consumer)
{
	struct ts_backlog_delivered brought = ts_backlog_delivered(consumer->backlog);

	return (struct ts_consumed){
		.traces = brought.traces,
		.spans = brought.spans,
		.damage = ts_reader_damage(consumer->reader),
	};
}
