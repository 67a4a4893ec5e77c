// SPDX-License-Identifier: Apache-2.0
/* One spelling for qualified names, and for what stands around types. */

#include "canon.h"

#include <errno.h>

#include "canon_type.h"
#include "fault.h"

static const char anonymous[] = "(anonymous namespace)";

struct ts_canon ts_canon_into(char *text, size_t room)
{
	text[0] = 0;
	return (struct ts_canon){.text = text, .room = room};
}

static void put(struct ts_canon *canon, const char *text, size_t bytes)
{
	if (canon->bytes + bytes + 1 > canon->room) {
		canon->full = true;
		return;
	}
	memcpy(canon->text + canon->bytes, text, bytes);
	canon->bytes += bytes;
	canon->text[canon->bytes] = 0;
}

void ts_canon_add(struct ts_canon *canon, const char *text)
{
	put(canon, text, strlen(text));
}

/* With a space between it and a word before. */
void ts_canon_add_token(struct ts_canon *canon, struct ts_slice token)
{
	if (canon->bytes && token.bytes && ts_is_word(canon->text[canon->bytes - 1]) &&
	    ts_is_word(token.text[0]))
		put(canon, " ", 1);
	put(canon, token.text, token.bytes);
}

void ts_canon_cut(struct ts_canon *canon, size_t bytes)
{
	canon->bytes = bytes;
	canon->text[bytes] = 0;
}

void ts_canon_squeeze(struct ts_slice text, struct ts_canon *canon)
{
	struct ts_tokens tokens = ts_tokens_of(text, NULL);

	for (; tokens.kind != TS_TOKEN_END; ts_token_next(&tokens))
		ts_canon_add_token(canon, tokens.token);
}

bool ts_canon_is_anonymous(const struct ts_tokens *tokens)
{
	struct ts_tokens next = *tokens;

	if (!ts_token_is(&next, '('))
		return false;
	ts_token_next(&next);
	if (!ts_slice_is(next.token, "anonymous"))
		return false;
	ts_token_next(&next);
	return ts_slice_is(next.token, "namespace");
}

/* --- components ------------------------------------------------------------------------------ */

static void take_anonymous(struct ts_tokens *tokens, struct ts_canon *canon)
{
	for (int i = 0; i < 4; i++)
		ts_token_next(tokens);
	ts_canon_add(canon, anonymous);
}

/* {lambda(int)#1}, {unnamed type#2}, {{closure}} */
static int take_braces(struct ts_tokens *tokens, struct ts_canon *canon)
{
	size_t depth = 0;

	do {
		if (tokens->kind == TS_TOKEN_END)
			return ts_token_expected(tokens, "'}'");
		if (ts_token_is(tokens, '{'))
			depth++;
		else if (ts_token_is(tokens, '}'))
			depth--;
		ts_canon_add_token(canon, tokens->token);
		ts_token_next(tokens);
	} while (depth);
	return 0;
}

/* [abi:cxx11] says nothing of what the function is. */
static int skip_tags(struct ts_tokens *tokens)
{
	while (ts_token_is(tokens, '[')) {
		int r = ts_token_skip_balanced(tokens, NULL);

		if (r < 0)
			return r;
	}
	return 0;
}

/* What stands in std:: without being said: std::__cxx11::basic_string, std::__1::vector. */
static bool is_inline_namespace(const struct ts_tokens *tokens, const struct ts_canon *canon,
				size_t start)
{
	struct ts_tokens next = *tokens;

	if (strncmp(canon->text + start, "std::", 5) != 0 ||
	    (!ts_slice_is(next.token, "__cxx11") && !ts_slice_is(next.token, "__1")))
		return false;
	ts_token_next(&next);
	return next.kind == TS_TOKEN_SCOPE;
}

/* --- template arguments ---------------------------------------------------------------------- */

static bool repeats_a_default(const char *argument)
{
	static const char *const defaults[] = {
		"std::allocator<", "std::char_traits<", "std::less<",
		"std::hash<",      "std::equal_to<",    "std::default_delete<",
	};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (strncmp(argument, defaults[i], strlen(defaults[i])) == 0)
			return true;
	return false;
}

/* A value: 3ul, -1, 'a', (bot::Kind)2. Only integers have a suffix to lose. */
static int take_value(struct ts_tokens *tokens, struct ts_canon *canon)
{
	while (!ts_token_is(tokens, ',') && !ts_token_is(tokens, '>')) {
		struct ts_slice token = tokens->token;

		if (tokens->kind == TS_TOKEN_END)
			return ts_token_expected(tokens, "'>'");
		while (ts_is_digit(token.text[0]) && token.bytes > 1 &&
		       strchr("uUlL", token.text[token.bytes - 1]))
			token.bytes--;
		ts_canon_add_token(canon, token);
		ts_token_next(tokens);
	}
	return 0;
}

static int take_argument(struct ts_tokens *tokens, struct ts_canon *canon)
{
	struct ts_tokens start = *tokens;
	size_t bytes = canon->bytes;
	int r = -EINVAL;

	if (ts_token_is_name(tokens) || tokens->kind == TS_TOKEN_SCOPE ||
	    ts_canon_is_anonymous(tokens) || ts_token_is(tokens, '{'))
		r = ts_canon_type(tokens, canon, false);
	if (r == 0 && (ts_token_is(tokens, ',') || ts_token_is(tokens, '>')))
		return 0;
	*tokens = start;
	ts_canon_cut(canon, bytes);
	return take_value(tokens, canon);
}

static int take_arguments(struct ts_tokens *tokens, struct ts_canon *canon)
{
	size_t start, n = 0, last = canon->bytes;

	ts_canon_add(canon, "<");
	start = canon->bytes;
	ts_token_next(tokens);
	while (!ts_token_is(tokens, '>')) {
		size_t before = canon->bytes;
		int r;

		if (n++)
			ts_canon_add(canon, ",");
		last = canon->bytes;
		r = take_argument(tokens, canon);
		if (r < 0)
			return r;
		if (n > 1 && repeats_a_default(canon->text + last))
			ts_canon_cut(canon, before);
		if (ts_token_is(tokens, ','))
			ts_token_next(tokens);
		else if (!ts_token_is(tokens, '>'))
			return ts_token_expected(tokens, "',' or '>'");
	}
	if (n == 1 && canon->bytes == start)
		return ts_token_expected(tokens, "a template argument");
	ts_canon_add(canon, ">");
	ts_token_next(tokens);
	return 0;
}

/* --- qualified names ------------------------------------------------------------------------- */

static bool begins_component(const struct ts_tokens *tokens)
{
	return ts_token_is_name(tokens) || ts_canon_is_anonymous(tokens) ||
	       ts_token_is(tokens, '~') || ts_token_is(tokens, '{') || ts_token_is(tokens, '<');
}

static int take_component(struct ts_tokens *tokens, struct ts_canon *canon)
{
	int r = 0;

	if (ts_canon_is_anonymous(tokens)) {
		take_anonymous(tokens, canon);
	} else if (ts_token_is(tokens, '{')) {
		r = take_braces(tokens, canon);
	} else if (!ts_token_is(tokens, '<')) {
		if (ts_token_is(tokens, '~')) {
			ts_canon_add(canon, "~");
			ts_token_next(tokens);
		}
		if (!ts_token_is_name(tokens))
			return ts_token_expected(tokens, "a name");
		put(canon, tokens->token.text, tokens->token.bytes);
		ts_token_next(tokens);
	}
	if (r == 0)
		r = skip_tags(tokens);
	if (r == 0 && ts_token_is(tokens, '<'))
		r = take_arguments(tokens, canon);
	return r == 0 ? skip_tags(tokens) : r;
}

/* Names that stand for others in every C++ library. */
static void fold(struct ts_canon *canon, size_t start)
{
	static const struct {
		const char *from, *to;
	} aliases[] = {
		{"std::basic_string<char>", "std::string"},
		{"std::basic_string_view<char>", "std::string_view"},
		{"std::wstring", "std::basic_string<wchar_t>"},
		{"std::basic_istream<char>", "std::istream"},
		{"std::basic_ostream<char>", "std::ostream"},
		{"std::basic_iostream<char>", "std::iostream"},
	};

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcmp(canon->text + start, aliases[i].from) != 0)
			continue;
		ts_canon_cut(canon, start);
		ts_canon_add(canon, aliases[i].to);
		return;
	}
}

/* std::size_t and its like are C's. */
static void fold_word(struct ts_canon *canon, size_t start)
{
	static const char std[] = "std::";
	const char *text = canon->text + start;
	const struct ts_word *word;

	if (strncmp(text, std, sizeof(std) - 1) != 0)
		return;
	text += sizeof(std) - 1;
	word = ts_word_find((struct ts_slice){text, strlen(text), 0});
	if (!word || word->kind != TS_WORD_TYPE || strcmp(text, "string") == 0)
		return;
	ts_canon_cut(canon, start);
	ts_canon_add(canon, ts_word_spelling(word));
}

int ts_canon_class(struct ts_tokens *tokens, struct ts_canon *canon)
{
	size_t start = canon->bytes;

	if (tokens->kind == TS_TOKEN_SCOPE)
		ts_token_next(tokens);
	for (;;) {
		int r;

		if (!begins_component(tokens))
			return ts_token_expected(tokens, "a name");
		if (is_inline_namespace(tokens, canon, start)) {
			ts_token_next(tokens);
			ts_token_next(tokens);
			continue;
		}
		r = take_component(tokens, canon);
		if (r < 0)
			return r;
		if (tokens->kind != TS_TOKEN_SCOPE)
			break;
		fold(canon, start);
		ts_canon_add(canon, "::");
		ts_token_next(tokens);
	}
	fold(canon, start);
	fold_word(canon, start);
	return canon->full ? -EINVAL : 0;
}

/* --- functions ------------------------------------------------------------------------------- */

/* How many bytes of the text an operator takes: of `==<int>` two, of `<< <int>` two. */
static size_t operator_bytes(struct ts_slice text)
{
	static const char *const operators[] = {
		"<=>", "->*", "<<=", ">>=", "->", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
		"++",  "--",  "+=",  "-=",  "*=", "/=", "%=", "^=", "&=", "|=", "+",  "-",  "*",
		"/",   "%",   "^",   "&",   "|",  "~",  "!",  "=",  "<",  ">",  ",",
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (ts_slice_starts(text, operators[i]))
			return strlen(operators[i]);
	return 0;
}

/* new, new[], delete, or a type to convert to */
static int take_operator_word(struct ts_tokens *tokens, struct ts_canon *canon)
{
	if (!ts_slice_is(tokens->token, "new") && !ts_slice_is(tokens->token, "delete")) {
		ts_canon_add(canon, " ");
		return ts_canon_conversion(tokens, canon);
	}
	ts_canon_add_token(canon, tokens->token);
	ts_token_next(tokens);
	if (ts_token_is(tokens, '[')) {
		ts_canon_add(canon, "[]");
		return ts_token_skip_balanced(tokens, NULL);
	}
	return 0;
}

/* Marks that stand next to each other, "()", "[]", a word or a literal's suffix. */
static int take_operator(struct ts_tokens *tokens, struct ts_canon *canon)
{
	struct ts_slice text = tokens->token;
	size_t bytes;

	text.bytes = (size_t)(tokens->rest.text + tokens->rest.bytes - text.text);
	if (ts_token_is(tokens, '(') || ts_token_is(tokens, '[')) {
		ts_canon_add(canon, ts_token_is(tokens, '(') ? "()" : "[]");
		return ts_token_skip_balanced(tokens, NULL);
	}
	if (tokens->kind == TS_TOKEN_LITERAL) {
		ts_canon_add(canon, "\"\"");
		ts_token_next(tokens);
		put(canon, tokens->token.text, tokens->token.bytes);
		ts_token_next(tokens);
		return 0;
	}
	if (ts_token_is_name(tokens) || tokens->kind == TS_TOKEN_SCOPE)
		return take_operator_word(tokens, canon);
	bytes = operator_bytes(text);
	if (!bytes)
		return ts_token_expected(tokens, "an operator");
	put(canon, text.text, bytes);
	while (tokens->kind != TS_TOKEN_END && tokens->token.text < text.text + bytes)
		ts_token_next(tokens);
	return 0;
}

static int finish_operator(struct ts_tokens *tokens, struct ts_canon *canon)
{
	int r;

	ts_canon_add(canon, "operator");
	ts_token_next(tokens);
	r = take_operator(tokens, canon);
	if (r == 0)
		r = skip_tags(tokens);
	if (r == 0 && ts_token_is(tokens, '<'))
		r = take_arguments(tokens, canon);
	return r;
}

int ts_canon_function(struct ts_tokens *tokens, struct ts_canon *canon)
{
	size_t start = canon->bytes;
	int r;

	if (tokens->kind == TS_TOKEN_SCOPE)
		ts_token_next(tokens);
	for (;;) {
		if (ts_slice_is(tokens->token, "operator")) {
			r = finish_operator(tokens, canon);
			break;
		}
		if (!begins_component(tokens))
			return ts_token_expected(tokens, "the function's name");
		if (is_inline_namespace(tokens, canon, start)) {
			ts_token_next(tokens);
			ts_token_next(tokens);
			continue;
		}
		r = take_component(tokens, canon);
		if (r < 0 || tokens->kind != TS_TOKEN_SCOPE)
			break;
		fold(canon, start);
		ts_canon_add(canon, "::");
		ts_token_next(tokens);
	}
	return r < 0 || canon->full ? -EINVAL : 0;
}

int ts_canon_params(struct ts_tokens *tokens, struct ts_canon *canon)
{
	while (tokens->kind != TS_TOKEN_END) {
		int r = 0;

		if (tokens->kind == TS_TOKEN_ELLIPSIS) {
			ts_canon_add(canon, "...");
			ts_token_next(tokens);
		} else {
			r = ts_canon_type(tokens, canon, true);
		}
		if (r < 0)
			return r;
		if (!ts_token_is(tokens, ','))
			break;
		ts_canon_add(canon, ",");
		ts_token_next(tokens);
	}
	return tokens->kind == TS_TOKEN_END && !canon->full ? 0 : -EINVAL;
}

int ts_canon_param(struct ts_tokens *tokens, struct ts_canon *canon)
{
	return ts_canon_type(tokens, canon, true);
}

static bool begins_operator(const char *name, const char *at)
{
	return strncmp(at, "operator", 8) == 0 && !ts_is_word(at[8]) &&
	       (at == name || !ts_is_word(at[-1]));
}

void ts_canon_plain(const char *name, struct ts_canon *canon)
{
	size_t depth = 0;

	for (const char *at = name; *at; at++) {
		if (!depth && begins_operator(name, at)) { /* its marks are no brackets */
			ts_canon_add(canon, at);
			return;
		}
		if (*at == '<' && !depth && canon->bytes > 2 &&
		    strcmp(canon->text + canon->bytes - 2, "::") == 0)
			ts_canon_cut(canon, canon->bytes - 2);
		depth += *at == '<';
		if (!depth)
			put(canon, at, 1);
		if (*at == '>' && depth)
			depth--;
	}
}
