/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_EXPORT_H
#define TS_EXPORT_H

/*
 * The contract between `traceshim export` and a format. Traces come newest first, each with its spans behind it; what is
 * kept of them is bounded by what one trace needs, so that a store may be larger than memory.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../query/query.h"

/* What folded stacks weigh. */
enum ts_weight { TS_WEIGHT_TIME, TS_WEIGHT_COST, TS_WEIGHT_CALLS };

struct ts_format {
	const char *name;
	enum ts_query_shape shape; /* of the spans it is given */
	bool payload;              /* traces with inputs, outputs and attributes */
	/* What it writes before the first trace goes to `out`, which outlives it. 0 or -ENOMEM. */
	int (*begin)(void **ret, FILE *out, enum ts_weight weight);
	/* 0 or a negative errno each; whether `out` takes it is the caller's business. */
	int (*trace)(void *format, const struct ts_trace *trace); /* ends the one before */
	int (*span)(void *format, const struct ts_span *span);    /* of the last trace */
	int (*end)(void *format); /* ends the last trace, and writes what comes behind all */
	void (*free)(void *format);
};

extern const struct ts_format ts_format_json;
extern const struct ts_format ts_format_csv;
extern const struct ts_format ts_format_chrome;
extern const struct ts_format ts_format_folded;

#endif
