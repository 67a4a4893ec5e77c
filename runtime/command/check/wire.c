// SPDX-License-Identifier: Apache-2.0
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal/print.h"
#include "item.h"
#include "live.h"

/* "openssl; http 127.0.0.1:11434, *:8000; gateway llm.example.com/v1 as corp" */
static void print_asks(const struct ts_rules_wire *wire)
{
	const struct ts_rules_pair *asks = wire->asks;
	bool any = !strcmp(asks[0].value, "on");
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return;
	if (any)
		fputs(asks[0].key, to);
	for (size_t i = 1; i < wire->n_asks; any = true, i++) {
		bool same = !strcmp(asks[i].key, asks[i - 1].key);

		fprintf(to, "%s%s %s", same || !any ? "" : "; ", same ? "," : asks[i].key,
			asks[i].value);
	}
	if (!any)
		fputs("nothing: write openssl = on, or http = ADDRESS:PORT", to);
	if (!fclose(to))
		ts_check_item("reads", text);
	free(text);
}

/* Functions of one object that are reached alike, from the first on. */
static size_t print_functions(const struct ts_rules_wire *wire, size_t first)
{
	const struct ts_rules_hook *one = &wire->functions[first];
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);
	size_t i = first;

	for (; i < wire->n_functions; i++) {
		const struct ts_rules_hook *hook = &wire->functions[i];

		if (strcmp(hook->object, one->object) != 0 || hook->entry != one->entry)
			break;
		if (to)
			fprintf(to, "%s%s", i > first ? ", " : "", hook->function);
	}
	if (to)
		fprintf(to, " in %s%s", one->object,
			one->live    ? ""
			: one->entry ? ", by their entries"
				     : ", by slots");
	if (to && !fclose(to))
		ts_check_item("wraps", text);
	free(text);
	return i;
}

static void print_library(const struct ts_rules_tls *tls)
{
	char *text = NULL;

	if (asprintf(&text, "%s in %s%s%s", tls->library, tls->object, *tls->reason ? ": " : "",
		     tls->reason) < 0)
		return;
	ts_check_item(*tls->reason ? "unseen" : "sees", text);
	free(text);
}

static void print_so_far(const struct ts_wired *wired)
{
	char *text = ts_wired_text(wired);

	ts_check_item("so far", text ? text : "no connection");
	free(text);
}

void ts_check_wire(const struct ts_rules *rules, const struct ts_checklive *live)
{
	const struct ts_rules_wire *wire = &rules->wire;
	bool openssl = wire->n_asks && !strcmp(wire->asks[0].value, "on");

	printf("\n%s[wire]%s\n", ts_style(TS_STYLE_BOLD), ts_style(TS_STYLE_PLAIN));
	if (wire->n_asks)
		print_asks(wire);
	for (size_t i = 0; i < wire->n_functions;)
		i = print_functions(wire, i);
	for (size_t i = 0; i < wire->n_libraries; i++)
		print_library(&wire->libraries[i]);
	if (*rules->program && openssl && !wire->n_libraries)
		ts_check_item("missing",
			      live ? "no TLS library is loaded; one that comes later is seen"
				   : "no TLS library is loaded; one that comes later is "
				     "seen: ask the program while it runs, traceshim "
				     "check --live PID");
	if (live)
		print_so_far(&live->wired);
}
