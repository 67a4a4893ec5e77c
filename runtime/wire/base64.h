/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_BASE64_H
#define TS_BASE64_H

#include "../text.h"

struct ts_buffer;

/* Adds what the text stands for (RFC 4648), as far as it is base64. */
void ts_base64_decode(struct ts_buffer *to, struct ts_text text);

#endif
