/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_DEMANGLE_H
#define TS_COMMAND_DEMANGLE_H

/* Linkage names of C++ and Rust -> what the source calls the function (libiberty). */

#include <stdbool.h>

/* "bot::Memory::run", or with its parameters' types, as people write them (names.h). From malloc; NULL where it is no such name. */
char *ts_demangle(const char *name, bool parameters);

#endif
