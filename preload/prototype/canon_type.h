/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CANON_TYPE_H
#define TS_CANON_TYPE_H

/* What canon.c and canon_type.c share: names hold types, and types names. [setup]; pure. */

#include "canon.h"
#include "ctype.h"

/*
 * A type, with the name of a parameter or without; `passed`: as a parameter, so that arrays and functions
 * are pointers, and what is const is so for the callee alone. 0, or -EINVAL.
 */
int ts_canon_type(struct ts_tokens *tokens, struct ts_canon *canon, bool passed);

/* The type that an operator converts to: up to the '(' behind it. 0, or -EINVAL. */
int ts_canon_conversion(struct ts_tokens *tokens, struct ts_canon *canon);

/* Adds a token, with a space where two words would meet. */
void ts_canon_add_token(struct ts_canon *canon, struct ts_slice token);

/* Back to so many bytes. */
void ts_canon_cut(struct ts_canon *canon, size_t bytes);

#endif
