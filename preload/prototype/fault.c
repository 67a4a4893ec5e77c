// SPDX-License-Identifier: Apache-2.0
/* The wording of faults. */

#include "fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int ts_fault_at(struct ts_fault *fault, uint32_t column, const char *format, ...)
{
	va_list list;

	if (!fault)
		return -EINVAL;
	fault->column = column;
	va_start(list, format);
	vsnprintf(fault->message, sizeof(fault->message), format, list);
	va_end(list);
	return -EINVAL;
}

struct ts_quote ts_quote(struct ts_slice word)
{
	static const char dots[] = "...";
	struct ts_quote quote = {{0}};
	size_t room = sizeof(quote.text) - sizeof(dots);
	size_t n = word.bytes < room ? word.bytes : room;

	/* one byte that nobody sees: a space of another kind, a quotation mark of a text */
	if (word.bytes == 1 && ts_printable(*word.text) != *word.text) {
		snprintf(quote.text, sizeof(quote.text), "\\x%02x", (unsigned char)*word.text);
		return quote;
	}
	for (size_t i = 0; i < n; i++)
		quote.text[i] = ts_printable(word.text[i]);
	if (n < word.bytes)
		memcpy(quote.text + n, dots, sizeof(dots));
	return quote;
}
