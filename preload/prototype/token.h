/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_TOKEN_H
#define TS_TOKEN_H

/* A C or C++ declaration, token by token. [setup] */

#include "../system/slice.h"
#include "prototype.h"

enum ts_token_kind {
	TS_TOKEN_END,
	TS_TOKEN_WORD,     /* an identifier, a keyword or a number */
	TS_TOKEN_ELLIPSIS, /* ... */
	TS_TOKEN_SCOPE,    /* :: */
	TS_TOKEN_LITERAL,  /* "C" */
	TS_TOKEN_MARK,     /* any other single byte */
};

struct ts_tokens {
	struct ts_slice rest; /* behind the current token */
	struct ts_slice token;
	enum ts_token_kind kind;
	struct ts_fault *fault; /* NULL: faults are not worded */
};

/* A type as written, evenly spaced: "const char *", "void (*)(int)". Long ones end in "...". */
struct ts_written {
	char text[96];
	size_t bytes;
	bool cut;
};

/* Stands on the first token of `text`. */
struct ts_tokens ts_tokens_of(struct ts_slice text, struct ts_fault *fault);

/* Goes on to the next token. */
void ts_token_next(struct ts_tokens *tokens);

/* The current token is this single byte. */
bool ts_token_is(const struct ts_tokens *tokens, char mark);

/* A word that may be a name: it does not begin with a digit. */
bool ts_token_is_name(const struct ts_tokens *tokens);

/* "expected WHAT, found 'TOKEN'" at the current token; -EINVAL. */
int ts_token_expected(struct ts_tokens *tokens, const char *what);

/* Adds the current token to `written` (which may be NULL) and goes on to the next. */
void ts_token_write(struct ts_tokens *tokens, struct ts_written *written);

/* Goes on to where `until` stands, further on in the same text, and adds what lies between. */
void ts_token_write_until(struct ts_tokens *tokens, const struct ts_tokens *until,
			  struct ts_written *written);

/* Over a parenthesis or bracket, from its opening mark to behind the one that closes it. */
int ts_token_skip_balanced(struct ts_tokens *tokens, struct ts_written *written);

#endif
