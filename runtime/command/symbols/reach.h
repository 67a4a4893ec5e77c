/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_SYMBOLS_REACH_H
#define TS_COMMAND_SYMBOLS_REACH_H

/* What the shim itself says of a catalogue's functions, once it is given a rule for each. */

#include <limits.h>

#include "../functions/catalogue.h"

/*
 * Fills in how each function is reached in the program at `path`, or why not; and takes away the
 * prototypes that symbols.conf does not take. 0, or a negative errno once the reason is printed.
 */
int ts_reach(struct ts_catalogue *catalogue, const char *path, char **argv);

/* The right side of a function's rule: "int run(long id)", "run", "run@libx.so". From malloc, or NULL. */
char *ts_reach_rule(const struct ts_catalogue_object *object,
		    const struct ts_catalogue_function *function);

#endif
