// SPDX-License-Identifier: Apache-2.0
/* Rows past a backlog in which nothing waits. */
#include <errno.h>
#include <stdlib.h>

#include "impl.h"

static bool is_dropped(const struct ts_backlog *backlog, const struct ts_uuid *trace)
{
	return ts_idset_has(&backlog->dropped, &(struct ts_row_id){.trace = *trace});
}

static size_t count_late(const struct ts_backlog *backlog, const struct ts_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n_traces; i++)
		n += is_dropped(backlog, &batch->traces[i].trace_id);
	for (size_t i = 0; i < batch->n_spans; i++)
		n += is_dropped(backlog, &batch->spans[i].trace_id);
	return n;
}

/* A batch with rows of its own, of which the first are those that the store gets. */
struct parted {
	struct ts_trace *traces;
	struct ts_span *spans;
	struct ts_batch kept, late;
};

static int part(const struct ts_backlog *backlog, const struct ts_batch *batch, struct parted *ret)
{
	size_t n = 0, last = batch->n_traces;

	ret->traces = malloc((batch->n_traces + 1) * sizeof(*ret->traces));
	ret->spans = malloc((batch->n_spans + 1) * sizeof(*ret->spans));
	if (!ret->traces || !ret->spans)
		return -ENOMEM;
	for (size_t i = 0; i < batch->n_traces; i++)
		ret->traces[is_dropped(backlog, &batch->traces[i].trace_id) ? --last : n++] =
			batch->traces[i];
	ret->kept = (struct ts_batch){.traces = ret->traces, .n_traces = n, .run = batch->run};
	ret->late = (struct ts_batch){.traces = ret->traces + n, .n_traces = batch->n_traces - n};
	n = 0;
	last = batch->n_spans;
	for (size_t i = 0; i < batch->n_spans; i++)
		ret->spans[is_dropped(backlog, &batch->spans[i].trace_id) ? --last : n++] =
			batch->spans[i];
	ret->kept.spans = ret->spans;
	ret->kept.n_spans = n;
	ret->late.spans = ret->spans + n;
	ret->late.n_spans = batch->n_spans - n;
	return 0;
}

static int write_batch(struct ts_backlog *backlog, const struct ts_batch *batch, bool insist,
		       struct ts_error *err)
{
	int result = 0;

	if (batch->n_traces + batch->n_spans || batch->run)
		result = ts_delivery_write(&backlog->delivery, batch, insist, err);
	if (result == 0) {
		backlog->brought.traces += batch->n_traces;
		backlog->brought.spans += batch->n_spans;
	}
	return result;
}

/*
 * What is late goes into the backlog, which drops it, and counts it once however often it comes. Last: what is written
 * twice is stored once. Where the backlog cannot be written, a part of a trace does less harm than rings that fill.
 */
int ts_backlog_bypass(struct ts_backlog *backlog, const struct ts_batch *batch, bool insist,
		      struct ts_error *err)
{
	struct parted parted = {.traces = NULL};
	int result;

	if (!backlog->dropped.n || !count_late(backlog, batch))
		return write_batch(backlog, batch, insist, err);
	result = part(backlog, batch, &parted);
	if (result < 0)
		ts_error_set(err, result, "no memory");
	if (result == 0)
		result = write_batch(backlog, &parted.kept, insist, err);
	if (result == 0 && ts_backlog_add(backlog, &parted.late, NULL) < 0)
		result = write_batch(backlog, &parted.late, insist, err);
	free(parted.traces);
	free(parted.spans);
	return result;
}
