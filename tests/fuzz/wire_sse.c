// SPDX-License-Identifier: Apache-2.0
/*
 * What lies between a body's bytes and its JSON values: codings, framings, documents. The first byte chooses; the rest, fed whole and
 * in pieces, must come to the same.
 */
#include "runtime/wire/coding.h"
#include "runtime/wire/document.h"
#include "runtime/wire/eventstream.h"
#include "runtime/wire/sse.h"
#include "runtime/wire/values.h"
#include "wire.h"

enum { SSE, VALUES, EVENTSTREAM, DOCUMENT, GZIP, DEFLATE, BROTLI, ZSTD, KINDS };

static struct told told;

static void add_bytes(void *user, const char *data, size_t bytes)
{
	(void)user;
	for (size_t i = 0; i < bytes; i++)
		told.hash = (told.hash ^ (unsigned char)data[i]) * 0x100000001b3;
}

static void end_event(void *user, const char *name)
{
	(void)user;
	MUST(strlen(name) < TS_SSE_NAME);
	mix(&told, name);
}

static void end_value(void *user)
{
	(void)user;
	mix(&told, "");
}

static void end_message(void *user, const struct ts_message_type *type, bool sound)
{
	(void)user;
	mix(&told, type->message);
	mix(&told, type->event);
	mix(&told, sound ? "1" : "0");
}

struct layers {
	struct ts_sse sse;
	struct ts_json_values values;
	struct ts_eventstream eventstream;
	struct ts_document document;
	struct ts_decoder decoder;
	bool bare; /* an SSE stream went over to JSON */
};

static void add(struct layers *layers, int kind, const char *data, size_t bytes)
{
	static const struct ts_sse_target sse = {add_bytes, end_event, NULL};
	static const struct ts_values_target values = {add_bytes, end_value, NULL};
	static const struct ts_eventstream_target eventstream = {add_bytes, end_message, NULL};

	if (kind == SSE && !layers->bare)
		layers->bare = ts_sse_add(&layers->sse, &sse, data, bytes) < bytes;
	else if (kind == VALUES)
		ts_json_values_add(&layers->values, &values, data, bytes);
	else if (kind == EVENTSTREAM)
		ts_eventstream_add(&layers->eventstream, &eventstream, data, bytes);
	else if (kind == DOCUMENT)
		ts_document_add(&layers->document, data, bytes);
	else if (kind >= GZIP)
		ts_decoder_add(&layers->decoder, data, bytes, add_bytes, NULL);
}

static uint64_t run(int kind, const char *data, size_t bytes, size_t piece)
{
	static const char *const codings[] = {"gzip", "deflate", "br", "zstd, gzip"};
	static const struct ts_sse_target sse = {add_bytes, end_event, NULL};
	struct ts_memory memory = {0, 1 << 20};
	struct layers layers = {0};
	struct ts_text text;

	told = (struct told){0};
	ts_document_init(&layers.document, &memory, 512, 64);
	ts_decoder_begin(&layers.decoder, kind >= GZIP ? codings[kind - GZIP] : NULL);
	for (size_t at = 0; at < bytes; at += piece)
		add(&layers, kind, data + at, bytes - at < piece ? bytes - at : piece);
	if (kind == SSE)
		ts_sse_end(&layers.sse, &sse);
	text = ts_document_end(&layers.document);
	if (text.data) {
		MUST(ts_scan_text(text));
		MUST(text.bytes <= 2 * 512 + 64 * 40);
		add_bytes(NULL, text.data, text.bytes);
	}
	ts_document_release(&layers.document);
	/* how much is decoded before a coding turns out damaged depends on the pieces */
	if (layers.decoder.state == TS_DECODER_FAILED)
		told.hash = 0;
	ts_decoder_end(&layers.decoder);
	MUST(!memory.used);
	return told.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	int kind = bytes ? data[0] % KINDS : 0;
	size_t piece = bytes > 1 ? data[1] % 16 + 1u : 1;
	char *exact;
	uint64_t whole;

	if (bytes < 3)
		return 0;
	bytes -= 2;
	exact = malloc(bytes);
	memcpy(exact, data + 2, bytes);
	whole = run(kind, exact, bytes, bytes);
	MUST(whole == run(kind, exact, bytes, 1));
	MUST(whole == run(kind, exact, bytes, piece));
	free(exact);
	return 0;
}
