/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_REPORT_H
#define TS_REPORT_REPORT_H

/* The figures of many traces, taken in one by one: what stays of each is 8 bytes a call and table. */

#include "failures.h"
#include "figures.h"
#include "keyed.h"
#include "repeats.h"
#include "timeline.h"

enum ts_report_by {
	TS_BY_NOTHING, /* all tables but `rows` */
	TS_BY_PIPELINE,
	TS_BY_SPAN,
	TS_BY_MODEL,
	TS_BY_PROVIDER,
	TS_BY_USER,
	TS_BY_TENANT,
	TS_BY_DAY, /* local ones */
};

/* Above this share of its pipeline's busy time a bottleneck is marked. */
#define TS_BOTTLENECK 0.5

/* Key: its name. */
struct ts_pipeline {
	struct ts_figures
		figures; /* self_ms: of all that ran in it, the pipeline itself included */
	struct ts_keyed
		spans; /* of struct ts_figures, by span name, the pipeline's own among them */
};

struct ts_report {
	enum ts_report_by by;
	struct ts_figures all; /* of traces; self_ms as a pipeline's */
	uint64_t calls;        /* spans */
	struct ts_timeline timeline;
	struct ts_keyed pipelines; /* of struct ts_pipeline; most traces first */
	struct ts_keyed models;    /* of struct ts_figures, by provider and model; dearest first */
	struct ts_keyed
		rows; /* of struct ts_figures, by what `by` says; of a model its provider, too */
	struct ts_failures failures; /* most first */
	struct ts_keyed repeats;     /* of struct ts_repeat */
};

/* Of a period that timeline divides. */
void ts_report_init(struct ts_report *report, enum ts_report_by by, int64_t since_us,
		    int64_t until_us);

/* One more trace with its spans in start order; nothing of them is kept. 0 or -ENOMEM. */
int ts_report_add(struct ts_report *report, const struct ts_trace *trace,
		  const struct ts_span *spans, size_t n);

/* No more come: puts the tables in order. */
void ts_report_finish(struct ts_report *report);

/* Of a pipeline that is finished: the name that has most time of its own, and its share of the busy time. NULL: none. */
const struct ts_figures *ts_pipeline_bottleneck(const struct ts_pipeline *pipeline,
						double *ret_share);

void ts_report_release(struct ts_report *report);

#endif
