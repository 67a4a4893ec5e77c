// SPDX-License-Identifier: Apache-2.0
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int ts_error_set(struct ts_error *err, int result, const char *format, ...)
{
	va_list args;

	if (!err)
		return result;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return result;
}
