/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_THUNK_H
#define TS_THUNK_H

/* A rule and a definition -> a thunk with what the hot path needs to know. [setup] */

#include "../conf/conf.h"
#include "../system/arena.h"
#include "dialect.h"

struct ts_wire_bio;

struct ts_thunk_settings {
	uint32_t capture_bytes;
	bool orphans; /* an outermost call of any rule starts a trace */
	bool stacks;  /* a failed call of an agent, llm or tool is recorded with its stack */
};

/*
 * Fills thunk `index` for `rule` and the function at `address`, whose strings are `dialect`'s, and which calls
 * reach by its patched entry or through the thunk's code. Memory is of `arena`. -ENOMEM, or -ENOSPC where
 * the table is full.
 */
int ts_thunk_make(size_t index, const struct ts_rule *rule, uintptr_t address, bool by_entry,
		  enum ts_dialect dialect, const struct ts_thunk_settings *settings,
		  struct ts_arena *arena);

/*
 * Of the library that defines thunk `index`'s function, one that [wire] asks for: SSL_get_error, and what it takes to look at BIOs;
 * or NULL. `bio` lives as long as the thunk.
 */
void ts_thunk_set_tls(size_t index, void *fault, const struct ts_wire_bio *bio);

/* Does a call of it outside every trace start one? Or count for what passes through it? */
bool ts_thunk_starts_trace(size_t index);

/* The code that callers of thunk `index` are led to. */
uintptr_t ts_thunk_entry(size_t index);

/* Is this address inside the thunks' code? */
bool ts_thunk_holds(uintptr_t address);

/*
 * Chooses the pads of thunks [first, last): with a shared unwinder in the process variant b, else
 * a. Calls in progress keep theirs. `everywhere`: calls outside every trace go there, too.
 */
void ts_thunk_choose_pads(size_t first, size_t last, bool shared_unwinder, bool everywhere);

#endif
