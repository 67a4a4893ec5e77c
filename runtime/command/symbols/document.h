/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_SYMBOLS_DOCUMENT_H
#define TS_COMMAND_SYMBOLS_DOCUMENT_H

/* What `symbols --json` prints. */

#include "../functions/catalogue.h"

/* From malloc, or NULL where memory ran out. */
char *ts_document_symbols(const char *program, const struct ts_catalogue *catalogue);

#endif
