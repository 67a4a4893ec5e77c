// SPDX-License-Identifier: Apache-2.0
#include "consumer.h"

#include <errno.h>
#include <stdlib.h>

#include "assemble.h"
#include "dictionary.h"

struct ts_consumer {
	struct ts_reader *reader;
	struct ts_assembler *assembler;
	struct ts_outlets *outlets;
	struct ts_batch batch;
	enum { NO_BATCH, TO_STORE, TO_COMMIT } state;
	int more; /* what the pass that made the batch answered */
	bool all_read;
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

static int store_batch(struct ts_consumer *consumer, bool insist, struct ts_error *err)
{
	const struct ts_settings *settings = ts_assembler_settings(consumer->assembler);
	const struct ts_batch *batch = &consumer->batch;
	int result;

	if (batch->n_traces + batch->n_spans == 0)
		return 0;
	if (!settings->known)
		return ts_error_set(err, -EBADMSG, "nothing says where it is to be stored");
	result = ts_outlets_write(consumer->outlets, settings->store, batch, insist, err);
	if (result == 0) {
		consumer->consumed.traces += batch->n_traces;
		consumer->consumed.spans += batch->n_spans;
	}
	return result;
}

static int step(struct ts_consumer *consumer,
		int next(struct ts_assembler *, struct ts_batch *, struct ts_error *), bool insist,
		struct ts_error *err)
{
	int result;

	if (consumer->state == NO_BATCH) {
		consumer->more = next(consumer->assembler, &consumer->batch, err);
		if (consumer->more < 0)
			return consumer->more;
		consumer->state = TO_STORE;
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
	return consumer->more;
}

int ts_consumer_step(struct ts_consumer *consumer, bool insist, struct ts_error *err)
{
	return step(consumer, ts_assembler_pass, insist, err);
}

int ts_consumer_finish_step(struct ts_consumer *consumer, bool insist, struct ts_error *err)
{
	int result;

	if (consumer->all_read)
		return step(consumer, ts_assembler_interrupt, insist, err);
	result = step(consumer, ts_assembler_pass, insist, err);
	consumer->all_read = result == 0;
	return result == 0 ? 1 : result;
}

struct ts_consumed ts_consumer_consumed(const struct ts_consumer *consumer)
{
	struct ts_consumed consumed = consumer->consumed;

	consumed.damage = ts_reader_damage(consumer->reader);
	return consumed;
}
