/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REPORT_KEYED_H
#define TS_REPORT_KEYED_H

/* Things that are found by a text, or by several. */

#include <stddef.h>

#define TS_KEY_PARTS 4

struct ts_key {
	const char *parts[TS_KEY_PARTS]; /* NULL behind the last; each may be "" */
};

struct ts_keyed {      /* zeroed: empty */
	void **things; /* in the order in which they came; their addresses stay */
	size_t n;
	size_t thing_bytes;
	size_t *slots; /* index + 1, or 0 */
	size_t n_slots;
};

void ts_keyed_init(struct ts_keyed *keyed, size_t thing_bytes);

/* The thing of that key, zeroed where it is new; NULL where memory ran out. */
void *ts_keyed_get(struct ts_keyed *keyed, const struct ts_key *key);

/* The same, NULL where it is not there yet. */
void *ts_keyed_find(const struct ts_keyed *keyed, const struct ts_key *key);

/* Part i of the key of a thing that came from ts_keyed_get; NULL behind the last. */
const char *ts_key_of(const void *thing, size_t i);

/* Puts the things in order, `compare` being given two of them; nothing is found by its key then. */
void ts_keyed_sort(struct ts_keyed *keyed, int (*compare)(const void *, const void *));

/* The things themselves are given back, not what they own. */
void ts_keyed_release(struct ts_keyed *keyed);

#endif
