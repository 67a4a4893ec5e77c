/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_USAGE_PROVIDERS_H
#define TS_USAGE_PROVIDERS_H

/*
 * How the answers of each provider are laid out. All of it is tables of two kinds of text:
 *
 *   a path       leads to a member of the answer: "usage.prompt_tokens_details.cached_tokens"; of several, with '|'
 *                between them, the first that is there and not null
 *   a condition  a path that leads somewhere; PATH=PATTERN, to a string like that; PATH~WORDS, to a value whose text
 *                holds them; PATH>0, to a number above 0; PATH#0, to an empty list. Of several, with blanks between them,
 *                all must hold.
 */

enum ts_usage_count {
	TS_COUNT_INPUT,
	TS_COUNT_TOOLS, /* input that tools brought, apart from the other */
	TS_COUNT_CACHE_READ,
	TS_COUNT_CACHE_WRITE,
	TS_COUNT_CACHE_WRITE_5M,
	TS_COUNT_CACHE_WRITE_1H,
	TS_COUNT_OUTPUT,
	TS_COUNT_REASONING,
	TS_COUNT_TOTAL,
	TS_USAGE_COUNTS
};

enum ts_usage_flags {
	TS_USAGE_CACHE_APART =
		1, /* the input counts neither what the cache served nor what it took */
	TS_USAGE_REASONING_APART = 2, /* the output does not count reasoning */
	TS_USAGE_TOTAL_TELLS = 4,     /* ... which of that is so follows from the total */
	TS_USAGE_EARLY = 8,    /* the output is what there was at the beginning of a stream */
	TS_USAGE_ADDS = 16,    /* pieces of a stream are to be added up */
	TS_USAGE_LIBRARY = 32, /* of a library that also passes such answers on, as input */
};

struct ts_usage_api {
	const char *name;
	const char *when;  /* a condition */
	const char *usage; /* the path to its usage object; "": the answer is it */
	const char *counts[TS_USAGE_COUNTS]; /* paths from there; NULL: it has none such */
	const char *cost;                    /* in USD, likewise */
	unsigned flags;                      /* enum ts_usage_flags */
};

/* The first whose condition holds counts. The last has no name. */
extern const struct ts_usage_api ts_usage_apis[];

/* Who is paid, where that is beyond doubt: the first whose condition holds. NULL: beyond doubt that nobody knows. */
struct ts_usage_provider {
	const char *when; /* NULL: the last */
	const char *provider;
};

extern const struct ts_usage_provider ts_usage_providers[];

/* Paths. */
extern const char ts_usage_model[];
extern const char ts_usage_service_tier[];

/* Conditions of which one is enough; the last is NULL. */
extern const char *const ts_usage_answers[]; /* it is an answer, with or without usage */
extern const char *const ts_usage_ends[];    /* the model had come to its end */
extern const char *const ts_usage_more[];   /* what is paid for besides tokens, or at other rates */
extern const char *const ts_usage_remote[]; /* what looks local and is not */

#endif
