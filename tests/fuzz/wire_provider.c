// SPDX-License-Identifier: Apache-2.0
/*
 * What an API may answer: the first byte says which and how it is framed, the second how it is cut; then the request's body, and
 * behind a byte 0xfe the response's. Fed whole or in pieces, it is the same call.
 */
#include "wire.h"

static const char *const places[][2] = {
	{"api.openai.com", "/v1/chat/completions"},
	{"api.openai.com", "/v1/responses"},
	{"api.anthropic.com", "/v1/messages"},
	{"generativelanguage.googleapis.com", "/v1beta/models/m:generateContent"},
	{"localhost:11434", "/api/chat"},
	{"localhost:11434", "/api/generate"},
	{"bedrock-runtime.x.amazonaws.com", "/model/m/converse"},
	{"bedrock-runtime.x.amazonaws.com", "/model/m/invoke"},
};

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
	parts[0].n = (size_t)snprintf(request, sizeof(request),
				      "POST %s HTTP/1.1\r\nhost: %s\r\ncontent-length: %zu\r\n\r\n",
				      places[data[0] % 8][1], places[data[0] % 8][0], parts[1].n);
	parts[2].n = (size_t)snprintf(response, sizeof(response),
				      "HTTP/1.1 %d X\r\ncontent-type: %s\r\n\r\n",
				      data[0] & 32 ? 200 : 429, types[data[0] >> 6]);
	whole = run(parts, SIZE_MAX / 2);
	pieces = run(parts, data[1] % 16 + 1u);
	MUST(whole.calls == 1 && pieces.calls == 1);
	MUST(whole.hash == pieces.hash);
	return 0;
}
