/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_MODELNAME_H
#define TS_MODELNAME_H

/*
 * The names under which a model may stand in a price file: as it is, and without what hosts put before it and what says
 * when it was made. Nothing is taken off in the middle, nor anything else from the end: gpt-4o-mini is no gpt-4o.
 */

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

#define TS_MODEL_NAMES 8

/* From the whole to the shortest; parts of `name`. */
struct ts_model_names {
	struct ts_text names[TS_MODEL_NAMES];
	size_t n;
	bool free; /* ":free": OpenRouter charges nothing */
};

void ts_model_names(struct ts_text name, struct ts_model_names *ret);

#endif
