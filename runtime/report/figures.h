/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_FIGURES_H
#define TS_REPORT_FIGURES_H

/* What is told of a set of traces, or of calls. */

#include <stdbool.h>

#include "samples.h"
#include "spend.h"

struct ts_figures { /* zeroed: of none */
	uint64_t n;
	uint64_t failed;
	struct ts_samples durations_ms;
	double total_ms; /* of all durations */
	double self_ms;  /* in which none of their children ran */
	double path_ms;  /* of their own on the critical path */
	struct ts_spend spend;
};

/* One more trace or call. 0 or -ENOMEM. */
int ts_figures_add(struct ts_figures *figures, double duration_ms, bool success);

void ts_figures_release(struct ts_figures *figures);

#endif
