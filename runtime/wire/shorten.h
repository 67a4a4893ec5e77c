/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SHORTEN_H
#define TS_SHORTEN_H

/* JSON in pieces of any size -> shorter JSON, as document.h says. */

#include <stdbool.h>
#include <stddef.h>

struct ts_buffer;
struct ts_shorten;

/* What is made goes to `to`: at most twice `bound`, and what is said of what was left out. NULL: no memory. */
struct ts_shorten *ts_shorten_new(struct ts_buffer *to, size_t bound, size_t string);

/* False: it is no JSON, or there is no memory. */
bool ts_shorten_add(struct ts_shorten *shorten, const char *data, size_t bytes);

/* Whether it is all there. */
bool ts_shorten_end(struct ts_shorten *shorten);

/* NULL is fine. */
void ts_shorten_free(struct ts_shorten *shorten);

#endif
