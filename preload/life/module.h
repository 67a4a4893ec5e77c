/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_MODULE_H
#define TS_MODULE_H

/* Opens modules, and binds them to their own libraries. [setup], and on the shim's own threads. */

#include <stdbool.h>

#include "../abi.h"

struct link_map;
struct ts_object;

/*
 * Opens build/modules/NAME.so beside us (or traceshim/NAME.so where we are installed) and answers
 * its symbol; NULL with a sentence in `why`. A program linked with -rdynamic that has functions of
 * its own by the names that the module's libraries use would get their calls: so the slots of the
 * module, and of the libraries that it brought, are bound to definitions among these.
 */
const void *ts_module_symbol(const char *module, const char *symbol, char *why, size_t why_bytes);

/*
 * Keeps a library that is loaded, by the dynamic linker's name for it: it is not unloaded any more. NULL: it is gone, or the
 * turn could not be had.
 */
const struct link_map *ts_module_keep(const char *path);

/*
 * Around a fork, on the thread that forks: no module is being opened, unless that takes longer than 50 ms (false); both in
 * the parent and in the child it goes on with what ts_module_hold answered. A child that may open none goes on with false.
 */
bool ts_module_hold(void);
void ts_module_go_on(bool held);

enum ts_brought { TS_NOT_BROUGHT, TS_BROUGHT, TS_BEING_BROUGHT };

/*
 * Is the object whose first byte is at `low` in the process because a module needs it? BEING_BROUGHT:
 * that cannot be told yet, for a module is being opened; what that brings is written to. Any thread.
 */
enum ts_brought ts_module_brought(uintptr_t low);

/* The memory that holds the modules' code is needed no more for a while: half a megabyte. */
void ts_module_rest(void);

#endif
