// SPDX-License-Identifier: Apache-2.0
/* libiberty's demanglers, which lie inside whatever links this, hidden. */

#include "demangle.h"

#include <libiberty/demangle.h>
#include <stddef.h>
#include <string.h>

#define MOST_BYTES 4096 /* of a mangled name: the demangler's stack grows with it */

char *ts_demangle_type(const char *mangled)
{
	if (!*mangled || strnlen(mangled, MOST_BYTES) == MOST_BYTES)
		return NULL;
	return cplus_demangle_v3(mangled, DMGL_PARAMS | DMGL_ANSI | DMGL_TYPES);
}

char *ts_demangle_function(const char *symbol, bool parameters)
{
	int options = DMGL_ANSI | (parameters ? DMGL_PARAMS : 0);
	char *name;

	if (symbol[0] != '_' || strnlen(symbol, MOST_BYTES) == MOST_BYTES)
		return NULL;
	name = rust_demangle(symbol, options);
	return name ? name : cplus_demangle_v3(symbol, options);
}
