// SPDX-License-Identifier: Apache-2.0
#include "shown.h"

#include <stdio.h>
#include <string.h>

#define NAMES  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~%"
#define DIGITS "0123456789"

/* How many bytes of `text` are a host: a name, or an address in brackets; with a port or without. */
static size_t host_length(const char *text)
{
	size_t n = strspn(text, NAMES);

	if (*text == '[') {
		n = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
		n += text[n] == ']';
	}
	return text[n] == ':' ? n + 1 + strspn(text + n + 1, DIGITS) : n;
}

/* Of what stands behind the user: "HOST:PORT,HOST/DATABASE". 0: that is not what it is. */
static size_t place_length(const char *text)
{
	size_t n = host_length(text);

	while (text[n] == ',')
		n += 1 + host_length(text + n + 1);
	if (text[n] == '/')
		n += 1 + strspn(text + n + 1, NAMES);
	return text[n] && !strchr("?#", text[n]) ? 0 : n;
}

struct ts_shown ts_shown(const char *url)
{
	const char *behind = strstr(url, "://"), *place, *at;
	struct ts_shown shown;

	if (!behind) {
		snprintf(shown.text, sizeof(shown.text), "%s", url);
		return shown;
	}
	behind += strlen("://");
	at = strchr(behind, '@');
	place = at ? at + 1 : behind;
	/* an @, / or ? in a password that was not written as %40 and so on */
	if (at && (strchr(place, '@') || strcspn(behind, "/?#") < (size_t)(at - behind)))
		place = "";
	snprintf(shown.text, sizeof(shown.text), "%.*s%.*s", (int)(behind - url), url,
		 (int)place_length(place), place);
	return shown;
}
