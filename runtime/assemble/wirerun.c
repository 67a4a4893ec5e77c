// SPDX-License-Identifier: Apache-2.0
#include "wirerun.h"

#include "item.h"

const char *const ts_wirerun_names[TS_WIRE_COUNT] = {
	[TS_WIRE_SEEN] = "connections",      [TS_WIRE_RECORDED] = "recorded",
	[TS_WIRE_NOT_HTTP] = "not_http",     [TS_WIRE_OTHER_HOST] = "other_host",
	[TS_WIRE_UNREADABLE] = "unreadable", [TS_WIRE_NO_ROOM] = "no_room",
	[TS_WIRE_LOST_BYTES] = "lost_bytes", [TS_WIRE_BYPASSED] = "bypassed",
};

static struct cJSON *libraries_item(struct ts_items *items, const struct ts_dictionary *dictionary)
{
	struct cJSON *list = ts_item_array(items);
	const struct ts_tls *tls;
	size_t n;

	tls = ts_dictionary_tls(dictionary, &n);
	for (size_t i = 0; i < n; i++) {
		struct cJSON *library = ts_item_object(items);

		ts_item_add(items, library, "path", ts_item_string(items, tls[i].path));
		ts_item_add(items, library, "library", ts_item_string(items, tls[i].library));
		ts_item_add(items, library, "unseen",
			    *tls[i].unseen ? ts_item_string(items, tls[i].unseen)
					   : ts_item_null(items));
		ts_item_append(items, list, library);
	}
	return list;
}

const char *ts_wirerun_attributes(const struct ts_abi_process *page,
				  const struct ts_dictionary *dictionary, struct ts_pool *scratch,
				  struct ts_pool *pool)
{
	struct ts_items items = {.pool = scratch};
	struct cJSON *object = ts_item_object(&items), *wire = ts_item_object(&items);
	const char *text = NULL;

	for (int i = 0; i < TS_WIRE_COUNT; i++)
		ts_item_add(&items, wire, ts_wirerun_names[i],
			    ts_item_unsigned(&items,
					     __atomic_load_n(&page->wire[i], __ATOMIC_RELAXED)));
	ts_item_add(&items, wire, "libraries", libraries_item(&items, dictionary));
	ts_item_add(&items, object, "wire", wire);
	ts_item_print(&items, object, pool, &text);
	ts_pool_reset(scratch);
	return text;
}
