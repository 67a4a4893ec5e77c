/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_RECOVER_DOCUMENT_H
#define TS_COMMAND_RECOVER_DOCUMENT_H

/* What `recover --json` prints. */

#include "../../log/spool.h"

/* One line, from malloc, or NULL where memory ran out. */
char *ts_document_recover(const char *root, const struct ts_recovered *recovered,
			  char *const *errors, size_t n_errors);

#endif
