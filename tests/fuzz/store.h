/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_STORE_H
#define FUZZ_STORE_H

/* The store that rows go to which are made of any bytes. */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "runtime/columns.h"
#include "runtime/store.h"

static struct {
	void (*look)(const struct ts_table *table, const char *row); /* at each row */
	bool refuses;                                                /* to be opened */
	int trouble;    /* what the first write answers, and, */
	size_t again;   /* unless 0, each of so many */
	size_t n_asked; /* for */
	size_t n_writes, n_rows;
} fake;

static int fake_open(struct ts_store_handle **ret, const char *url, const struct ts_gate *gate,
		     struct ts_error *err)
{
	(void)url, (void)gate;
	if (fake.refuses)
		return ts_error_set(err, -EACCES, "refused");
	*ret = (void *)&fake;
	return 0;
}

static void look_at(const struct ts_table *table, const void *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fake.look(table, (const char *)rows + i * table->row_bytes);
}

static int fake_write(struct ts_store_handle *handle, const struct ts_batch *batch,
		      struct ts_error *err)
{
	size_t turn = fake.n_writes++;

	MUST((void *)handle == &fake);
	look_at(&ts_trace_table, batch->traces, batch->n_traces);
	look_at(&ts_span_table, batch->spans, batch->n_spans);
	look_at(&ts_run_table, batch->run, batch->run != NULL);
	fake.n_rows += batch->n_traces + batch->n_spans;
	if (fake.trouble && (fake.again ? turn % fake.again == 0 : turn == 0))
		return ts_error_set(err, fake.trouble, "not now");
	return 0;
}

static void fake_close(struct ts_store_handle *handle)
{
	MUST((void *)handle == &fake);
}

static const struct ts_store fake_store = {
	.scheme = "fuzz",
	.open = fake_open,
	.write = fake_write,
	.close = fake_close,
};

static const void *load_fake(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	if (strcmp(symbol, "ts_store") == 0) {
		fake.n_asked++;
		return &fake_store;
	}
	snprintf(why, why_bytes, "no %s", module);
	return NULL;
}

#endif
