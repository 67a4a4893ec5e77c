/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_ENCODE_H
#define TS_POSTGRESQL_ENCODE_H

/*
 * Rows -> the parameters of one INSERT ... SELECT unnest($1), unnest($2), ...: a binary array a column, in the wire
 * format of PostgreSQL.
 */

#include <stddef.h>

#include "../columns.h"
#include "../error.h"

#define TS_ENCODE_COLUMNS 32

/* The arrays point into `buffer`. Zeroed at first; released at the end. */
struct ts_encoded {
	const char *values[TS_ENCODE_COLUMNS];
	int bytes[TS_ENCODE_COLUMNS];
	char *buffer;
	size_t room;
};

/* About what a row takes, to keep statements short. */
size_t ts_encode_size(const struct ts_table *table, const void *row);

/*
 * Encodes `n` rows, at least one; what was there is gone. 0, -ENOMEM, or -EILSEQ with a sentence: a text is not UTF-8
 * or a JSON text holds what jsonb cannot.
 */
int ts_encode(struct ts_encoded *encoded, const struct ts_table *table, const void *const *rows,
	      size_t n, struct ts_error *err);

void ts_encoded_release(struct ts_encoded *encoded);

/* The array type of a column: "uuid[]". */
const char *ts_encode_type(enum ts_column_type type);

#endif
