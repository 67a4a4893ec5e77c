// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include <assert.h>
#include <string.h>

#define PATH_BYTES 128 /* of the longest in the tables, and more */

void ts_answer_add(struct ts_answer *answer, struct ts_scan scan)
{
	struct ts_scanned value;
	struct ts_text key;

	while (answer->n < TS_ANSWER_MEMBERS && ts_scan_member(&scan, &key, &value)) {
		answer->members[answer->n].key = key;
		answer->members[answer->n++].value = value;
	}
}

/* One path, of n bytes. The last of several members with one key counts. */
static bool find_one(const struct ts_answer *answer, const char *path, struct ts_scanned *ret)
{
	size_t n = strcspn(path, ".[");

	for (size_t i = answer->n; i-- > 0;) {
		struct ts_text key = answer->members[i].key;

		if (key.bytes == n && !memcmp(key.data, path, n))
			return ts_scan_step(&answer->members[i].value, path + n, ret);
	}
	return false;
}

bool ts_answer_find(const struct ts_answer *answer, const char *from, const char *paths,
		    struct ts_scanned *ret)
{
	char path[PATH_BYTES];
	size_t n, prefix = strlen(from);

	assert(prefix + 1 < sizeof(path));
	memcpy(path, from, prefix);
	if (prefix)
		path[prefix++] = '.';
	for (; *paths; paths += n + (paths[n] == '|')) {
		n = strcspn(paths, "|");
		assert(prefix + n < sizeof(path));
		memcpy(path + prefix, paths, n);
		path[prefix + n] = 0;
		if (find_one(answer, path, ret))
			return true;
	}
	return false;
}

static bool is_empty_list(const struct ts_scanned *value)
{
	struct ts_scan scan = ts_scan_inside(value);
	struct ts_scanned item;

	return value->type == TS_SCAN_ARRAY && !ts_scan_item(&scan, &item);
}

/* Does a value meet what stands behind its path: "=gen-*", "~AUDIO", ">0", "#0"? */
static bool meets(const struct ts_scanned *value, const char *test)
{
	int64_t number;

	switch (*test++) {
	case '=':
		return ts_scan_string(value).bytes && ts_scan_like(ts_scan_string(value), test);
	case '~':
		return memmem(value->text.data, value->text.bytes, test, strlen(test)) != NULL;
	case '>':
		return ts_scan_decimal(value, 9, true, &number) && number > 0;
	case '#':
		return is_empty_list(value);
	default:
		return true;
	}
}

/* One part of a condition, of n bytes. */
static bool is_one(const struct ts_answer *answer, const char *part, size_t n)
{
	char text[PATH_BYTES], *test;
	struct ts_scanned value;
	size_t path;

	assert(n < sizeof(text));
	memcpy(text, part, n);
	text[n] = 0;
	path = strcspn(text, "=~>#");
	test = memmove(text + path + 1, text + path, n - path + 1);
	text[path] = 0;
	return ts_answer_find(answer, "", text, &value) && meets(&value, test);
}

bool ts_answer_is(const struct ts_answer *answer, const char *condition)
{
	size_t n;

	for (; *condition; condition += n + (condition[n] == ' ')) {
		n = strcspn(condition, " ");
		if (!is_one(answer, condition, n))
			return false;
	}
	return true;
}

bool ts_answer_is_any(const struct ts_answer *answer, const char *const *conditions)
{
	for (; *conditions; conditions++)
		if (ts_answer_is(answer, *conditions))
			return true;
	return false;
}
