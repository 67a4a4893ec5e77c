// SPDX-License-Identifier: Apache-2.0
#include "place.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../sqlite/dbfile.h"

#define DEFAULT_SIZE ((uint64_t)64 << 20)
#define DEFAULT_KEEP 8
#define MOST_SIZE    ((uint64_t)1 << 40)
#define MOST_KEEP    1000

/* A number from 1 to `most`, behind it one of `units`, each 1024 times the last; 0: it is none. */
static uint64_t read_number(const char *text, size_t bytes, uint64_t most, bool units)
{
	static const char *const names[] = {"", "KB", "MB", "GB"};
	uint64_t number = 0, factor = 1;
	size_t n = 0;

	for (; n < bytes && text[n] >= '0' && text[n] <= '9'; n++)
		if (number <= most)
			number = number * 10 + (uint64_t)(text[n] - '0');
	for (size_t i = 0; n > 0 && i < (units ? 4 : 1); i++, factor *= 1024)
		if (strlen(names[i]) == bytes - n &&
		    strncasecmp(text + n, names[i], bytes - n) == 0)
			return number <= most / factor ? number * factor : 0;
	return 0;
}

static bool is_key(const char *text, size_t bytes, const char *key)
{
	return bytes > strlen(key) && strncmp(text, key, strlen(key)) == 0;
}

/* One "key=value". */
static bool read_option(struct ts_jsonl_place *place, const char *text, size_t bytes)
{
	if (is_key(text, bytes, "size="))
		return (place->size = read_number(text + 5, bytes - 5, MOST_SIZE, true)) != 0;
	if (is_key(text, bytes, "keep="))
		return (place->keep = (unsigned int)read_number(text + 5, bytes - 5, MOST_KEEP,
								false)) != 0;
	return false;
}

int ts_jsonl_place_read(struct ts_jsonl_place *ret, const char *url, struct ts_error *err)
{
	const char *path = ts_dbfile_path(url, "jsonl", err);
	const char *options = path ? strchrnul(path, '?') : NULL;

	if (!path)
		return -EINVAL;
	*ret = (struct ts_jsonl_place){.size = DEFAULT_SIZE, .keep = DEFAULT_KEEP};
	if ((size_t)(options - path) >= sizeof(ret->path))
		return ts_error_set(err, -EINVAL, "%.200s...: the path is too long", url);
	memcpy(ret->path, path, (size_t)(options - path));
	while (*options) {
		size_t bytes = strcspn(++options, "&");

		if (!read_option(ret, options, bytes))
			return ts_error_set(err, -EINVAL,
					    "%s: expected size=64MB or keep=8 behind the '?', "
					    "found '%.*s'",
					    url, (int)bytes, options);
		options += bytes;
	}
	return 0;
}
