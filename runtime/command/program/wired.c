// SPDX-License-Identifier: Apache-2.0
#include "wired.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../assemble/wirerun.h"
#include "../../log/dictionary.h"
#include "../../pool.h"
#include "../../scan.h"
#include "../terminal/amount.h"

#define MOST_LIBRARIES 256

/* --- from a row ------------------------------------------------------------------------------- */

static const char *text_in(const struct ts_scanned *object, const char *key, struct ts_pool *pool)
{
	struct ts_scanned value;
	struct ts_text text;

	if (!ts_scan_find(object, key, &value) || !ts_scan_unescape(&value, pool, &text))
		return "";
	return ts_pool_strndup(pool, text.data, text.bytes);
}

static bool read_libraries(struct ts_wired *ret, const struct ts_scanned *wire,
			   struct ts_pool *pool)
{
	struct ts_tls *all = ts_pool_alloc(pool, MOST_LIBRARIES * sizeof(*all));
	struct ts_scanned list, library;
	struct ts_scan scan;

	if (!all)
		return false;
	ret->libraries = all;
	if (!ts_scan_find(wire, "libraries", &list))
		return true;
	scan = ts_scan_inside(&list);
	while (ret->n_libraries < MOST_LIBRARIES && ts_scan_item(&scan, &library)) {
		struct ts_tls *tls = &all[ret->n_libraries++];

		tls->path = text_in(&library, "path", pool);
		tls->library = text_in(&library, "library", pool);
		tls->unseen = text_in(&library, "unseen", pool);
		if (!tls->path || !tls->library || !tls->unseen)
			return false;
	}
	return true;
}

bool ts_wired_read(struct ts_wired *ret, const char *attributes, struct ts_pool *pool)
{
	struct ts_scan scan = {attributes, attributes ? attributes + strlen(attributes) : NULL};
	struct ts_scanned object, wire;

	*ret = (struct ts_wired){.n_libraries = 0};
	if (!attributes || !ts_scan_value(&scan, &object) || !ts_scan_find(&object, "wire", &wire))
		return false;
	for (int i = 0; i < TS_WIRE_COUNT; i++) {
		struct ts_scanned value;
		int64_t number;

		if (ts_scan_find(&wire, ts_wirerun_names[i], &value) &&
		    ts_scan_decimal(&value, 0, false, &number) && number > 0)
			ret->counts[i] = (uint64_t)number;
	}
	return read_libraries(ret, &wire, pool);
}

/* --- from a page ------------------------------------------------------------------------------ */

void ts_wired_count(const struct ts_abi_process *page, struct ts_wired *ret)
{
	for (int i = 0; i < TS_WIRE_COUNT; i++)
		ret->counts[i] = __atomic_load_n(&page->wire[i], __ATOMIC_RELAXED);
}

/* --- in words --------------------------------------------------------------------------------- */

static void put_counts(FILE *to, const struct ts_wired *wired)
{
	static const struct {
		enum ts_wire_count count;
		const char *words;
	} parts[] = {
		{TS_WIRE_RECORDED, "to LLM APIs"},
		{TS_WIRE_OTHER_HOST, "to other hosts"},
		{TS_WIRE_NOT_HTTP, "not HTTP"},
		{TS_WIRE_UNREADABLE, "could not be read to the end"},
		{TS_WIRE_BYPASSED, "by calls that are not read"},
		{TS_WIRE_NO_ROOM, "more than there was room for"},
		{TS_WIRE_LOST_BYTES, "bytes lost, for which there was no room"},
	};
	uint64_t seen = wired->counts[TS_WIRE_SEEN];

	fprintf(to, "%s connection%s", ts_amount_count(seen).text, seen == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint64_t n = wired->counts[parts[i].count];

		if (n || (seen && parts[i].count == TS_WIRE_RECORDED))
			fprintf(to, ", %s %s", ts_amount_count(n).text, parts[i].words);
	}
	if (wired->counts[TS_WIRE_OTHER_HOST] && !wired->counts[TS_WIRE_RECORDED])
		fputs("; if one of them is an LLM API, name it under [wire]: gateway = HOST as "
		      "NAME",
		      to);
}

char *ts_wired_text(const struct ts_wired *wired)
{
	const char *before = "; not seen, should it be used: ";
	bool any = wired->counts[TS_WIRE_SEEN];
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return NULL;
	put_counts(to, wired);
	for (size_t i = 0; i < wired->n_libraries; i++) {
		const struct ts_tls *tls = &wired->libraries[i];
		const char *slash = strrchr(tls->path, '/');

		if (!*tls->unseen)
			continue;
		any = true;
		fprintf(to, "%s%s (%s)", before, tls->library,
			slash && slash[1] ? slash + 1 : tls->path);
		before = ", ";
	}
	if (fclose(to) || !any) {
		free(text);
		return NULL;
	}
	return text;
}
