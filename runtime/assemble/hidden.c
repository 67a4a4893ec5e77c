// SPDX-License-Identifier: Apache-2.0
/* The names of [trace] redact, and which keys they hide. */
#include "redact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ts_redact {
	char *names; /* trimmed, each ended by a NUL */
	size_t n_names;
	size_t longest;
	char *plain; /* room for a key of that length */
};

static bool is_space(char c)
{
	return c && strchr(" \t\r\n", c);
}

static void add_name(struct ts_redact *redact, char **to, const char *name, size_t bytes)
{
	while (bytes && is_space(*name)) {
		name++;
		bytes--;
	}
	while (bytes && is_space(name[bytes - 1]))
		bytes--;
	if (!bytes)
		return;
	memcpy(*to, name, bytes);
	(*to)[bytes] = 0;
	*to += bytes + 1;
	redact->n_names++;
	if (bytes > redact->longest)
		redact->longest = bytes;
}

int ts_redact_new(struct ts_redact **ret, const char *names)
{
	struct ts_redact *redact = calloc(1, sizeof(*redact));
	size_t bytes = strlen(names) + 2;
	char *to = malloc(2 * bytes);

	if (!redact || !to) {
		free(redact);
		free(to);
		return -ENOMEM;
	}
	redact->names = to;
	redact->plain = to + bytes;
	for (const char *name = names; *name;) {
		size_t length = strcspn(name, ",");

		add_name(redact, &to, name, length);
		name += length + (name[length] == ',');
	}
	if (!redact->n_names) {
		ts_redact_free(redact);
		redact = NULL;
	}
	*ret = redact;
	return 0;
}

void ts_redact_free(struct ts_redact *redact)
{
	if (!redact)
		return;
	free(redact->names);
	free(redact);
}

/* Unlike tolower, the same in every locale the program may have set. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static bool is_same(const char *name, const char *key, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (lower(name[i]) != lower(key[i]))
			return false;
	}
	return true;
}

/* The character that uXXXX at `p` stands for, 0 if it is none of ASCII. */
static char unescaped(const char *p, const char *end)
{
	unsigned code = 0;

	if (end - p < 5)
		return 0;
	for (int i = 1; i <= 4; i++) {
		const char *digits = "0123456789abcdef";
		const char *digit = p[i] ? strchr(digits, lower(p[i])) : NULL;

		if (!digit)
			return 0;
		code = code * 16 + (unsigned)(digit - digits);
	}
	return code < 0x80 ? (char)code : 0;
}

/* Undoes the key's escapes in redact->plain; its length there, or SIZE_MAX: too long for any name. */
static size_t unescape(const struct ts_redact *redact, struct ts_text key)
{
	char *plain = redact->plain;
	const char *end = key.data + key.bytes;
	size_t n = 0;

	for (const char *p = key.data; p < end; p++) {
		bool escaped = *p == '\\';

		while (p < end && *p == '\\')
			p++;
		if (p == end)
			break;
		if (n == redact->longest)
			return SIZE_MAX;
		if (escaped && *p == 'u' && unescaped(p, end)) {
			plain[n++] = unescaped(p, end);
			p += 4;
		} else {
			plain[n++] = *p;
		}
	}
	return n;
}

bool ts_redact_hides(const struct ts_redact *redact, struct ts_text key)
{
	struct ts_text plain;

	if (!redact)
		return false;
	plain = (struct ts_text){redact->plain, unescape(redact, key)};
	return plain.bytes <= redact->longest &&
	       ts_redact_may_hide(redact, plain, (struct ts_text){"", 0}, plain.bytes);
}

bool ts_redact_may_hide(const struct ts_redact *redact, struct ts_text head, struct ts_text tail,
			uint64_t full_bytes)
{
	const char *name = redact ? redact->names : NULL;

	for (size_t i = 0; redact && i < redact->n_names; i++) {
		size_t bytes = strlen(name);

		if (bytes == full_bytes && head.bytes <= bytes && tail.bytes <= bytes &&
		    is_same(name, head.data, head.bytes) &&
		    is_same(name + bytes - tail.bytes, tail.data, tail.bytes))
			return true;
		name += bytes + 1;
	}
	return false;
}
