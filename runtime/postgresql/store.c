// SPDX-License-Identifier: Apache-2.0
/*
 * The PostgreSQL store. A batch is one transaction and one round trip: BEGIN; the name of a tenant and its rows, a
 * statement a table, for each tenant; COMMIT. Statements have no names: what a pooler between us and the server forgets,
 * nobody misses.
 */
#include "../store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../columns.h"
#include "../gate.h"
#include "amend.h"
#include "connection.h"
#include "days.h"
#include "insert.h"
#include "ready.h"

#define PATIENCE_S 30 /* then the connection is given up; the server gives up before: */
#define TIMEOUT_MS "25000"

struct ts_store_handle {
	char *url;
	const struct ts_gate *gate;
	struct ts_pg *pg;    /* NULL: not connected */
	struct ts_days days; /* that this connection has asked for */
	struct ts_encoded encoded;
};

/* --- the connection -------------------------------------------------------------------------- */

static void disconnect(struct ts_store_handle *handle)
{
	ts_pg_close(handle->pg);
	handle->pg = NULL;
	handle->days.n = 0;
}

static int connect_to(struct ts_store_handle *handle, struct ts_error *err)
{
	int result;

	if (handle->pg)
		return 0;
	result = ts_pg_open(&handle->pg, handle->url, handle->gate, err);
	if (result == 0)
		ts_pg_patience(handle->pg, PATIENCE_S);
	return result;
}

/* Descriptors that the program shares are not left open where it may close or inherit them. */
static void leave(struct ts_store_handle *handle)
{
	if (!handle->pg)
		return;
	if (ts_pg_is_lost(handle->pg) || (handle->gate && !handle->gate->keeps))
		disconnect(handle);
}

/* --- a batch --------------------------------------------------------------------------------- */

/* What is under way for one batch. */
struct load {
	struct ts_store_handle *handle;
	const struct ts_batch *batch;
	const char **tenants;
	size_t n_tenants;
	const void **rows; /* of one tenant and table */
};

static void note_tenant(struct load *load, const char *tenant)
{
	for (size_t i = load->n_tenants; i > 0; i--)
		if (strcmp(load->tenants[i - 1], tenant) == 0)
			return;
	load->tenants[load->n_tenants++] = tenant;
}

static int prepare(struct load *load, struct ts_store_handle *handle, const struct ts_batch *batch)
{
	size_t n = batch->n_traces + batch->n_spans + 1;

	*load = (struct load){.handle = handle, .batch = batch};
	load->tenants = calloc(n, sizeof(*load->tenants));
	load->rows = calloc(n, sizeof(*load->rows));
	if (!load->tenants || !load->rows)
		return -ENOMEM;
	for (size_t i = 0; i < batch->n_traces; i++)
		note_tenant(load, batch->traces[i].tenant_id);
	for (size_t i = 0; i < batch->n_spans; i++)
		note_tenant(load, batch->spans[i].tenant_id);
	if (batch->run)
		note_tenant(load, batch->run->tenant_id);
	return 0;
}

static void release(struct load *load)
{
	free(load->tenants);
	free(load->rows);
}

/* A statement without rows, with one parameter or none. */
static int say(struct load *load, const char *sql, const char *param, struct ts_error *err)
{
	struct ts_pg_statement statement = {
		.sql = sql,
		.n_params = param != NULL,
		.params = &param,
	};

	return ts_pg_send(load->handle->pg, &statement, err);
}

static int send_rows(struct load *load, const struct ts_table *table, size_t n,
		     struct ts_error *err)
{
	return ts_insert(load->handle->pg, &load->handle->encoded, table, load->rows, n, err);
}

static int send_tenant(struct load *load, const char *tenant, struct ts_error *err)
{
	const struct ts_batch *batch = load->batch;
	size_t n = 0;
	int result = say(load,
			 "SELECT set_config('app.current_tenant_id',$1,true),"
			 "set_config('statement_timeout','" TIMEOUT_MS "',true)",
			 tenant, err);

	for (size_t i = 0; i < batch->n_traces; i++)
		if (strcmp(batch->traces[i].tenant_id, tenant) == 0)
			load->rows[n++] = &batch->traces[i];
	if (result == 0)
		result = send_rows(load, &ts_trace_table, n, err);
	n = 0;
	for (size_t i = 0; i < batch->n_spans; i++)
		if (strcmp(batch->spans[i].tenant_id, tenant) == 0)
			load->rows[n++] = &batch->spans[i];
	if (result == 0)
		result = send_rows(load, &ts_span_table, n, err);
	load->rows[0] = batch->run;
	if (result == 0 && batch->run && strcmp(batch->run->tenant_id, tenant) == 0)
		result = send_rows(load, &ts_run_table, 1, err);
	return result;
}

static int send_all(struct load *load, struct ts_error *err)
{
	int result = say(load, "BEGIN", NULL, err);

	for (size_t i = 0; result == 0 && i < load->n_tenants; i++)
		result = send_tenant(load, load->tenants[i], err);
	if (result == 0)
		result = say(load, "COMMIT", NULL, err);
	return result;
}

static int write_once(struct load *load, struct ts_error *err)
{
	struct ts_store_handle *handle = load->handle;
	int result = connect_to(handle, err), synced;

	if (result == 0)
		result = ts_days_make(&handle->days, handle->pg, load->batch, err);
	if (result < 0)
		return result;
	/* What fails in encoding leaves a transaction open, which ts_pg_sync rolls back. */
	result = send_all(load, err);
	synced = ts_pg_sync(handle->pg, result < 0 ? NULL : err);
	return result < 0 ? result : synced;
}

/*
 * A connection that was at rest may be dead without our knowing it; a row meant for the default partition is refused
 * while the partition of its day is being made.
 */
static bool is_worth_another(const struct ts_store_handle *handle, bool reused)
{
	if (!handle->pg)
		return false;
	if (ts_pg_is_lost(handle->pg))
		return reused;
	return strcmp(ts_pg_sqlstate(handle->pg), "23514") == 0;
}

static int pg_write(struct ts_store_handle *handle, const struct ts_batch *batch,
		    struct ts_error *err)
{
	bool reused = handle->pg != NULL;
	struct load load;
	int result = prepare(&load, handle, batch);

	if (result < 0)
		ts_error_set(err, result, "out of memory");
	else
		result = write_once(&load, err);
	if (result < 0 && is_worth_another(handle, reused)) {
		if (ts_pg_is_lost(handle->pg))
			disconnect(handle);
		result = write_once(&load, err);
	}
	if (result == -EACCES)
		ts_ready_hint(handle->pg, err);
	release(&load);
	leave(handle);
	return result;
}

static int pg_amend(struct ts_store_handle *handle, const struct ts_span *spans, size_t n,
		    struct ts_error *err)
{
	int result = connect_to(handle, err);

	if (result == 0)
		result = ts_pg_amend(handle->pg, &handle->encoded, spans, n, err);
	leave(handle);
	return result;
}

/* --- the store ------------------------------------------------------------------------------- */

static void pg_rest(struct ts_store_handle *handle)
{
	disconnect(handle);
	ts_encoded_release(&handle->encoded);
}

static void pg_close(struct ts_store_handle *handle)
{
	if (!handle)
		return;
	pg_rest(handle);
	free(handle->url);
	free(handle);
}

static int pg_open(struct ts_store_handle **ret, const char *url, const struct ts_gate *gate,
		   struct ts_error *err)
{
	struct ts_store_handle *handle = calloc(1, sizeof(*handle));
	int result;

	if (!handle || !(handle->url = strdup(url))) {
		free(handle);
		return ts_error_set(err, -ENOMEM, "out of memory");
	}
	handle->gate = gate;
	result = connect_to(handle, err);
	if (result == 0)
		result = ts_ready_to_write(handle->pg, err);
	if (result < 0) {
		pg_close(handle);
		return result;
	}
	leave(handle);
	*ret = handle;
	return 0;
}

__attribute__((visibility("default"))) extern const struct ts_store ts_store;
const struct ts_store ts_store = {
	.scheme = "postgresql",
	.open = pg_open,
	.write = pg_write,
	.amend = pg_amend,
	.rest = pg_rest,
	.close = pg_close,
};
