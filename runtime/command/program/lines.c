// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In place. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && text[1]) {
			text++;
			*to++ = *text == 't' ? '\t' : *text == 'n' ? '\n' : *text;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static void split(char *line, char *fields[TS_LINES_FIELDS])
{
	static char empty[1];

	for (size_t i = 0; i < TS_LINES_FIELDS; i++) {
		fields[i] = line ? strsep(&line, "\t") : empty;
		unescape(fields[i]);
	}
}

int ts_lines_read(const char *path, ts_lines_fn *line, void *context)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t n;
	int result = 0;

	if (!file)
		return -errno;
	while (!result && (n = getline(&text, &room, file)) >= 0) {
		char *fields[TS_LINES_FIELDS];

		/* A line without its end is still being written. */
		if (!n || text[n - 1] != '\n')
			break;
		text[n - 1] = '\0';
		split(text, fields);
		result = line(context, fields);
	}
	free(text);
	fclose(file);
	return result;
}
