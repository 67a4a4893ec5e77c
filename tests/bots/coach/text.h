/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

/* asprintf that cannot fail: from malloc. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* FNV-1a: the same text, the same number. */
uint64_t text_digest(const char *text, size_t len);

/* How many bytes of `text` make up at most `max`, cut between two characters of UTF-8. */
size_t text_cut(const char *text, size_t max);

#endif
