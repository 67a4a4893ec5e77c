/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_JSON_H
#define TS_JSON_H

/*
 * Captured values -> JSON text, which is valid whatever bytes were captured. Shapes:
 *
 *   string         "text"; NUL is shown as U+2400, a byte that is not UTF-8 becomes U+FFFD, and
 *                  a text that had N such bytes is {"text": "...", "repaired": N}
 *   cut string     {"head": "...", "tail": "...", "truncated": N}, N the full length in bytes;
 *                  cut between characters; with "repaired" where there is something to count
 *   integer        digits, all 64 bits; boolean: true, false; null pointer: null
 *   float, double  the shortest digits that read back as the same number; "NaN", "Infinity",
 *                  "-Infinity"
 *   char           a one-character string; 0 and bytes from 0x80 up, which are no characters of
 *                  UTF-8, a number 0..255
 *   unreadable     {"unreadable": "0x2a"}
 *   redacted       "[redacted]"
 *   list           [...], of these shapes
 *   object         {"key": ...}; keys are repaired as strings are, and stay as often as they come; one
 *                  that was cut is "head…tail"
 *   opaque         "<bot.agents.Trainer>", the type's name
 *   left out       behind what was recorded of a list {"truncated": N}, of an object "truncated": N
 *
 * Inside strings, cut ones too, the values of keys to be redacted are replaced (redact.h); so are the
 * members of objects that have such keys, at any depth.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../log/event.h"
#include "../pool.h"

struct ts_redact;
struct ts_thunk;
struct ts_wire_facts;

/* What is counted in `dropped`, by enum ts_lost. */
extern const char *const ts_json_lost_names[TS_LOST_COUNT];

/* What making JSON needs; zeroed and filled by the caller, who releases `scratch` at the end. */
struct ts_json {
	const struct ts_redact *redact; /* NULL: nothing */
	struct ts_pool *pool;           /* where results lie */
	struct ts_pool scratch;         /* empty between calls */
};

/*
 * {"param": value, ...} of a begin's values, {"result": value} of an end's; *ret is NULL if nothing
 * was captured. `thunk` names the parameters; those of an unknown thunk (NULL) are "arg0", "arg1",
 * ... 0 or -ENOMEM.
 */
int ts_json_input(struct ts_json *json, struct ts_values values, const struct ts_thunk *thunk,
		  const char **ret);
int ts_json_output(struct ts_json *json, struct ts_values values, const char **ret);

/* What `attributes` of a row may say. */
struct ts_attributes {
	int32_t error_number;    /* 0: none */
	const char *thread_name; /* any bytes; NULL: unknown */
	const char *outcome;     /* "exec", "cancelled", ...; NULL: what the other columns say */
	bool streamed;           /* time_to_first_ms counts */
	double time_to_first_ms;
	const uint64_t *dropped;  /* TS_LOST_COUNT counts, or NULL */
	const char *const *stack; /* n_stack lines, UTF-8 */
	size_t n_stack;
	const struct ts_wire_facts *wire; /* NULL: it is no call that was read off its connection */
};

/*
 * {"errno": 2, "outcome": "exec", "time_to_first_ms": 41.5, "thread_name": "...", "dropped": {"ring_full": 12},
 * "stack": ["...", ...]} and what wirefacts.h has; *ret is NULL if none is.
 */
int ts_json_attributes(struct ts_json *json, const struct ts_attributes *attributes,
		       const char **ret);

#endif
