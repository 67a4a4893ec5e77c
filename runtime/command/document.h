/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_DOCUMENT_H
#define TS_COMMAND_DOCUMENT_H

/*
 * What --json prints: one document a command. Keys are the stores' column names, ids UUID text,
 * times RFC 3339, what is unknown null, 64-bit integers exact; captured values are embedded, not
 * quoted. Each function answers text from malloc, or NULL where memory ran out.
 */

#include <stdbool.h>

#include "../collect/health.h"
#include "../ended.h"
#include "../query/query.h"
#include "../log/spool.h"
#include "catalogue.h"
#include "fate.h"
#include "repriced.h"
#include "rules.h"

struct ts_checklive;
struct ts_gates;

char *ts_document_list(const struct ts_listing *listing);
char *ts_document_listed(const struct ts_listed *listed); /* one of them, on one line */
char *ts_document_runs(const struct ts_runs *runs, const struct ts_ended *ended);
/* check_document.c; `live` NULL: of no program that runs. */
char *ts_document_check(const struct ts_rules *rules, const struct ts_checklive *live);
char *ts_document_symbols(const char *program, const struct ts_catalogue *catalogue);
char *ts_document_schema(int version);
char *ts_document_status(const struct ts_store_status *status);
char *ts_document_pruned(const struct ts_pruned *pruned);
/* With what the gates say, where there are any (NULL: none). */
char *ts_document_run(int status, const struct ts_fate *fate, const char *reason,
		      struct ts_gates *gates);
char *ts_document_recover(const char *root, const struct ts_recovered *recovered,
			  char *const *errors, size_t n_errors);
char *ts_document_repriced(const struct ts_repriced *repriced, bool dry);
char *ts_document_health(const struct ts_health *health);

#define TS_ENDED_BY_EXEC "the process became another program"
#define TS_SEEN_CALLS    97 /* 64 lines of a language's own, and what native code has */

/* What the tables' `attributes` say that people should see. */
struct ts_seen {
	char thread_name[64];           /* "" if unknown */
	char dropped[256];              /* "12 ring_full, 3 too_deep", or "" */
	bool exec;                      /* the process became another program */
	char stack[TS_SEEN_CALLS][512]; /* of what failed, innermost first */
	size_t n_stack;
};

/* From the column's JSON; NULL, or what cannot be read, says nothing. */
void ts_document_attributes(const char *attributes, struct ts_seen *ret);

/* Of a run's dropped_by the reason that counts most, and of how many; "" where there is none. */
struct ts_main_reason {
	char name[32];
	size_t n_reasons;
};

struct ts_main_reason ts_document_main_reason(const char *dropped_by);

#endif
