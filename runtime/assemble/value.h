/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_VALUE_H
#define TS_VALUE_H

/* One captured value, of an event that was checked, in the shapes that json.h has. */

#include "item.h"

struct ts_redact;
struct ts_value;

/* As an item of a document; NULL, and the document has failed: no memory. `redact` may be NULL. */
struct cJSON *ts_value_item(struct ts_items *items, const struct ts_redact *redact,
			    const struct ts_value *value);

/*
 * A string or a cut one ("head…tail") as UTF-8 in `pool`, redacted and repaired; of other values "".
 * NULL: no memory.
 */
const char *ts_value_text(const struct ts_redact *redact, struct ts_pool *pool,
			  const struct ts_value *value);

#endif
