// SPDX-License-Identifier: Apache-2.0
#include "figures.h"

int ts_figures_add(struct ts_figures *figures, double duration_ms, bool success)
{
	figures->n++;
	figures->failed += !success;
	figures->total_ms += duration_ms;
	return ts_samples_add(&figures->durations_ms, duration_ms);
}

void ts_figures_release(struct ts_figures *figures)
{
	ts_samples_release(&figures->durations_ms);
}
