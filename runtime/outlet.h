/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_OUTLET_H
#define TS_OUTLET_H

/*
 * The stores that spools name: each is opened once, when first needed, and left alone for a while after a
 * failure, which is told once a minute at most. Of more than 64 the least recently used are closed and forgotten.
 */

#include <stdbool.h>

#include "../preload/abi.h"
#include "error.h"
#include "span.h"

struct ts_gate;

struct ts_outlets_options {
	ts_module_symbol_fn *modules;
	const struct ts_gate *gate; /* NULL where nobody forks; outlives the outlets */
	/* NULL; called before and after a store is opened for the first time */
	void (*trying)(void);
	/* NULL; what became of a store: it fails (bad), it works again */
	void (*say)(void *context, bool bad, const char *sentence);
	void (*note)(void *context, const char *sentence); /* NULL; what became of rows */
	void *context;
	/* NULL; the URL of a store that takes what is for one that cannot be opened. It outlives the outlets */
	const char *instead;
};

struct ts_outlets;

/* 0 or -ENOMEM; the options are copied. */
int ts_outlets_new(struct ts_outlets **ret, const struct ts_outlets_options *options);
void ts_outlets_free(struct ts_outlets *outlets); /* closes them; NULL is fine */

/* What a store that is away, or was a short while ago, answers: the sentence says why. */
#define TS_AWAY (-ENOLINK)

/*
 * Writes the batch to the store at `url`. 0; TS_AWAY: nothing of it is stored, or nobody knows: the same rows
 * may be brought again; -EILSEQ: the store is there, but will never take some row of this batch. With
 * `insist` a store is tried now, however short a while ago it failed. A batch of NULL only opens it, to see if it is
 * there.
 */
int ts_outlets_write(struct ts_outlets *outlets, const char *url, const struct ts_batch *batch,
		     bool insist, struct ts_error *err);

/* False with its sentence: the store failed a short while ago, and would only be tried if one insisted. */
bool ts_outlets_is_due(const struct ts_outlets *outlets, const char *url, struct ts_error *err);

/* Called now and then: connections that had no batch for ten seconds go back to whoever may need them. */
void ts_outlets_rest(struct ts_outlets *outlets);

/* Hands a sentence to whoever is told what became of rows. */
void ts_outlets_note(const struct ts_outlets *outlets, const char *sentence);

/* Does what is open stay ours while a fork may come in? */
bool ts_outlets_keeps(const struct ts_outlets *outlets);

/* Each store that was written to, and why the last attempt failed ("": it did not). */
void ts_outlets_each(const struct ts_outlets *outlets,
		     void (*take)(void *context, const char *url, const char *failure),
		     void *context);

#endif
