/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_STORE_H
#define TS_STORE_H

/*
 * The contract between the runtime and a store. A store is a module (build/modules/store_SCHEME.so)
 * that exports one const struct ts_store as `ts_store` and, if it can be read back, one const struct ts_source as
 * `ts_source`, and, if there is anything to look after, one const struct ts_admin as `ts_admin`.
 */

#include <stdbool.h>
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
	/*
	 * All of the batch or nothing; traces and spans that are there already are left as they are, a run that is
	 * not newer is overwritten (ts_table.newer). -EILSEQ: it will never take some row of this batch, whoever brings it; other negative
	 * errnos: nothing is stored, or nobody knows; bring the same rows again.
	 */
	int (*write)(struct ts_store_handle *handle, const struct ts_batch *batch,
		     struct ts_error *err);
	/*
	 * Writes cost_nano_usd and attributes of spans that are stored, found by trace, span, tenant and start: all of
	 * them or nothing. Answers how many there were, for some may have been pruned; or a negative errno; -EAGAIN: try
	 * again. NULL where what is written stays as it is. For who looks after a store, not for who is traced.
	 */
	int (*amend)(struct ts_store_handle *handle, const struct ts_span *spans, size_t n,
		     struct ts_error *err);
	/* NULL where it holds nothing: nothing is written for a while, give back what others may need. */
	void (*rest)(struct ts_store_handle *handle);
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
	bool in_parts; /* by started_at, each of which is slow to look into: a bound that is needless spares it some */
	/* As `tenant`, whose rows are all that it then shows; NULL: as whoever asks. -ENOENT: nothing was ever
	 * stored there. */
	int (*open)(struct ts_source_handle **ret, const char *url, const char *tenant,
		    struct ts_error *err);
	int (*select)(struct ts_source_handle *handle, const char *sql,
		      const struct ts_cell *params, size_t n_params, ts_row_fn *row, void *context,
		      struct ts_error *err);
	void (*close)(struct ts_source_handle *handle);
};

/* What `traceshim store status` tells. */
struct ts_store_status {
	int schema; /* version; 0: nothing there yet */
	int newest; /* ... that this program knows */
	int64_t traces;
	int64_t spans;
	int64_t runs;
	int64_t bytes;     /* on disk, all tables and indexes */
	int64_t oldest_us; /* of traces' started_at; 0: there is none */
	int64_t newest_us;
	int64_t partitions;   /* of days; 0: the store has none */
	int64_t strays;       /* rows in the default partitions */
	char server[64];      /* "PostgreSQL 15.20", "SQLite 3.40.1" */
	char compression[16]; /* of JSON columns: "lz4", "pglz", or empty */
};

struct ts_pruned {
	int64_t traces;
	int64_t spans;
	int64_t runs;
	int64_t partitions;
	int64_t freed_bytes; /* 0 where that is not known beforehand */
};

/* A line for people about what is being done, or what to do by hand. */
typedef void ts_tell_fn(void *context, const char *sentence);

/* What every dialect says where there is nothing to look after. */
#define TS_NO_STORE_YET "there is no store yet; traceshim store init makes it"

/* The upkeep of a store, for `traceshim store`; exported as `ts_admin`. */
struct ts_admin {
	const char *scheme;
	/*
	 * Makes what is missing, roles and first partitions included, and lets `user` (NULL: who asks) write and
	 * read everything. Running it again changes nothing. Answers the schema's version.
	 */
	int (*init)(const char *url, const char *user, ts_tell_fn *tell, void *context,
		    struct ts_error *err);
	/* Brings an existing schema up to date; answers its version. -ENOENT: TS_NO_STORE_YET. */
	int (*migrate)(const char *url, ts_tell_fn *tell, void *context, struct ts_error *err);
	/* Also of a schema that this program does not know; nothing there yet is schema 0. */
	int (*status)(const char *url, struct ts_store_status *ret, struct ts_error *err);
	/*
	 * Removes traces and spans that started before `before_us`, and runs last seen before it, and gives their space
	 * back to the system. What had not ended by then may stay until a later time. With `dry`, only counts.
	 * *ret is right also where it fails half-way; -ENOENT: TS_NO_STORE_YET; -ENOSPC: the disk is too full to remove
	 * anything, or for giving the space back.
	 */
	int (*prune)(const char *url, int64_t before_us, bool dry, struct ts_pruned *ret,
		     struct ts_error *err);
};

/*
 * The store, source or admin for `url`, through `load`. NULL with a sentence in err where the scheme is
 * unknown, not built, or its module does not open.
 */
const struct ts_store *ts_store_find(const char *url, ts_module_symbol_fn *load,
				     struct ts_error *err);
const struct ts_source *ts_source_find(const char *url, ts_module_symbol_fn *load,
				       struct ts_error *err);
const struct ts_admin *ts_admin_find(const char *url, ts_module_symbol_fn *load,
				     struct ts_error *err);

/*
 * $TRACESHIM_STORE, else sqlite:$XDG_DATA_HOME/traceshim/traces.db (default $HOME/.local/share);
 * made absolute. From malloc; NULL with a sentence where it cannot be told.
 */
char *ts_store_default_url(struct ts_error *err);

/* `url`, a file that it names by a relative path told from where we are. From malloc; NULL with a sentence. */
char *ts_store_absolute_url(const char *url, struct ts_error *err);

#endif
