// SPDX-License-Identifier: Apache-2.0
#include "target.h"

#include "field.h"

#define MOST_VALUE 32

/* Bytes of a scheme of HTTP that it begins with; 0: none. */
static size_t scheme_bytes(struct ts_slice target)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t n = strlen(schemes[i]);

		if (target.bytes >= n && ts_heads_field_is(ts_slice_until(target, n), schemes[i]))
			return n;
	}
	return 0;
}

/* How far to the first of `ends`, or to the end. */
static size_t until(struct ts_slice text, const char *ends)
{
	size_t n = 0;

	while (n < text.bytes && !(text.text[n] && strchr(ends, text.text[n])))
		n++;
	return n;
}

bool ts_heads_target_split(struct ts_slice target, struct ts_slice *ret_host,
			   struct ts_slice *ret_path)
{
	size_t scheme = scheme_bytes(target), host;

	if (scheme)
		target = ts_slice_from(target, scheme);
	else if (!ts_slice_starts(target, "/") && !ts_slice_is(target, "*"))
		return false;
	host = scheme ? until(target, "/?#") : 0;
	if (scheme && (!host || ts_slice_starts(ts_slice_from(target, host), "#")))
		return false; /* no URL of a request; some servers take it for one */
	*ret_host = ts_slice_until(target, host);
	*ret_path = ts_slice_from(target, host);
	return true;
}

/* A word that says how, and no more. */
static bool is_harmless(struct ts_slice value)
{
	if (!value.bytes || value.bytes > MOST_VALUE)
		return false;
	for (size_t i = 0; i < value.bytes; i++) {
		if (!(ts_is_word(value.text[i]) && value.text[i] != '$') && value.text[i] != '-' &&
		    value.text[i] != '.')
			return false;
	}
	return true;
}

static bool is_recorded(struct ts_slice parameter)
{
	static const char *const names[] = {"alt=", "api-version=", "beta="};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (ts_slice_starts(parameter, names[i]))
			return is_harmless(ts_slice_from(parameter, strlen(names[i])));
	}
	return false;
}

static bool add_query(struct ts_heads_out *out, struct ts_slice query)
{
	const char *before = "?";

	while (query.bytes) {
		struct ts_slice parameter = ts_slice_until(query, until(query, "&"));

		query = ts_slice_from(query,
				      parameter.bytes + (parameter.bytes < query.bytes ? 1 : 0));
		if (!is_recorded(parameter))
			continue;
		if (!ts_heads_out_text(out, before) || !ts_heads_out_slice(out, parameter))
			return false;
		before = "&";
	}
	return true;
}

bool ts_heads_target_add(struct ts_heads_out *out, struct ts_slice path)
{
	struct ts_slice query;

	for (size_t i = 0; i < path.bytes; i++) {
		if (path.text[i] <= ' ' || path.text[i] > '~')
			return false;
	}
	path = ts_slice_until(path, until(path, "#"));
	query = ts_slice_from(path, until(path, "?"));
	path = ts_slice_until(path, path.bytes - query.bytes);
	if (query.bytes)
		query = ts_slice_from(query, 1);
	return (path.bytes ? ts_heads_out_slice(out, path) : ts_heads_out_text(out, "/")) &&
	       add_query(out, query);
}
