// SPDX-License-Identifier: Apache-2.0
#include "demangle.h"

#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

#include "names.h"

char *ts_demangle(const char *name, bool parameters)
{
	char *text;

	/* Any name may be one of some language's; these begin so. */
	if (strncmp(name, "_Z", 2) != 0 && strncmp(name, "_R", 2) != 0)
		return NULL;
	text = cplus_demangle(name, DMGL_AUTO | DMGL_ANSI | (parameters ? DMGL_PARAMS : 0));
	if (text)
		ts_name_simplify(text);
	return text;
}
