/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SHA256_H
#define TS_SHA256_H

/* SHA-256 (FIPS 180-4), as sha256sum prints it. */

#include <stddef.h>

#define TS_SHA256_TEXT 65

void ts_sha256(const void *data, size_t bytes, char ret[TS_SHA256_TEXT]);

#endif
