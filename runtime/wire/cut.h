/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CUT_H
#define TS_CUT_H

/*
 * A string that comes in pieces, of which head and tail are kept once it is too long: three quarters of the bound, and one.
 * Its characters are those of a JSON string, still escaped; no piece may end within an escape.
 */

#include <stdint.h>

#include "../text.h"
#include "buffer.h"

struct ts_cut {
	struct ts_buffer kept; /* whole; or head, then the tail as a ring */
	size_t bound;
	bool cut;
	size_t head;
	size_t first;        /* of the tail, in the ring */
	size_t tail;         /* its bytes */
	uint64_t full_bytes; /* of the characters meant */
};

void ts_cut_init(struct ts_cut *cut, struct ts_memory *memory, size_t bound);

void ts_cut_add(struct ts_cut *cut, struct ts_text characters);

/* "...", or {"head": "...", "tail": "...", "truncated": N}. */
void ts_cut_print(const struct ts_cut *cut, struct ts_buffer *to);

/* "...": its end, of which at most a quarter of the bound is left if it was cut. */
void ts_cut_print_tail(const struct ts_cut *cut, struct ts_buffer *to);

/* Empties it; the memory stays. */
void ts_cut_reset(struct ts_cut *cut);

void ts_cut_release(struct ts_cut *cut);

#endif
