/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PROGRAM_SHIM_H
#define TS_COMMAND_PROGRAM_SHIM_H

/* libtraceshim.so: where it is, and making children load it. */

#include <limits.h>

#include "../../error.h"

/*
 * Absolute path of libtraceshim.so: beside this executable as built, in ../lib as installed. 0;
 * -ENOENT; -EINVAL where the path holds what LD_PRELOAD cannot (a space or a colon).
 */
int ts_shim_find(char ret[PATH_MAX], struct ts_error *err);

/* Appends `shim` to LD_PRELOAD of our own environment, for children to inherit. 0, or -ENOMEM. */
int ts_shim_preload(const char *shim);

#endif
