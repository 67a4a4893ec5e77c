// SPDX-License-Identifier: Apache-2.0
#include "host.h"

#define MOST_BYTES 255

/* Of the providers that runtime/wire/ knows (Makefile). In lower case; one '*' stands for anything. */
static const char *const patterns[] = {
#include "provider_hosts.inc"
};

/* Consists of letters, digits and `others`. */
static bool is_made_of(struct ts_slice text, const char *others)
{
	for (size_t i = 0; i < text.bytes; i++) {
		char c = text.text[i];

		if (!(ts_is_word(c) && c != '$') && !(c && strchr(others, c)))
			return false;
	}
	return true;
}

bool ts_heads_host_read(struct ts_slice sent, struct ts_slice *ret)
{
	const char *at = sent.bytes ? memchr(sent.text, '@', sent.bytes) : NULL;
	size_t user = at ? (size_t)(at - sent.text) : 0;
	struct ts_slice host = ts_slice_from(sent, user + (at ? 1 : 0));

	if (host.bytes > MOST_BYTES || !is_made_of(host, ".-:[]") ||
	    !is_made_of(ts_slice_until(sent, user), "-.!~*'()%;:&=+,$"))
		return false;
	*ret = host;
	return true;
}

/* A default port does not count. */
static struct ts_slice without_port(struct ts_slice host)
{
	static const char *const ports[] = {":443", ":80"};

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		size_t n = strlen(ports[i]);

		if (host.bytes > n && !memcmp(host.text + host.bytes - n, ports[i], n))
			return ts_slice_until(host, host.bytes - n);
	}
	return host;
}

/* In lower case, in `room` of MOST_BYTES. */
static struct ts_slice lower(struct ts_slice host, char *room)
{
	host = without_port(host);
	if (host.bytes > MOST_BYTES)
		host.bytes = 0;
	for (size_t i = 0; i < host.bytes; i++)
		room[i] = ts_lower(host.text[i]);
	return (struct ts_slice){room, host.bytes, 0};
}

bool ts_heads_host_same(struct ts_slice a, struct ts_slice b)
{
	char rooms[2][MOST_BYTES];

	a = lower(a, rooms[0]);
	b = lower(b, rooms[1]);
	return a.bytes == b.bytes && !memcmp(a.text, b.text, a.bytes);
}

static bool fits(const char *pattern, struct ts_slice host)
{
	size_t before = strcspn(pattern, "*"), after;

	if (!pattern[before])
		return ts_slice_is(host, pattern);
	after = strlen(pattern + before + 1);
	return host.bytes > before + after && !memcmp(host.text, pattern, before) &&
	       !memcmp(host.text + host.bytes - after, pattern + before + 1, after);
}

bool ts_heads_host_counts(const struct ts_wire_conf *conf, struct ts_slice host)
{
	char room[MOST_BYTES];

	host = lower(host, room);
	if (!host.bytes)
		return false;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		if (fits(patterns[i], host))
			return true;
	}
	for (size_t i = 0; i < conf->n_gateways; i++) {
		const char *gateway = conf->gateways[i].host;

		if (ts_heads_host_same(host, (struct ts_slice){gateway, strlen(gateway), 0}))
			return true;
	}
	return false;
}
