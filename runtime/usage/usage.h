/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_USAGE_H
#define TS_USAGE_H

/*
 * What the answer of a language model tells of itself: whose it is, of which model, how many tokens. It is read from
 * the JSON that was captured, in a bounded number of passes and with no memory but a copy of the strings in it that hold
 * JSON themselves. What is not told, or not for sure, is unknown. All text lies in what was read, or in the pool.
 */

#include <stdbool.h>

#include "../scan.h"
#include "../span.h"

#define TS_USAGE_NAME_BYTES 255 /* of the longest model's name */

struct ts_usage {
	bool answered;          /* the shape of a known answer, whatever it told */
	const char *api;        /* whose shape: "openai.chat"; NULL: there was no usage */
	const char *provider;   /* as OpenTelemetry names it; NULL: not certain */
	struct ts_text model;   /* that answered; empty: unknown */
	struct ts_maybe input;  /* all of it, what the cache served and took included */
	struct ts_maybe output; /* all of it, reasoning included */
	struct ts_maybe cache_read;
	struct ts_maybe cache_write;
	struct ts_maybe cache_write_5m; /* of these, what stays five minutes, or an hour */
	struct ts_maybe cache_write_1h;
	struct ts_maybe reasoning;
	struct ts_maybe cost_nano_usd; /* as the provider tells it */
	struct ts_text service_tier;   /* empty: none was named */
	bool local;                    /* it ran on a machine of one's own */
	bool more;                     /* something is paid for besides what the counts tell */
	/* Usage objects as they came, empty where there are none; a stream may tell its input first, its output last. */
	struct ts_scanned raw[2];
};

/*
 * Reads the output of a call, {"result": ...}, or, where that tells of no usage, its input, {"parameter": ...}; each may
 * be NULL. The result, or a parameter, is an object in the shape of an answer; a list of the pieces of a stream; or a
 * string that holds either, or a stream of server-sent events or of lines, and may be cut. Always fills *ret.
 */
void ts_usage_read(struct ts_usage *ret, const char *output, const char *input,
		   struct ts_pool *pool);

/*
 * The same of an answer that stands alone, an object of JSON. `whole`: the model had come to its end; else what it has put out
 * is not known.
 */
void ts_usage_read_answer(struct ts_usage *ret, const char *answer, bool whole,
			  struct ts_pool *pool);

/* The model that a request among the parameters asks for; empty: there is none. */
struct ts_text ts_usage_requested_model(const char *input, struct ts_pool *pool);

#endif
