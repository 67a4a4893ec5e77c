// SPDX-License-Identifier: Apache-2.0
#include "attributes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../pool.h"

#define OWN_BYTES   6144 /* of what is added, at most */
#define RAW_BYTES   2048 /* of that, the usage objects as they came */
#define RAW_DEPTH   4
#define RAW_STRING  128
#define RAW_NUMBER  32
#define MOST_COPIED 65536 /* of attributes that were there */

struct writer {
	char *text;
	size_t bytes;
	size_t room;
	bool full;
};

static void put(struct writer *w, const char *data, size_t bytes)
{
	if (w->room - w->bytes < bytes) {
		w->full = true;
		return;
	}
	memcpy(w->text + w->bytes, data, bytes);
	w->bytes += bytes;
}

static void put_text(struct writer *w, const char *text)
{
	put(w, text, strlen(text));
}

/* A comma where a member goes before. */
static void put_key(struct writer *w, struct ts_text key)
{
	if (w->bytes && w->text[w->bytes - 1] != '{')
		put_text(w, ",");
	put_text(w, "\"");
	put(w, key.data, key.bytes);
	put_text(w, "\":");
}

static struct ts_text text_of(const char *text)
{
	return (struct ts_text){text, strlen(text)};
}

static void put_integer(struct writer *w, const char *key, int64_t value)
{
	char digits[24];

	put_key(w, text_of(key));
	snprintf(digits, sizeof(digits), "%" PRId64, value);
	put_text(w, digits);
}

static void put_maybe(struct writer *w, const char *key, struct ts_maybe value)
{
	if (value.known)
		put_integer(w, key, value.value);
}

/* Where there is one; the text is UTF-8. */
static void put_string(struct writer *w, const char *key, struct ts_text text)
{
	char escape[8];

	if (!text.bytes)
		return;
	put_key(w, text_of(key));
	put_text(w, "\"");
	for (size_t i = 0; i < text.bytes; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c == '"' || c == '\\')
			put_text(w, "\\");
		snprintf(escape, sizeof(escape), "\\u%04x", c);
		put(w, c < 0x20 ? escape : (const char *)text.data + i, c < 0x20 ? 6 : 1);
	}
	put_text(w, "\"");
}

static void put_true(struct writer *w, const char *key, bool value)
{
	if (value) {
		put_key(w, text_of(key));
		put_text(w, "true");
	}
}

/* --- usage objects as they came ---------------------------------------------------------- */

static bool is_plain(struct ts_text text, size_t most)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (text.data[i] == '\\' || (unsigned char)text.data[i] < 0x20)
			return false;
	return text.bytes <= most;
}

/* What every store takes, and other programs read without loss. */
static bool is_fine(const struct ts_scanned *value)
{
	if (value->type == TS_SCAN_STRING)
		return is_plain(ts_scan_string(value), RAW_STRING);
	if (value->type == TS_SCAN_NUMBER)
		return value->text.bytes <= RAW_NUMBER &&
		       !memchr(value->text.data, 'e', value->text.bytes) &&
		       !memchr(value->text.data, 'E', value->text.bytes);
	return true;
}

static void put_raw(struct writer *w, const struct ts_scanned *value, int depth);

static bool has(const struct ts_scanned *object, struct ts_text key)
{
	struct ts_scan scan = ts_scan_inside(object);
	struct ts_scanned value;
	struct ts_text other;

	while (ts_scan_member(&scan, &other, &value))
		if (other.bytes == key.bytes && !memcmp(other.data, key.data, key.bytes))
			return true;
	return false;
}

/* Its members, without those that `instead` has, too. */
static void put_members(struct writer *w, const struct ts_scanned *object,
			const struct ts_scanned *instead, int depth)
{
	struct ts_scan scan = ts_scan_inside(object);
	struct ts_scanned value;
	struct ts_text key;

	while (!w->full && ts_scan_member(&scan, &key, &value)) {
		if (!is_plain(key, RAW_STRING) || !is_fine(&value) || has(instead, key))
			continue;
		put_key(w, key);
		put_raw(w, &value, depth);
	}
}

static void put_items(struct writer *w, const struct ts_scanned *array, int depth)
{
	struct ts_scan scan = ts_scan_inside(array);
	struct ts_scanned item;
	bool any = false;

	while (!w->full && ts_scan_item(&scan, &item)) {
		if (!is_fine(&item))
			continue;
		put_text(w, any ? "," : "");
		put_raw(w, &item, depth);
		any = true;
	}
}

static void put_raw(struct writer *w, const struct ts_scanned *value, int depth)
{
	static const struct ts_scanned nothing = {.type = TS_SCAN_NONE};
	bool object = value->type == TS_SCAN_OBJECT;

	if (!object && value->type != TS_SCAN_ARRAY) {
		put(w, value->text.data, value->text.bytes);
		return;
	}
	put_text(w, object ? "{" : "[");
	if (depth == RAW_DEPTH)
		w->full = true;
	else if (object)
		put_members(w, value, &nothing, depth + 1);
	else
		put_items(w, value, depth + 1);
	put_text(w, object ? "}" : "]");
}

/* One object of both, the later over the earlier; left out where it is too large. */
static void put_raws(struct writer *w, const struct ts_scanned raw[2])
{
	struct writer own = *w;

	if (!raw[0].text.bytes && !raw[1].text.bytes)
		return;
	own.room = own.room - own.bytes < RAW_BYTES ? own.room : own.bytes + RAW_BYTES;
	put_key(&own, text_of("raw"));
	put_text(&own, "{");
	put_members(&own, &raw[0], &raw[1], 1);
	put_members(&own, &raw[1], &(struct ts_scanned){.type = TS_SCAN_NONE}, 1);
	put_text(&own, "}");
	if (!own.full)
		w->bytes = own.bytes;
}

/* --- all of it --------------------------------------------------------------------------- */

static void put_usage(struct writer *w, const struct ts_usage *usage, struct ts_text requested)
{
	bool same = requested.bytes == usage->model.bytes &&
		    !memcmp(requested.data, usage->model.data, requested.bytes);

	put_key(w, text_of("usage"));
	put_text(w, "{");
	put_string(w, "api", text_of(usage->api));
	if (!same && usage->model.bytes)
		put_string(w, "requested_model", requested);
	put_maybe(w, "cache_read_tokens", usage->cache_read);
	put_maybe(w, "cache_write_tokens", usage->cache_write);
	put_maybe(w, "cache_write_5m_tokens", usage->cache_write_5m);
	put_maybe(w, "cache_write_1h_tokens", usage->cache_write_1h);
	put_maybe(w, "reasoning_tokens", usage->reasoning);
	put_string(w, "service_tier", usage->service_tier);
	put_true(w, "local", usage->local);
	put_true(w, "extra_charges", usage->more);
	put_raws(w, usage->raw);
	put_text(w, "}");
}

static void put_cost(struct writer *w, const struct ts_cost *cost)
{
	put_string(w, "cost_status", text_of(ts_cost_status_name(cost->status)));
	put_maybe(w, "cost_estimate_nano_usd", cost->estimate_nano_usd);
	if (!cost->hash)
		return;
	put_key(w, text_of("prices"));
	put_text(w, "{");
	put_string(w, "model", cost->price);
	put_string(w, "sha256", text_of(cost->hash));
	put_text(w, "}");
}

/* What is not written anew. */
static void put_others(struct writer *w, const char *old, bool with_usage)
{
	static const char *const own[] = {"cost_status", "cost_estimate_nano_usd", "prices",
					  "usage"};
	struct ts_scan scan = {old, old + strlen(old)};
	struct ts_scanned object, value;
	struct ts_text key;

	if (!ts_scan_value(&scan, &object))
		return;
	scan = ts_scan_inside(&object);
	while (object.type == TS_SCAN_OBJECT && ts_scan_member(&scan, &key, &value)) {
		bool ours = false;

		for (int i = 0; i < 3 + !with_usage; i++)
			ours |= ts_scan_is(key, own[i]);
		if (ours)
			continue;
		put_key(w, key);
		put(w, value.text.data, value.text.bytes);
	}
}

const char *ts_usage_attributes(struct ts_pool *pool, const char *old, const struct ts_usage *usage,
				struct ts_text requested_model, const struct ts_cost *cost)
{
	size_t there = old ? strlen(old) : 0;
	struct writer w = {.room = OWN_BYTES + there};

	if (there > MOST_COPIED)
		return old;
	w.text = ts_pool_alloc(pool, w.room);
	if (!w.text)
		return NULL;
	put_text(&w, "{");
	if (old)
		put_others(&w, old, !usage);
	if (usage && usage->api)
		put_usage(&w, usage, requested_model);
	put_cost(&w, cost);
	put(&w, "}", 2);
	ts_pool_trim(pool, w.text, w.full ? 0 : w.bytes);
	return w.full ? old : w.text;
}

/* --- and back ---------------------------------------------------------------------------- */

static bool find(const char *attributes, const char *path, struct ts_scanned *ret)
{
	struct ts_scan scan;
	struct ts_scanned top;

	if (!attributes)
		return false;
	scan = (struct ts_scan){attributes, attributes + strlen(attributes)};
	return ts_scan_value(&scan, &top) && ts_scan_find(&top, path, ret);
}

static struct ts_maybe maybe_of(const char *attributes, const char *path)
{
	struct ts_maybe maybe = {.known = false};
	struct ts_scanned value;

	maybe.known =
		find(attributes, path, &value) && ts_scan_decimal(&value, 0, false, &maybe.value);
	return maybe;
}

static struct ts_text string_of(const char *attributes, const char *path, struct ts_pool *pool)
{
	struct ts_text text = {"", 0};
	struct ts_scanned value;

	if (find(attributes, path, &value))
		ts_scan_unescape(&value, pool, &text);
	return text;
}

int ts_usage_stored_status(const char *attributes)
{
	struct ts_scanned value;

	for (int i = 0; find(attributes, "cost_status", &value) && i < TS_COST_STATUSES; i++)
		if (ts_scan_is(ts_scan_string(&value), ts_cost_status_name(i)))
			return i;
	return -1;
}

bool ts_usage_stored(const struct ts_span *span, struct ts_pool *pool, struct ts_usage *ret,
		     struct ts_text *ret_requested_model)
{
	const char *attributes = span->attributes;
	struct ts_scanned value;

	if (!find(attributes, "usage", &value) || value.type != TS_SCAN_OBJECT)
		return false;
	*ret = (struct ts_usage){
		.model = text_of(span->model ? span->model : ""),
		.input = span->input_tokens,
		.output = span->output_tokens,
		.cache_read = maybe_of(attributes, "usage.cache_read_tokens"),
		.cache_write = maybe_of(attributes, "usage.cache_write_tokens"),
		.cache_write_5m = maybe_of(attributes, "usage.cache_write_5m_tokens"),
		.cache_write_1h = maybe_of(attributes, "usage.cache_write_1h_tokens"),
		.reasoning = maybe_of(attributes, "usage.reasoning_tokens"),
		.service_tier = string_of(attributes, "usage.service_tier", pool),
		.local = find(attributes, "usage.local", &value) && value.type == TS_SCAN_TRUE,
		.more = find(attributes, "usage.extra_charges", &value) &&
			value.type == TS_SCAN_TRUE,
	};
	*ret_requested_model = string_of(attributes, "usage.requested_model", pool);
	if (ts_usage_stored_status(attributes) == TS_COST_PROVIDER)
		ret->cost_nano_usd = span->cost_nano_usd;
	return true;
}
