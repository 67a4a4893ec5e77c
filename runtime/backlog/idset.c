// SPDX-License-Identifier: Apache-2.0
#include "idset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

/* Where its place is noted, or the free cell where it would be. */
static size_t cell_of(const struct ts_idset *set, const struct ts_row_id *id)
{
	size_t mask = set->room * 2 - 1, cell;
	uint64_t words[4], hash = 0;

	memcpy(words, id, sizeof(words));
	for (int i = 0; i < 4; i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32; /* what differs may lie in the highest bits alone */
	}
	for (cell = hash & mask; set->table[cell]; cell = (cell + 1) & mask)
		if (memcmp(&set->ids[set->table[cell] - 1], id, sizeof(*id)) == 0)
			break;
	return cell;
}

static void note_all(struct ts_idset *set)
{
	memset(set->table, 0, set->room * 2 * sizeof(*set->table));
	for (size_t i = 0; i < set->n; i++)
		set->table[cell_of(set, &set->ids[i])] = (uint32_t)i + 1;
}

static int grow(struct ts_idset *set)
{
	size_t room = set->room ? set->room * 2 : FIRST_ROOM;
	struct ts_row_id *ids = reallocarray(set->ids, room, sizeof(*ids));
	uint32_t *table;

	if (!ids)
		return -ENOMEM;
	set->ids = ids;
	table = reallocarray(set->table, room * 2, sizeof(*table));
	if (!table)
		return -ENOMEM;
	set->table = table;
	set->room = room;
	note_all(set);
	return 0;
}

/* A full one gives its older half up. */
static void forget(struct ts_idset *set)
{
	set->n /= 2;
	memmove(set->ids, set->ids + set->n, set->n * sizeof(*set->ids));
	note_all(set);
}

int ts_idset_add(struct ts_idset *set, const struct ts_row_id *id)
{
	size_t cell;

	if (set->n == set->room && set->room < TS_IDSET_MAX && grow(set) < 0)
		return -ENOMEM;
	if (ts_idset_has(set, id))
		return 0;
	if (set->n == TS_IDSET_MAX)
		forget(set);
	cell = cell_of(set, id);
	set->ids[set->n] = *id;
	set->table[cell] = (uint32_t)++set->n;
	return 1;
}

bool ts_idset_has(const struct ts_idset *set, const struct ts_row_id *id)
{
	return set->n && set->table[cell_of(set, id)];
}

void ts_idset_release(struct ts_idset *set)
{
	free(set->ids);
	free(set->table);
	*set = (struct ts_idset){0};
}
