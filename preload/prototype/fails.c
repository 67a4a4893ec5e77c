// SPDX-License-Identifier: Apache-2.0
/* `fails if ...`: when a result is a failure. */

#include "fault.h"
#include "spelling.h"
#include "token.h"

/* Each as it is written and read: words and marks, with white space between them or not. */
static const struct {
	enum ts_fails fails;
	const char *text;
	const char *tokens[3];
	const char *wants;
} conditions[] = {
	{TS_FAILS_BELOW_ZERO, "< 0", {"<", "0"}, "a signed integer"},
	{TS_FAILS_NULL, "NULL", {"NULL"}, "a pointer"},
	{TS_FAILS_NOT_ZERO, "!= 0", {"!", "=", "0"}, "an integer, a bool or a char"},
	{TS_FAILS_FALSE, "false", {"false"}, "a bool or an integer"},
};

#define N_CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

static bool is_integer(const struct ts_param *result)
{
	return result->type == TS_TYPE_SIGNED || result->type == TS_TYPE_UNSIGNED ||
	       result->type == TS_TYPE_BOOL;
}

static bool can_meet(enum ts_fails fails, const struct ts_param *result)
{
	switch (fails) {
	case TS_FAILS_BELOW_ZERO:
		return result->type == TS_TYPE_SIGNED;
	case TS_FAILS_NULL: /* of what is opaque only a pointer comes in one integer register */
		return result->type == TS_TYPE_STRING ||
		       (result->type == TS_TYPE_OPAQUE && result->where == TS_IN_INTEGER &&
			result->bytes == 8);
	case TS_FAILS_NOT_ZERO:
		return is_integer(result) || result->type == TS_TYPE_CHAR;
	default:
		return is_integer(result);
	}
}

/* Whether the tokens from here on are this condition; then they are passed. */
static bool take_condition(struct ts_tokens *tokens, const char *const wanted[3])
{
	struct ts_tokens next = *tokens;

	for (size_t i = 0; i < 3 && wanted[i]; i++) {
		if (!ts_slice_is(next.token, wanted[i]))
			return false;
		ts_token_next(&next);
	}
	*tokens = next;
	return true;
}

static int unknown_condition(struct ts_tokens *tokens)
{
	struct ts_spelling spelling = ts_spelling_of(tokens->token);
	struct ts_slice rest = tokens->token;

	rest.bytes = (size_t)(tokens->rest.text + tokens->rest.bytes - rest.text);
	ts_spelling_offer(&spelling, "NULL");
	ts_spelling_offer(&spelling, "false");
	if (!rest.bytes)
		return ts_fault_at(tokens->fault, rest.column,
				   "expected '< 0', 'NULL', '!= 0' or 'false' after 'fails if'");
	return ts_fault_at(tokens->fault, rest.column,
			   "expected '< 0', 'NULL', '!= 0' or 'false', found '%s'%s",
			   ts_quote(rest).text, ts_spelling_hint(&spelling).text);
}

static int check_result(struct ts_fault *fault, uint32_t column, size_t condition,
			const struct ts_param *result)
{
	if (!result->spelling)
		return ts_fault_at(fault, column,
				   "'fails if %s' needs the result's type, which a bare name does "
				   "not give; write the prototype",
				   conditions[condition].text);
	if (can_meet(conditions[condition].fails, result))
		return 0;
	return ts_fault_at(fault, column,
			   "'fails if %s' needs a function that returns %s, this one returns '%s'",
			   conditions[condition].text, conditions[condition].wants,
			   result->spelling);
}

static int take_fails_if(struct ts_tokens *tokens)
{
	static const char *const words[] = {"fails", "if"};

	for (size_t i = 0; i < 2; i++) {
		if (!ts_slice_is(tokens->token, words[i]))
			return ts_token_expected(tokens, "'fails if'");
		ts_token_next(tokens);
	}
	return 0;
}

int ts_fails_parse(const char *text, size_t bytes, uint32_t column, const struct ts_param *result,
		   enum ts_fails *ret, struct ts_fault *fault)
{
	struct ts_tokens tokens =
		ts_tokens_of(ts_slice_trim((struct ts_slice){text, bytes, column}), fault);
	uint32_t at;
	size_t i = 0;
	int r = take_fails_if(&tokens);

	if (r < 0)
		return r;
	at = tokens.token.column;
	while (i < N_CONDITIONS && !take_condition(&tokens, conditions[i].tokens))
		i++;
	if (i == N_CONDITIONS)
		return unknown_condition(&tokens);
	if (tokens.kind != TS_TOKEN_END)
		return ts_token_expected(&tokens, "the end of the line");
	r = check_result(fault, at, i, result);
	if (r == 0)
		*ret = conditions[i].fails;
	return r;
}

const char *ts_fails_text(enum ts_fails fails)
{
	for (size_t i = 0; i < N_CONDITIONS; i++)
		if (conditions[i].fails == fails)
			return conditions[i].text;
	return "";
}
