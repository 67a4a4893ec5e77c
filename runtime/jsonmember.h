/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_JSONMEMBER_H
#define TS_JSONMEMBER_H

/*
 * Members of JSON objects. cJSON answers NULL where memory ran out and takes NULL for an object: one
 * check at the end suffices where the first object is there.
 */

#include <stddef.h>
#include <stdint.h>

struct cJSON;
struct ts_uuid;

void ts_member_integer(struct cJSON *to, const char *key, int64_t value);
/* All digits of a double; null for what is no number. */
void ts_member_number(struct cJSON *to, const char *key, double value);
void ts_member_text(struct cJSON *to, const char *key, const char *text); /* NULL: null */
/* A text that is JSON, digits and all; one that is not becomes a string. */
void ts_member_json(struct cJSON *to, const char *key, const char *json);
void ts_member_moment(struct cJSON *to, const char *key, int64_t us);
void ts_member_uuid(struct cJSON *to, const char *key, const struct ts_uuid *uuid);

/* An array of texts. */
void ts_member_texts(struct cJSON *to, const char *key, char *const *texts, size_t n);
/* An object at the end of an array. */
struct cJSON *ts_member_object(struct cJSON *array);

/* The document as text from malloc, which it gives back; NULL where memory ran out. */
char *ts_member_finish(struct cJSON *document);
/* The same on one line. */
char *ts_member_line(struct cJSON *document);

#endif
