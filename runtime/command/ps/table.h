/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PS_TABLE_H
#define TS_COMMAND_PS_TABLE_H

/* Programs and what their threads are inside of, as people read them and as others do. */

#include <stdio.h>

#include "../../live/programs.h"

/* A paragraph each: what has been open longest comes first. 0 or -ENOMEM. */
int ts_pstable_print(FILE *out, const struct ts_programs *programs);

/* The document of --json, on one line. From malloc; NULL where memory ran out. */
char *ts_pstable_document(const struct ts_programs *programs);

#endif
