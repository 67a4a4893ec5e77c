// SPDX-License-Identifier: Apache-2.0
#include "field.h"

#define MOST_VALUE 256

/* What frames a request, and what runtime/wire/exchange.c reads of one: a header that is read there is named here. */
static const char *const recorded[] = {
	"content-type", "content-length", "transfer-encoding", "content-encoding",
	"expect",       "connection",     "upgrade",           "x-stainless-retry-count",
};

bool ts_heads_field_is(struct ts_slice name, const char *wanted)
{
	if (name.bytes != strlen(wanted))
		return false;
	for (size_t i = 0; i < name.bytes; i++) {
		if (ts_lower(name.text[i]) != wanted[i])
			return false;
	}
	return true;
}

static bool is_plain(struct ts_slice value)
{
	for (size_t i = 0; i < value.bytes; i++) {
		if (value.text[i] < ' ' || value.text[i] > '~')
			return false;
	}
	return value.bytes <= MOST_VALUE;
}

const char *ts_heads_field(struct ts_slice name, struct ts_slice value)
{
	for (size_t i = 0; i < sizeof(recorded) / sizeof(*recorded); i++) {
		if (ts_heads_field_is(name, recorded[i]))
			return is_plain(value) ? recorded[i] : NULL;
	}
	return NULL;
}
