// SPDX-License-Identifier: Apache-2.0
#include "coding.h"

#include <string.h>
#include <strings.h>

#define ROOM 4096 /* decoded at a time */

/*
 * A bomb: more than this to begin with, and more than this times what came. JSON and event streams stay below 30; gzip cannot
 * exceed 1,032, brotli and zstd a million.
 */
#define ALWAYS_FINE ((uint64_t)1 << 20)
#define MOST_RATIO  200

struct target {
	void (*call)(void *user, const char *data, size_t bytes);
	void *user;
};

static const struct ts_coding *coding_named(const char *name, size_t bytes)
{
	static const struct ts_coding *const codings[] = {&ts_coding_gzip, &ts_coding_deflate,
							  &ts_coding_brotli, &ts_coding_zstd};

	for (size_t i = 0; i < sizeof(codings) / sizeof(*codings); i++) {
		for (const char *const *known = codings[i]->names; *known; known++) {
			if (strlen(*known) == bytes && !strncasecmp(*known, name, bytes))
				return codings[i];
		}
	}
	return NULL;
}

static void add_coding(struct ts_decoder *decoder, const char *name, size_t bytes)
{
	const struct ts_coding *coding = coding_named(name, bytes);

	if (bytes == strlen("identity") && !strncasecmp(name, "identity", bytes))
		return;
	if (!coding || decoder->n == TS_MOST_CODINGS) {
		decoder->state = TS_DECODER_FAILED;
		return;
	}
	for (unsigned i = decoder->n; i; i--) {
		decoder->codings[i] = decoder->codings[i - 1];
		decoder->states[i] = decoder->states[i - 1];
	}
	decoder->codings[0] = coding;
	decoder->states[0] = coding->begin();
	if (!decoder->states[0]) {
		memmove(decoder->codings, decoder->codings + 1,
			decoder->n * sizeof(*decoder->codings));
		memmove(decoder->states, decoder->states + 1,
			decoder->n * sizeof(*decoder->states));
		decoder->state = TS_DECODER_FAILED;
		return;
	}
	decoder->n++;
	if (decoder->state == TS_DECODER_PLAIN)
		decoder->state = TS_DECODER_WORKS;
}

void ts_decoder_begin(struct ts_decoder *decoder, const char *encoding)
{
	*decoder = (struct ts_decoder){0};
	while (encoding && *encoding) {
		size_t bytes;

		encoding += strspn(encoding, " \t,");
		bytes = strcspn(encoding, " \t,");
		if (bytes)
			add_coding(decoder, encoding, bytes);
		encoding += bytes;
	}
}

static void fail(struct ts_decoder *decoder)
{
	decoder->state = TS_DECODER_FAILED;
}

/* Undoes the coding at `i`, and those behind it. */
static void decode(struct ts_decoder *decoder, unsigned i, const char *data, size_t bytes,
		   const struct target *target)
{
	bool more = true;
	char room[ROOM];

	if (i == decoder->n) {
		target->call(target->user, data, bytes);
		return;
	}
	while ((bytes || more) && decoder->state == TS_DECODER_WORKS) {
		long n;

		more = false;
		n = decoder->codings[i]->decode(decoder->states[i], &data, &bytes, room,
						sizeof(room), &more);
		if (n < 0) {
			fail(decoder);
			return;
		}
		decoder->out += (uint64_t)n;
		if (decoder->out > ALWAYS_FINE && decoder->out / MOST_RATIO > decoder->in)
			fail(decoder);
		else if (n)
			decode(decoder, i + 1, room, (size_t)n, target);
	}
}

void ts_decoder_add(struct ts_decoder *decoder, const char *data, size_t bytes,
		    void (*target)(void *user, const char *data, size_t bytes), void *user)
{
	const struct target to = {target, user};

	decoder->in += bytes;
	if (decoder->state == TS_DECODER_PLAIN)
		target(user, data, bytes);
	else if (decoder->state == TS_DECODER_WORKS)
		decode(decoder, 0, data, bytes, &to);
}

void ts_decoder_miss(struct ts_decoder *decoder)
{
	if (decoder->state == TS_DECODER_WORKS)
		fail(decoder);
}

void ts_decoder_end(struct ts_decoder *decoder)
{
	for (unsigned i = 0; i < decoder->n; i++)
		decoder->codings[i]->end(decoder->states[i]);
	*decoder = (struct ts_decoder){0};
}
