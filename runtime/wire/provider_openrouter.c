// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>

#include "provider.h"

static const struct ts_provider_host hosts[] = {
	{"openrouter.ai", "openrouter"},
	{NULL, NULL},
};

static const struct ts_provider_path paths[] = {
	{"/api/v1/chat/completions", &ts_api_chat_completions, NULL},
	{"/api/v1/completions", &ts_api_completions, NULL},
	{"/api/v1/responses", &ts_api_responses, NULL},
	{"/api/v1/messages", &ts_api_messages, NULL},
	{"/api/v1/embeddings", &ts_api_embeddings, NULL},
	{NULL, NULL, NULL},
};

const struct ts_provider ts_provider_openrouter = {hosts, paths};
