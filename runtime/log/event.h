/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_EVENT_H
#define TS_EVENT_H

/* Whether bytes read from a spool are an event; stepping through its values. */

#include <stddef.h>
#include <stdint.h>

#include "../../preload/abi.h"
#include "../text.h"

/* More than any event has: what claims to be larger is damage. */
#define TS_EVENT_MAX_BYTES ((size_t)1 << 17)

/* A view of values, one after the other: an event's, or those in one of them. */
struct ts_values {
	const unsigned char *data;
	size_t bytes;
};

/*
 * Checks the event at `data` (8-aligned), of which `available` bytes were read: known type, size
 * that fits it, tenant, values and text within it, every value's size as its type wants; what lists and
 * objects hold lies whole in them, at most TS_MAX_NESTING deep, and what objects hold has keys. Its
 * size in bytes; 0: it is longer than what is available; -EBADMSG: it is none.
 */
long ts_event_check(const void *data, size_t available);

/* The rows that it makes: of a begin one, or two of one that is both trace and span; of others none. */
uint64_t ts_event_rows(const struct ts_event *event);

/* What a message that was checked holds: any bytes. */
struct ts_text ts_message_tenant(const struct ts_event_message *message);
struct ts_text ts_message_text(const struct ts_event_message *message);

/* The values of an event that was checked; none if the event has no place for them. */
struct ts_values ts_event_values(const struct ts_event *event);

/* The next value, or NULL; `values` shrinks. */
const struct ts_value *ts_values_next(struct ts_values *values);

/* The first value of that parameter (or TS_PARAM_...), or NULL, of an event that was checked. */
const struct ts_value *ts_event_find(const struct ts_event *event, uint16_t param);

/* What a list or an object of an event that was checked holds: of an object, for the function below. */
struct ts_values ts_value_members(const struct ts_value *value);

/*
 * The next value of an object, or NULL, and its key: a string or a cut one. TS_VALUE_OMITTED may stand
 * alone; then *ret_key is NULL.
 */
const struct ts_value *ts_values_next_member(struct ts_values *values,
					     const struct ts_value **ret_key);

#endif
