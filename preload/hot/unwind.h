/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_UNWIND_H
#define TS_HOT_UNWIND_H

/*
 * Exceptions and forced unwinding through the return pads (Itanium C++ ABI, level I). The two
 * personality routines belong to the two variants of pads_x86_64.S.
 */

#include <stdbool.h>
#include <stdint.h>

struct _Unwind_Context;
struct _Unwind_Exception;

#define TS_UNWINDERS 16

/* An object that exports an unwinder, and what of it the cleanup needs. */
struct ts_unwinder {
	uintptr_t low; /* its code: [low, high) */
	uintptr_t high;
	void (*set_gr)(struct _Unwind_Context *, int, uintptr_t);
	void (*set_ip)(struct _Unwind_Context *, uintptr_t);
	void (*resume)(struct _Unwind_Exception *);
	bool stays; /* a library that is not unloaded any more */
};

/* Filled by setup; `low` is written last. `high` 0: the object was unloaded. */
extern struct ts_unwinder ts_unwinders[TS_UNWINDERS];

/*
 * Finds one that came too late for the table: what the object that holds `address`, and is in use by whoever asks, exports.
 * False: it exports none. NULL: the dynamic linker cannot be asked.
 */
extern bool (*ts_unwinder_ask)(uintptr_t address, struct ts_unwinder *ret);

/*
 * The shared libgcc_s, or NULL. Objects with a copy of libgcc's unwinder linked into them resume an
 * exception that libgcc_s raised; the copies' contexts are alike, so its accessors serve for
 * theirs.
 */
extern const struct ts_unwinder *ts_unwinder_libgcc;

#endif
