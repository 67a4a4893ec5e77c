/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_MODULE_H
#define TS_COMMAND_MODULE_H

/* Where the parts of this installation lie, and opening its modules. */

#include <limits.h>

#include "../../preload/abi.h"

/* The folder of this executable, links resolved. 0, or a negative errno. */
int ts_module_home(char ret[PATH_MAX]);

/* A ts_module_symbol_fn: modules/ beside the executable, or ../lib/traceshim/ as installed. */
const void *ts_module_symbol(const char *module, const char *symbol, char *why, size_t why_bytes);

#endif
