// SPDX-License-Identifier: Apache-2.0
/* Strings of C++. */

#include "stdtext.h"

#include <stdbool.h>

#include "guarded.h"

#include "hot.h"

#define SHORT_GNU  15 /* bytes that lie in the object itself */
#define SHORT_LLVM 22
#define MOST       (1ULL << 47) /* no string is as large as the address space */

struct text {
	const char *start; /* NULL: there is no object */
	uint64_t bytes;
	uint64_t address; /* what cannot be read */
};

/* No pointer of a program lies in the null page or above the lower half. */
static bool impossible(uint64_t address)
{
	return address < 4096 || address >= MOST;
}

static bool read_gnu(uint64_t object, const uint64_t words[3], struct text *ret)
{
	bool is_short = words[0] == object + 16;

	ret->start = (const char *)words[0];
	ret->bytes = words[1];
	return words[1] <= (is_short ? SHORT_GNU : words[2]);
}

static bool read_gnu_old(const uint64_t words[3], struct text *ret)
{
	uint64_t rep[2];

	if (impossible(words[0]) || !ts_guarded_copy(rep, (const char *)words[0] - 24, sizeof(rep)))
		return false;
	ret->start = (const char *)words[0];
	ret->bytes = rep[0];
	return rep[0] <= rep[1];
}

static bool read_llvm(uint64_t object, const uint64_t words[3], struct text *ret)
{
	if (words[0] & 1) {
		ret->start = (const char *)words[2];
		ret->bytes = words[1];
		return words[1] < words[0];
	}
	ret->start = (const char *)object + 1;
	ret->bytes = (words[0] & 0xff) >> 1;
	return ret->bytes <= SHORT_LLVM;
}

static bool read_object(const struct ts_capture *capture, uint64_t object, struct text *ret)
{
	bool view = capture->how == TS_CAPTURE_STD_VIEW || capture->how == TS_CAPTURE_STD_VIEW_LLVM;
	uint64_t words[3] = {0};
	uint64_t bytes = view ? 16 : capture->how == TS_CAPTURE_STD_STRING_OLD ? 8 : 24;

	if (impossible(object) || !ts_guarded_copy(words, (const void *)object, bytes))
		return false;
	switch (capture->how) {
	case TS_CAPTURE_STD_STRING:
		return read_gnu(object, words, ret);
	case TS_CAPTURE_STD_STRING_OLD:
		return read_gnu_old(words, ret);
	case TS_CAPTURE_STD_STRING_LLVM:
		return read_llvm(object, words, ret);
	default:
		ret->start = (const char *)words[capture->how == TS_CAPTURE_STD_VIEW];
		ret->bytes = words[capture->how != TS_CAPTURE_STD_VIEW];
		return true;
	}
}

/* A view of nothing may lead anywhere. False: `ret->address` says what it is not. */
static bool find_text(const struct ts_capture *capture, uintptr_t slot, struct text *ret)
{
	uint64_t word = ts_capture_word(slot, capture->offset);

	ret->start = NULL;
	ret->address = word;
	if (capture->how == TS_CAPTURE_STD_WORDS) {
		ret->start = (const char *)word;
		ret->bytes = ts_capture_word(slot, capture->length_offset);
	} else if (!word) {
		return true;
	} else if (!read_object(capture, word, ret)) {
		return false;
	}
	if (!ret->bytes) {
		ret->start = "";
		return true;
	}
	if (capture->how == TS_CAPTURE_STD_WORDS || !impossible((uintptr_t)ret->start))
		ret->address = (uintptr_t)ret->start;
	return !impossible((uintptr_t)ret->start) && ret->bytes < MOST;
}

static uint64_t put_head(char *at, enum ts_value_type type, uint16_t param, uint64_t bytes)
{
	*(struct ts_value *)at =
		(struct ts_value){.type = type, .param = param, .bytes = (uint32_t)bytes};
	return sizeof(struct ts_value) + TS_ALIGN8(bytes);
}

static uint64_t put_unreadable(char *at, uint16_t param, uint64_t address)
{
	*(uint64_t *)(at + sizeof(struct ts_value)) = address;
	return put_head(at, TS_VALUE_UNREADABLE, param, sizeof(address));
}

/* Three quarters of `kept` from the start, the rest from the end. */
static uint64_t put_cut(char *at, uint16_t param, const struct text *text, uint64_t kept)
{
	uint32_t tail = (uint32_t)(kept / 4);
	uint32_t head = (uint32_t)kept - tail;
	struct ts_value_cut *cut = (struct ts_value_cut *)(at + sizeof(struct ts_value));
	char *payload = (char *)(cut + 1);

	if (!ts_guarded_copy(payload, text->start, head) ||
	    !ts_guarded_copy(payload + head, text->start + text->bytes - tail, tail))
		return put_unreadable(at, param, text->address);
	*cut = (struct ts_value_cut){
		.full_bytes = text->bytes, .head_bytes = head, .tail_bytes = tail};
	return put_head(at, TS_VALUE_CUT, param, sizeof(*cut) + kept);
}

uint64_t ts_std_put(const struct ts_capture *capture, uintptr_t slot, char *at, uint64_t room,
		    uint64_t budget)
{
	uint64_t most = room - sizeof(struct ts_value);
	struct text text;
	uint64_t kept;

	if (!find_text(capture, slot, &text))
		return put_unreadable(at, capture->param, text.address);
	if (!text.start)
		return put_head(at, TS_VALUE_NULL, capture->param, 0);
	most = most < budget ? most : budget;
	if (likely(text.bytes <= most)) {
		if (!ts_guarded_copy(at + sizeof(struct ts_value), text.start, text.bytes))
			return put_unreadable(at, capture->param, text.address);
		return put_head(at, TS_VALUE_STRING, capture->param, text.bytes);
	}
	if (room < sizeof(struct ts_value) + sizeof(struct ts_value_cut))
		return 0;
	kept = room - sizeof(struct ts_value) - sizeof(struct ts_value_cut);
	kept = kept < budget ? kept : budget;
	return put_cut(at, capture->param, &text, kept);
}

uint64_t ts_std_copy(const struct ts_capture *capture, uintptr_t slot, char *to, uint64_t most)
{
	struct text text;

	if (!find_text(capture, slot, &text) || !text.start)
		return 0;
	text.bytes = text.bytes < most ? text.bytes : most;
	return ts_guarded_copy(to, text.start, text.bytes) ? text.bytes : 0;
}
