// SPDX-License-Identifier: Apache-2.0
#include "keyed.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Stands before each thing; the parts of its key, each with its NUL, stand behind. */
struct head {
	const char *parts[TS_KEY_PARTS];
	uint64_t hash;
	max_align_t thing[];
};

static struct head *head_of(const void *thing)
{
	return (struct head *)((char *)thing - offsetof(struct head, thing));
}

/* FNV-1a; the NULs count, so that no two keys run into one. */
static uint64_t hash_of(const struct ts_key *key, size_t *ret_bytes)
{
	uint64_t hash = 0xcbf29ce484222325;
	size_t bytes = 0;

	for (size_t i = 0; i < TS_KEY_PARTS && key->parts[i]; i++) {
		const char *at = key->parts[i];

		do
			hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
		while (*at++);
		bytes += (size_t)(at - key->parts[i]);
	}
	*ret_bytes = bytes;
	return hash;
}

static bool is(const struct head *head, uint64_t hash, const struct ts_key *key)
{
	if (head->hash != hash)
		return false;
	for (size_t i = 0; i < TS_KEY_PARTS; i++) {
		if (!key->parts[i] || !head->parts[i])
			return key->parts[i] == head->parts[i];
		if (strcmp(key->parts[i], head->parts[i]) != 0)
			return false;
	}
	return true;
}

void ts_keyed_init(struct ts_keyed *keyed, size_t thing_bytes)
{
	*keyed = (struct ts_keyed){.thing_bytes = thing_bytes};
}

/* The slot of that key, or the free one where it belongs. */
static size_t *slot_of(const struct ts_keyed *keyed, uint64_t hash, const struct ts_key *key)
{
	size_t at = hash & (keyed->n_slots - 1);

	while (keyed->slots[at]) {
		const struct head *head = head_of(keyed->things[keyed->slots[at] - 1]);

		if (key && is(head, hash, key))
			break;
		at = (at + 1) & (keyed->n_slots - 1);
	}
	return &keyed->slots[at];
}

/* Slots for one more, at most half of them taken. */
static int make_room(struct ts_keyed *keyed)
{
	size_t n = keyed->n_slots ? 2 * keyed->n_slots : 16, *old = keyed->slots;
	void **things;

	if (2 * (keyed->n + 1) <= keyed->n_slots)
		return 0;
	things = reallocarray(keyed->things, n, sizeof(*things));
	if (!things)
		return -1;
	keyed->things = things;
	keyed->slots = calloc(n, sizeof(*keyed->slots));
	if (!keyed->slots) {
		keyed->slots = old;
		return -1;
	}
	keyed->n_slots = n;
	free(old);
	for (size_t i = 0; i < keyed->n; i++)
		*slot_of(keyed, head_of(keyed->things[i])->hash, NULL) = i + 1;
	return 0;
}

static void *add(struct ts_keyed *keyed, size_t *slot, uint64_t hash, const struct ts_key *key,
		 size_t key_bytes)
{
	struct head *head = calloc(1, sizeof(*head) + keyed->thing_bytes + key_bytes);
	char *to;

	if (!head)
		return NULL;
	to = (char *)head->thing + keyed->thing_bytes;
	for (size_t i = 0; i < TS_KEY_PARTS && key->parts[i]; i++) {
		head->parts[i] = to;
		to = stpcpy(to, key->parts[i]) + 1;
	}
	head->hash = hash;
	keyed->things[keyed->n++] = head->thing;
	*slot = keyed->n;
	return head->thing;
}

void *ts_keyed_get(struct ts_keyed *keyed, const struct ts_key *key)
{
	size_t bytes, *slot;
	uint64_t hash = hash_of(key, &bytes);

	if (make_room(keyed) < 0)
		return NULL;
	slot = slot_of(keyed, hash, key);
	return *slot ? keyed->things[*slot - 1] : add(keyed, slot, hash, key, bytes);
}

void *ts_keyed_find(const struct ts_keyed *keyed, const struct ts_key *key)
{
	size_t bytes, *slot = NULL;
	uint64_t hash = hash_of(key, &bytes);

	if (keyed->n_slots)
		slot = slot_of(keyed, hash, key);
	return slot && *slot ? keyed->things[*slot - 1] : NULL;
}

const char *ts_key_of(const void *thing, size_t i)
{
	return head_of(thing)->parts[i];
}

static int compare_things(const void *a, const void *b, void *context)
{
	int (**compare)(const void *, const void *) = context;

	return (*compare)(*(void *const *)a, *(void *const *)b);
}

void ts_keyed_sort(struct ts_keyed *keyed, int (*compare)(const void *, const void *))
{
	if (keyed->n)
		qsort_r(keyed->things, keyed->n, sizeof(keyed->things[0]), compare_things,
			&compare);
	free(keyed->slots); /* they count as they came */
	keyed->slots = NULL;
	keyed->n_slots = 0;
}

void ts_keyed_release(struct ts_keyed *keyed)
{
	for (size_t i = 0; i < keyed->n; i++)
		free(head_of(keyed->things[i]));
	free(keyed->things);
	free(keyed->slots);
	ts_keyed_init(keyed, keyed->thing_bytes);
}
