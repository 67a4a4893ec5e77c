/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_DICTIONARY_H
#define TS_DICTIONARY_H

/*
 * The spool's dictionary: the settings its program ran with, and what the thunk numbers in events
 * mean. It only grows, so what was read once stays true. All strings are valid UTF-8 (repaired
 * where the file's were not), never NULL, and live as long as the dictionary.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../preload/abi.h"
#include "../error.h"

struct ts_dictionary;

struct ts_settings {
	const char *program; /* path */
	const char *host;
	const char *conf;     /* path of symbols.conf */
	const char *store;    /* URL */
	const char *tenant;   /* default */
	const char *redact;   /* names, separated by ',' */
	const char *state;    /* the folder of backlogs; empty: there is none */
	const char *prices;   /* path of a price file; empty: only those built in */
	const char *gateways; /* "HOST[/PATH] PROVIDER", separated by ','; empty: there are none */
	uint64_t backlog_bytes;
	uint32_t n_rules;
	uint32_t capture_bytes; /* a side of a span; 0: times only */
	bool orphans;           /* an LLM call outside every trace is one */
	bool wire;              /* symbols.conf has a [wire] */
	bool known;             /* false: not read yet, or damaged */
};

struct ts_thunk {
	uint32_t index;
	uint32_t line;
	enum ts_kind kind;
	enum ts_language language;
	const char *kind_name; /* "agent" */
	const char *name;
	const char *span_name; /* "agent:trainer" */
	const char *function;  /* of Python "bot.agents.trainer:TrainerAgent.run" */
	const char *object;    /* path; of Python the source file's */
	const char *fails;     /* "< 0", or empty */
	uint32_t n_params;
	const char *const *params; /* n_params names, as captured values count them */
};

/* What frames of call stacks lie in. */
struct ts_object {
	const char *path;
	const char *build_id; /* hexadecimal, or empty */
};

/* A TLS library in the program, where [wire] asks for OpenSSL. */
struct ts_tls {
	const char *path;    /* of the object that holds it */
	const char *library; /* "OpenSSL", "GnuTLS", ... */
	const char *unseen;  /* why what passes through it is not seen; empty: it is */
};

/* An empty dictionary of the spool folder `spool` (copied); `page` outlives it. 0 or -ENOMEM. */
int ts_dictionary_new(struct ts_dictionary **ret, const char *spool,
		      const struct ts_abi_process *page);
void ts_dictionary_free(struct ts_dictionary *dictionary); /* NULL is fine */

/*
 * Reads what was appended since. 0; -EBADMSG: a record is damaged, those before it hold and nothing
 * behind it is read; another negative errno: nothing changed, try again later.
 */
int ts_dictionary_update(struct ts_dictionary *dictionary, struct ts_error *err);

/* Never NULL; empty strings until an update has read them. */
const struct ts_settings *ts_dictionary_settings(const struct ts_dictionary *dictionary);

/* Thunks from this number on are not known. */
uint32_t ts_dictionary_thunks(const struct ts_dictionary *dictionary);

/* NULL: not known (yet). */
const struct ts_thunk *ts_dictionary_thunk(const struct ts_dictionary *dictionary, uint32_t index);
const struct ts_object *ts_dictionary_object(const struct ts_dictionary *dictionary,
					     uint32_t index);

/* All that are known, in the order in which they were found; *ret_n of them, valid until the next update. */
const struct ts_tls *ts_dictionary_tls(const struct ts_dictionary *dictionary, size_t *ret_n);

#endif
