/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_DECLARATION_H
#define TS_DECLARATION_H

/* One declaration of a prototype: a parameter, or the result and its type. [setup] */

#include "ctype.h"
#include "token.h"

struct ts_declaration {
	uint32_t column;        /* of the type */
	struct ts_slice name;   /* no bytes: none was given */
	struct ts_slice length; /* TS_TYPE_BYTES: the word in the brackets */
	struct ts_ctype ctype;
	struct ts_written written;
};

/* Up to the ',' or ')' behind it. 0 or -EINVAL. */
int ts_declaration_of_param(struct ts_tokens *tokens, struct ts_declaration *ret);

/* Up to the function's name. 0 or -EINVAL. */
int ts_declaration_of_result(struct ts_tokens *tokens, struct ts_declaration *ret);

/* Over __attribute__ and its parentheses. */
int ts_declaration_skip_attribute(struct ts_tokens *tokens);

#endif
