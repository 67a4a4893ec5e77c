/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_COLLECT_DOCUMENT_H
#define TS_COMMAND_COLLECT_DOCUMENT_H

/* What a collector answers who asks how it is. */

#include "../../collect/health.h"

/* One line, from malloc, or NULL where memory ran out. */
char *ts_document_health(const struct ts_health *health);

#endif
