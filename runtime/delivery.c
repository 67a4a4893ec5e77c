// SPDX-License-Identifier: Apache-2.0
#include "delivery.h"

#include <errno.h>
#include <stdio.h>

#include "columns.h"
#include "backlog/kept.h"
#include "backlog/rejected.h"
#include "shown.h"

static size_t n_rows(const struct ts_batch *batch)
{
	return batch->n_traces + batch->n_spans + (batch->run != NULL);
}

static void tell(struct ts_delivery *delivery, const struct ts_batch *batch, const char *why)
{
	char sentence[1024 + 512];

	if (delivery->told)
		return;
	delivery->told = true;
	snprintf(sentence, sizeof(sentence), "%s refuses a row of %s: %s; it stays %s%.900s",
		 ts_shown(delivery->url).text,
		 batch->n_traces  ? ts_trace_table.name
		 : batch->n_spans ? ts_span_table.name
				  : ts_run_table.name,
		 why, batch->run ? "unwritten" : "in ",
		 batch->run ? "" : ts_rejected_path(delivery->rejected));
	ts_outlets_note(delivery->outlets, sentence);
}

/* A batch of one row. */
static int reject(struct ts_delivery *delivery, const struct ts_batch *batch, const char *why,
		  struct ts_error *err)
{
	int result = 0;

	if (batch->n_traces)
		result = ts_rejected_add(delivery->rejected, &ts_trace_table, batch->traces, why,
					 err);
	else if (batch->n_spans)
		result =
			ts_rejected_add(delivery->rejected, &ts_span_table, batch->spans, why, err);
	if (result > 0 && *delivery->state)
		ts_kept_trim(delivery->state, delivery->most_bytes, delivery->outlets);
	if (result >= 0)
		tell(delivery, batch, why);
	return result < 0 ? result : 0;
}

/* The first `n` rows, and the rest, which has the run. */
static void split(const struct ts_batch *batch, size_t n, struct ts_batch *first,
		  struct ts_batch *rest)
{
	size_t traces = n < batch->n_traces ? n : batch->n_traces;

	*first = (struct ts_batch){
		.traces = batch->traces,
		.n_traces = traces,
		.spans = batch->spans,
		.n_spans = n - traces,
	};
	*rest = (struct ts_batch){
		.traces = batch->traces + traces,
		.n_traces = batch->n_traces - traces,
		.spans = batch->spans + (n - traces),
		.n_spans = batch->n_spans - (n - traces),
		.run = batch->run,
	};
}

int ts_delivery_write(struct ts_delivery *delivery, const struct ts_batch *batch, bool insist,
		      struct ts_error *err)
{
	struct ts_batch first, rest;
	struct ts_error why = {""};
	int result;

	result = ts_outlets_write(delivery->outlets, delivery->url, batch, insist, &why);
	if (result != -EILSEQ)
		return result < 0 ? ts_error_set(err, result, "%s", why.text) : 0;
	if (n_rows(batch) <= 1)
		return reject(delivery, batch, why.text, err);
	split(batch, n_rows(batch) / 2, &first, &rest);
	result = ts_delivery_write(delivery, &first, insist, err);
	return result < 0 ? result : ts_delivery_write(delivery, &rest, insist, err);
}
