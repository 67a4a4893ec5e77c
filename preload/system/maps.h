/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_MAPS_H
#define TS_MAPS_H

/* What the kernel says of this process's own mappings (/proc/self/maps). [setup] */

#include <stddef.h>
#include <stdint.h>

struct ts_mapping {
	uintptr_t low, high; /* [low, high) */
	int protection;      /* PROT_* */
};

/* A snapshot, in order of address. */
struct ts_maps {
	struct ts_mapping *mappings;
	size_t n;
	size_t room;
};

/* 0, or a negative errno with nothing to release. */
int ts_maps_read(struct ts_maps *ret);
void ts_maps_release(struct ts_maps *maps);

/* The mapping that holds `address`, or NULL. */
const struct ts_mapping *ts_maps_find(const struct ts_maps *maps, uintptr_t address);

/*
 * Could the page of the aligned word at `address` be written, this moment? What it holds stays. 1, or 0, also where nothing is
 * mapped; or a negative errno: the kernel does not say, and a snapshot has to.
 */
int ts_maps_is_writable(uintptr_t address);

#endif
