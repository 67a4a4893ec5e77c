// SPDX-License-Identifier: Apache-2.0
#include "document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../columns.h"
#include "../../jsonmember.h"
#include "../../query/query.h"
#include "../../rowjson.h"
#include "../command.h"
#include "../terminal/print.h"

/* Lines behind the first begin with `indent`: a newline stands between values only, never in one. */
static void put_lines(const char *text, const char *indent)
{
	for (;;) {
		size_t n = strcspn(text, "\n");

		fwrite(text, 1, n + (text[n] != '\0'), stdout);
		if (!text[n])
			return;
		text += n + 1;
		fputs(indent, stdout);
	}
}

/* The object without its last `left` bytes. 0 or -ENOMEM. */
static int put_row(const struct ts_table *table, const void *row, const char *indent, size_t left)
{
	char *text = ts_member_finish(ts_row_json(table, row));

	if (!text)
		return -ENOMEM;
	text[strlen(text) - left] = '\0';
	put_lines(text, indent);
	free(text);
	return 0;
}

int ts_show_document(const struct ts_story *story)
{
	size_t n;
	const struct ts_span *spans = ts_story_spans(story, &n);
	int result = put_row(&ts_trace_table, ts_story_trace(story), "", strlen("\n}"));

	fputs(",\n\t\"spans\":\t[", stdout);
	for (size_t i = 0; result == 0 && i < n; i++) {
		if (i)
			fputs(", ", stdout);
		result = put_row(&ts_span_table, &spans[i], "\t\t", 0);
	}
	if (result < 0) {
		ts_say("out of memory");
		return TS_EXIT_FAILED;
	}
	fputs("]\n}\n", stdout);
	return TS_EXIT_DONE;
}
