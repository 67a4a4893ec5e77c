// SPDX-License-Identifier: Apache-2.0
/*
 * What an API may answer: the first byte says which, the second how the answer is framed and how it is cut; then the request's
 * body, and behind a byte 0xfe the response's. Fed whole or in pieces, it is the same call. With PROVIDER=NAME in the environment
 * it is only the APIs of runtime/wire/provider_NAME.c.
 */
#include "wire.h"

#include <stdlib.h>

#include "runtime/wire/provider.h"

#define PROVIDER(name) extern const struct ts_provider ts_provider_##name;
#include "providers.inc"
#undef PROVIDER

static const struct {
	const char *name;
	const struct ts_provider *provider;
} providers[] = {
#define PROVIDER(name) {#name, &ts_provider_##name},
#include "providers.inc"
#undef PROVIDER
};

static struct place {
	const struct ts_provider_host *host;
	const struct ts_provider_path *path;
} places[128];
static size_t n_places;

static void add_places(const struct ts_provider *provider)
{
	for (const struct ts_provider_path *path = provider->paths; path->end; path++) {
		MUST(n_places < sizeof(places) / sizeof(*places));
		places[n_places++] = (struct place){provider->hosts, path};
	}
}

/* libFuzzer calls it before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *only = getenv("PROVIDER");

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < sizeof(providers) / sizeof(*providers); i++) {
		if (!only || !strcmp(only, providers[i].name))
			add_places(providers[i].provider);
	}
	if (!n_places) {
		fprintf(stderr, "there is no runtime/wire/provider_%s.c\n", only);
		exit(2);
	}
	return 0;
}

static const char *const types[] = {"application/json", "text/event-stream", "application/x-ndjson",
				    "application/vnd.amazon.eventstream"};

struct part {
	const uint8_t *bytes;
	size_t n;
};

static struct told run(const struct part parts[4], size_t piece)
{
	struct told told = {0};
	struct ts_wire_settings settings = small_settings(&told);
	struct ts_wire *wire;

	MUST(ts_wire_new(&wire, &settings) == 0);
	for (int i = 0; i < 4; i++) {
		for (size_t at = 0; at < parts[i].n; at += piece)
			feed(wire, (enum ts_wire_direction)(i / 2), parts[i].bytes + at,
			     parts[i].n - at < piece ? parts[i].n - at : piece, 0);
	}
	ts_wire_close(wire, TS_WIRE_BY_PEER, 1000000);
	return told;
}

static size_t put_request(char request[static 512], const struct place *place, size_t body)
{
	const char *pattern = place->host->pattern;
	int before = (int)strcspn(pattern, "*");

	return (size_t)snprintf(
		request, 512,
		"POST %s%s%s HTTP/1.1\r\nhost: %.*s%s%s\r\ncontent-length: %zu\r\n\r\n",
		place->path->model ? place->path->model : "", place->path->model ? "m" : "",
		place->path->end, before, pattern, pattern[before] ? "x" : "",
		pattern[before] ? pattern + before + 1 : "", body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char request[512], response[512];
	struct part parts[4] = {
		{(uint8_t *)request, 0}, {NULL, 0}, {(uint8_t *)response, 0}, {NULL, 0}};
	const uint8_t *other;
	struct told whole, pieces;

	if (bytes < 3)
		return 0;
	other = memchr(data + 2, OTHER_WAY, bytes - 2);
	parts[1].bytes = data + 2;
	parts[1].n = other ? (size_t)(other - data) - 2 : bytes - 2;
	parts[3].bytes = other ? other + 1 : data;
	parts[3].n = other ? bytes - 3 - parts[1].n : 0;
	parts[0].n = put_request(request, &places[data[0] % n_places], parts[1].n);
	parts[2].n = (size_t)snprintf(response, sizeof(response),
				      "HTTP/1.1 %d X\r\ncontent-type: %s\r\n\r\n",
				      data[1] & 32 ? 200 : 429, types[data[1] >> 6]);
	whole = run(parts, SIZE_MAX / 2);
	pieces = run(parts, data[1] % 16 + 1u);
	MUST(whole.calls == 1 && pieces.calls == 1);
	MUST(whole.hash == pieces.hash);
	return 0;
}
