/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_FUNCTIONS_PROTOTYPE_H
#define TS_COMMAND_FUNCTIONS_PROTOTYPE_H

/* A function's types -> what symbols.conf takes for a rule. Pure. */

#include "../../pool.h"
#include "signature.h"

/* What it is once qualifiers and typedefs are taken off; NULL: void. */
const struct ts_shape *ts_shape_bare(const struct ts_shape *shape);

/*
 * "int run(long id, const char *text)" for the function that a rule calls `name`: every type is one
 * that symbols.conf(5) knows, and passed as the function's own is. NULL where nothing can be
 * written so. *ret_note: NULL, or what is not as it was declared ("x is a struct by value"). Both
 * are of `pool`; where memory ran out, both are NULL.
 */
const char *ts_prototype_write(const struct ts_signature *signature, const char *name,
			       struct ts_pool *pool, const char **ret_note);

#endif
