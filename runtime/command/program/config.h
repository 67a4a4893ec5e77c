/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PROGRAM_CONFIG_H
#define TS_COMMAND_PROGRAM_CONFIG_H

/* Where a program under the shim looks for symbols.conf. */

#include <limits.h>
#include <stddef.h>

/* The first that is there. 0, or -ENOENT. */
int ts_config_find(char ret[PATH_MAX]);

/* All places, as a list in a sentence: "A, B and C". */
void ts_config_places(char *ret, size_t bytes);

#endif
