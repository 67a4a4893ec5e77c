/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PROVIDER_H
#define TS_PROVIDER_H

/*
 * Who answers where, and what the answers mean. Each provider_NAME.c defines a `ts_provider_NAME`, and is found by its file's
 * name: a new one touches nothing else.
 */

#include <stdbool.h>

#include "../text.h"

struct ts_reading;
struct ts_wire_settings;

/* An API: how requests and responses look. */
struct ts_wire_api {
	const char *name;
	/* Members of the request that the model reads; the others are parameters. NULL behind the last. */
	const char *const *input;
	/*
	 * One JSON value of a response: all of it, or an event of a stream, then with the event's name if it has one, else "". It is
	 * sound JSON, and may be anything. What tells of an error has been dealt with.
	 */
	void (*read)(struct ts_reading *reading, const char *event, struct ts_text value);
};

struct ts_provider_host {
	const char *
		pattern; /* in lower case; one '*' stands for anything; a port where it is no default one */
	const char *provider;
};

struct ts_provider_path {
	const char *end; /* of the path, without its query */
	const struct ts_wire_api *api;
	const char *
		model; /* what stands before the model's name, which goes up to `end`; NULL: not in the path */
};

struct ts_provider {
	const struct ts_provider_host *hosts; /* both end with a zeroed one */
	const struct ts_provider_path *paths;
};

/* APIs that several speak. */
extern const struct ts_wire_api ts_api_chat_completions, ts_api_completions, ts_api_responses,
	ts_api_embeddings;
extern const struct ts_wire_api ts_api_messages; /* Anthropic's */

/* Where a request goes. */
struct ts_place {
	const char *provider;
	const struct ts_wire_api *api;
	struct ts_text model; /* in the path; percent-encoded */
};

/* False: not to a provider or a gateway, or not to an API that is known. `host` is in lower case, `path` without its query. */
bool ts_provider_find(const struct ts_wire_settings *settings, const char *host, const char *path,
		      struct ts_place *ret);

#endif
