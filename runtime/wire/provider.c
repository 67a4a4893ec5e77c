// SPDX-License-Identifier: Apache-2.0
#include "provider.h"

#include <stddef.h>
#include <string.h>

#include "wire.h"

#define PROVIDER(name) extern const struct ts_provider ts_provider_##name;
#include "providers.inc"
#undef PROVIDER

static const struct ts_provider *const providers[] = {
#define PROVIDER(name) &ts_provider_##name,
#include "providers.inc"
#undef PROVIDER
};

#define N_PROVIDERS (sizeof(providers) / sizeof(*providers))
#define UNNAMED     "openai_compatible"

/* Bytes of the host that count: a default port does not. */
static size_t host_bytes(const char *host)
{
	static const char *const ports[] = {":443", ":80"};
	size_t bytes = strlen(host);

	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		size_t n = strlen(ports[i]);

		if (bytes > n && !strcmp(host + bytes - n, ports[i]))
			return bytes - n;
	}
	return bytes;
}

static bool fits(const char *pattern, const char *host, size_t bytes)
{
	size_t before = strcspn(pattern, "*"), after;

	if (!pattern[before])
		return before == bytes && !memcmp(pattern, host, bytes);
	after = strlen(pattern + before + 1);
	return bytes > before + after && !memcmp(pattern, host, before) &&
	       !memcmp(pattern + before + 1, host + bytes - after, after);
}

/* What stands between the last `before` in the path and its end. */
static struct ts_text between(const char *path, const char *before, size_t end)
{
	struct ts_text found = {0};
	size_t bytes = strlen(before);

	for (const char *at = strstr(path, before); at; at = strstr(at + 1, before)) {
		if ((size_t)(at - path) + bytes < end)
			found = (struct ts_text){at + bytes, end - (size_t)(at - path) - bytes};
	}
	return found;
}

static bool find_path(const struct ts_provider *provider, const char *path, struct ts_place *place)
{
	size_t bytes = strlen(path);

	for (const struct ts_provider_path *known = provider->paths; known->end; known++) {
		size_t n = strlen(known->end);

		if (n > bytes || memcmp(path + bytes - n, known->end, n) != 0)
			continue;
		place->api = known->api;
		place->model =
			known->model ? between(path, known->model, bytes - n) : (struct ts_text){0};
		return true;
	}
	return false;
}

static bool find_host(const struct ts_provider *provider, const char *host, struct ts_place *place)
{
	for (const struct ts_provider_host *known = provider->hosts; known->pattern; known++) {
		if (!fits(known->pattern, host, host_bytes(host)))
			continue;
		place->provider = known->provider;
		return true;
	}
	return false;
}

static bool is_gateway(const struct ts_wire_gateway *gateway, const char *host, const char *path)
{
	size_t bytes = host_bytes(gateway->host);

	return bytes == host_bytes(host) && !memcmp(gateway->host, host, bytes) &&
	       (!gateway->path || !strncmp(path, gateway->path, strlen(gateway->path)));
}

static bool find_any_path(const char *path, struct ts_place *place)
{
	for (size_t i = 0; i < N_PROVIDERS; i++) {
		if (find_path(providers[i], path, place))
			return true;
	}
	return false;
}

bool ts_provider_find(const struct ts_wire_settings *settings, const char *host, const char *path,
		      struct ts_place *ret)
{
	for (size_t i = 0; i < settings->n_gateways; i++) {
		const struct ts_wire_gateway *gateway = &settings->gateways[i];

		if (!is_gateway(gateway, host, path))
			continue;
		ret->provider = gateway->provider ? gateway->provider : UNNAMED;
		if (find_any_path(path, ret))
			return true;
	}
	for (size_t j = 0; j < N_PROVIDERS; j++) {
		if (find_host(providers[j], host, ret) && find_path(providers[j], path, ret))
			return true;
	}
	ret->provider = UNNAMED;
	return settings->any_host && find_any_path(path, ret);
}
