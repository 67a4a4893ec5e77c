/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_MEMBERS_H
#define TS_COMMAND_MEMBERS_H

/*
 * Members of the objects that --json prints. cJSON answers NULL where memory ran out and takes NULL for an object: one
 * check at the end suffices where the first object is there.
 */

#include <stddef.h>
#include <stdint.h>

#include "../report/figures.h"

struct cJSON;

void ts_member_integer(struct cJSON *to, const char *key, int64_t value);
/* All digits of a double; null for what is no number. */
void ts_member_number(struct cJSON *to, const char *key, double value);
void ts_member_text(struct cJSON *to, const char *key, const char *text); /* NULL: null */
void ts_member_moment(struct cJSON *to, const char *key, int64_t us);
void ts_member_uuid(struct cJSON *to, const char *key, const struct ts_uuid *uuid);

/* "total_ms", "p50_ms", ... */
void ts_member_times(struct cJSON *to, struct ts_figures *figures);
/* "model_calls", and tokens and cost: null where nothing is known, and of how many calls not all is. */
void ts_member_spend(struct cJSON *to, const struct ts_spend *spend);

/* An array of texts. */
void ts_member_texts(struct cJSON *to, const char *key, char *const *texts, size_t n);
/* An object at the end of an array. */
struct cJSON *ts_member_object(struct cJSON *array);

/* The document as text from malloc, which it gives back; NULL where memory ran out. */
char *ts_member_finish(struct cJSON *document);
/* The same on one line. */
char *ts_member_line(struct cJSON *document);

#endif
