/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_FIGURES_H
#define TS_COMMAND_FIGURES_H

/* Figures of many calls as members of the objects that --json prints. */

#include "../report/figures.h"

struct cJSON;

/* "total_ms", "p50_ms", ... */
void ts_member_times(struct cJSON *to, struct ts_figures *figures);
/* "model_calls", and tokens and cost: null where nothing is known, and of how many calls not all is. */
void ts_member_spend(struct cJSON *to, const struct ts_spend *spend);

#endif
