/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_REDACT_H
#define TS_REDACT_H

/*
 * Redaction of JSON keys inside captured text. The text may be cut, broken, or JSON inside
 * something else, so this scans text and parses nothing: wherever a string stands before a colon
 * and is one of the names (ASCII case ignored, \uXXXX and other escapes undone), the value behind
 * the colon becomes "[redacted]": a string, a nested object or array to its matching end, anything
 * else up to the next ',', '}', ']' or line end; or to the end of the text. The same holds for JSON
 * that stands escaped within a JSON string (\"key\": \"value\"), at any depth.
 *
 * Where in doubt, more is redacted rather than less: see ts_redact_cut.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../text.h"

struct ts_pool;
struct ts_redact;

/* Compiles a list of names separated by ','. *ret is NULL for an empty list. 0 or -ENOMEM. */
int ts_redact_new(struct ts_redact **ret, const char *names);
void ts_redact_free(struct ts_redact *redact); /* NULL is fine */

/* Whether this is a key to redact, in JSON or of a captured object. `redact` may be NULL. */
bool ts_redact_hides(const struct ts_redact *redact, struct ts_text key);

/* Whether it may be one: a key of so many bytes of which these two ends are known, nothing escaped. */
bool ts_redact_may_hide(const struct ts_redact *redact, struct ts_text head, struct ts_text tail,
			uint64_t full_bytes);

/*
 * Redacts *text: leaves it alone if there is nothing to hide, else points it to a copy in `pool`.
 * Only whole values are replaced, so UTF-8 stays UTF-8. `redact` may be NULL. 0 or -ENOMEM.
 */
int ts_redact_text(const struct ts_redact *redact, struct ts_pool *pool, struct ts_text *text);

/*
 * The same for the two ends of a text whose middle is missing. If either end shows JSON (begins as
 * an object or array of JSON does, or holds a key), the tail may begin inside a value that must not
 * be seen. Then in the tail
 *   - what may be the rest of a value is replaced: up to the quote that ends a string, or the end
 *     of a number; all of it if no quote tells;
 *   - the value of a key that begins in the missing middle is redacted, whatever the key is;
 *   - nothing is kept if the head ends inside a redacted object or array, or right before a value.
 * A redacted object or array that begins in the middle is hidden up to its first whole token only.
 */
int ts_redact_cut(const struct ts_redact *redact, struct ts_pool *pool, struct ts_text *head,
		  struct ts_text *tail);

#endif
