/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_DELIVERY_H
#define TS_DELIVERY_H

/*
 * Batches on their way to a store that may refuse a row for good: then the batch is halved until that row stands
 * alone, and the others are stored.
 */

#include <stdbool.h>
#include <stdint.h>

#include "outlet.h"

struct ts_rejected;

struct ts_delivery {
	struct ts_outlets *outlets;
	const char *url;
	struct ts_rejected *rejected;
	const char *
		state; /* the folder that refused rows are kept in, and damaged ones; may be empty */
	uint64_t most_bytes; /* of all that is kept there */
	bool told;           /* that rows are refused */
};

/*
 * 0: every row is stored, or stands among the rejected (a run that is refused is dropped: there will be another);
 * TS_AWAY, or another negative errno: nothing is known, bring the same rows again. `insist` as for
 * ts_outlets_write.
 */
int ts_delivery_write(struct ts_delivery *delivery, const struct ts_batch *batch, bool insist,
		      struct ts_error *err);

#endif
