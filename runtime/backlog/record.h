/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_RECORD_H
#define TS_RECORD_H

/*
 * Files of records on disk, each with a checksum of its own: what lies behind a torn or damaged one is found
 * again by its magic.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bytes.h"

#define TS_RECORD_MAGIC 0x52425354u /* "TSBR" */
#define TS_RECORD_MAX   ((uint32_t)64 << 20)

struct ts_record {
	uint32_t magic;
	uint32_t crc;   /* crc32c of all that follows */
	uint32_t bytes; /* of the whole record, a multiple of 8 */
	uint16_t type;
	uint16_t padding; /* of its bytes, how many at the end are none of the payload */
};

/* Begins a record at the end of `to`; answers where, for ts_record_end. The payload is added in between. */
size_t ts_record_begin(struct ts_bytes *to, uint16_t type);
void ts_record_end(struct ts_bytes *to, size_t begun);

/*
 * The first sound record at or behind *at, which then stands behind it; NULL: there is none. *damaged is set
 * where something had to be skipped.
 */
const struct ts_record *ts_record_next(const char *data, size_t bytes, size_t *at, bool *damaged);

/* Of a sound one. */
static inline const char *ts_record_payload(const struct ts_record *record)
{
	return (const char *)(record + 1);
}

static inline size_t ts_record_payload_bytes(const struct ts_record *record)
{
	return record->bytes - sizeof(*record) - record->padding;
}

#endif
