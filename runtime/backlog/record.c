// SPDX-License-Identifier: Apache-2.0
#include "record.h"

#include <string.h>

#include "crc32c.h"

#define UNSUMMED offsetof(struct ts_record, bytes)

size_t ts_record_begin(struct ts_bytes *to, uint16_t type)
{
	struct ts_record record = {.magic = TS_RECORD_MAGIC, .type = type};
	size_t begun = to->bytes;

	ts_bytes_add(to, &record, sizeof(record));
	return begun;
}

void ts_record_end(struct ts_bytes *to, size_t begun)
{
	static const char zeros[8];
	size_t padding = -(to->bytes - begun) & 7;
	struct ts_record *record;

	ts_bytes_add(to, zeros, padding);
	if (to->failed)
		return;
	record = (void *)(to->data + begun);
	record->padding = (uint16_t)padding;
	record->bytes = (uint32_t)(to->bytes - begun);
	record->crc = ts_crc32c((char *)record + UNSUMMED, record->bytes - UNSUMMED);
}

static bool is_sound(const struct ts_record *record, size_t rest)
{
	return record->magic == TS_RECORD_MAGIC && record->bytes >= sizeof(*record) &&
	       record->bytes <= rest && record->bytes <= TS_RECORD_MAX && record->bytes % 8 == 0 &&
	       record->padding < 8 && record->bytes - sizeof(*record) >= record->padding &&
	       record->crc == ts_crc32c((const char *)record + UNSUMMED, record->bytes - UNSUMMED);
}

const struct ts_record *ts_record_next(const char *data, size_t bytes, size_t *at, bool *damaged)
{
	for (; *at + sizeof(struct ts_record) <= bytes; *at += 8) {
		const struct ts_record *record = (const void *)(data + *at);

		if (is_sound(record, bytes - *at)) {
			*at += record->bytes;
			return record;
		}
		*damaged = true;
	}
	*damaged |= *at < bytes;
	*at = bytes;
	return NULL;
}
