// SPDX-License-Identifier: Apache-2.0
#include "consumer.h"

#include <errno.h>
#include <stdlib.h>

#include "assemble.h"
#include "dictionary.h"
#include "run.h"
#include "tally.h"

struct ts_consumer {
	struct ts_reader *reader;
	struct ts_assembler *assembler;
	struct ts_outlets *outlets;
	struct ts_batch batch;
	enum { NO_BATCH, TO_STORE, TO_COMMIT } state;
	int more; /* what the pass that made the batch answered */
	bool all_read;
	struct ts_run_row run; /* of the batch that stands */
	struct ts_run told;    /* as last stored: its counts, and whether it has an outcome */
	struct ts_consumed consumed;
};

int ts_consumer_new(struct ts_consumer **ret, const char *spool, struct ts_abi_process *page,
		    struct ts_outlets *outlets, ts_module_symbol_fn *modules, struct ts_error *err)
{
	struct ts_consumer *consumer = calloc(1, sizeof(*consumer));
	int result;

	if (!consumer)
		return ts_error_set(err, -ENOMEM, "no memory");
	consumer->outlets = outlets;
	result = ts_reader_new(&consumer->reader, spool, page, err);
	if (result == 0)
		result = ts_assembler_new(&consumer->assembler, consumer->reader, err);
	if (result == 0 && ts_assembler_load(consumer->assembler, modules) < 0)
		result = ts_error_set(err, -ENOMEM, "no memory");
	if (result < 0) {
		ts_consumer_free(consumer);
		return result;
	}
	*ret = consumer;
	return 0;
}

void ts_consumer_free(struct ts_consumer *consumer)
{
	if (!consumer)
		return;
	ts_assembler_free(consumer->assembler);
	ts_reader_free(consumer->reader);
	free(consumer);
}

/* The row of the process goes with every batch, and alone where it has changed. */
static void add_run(struct ts_consumer *consumer, bool ended, bool all_read)
{
	static const struct ts_backlog_counts none;
	struct ts_batch *batch = &consumer->batch;

	if (ts_assembler_run(consumer->assembler, ended, all_read, &none, &consumer->run) &&
	    (batch->n_traces + batch->n_spans ||
	     ts_run_changed(&consumer->run.run, &consumer->told)))
		batch->run = &consumer->run.run;
}

static void note_told(struct ts_consumer *consumer, const struct ts_run *run)
{
	struct ts_abi_process *page = ts_reader_process(consumer->reader);

	consumer->told = *run;
	__atomic_store_n(&page->told, run->outcome ? (uint64_t)run->begun : 0, __ATOMIC_RELEASE);
}

static int store_batch(struct ts_consumer *consumer, bool insist, struct ts_error *err)
{
	const struct ts_settings *settings = ts_assembler_settings(consumer->assembler);
	const struct ts_batch *batch = &consumer->batch;
	int result;

	if (batch->n_traces + batch->n_spans == 0 && !batch->run)
		return 0;
	if (!settings->known)
		return ts_error_set(err, -EBADMSG, "nothing says where it is to be stored");
	result = ts_outlets_write(consumer->outlets, settings->store, batch, insist, err);
	if (result == 0) {
		consumer->consumed.traces += batch->n_traces;
		consumer->consumed.spans += batch->n_spans;
		if (batch->run)
			note_told(consumer, batch->run);
	}
	return result;
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

static int step(struct ts_consumer *consumer, next_batch_fn *next, bool ended, bool insist,
		struct ts_error *err)
{
	bool kept = consumer->state != NO_BATCH;
	int result;

	if (!kept) {
		result = make_batch(consumer, next, ended, err);
		if (result < 0)
			return result;
	}
	if (consumer->state == TO_STORE) {
		result = store_batch(consumer, insist, err);
		if (result < 0)
			return result;
		consumer->state = TO_COMMIT;
	}
	result = ts_assembler_commit(consumer->assembler, err);
	if (result < 0)
		return result;
	consumer->state = NO_BATCH;
	/* since it was made, more may have come */
	return kept ? 1 : consumer->more;
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

struct ts_consumed ts_consumer_consumed(const struct ts_consumer *consumer)
{
	struct ts_consumed consumed = consumer->consumed;

	consumed.damage = ts_reader_damage(consumer->reader);
	return consumed;
}
