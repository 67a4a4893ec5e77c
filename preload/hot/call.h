/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_CALL_H
#define TS_HOT_CALL_H

/*
 * What the pads call, and the tables that setup fills for it.
 *
 *   caller:  call *slot ──► thunk i ──► pad ──► ts_call_begin ─► frame, or none: jump to the original
 *            (GOT slot,     (static     │ keeps caller's rbx and return address in the frame,
 *             dlsym)         code)      │ rbx = frame
 *                                       └─► call *original
 *                                           return pad: ts_call_end(rbx), rbx back, return to caller
 */

#include <stdbool.h>
#include <stdint.h>

#include "../abi.h"
#include "capture.h"
#include "context.h"

#define TS_THUNKS     16384
#define TS_LOOK_AGAIN 1 /* no process's generation: sends a thread down the slow path once more */
#define TS_SLOW       1 /* what ts_call_begin answers for the first event of a thread or a stack */

enum ts_hook_flags {
	TS_HOOK_STARTS_TRACE = 1, /* outside every trace, a call starts one */
	TS_HOOK_PIPELINE = 2,     /* ... and is that trace; otherwise it is a span in it, too */
	TS_HOOK_HAS_TENANT = 4,
	TS_HOOK_BY_ENTRY = 8, /* calls come by the function's patched entry, not the thunk's code */
	TS_HOOK_STACK = 16,   /* a failed call is recorded with its stack */
};

/* When a result means failure: enum ts_fails of prototype.h, and what to compare. */
enum ts_fails_when {
	TS_WHEN_NEVER,
	TS_WHEN_NEGATIVE,
	TS_WHEN_ZERO,
	TS_WHEN_NOT_ZERO,
};

struct ts_wire_bio;

/* A rule bound to a definition. Made by setup, then constant. */
struct ts_hook {
	uint32_t index; /* of the thunk, and in the dictionary */
	uint8_t flags;  /* enum ts_hook_flags */
	uint8_t fails;  /* enum ts_fails_when */
	uint8_t n_arguments;
	uint8_t n_results; /* 0 or 1 */
	uint8_t wire;      /* enum ts_wire_function (wire.h); 0: the call is what counts */
	/* Where it is one of OpenSSL's: SSL_get_error of the same library, or NULL. */
	int (*fault)(const void *tls, int result);
	const struct ts_wire_bio *bio;  /* of BIOs, where it is known how they are made; or NULL */
	struct ts_capture fails_result; /* how to fetch what `fails` compares */
	struct ts_capture tenant;
	struct ts_capture result;
	struct ts_capture arguments[];
};

/*
 * What a thunk reads; `index` is its place in the table. Pointers are replaced with single stores.
 */
struct ts_thunk {
	const void *original;
	const void *outside; /* where a call outside every trace goes: original, or the pad */
	const void *pad;
	const struct ts_hook *hook;
};

extern struct ts_thunk ts_thunks[TS_THUNKS];
extern const char ts_thunk_code[]; /* TS_THUNKS times TS_THUNK_BYTES */
#define TS_THUNK_BYTES 32

/*
 * Entry pads: which unwinder their return pad serves, whether calls come by a patched entry, and whether
 * vector registers are captured.
 */
extern const char ts_pad_a[], ts_pad_b[], ts_pad_a_vector[], ts_pad_b_vector[], ts_pad_a_entry[],
	ts_pad_b_entry[], ts_pad_a_entry_vector[], ts_pad_b_entry_vector[];

/* Filled by setup. */
struct ts_hot {
	/* Generation of this process, in a page that fork wipes: 0 in a child that has not started
	 * yet. */
	const uint64_t *generation;
	/*
	 * Makes thread and process ready, finds the stack it runs on, then begins the call. Vector state
	 * is saved around it.
	 */
	uintptr_t (*slow)(const struct ts_thunk *thunk, uintptr_t slot);
	struct ts_abi_process
		*process; /* where losses are counted that no ring can count; may be NULL */
	uint32_t capture_bytes;
	uint32_t passive; /* no call is recorded any more */
	uint32_t flusher_runs;
	uint32_t missed; /* calls lost for want of memory, before or beside any ring; atomic */
	/* Room that XSAVE takes for all state that C code may change, and which state that is. */
	uint64_t xsave_bytes;
	uint64_t xsave_mask;      /* 0: the CPU has FXSAVE only */
	struct ts_ring *overflow; /* NULL before the spool is made */
	uint32_t overflow_taken;
	/* The call in another process that this one's pipelines lie in, or NULL; `frame` is NULL. */
	const struct ts_inherited *remote;
	/* (struct ts_registers, struct ts_failure): the calls around a place. NULL: cannot be had. */
	uintptr_t (*walk)(const void *registers, void *failure);
};

extern struct ts_hot ts_hot;

/* Is this where a wrapped function returns to? Then rbx is its frame, rsp its caller's. [hot] */
bool ts_is_return_pad(const void *address);

/*
 * A wrapped function is called; its return address lies at `slot`. The frame, 0 or TS_SLOW. [hot]
 */
uintptr_t ts_call_begin(const struct ts_thunk *thunk, uintptr_t slot);

/* It returned. [hot] */
void ts_call_end(struct ts_frame *frame, uintptr_t slot);

struct _Unwind_Exception;

/* It was left by unwinding. Vector registers may change: the program's are not live. [hot] */
void ts_call_unwound(struct ts_frame *frame, enum ts_outcome outcome,
		     const struct _Unwind_Exception *exception);

/* The thread ends: the calls still open on its stack were left with it, and none can return. */
void ts_call_thread_ends(void);

/*
 * An unwinder that still needs the frame passes the innermost call of a stack. Vector
 * registers may change. [hot]
 */
void ts_call_passed(struct ts_stack *stack, enum ts_outcome outcome,
		    const struct _Unwind_Exception *exception);

#endif
