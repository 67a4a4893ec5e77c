/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_STORE_H
#define TS_STORE_H

/*
 * The contract between the runtime and a store. A store is a module (build/modules/store_SCHEME.so)
 * that exports one const struct ts_store as `ts_store` and, if it can be read back, one const
 * struct ts_source as `ts_source`.
 */

#include <stddef.h>
#include <stdint.h>

#include "../preload/abi.h"
#include "error.h"
#include "span.h"

struct ts_gate;
struct ts_store_handle;

struct ts_store {
	const char *scheme; /* "sqlite" */
	/*
	 * Opens, creates, migrates what `url` names. 0, or a negative errno; -EAGAIN: try again. The
	 * gate, NULL where nobody forks, is opened while the store waits; it outlives the handle.
	 */
	int (*open)(struct ts_store_handle **ret, const char *url, const struct ts_gate *gate,
		    struct ts_error *err);
	/* All of the batch or nothing; rows that are there already are left as they are. */
	int (*write)(struct ts_store_handle *handle, const struct ts_batch *batch,
		     struct ts_error *err);
	void (*close)(struct ts_store_handle *handle); /* NULL is fine */
};

/* A value that goes into a query or comes out of it. */
struct ts_cell {
	enum { TS_CELL_NULL, TS_CELL_INT, TS_CELL_DOUBLE, TS_CELL_TEXT, TS_CELL_UUID } type;
	int64_t integer;
	double real;
	const char *text; /* valid until the row callback returns */
	struct ts_uuid uuid;
};

/* Called for each row; non-zero ends the query early and is its result. */
typedef int ts_row_fn(void *context, const struct ts_cell *cells, size_t n);

struct ts_source_handle;

/* The read side: SQL that all dialects know, parameters $1, $2, ... in order. Never writes. */
struct ts_source {
	const char *scheme;
	/* -ENOENT: nothing was ever stored there. */
	int (*open)(struct ts_source_handle **ret, const char *url, struct ts_error *err);
	int (*select)(struct ts_source_handle *handle, const char *sql,
		      const struct ts_cell *params, size_t n_params, ts_row_fn *row, void *context,
		      struct ts_error *err);
	void (*close)(struct ts_source_handle *handle);
};

/*
 * The store, or source, for `url`, through `load`. NULL with a sentence in err where the scheme is
 * unknown, not built, or its module does not open.
 */
const struct ts_store *ts_store_find(const char *url, ts_module_symbol_fn *load,
				     struct ts_error *err);
const struct ts_source *ts_source_find(const char *url, ts_module_symbol_fn *load,
				       struct ts_error *err);

/*
 * $TRACESHIM_STORE, else sqlite:$XDG_DATA_HOME/traceshim/traces.db (default $HOME/.local/share);
 * made absolute. From malloc; NULL with a sentence where it cannot be told.
 */
char *ts_store_default_url(struct ts_error *err);

#endif
