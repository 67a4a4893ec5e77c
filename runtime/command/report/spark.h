/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_REPORT_SPARK_H
#define TS_COMMAND_REPORT_SPARK_H

/* Numbers as a line of little bars; empty where no terminal shows them. */

#include <stdint.h>

#include "../../report/samples.h"

#define TS_SPARK_BARS 60

struct ts_spark {
	char text[TS_SPARK_BARS * 3 + 1];
};

/* n bars, the highest for the greatest number. */
struct ts_spark ts_spark_of(const uint64_t *numbers, size_t n);

/* From where to where they spread, the lowest hundredth left out; both are greater than 0. */
void ts_spark_bounds(struct ts_samples *samples, double *ret_least, double *ret_most);

/* How the samples are spread from `least` to `most`, which are greater than 0, in `bars` steps of equal ratio. */
struct ts_spark ts_spark_spread(struct ts_samples *samples, double least, double most, size_t bars);

#endif
