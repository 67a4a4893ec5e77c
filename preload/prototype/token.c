// SPDX-License-Identifier: Apache-2.0
/* The lexer of prototypes. */

#include "token.h"

#include "fault.h"

static size_t literal_bytes(struct ts_slice rest)
{
	const char *end = memchr(rest.text + 1, '"', rest.bytes - 1);

	return end ? (size_t)(end - rest.text) + 1 : rest.bytes;
}

static enum ts_token_kind measure(struct ts_slice rest, size_t *ret_bytes)
{
	size_t n = 0;

	*ret_bytes = 1;
	if (ts_is_word(rest.text[0])) {
		while (n < rest.bytes && ts_is_word(rest.text[n]))
			n++;
		*ret_bytes = n;
		return TS_TOKEN_WORD;
	}
	if (rest.bytes >= 3 && memcmp(rest.text, "...", 3) == 0) {
		*ret_bytes = 3;
		return TS_TOKEN_ELLIPSIS;
	}
	if (rest.bytes >= 2 && memcmp(rest.text, "::", 2) == 0) {
		*ret_bytes = 2;
		return TS_TOKEN_SCOPE;
	}
	if (rest.text[0] == '"') {
		*ret_bytes = literal_bytes(rest);
		return TS_TOKEN_LITERAL;
	}
	return TS_TOKEN_MARK;
}

struct ts_tokens ts_tokens_of(struct ts_slice text, struct ts_fault *fault)
{
	struct ts_tokens tokens = {.rest = text, .fault = fault};

	ts_token_next(&tokens);
	return tokens;
}

void ts_token_next(struct ts_tokens *tokens)
{
	struct ts_slice rest = ts_slice_trim(tokens->rest);
	size_t bytes = 0;

	tokens->kind = rest.bytes ? measure(rest, &bytes) : TS_TOKEN_END;
	tokens->token = ts_slice_until(rest, bytes);
	tokens->rest = ts_slice_from(rest, bytes);
}

bool ts_token_is(const struct ts_tokens *tokens, char mark)
{
	return tokens->kind == TS_TOKEN_MARK && tokens->token.text[0] == mark;
}

bool ts_token_is_name(const struct ts_tokens *tokens)
{
	return tokens->kind == TS_TOKEN_WORD && !ts_is_digit(tokens->token.text[0]);
}

int ts_token_expected(struct ts_tokens *tokens, const char *what)
{
	if (!tokens->fault)
		return ts_fault_at(NULL, 0, " ");
	if (tokens->kind == TS_TOKEN_END)
		return ts_fault_at(tokens->fault, tokens->token.column,
				   "expected %s, found the end", what);
	return ts_fault_at(tokens->fault, tokens->token.column, "expected %s, found '%s'", what,
			   ts_quote(tokens->token).text);
}

static bool wants_space(char before, char after)
{
	if (before == ',')
		return true;
	return (ts_is_word(before) || before == '>') &&
	       (ts_is_word(after) || after == '*' || after == '&' || after == '(');
}

static void append(struct ts_written *written, struct ts_slice token)
{
	static const char dots[] = "...";
	char before = written->bytes ? written->text[written->bytes - 1] : 0;
	bool space = wants_space(before, token.text[0]);

	if (written->bytes + space + token.bytes + sizeof(dots) > sizeof(written->text)) {
		if (!written->cut)
			memcpy(written->text + written->bytes, dots, sizeof(dots));
		written->cut = true;
	}
	if (written->cut)
		return;
	if (space)
		written->text[written->bytes++] = ' ';
	for (size_t i = 0; i < token.bytes; i++)
		written->text[written->bytes++] = ts_printable(token.text[i]);
}

void ts_token_write(struct ts_tokens *tokens, struct ts_written *written)
{
	if (written && tokens->kind != TS_TOKEN_END)
		append(written, tokens->token);
	ts_token_next(tokens);
}

void ts_token_write_until(struct ts_tokens *tokens, const struct ts_tokens *until,
			  struct ts_written *written)
{
	while (tokens->kind != TS_TOKEN_END && tokens->token.text < until->token.text)
		ts_token_write(tokens, written);
}

static int never_closed(struct ts_tokens *tokens, struct ts_slice open)
{
	return ts_fault_at(tokens->fault, tokens->token.column,
			   "the '%c' in column %u is never closed", open.text[0], open.column);
}

int ts_token_skip_balanced(struct ts_tokens *tokens, struct ts_written *written)
{
	struct ts_slice open = tokens->token;
	bool round = ts_token_is(tokens, '(');
	size_t depth = 0;

	do {
		if (tokens->kind == TS_TOKEN_END)
			return never_closed(tokens, open);
		if (ts_token_is(tokens, '(') || ts_token_is(tokens, '['))
			depth++;
		else if (ts_token_is(tokens, ')') || ts_token_is(tokens, ']'))
			depth--;
		if (!depth && !ts_token_is(tokens, round ? ')' : ']'))
			return ts_token_expected(tokens, round ? "')'" : "']'");
		ts_token_write(tokens, written);
	} while (depth);
	return 0;
}
