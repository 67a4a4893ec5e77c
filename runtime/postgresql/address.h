/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_POSTGRESQL_ADDRESS_H
#define TS_POSTGRESQL_ADDRESS_H

#include "../error.h"

/*
 * What libpq is to connect to, every setting that the environment could change spelt out: from the URL, else as
 * this program wants it, else libpq's own default. From malloc; NULL with a sentence, which holds nothing of the URL.
 * *ret_seconds is how long connecting may take.
 */
char *ts_pg_address(const char *url, int *ret_seconds, struct ts_error *err);

#endif
