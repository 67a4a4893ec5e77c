/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_SYMBOLS_PYTHON_H
#define TS_COMMAND_SYMBOLS_PYTHON_H

/* The functions of Python sources, as rules may name them. */

#include <stdbool.h>

#include "../functions/catalogue.h"

/* Is it a Python source, or a folder? */
bool ts_python_is_source(const char *name);

/*
 * Fills in the modules of the source at `name`, or of all below that folder, with the functions whose name, alone or
 * behind that of the module, `glob` matches; with NULL all but those that Python calls itself (__init__ and its like).
 * 0, or a negative errno once the reason is printed. Changes our environment.
 */
int ts_python_catalogue(struct ts_catalogue *ret, const char *name, const char *glob);

#endif
