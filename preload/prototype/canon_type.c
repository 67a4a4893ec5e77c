// SPDX-License-Identifier: Apache-2.0
/* One spelling for types. */

#include "canon_type.h"

#include <errno.h>

#include "declaration.h"
#include "fault.h"

#define MAX_NESTING 32
#define MOST_TYPES  8192 /* in one name */

struct type {
	struct ts_tokens *tokens;
	struct ts_canon *canon;
	bool passed;
	bool is_const, is_volatile; /* the base */
	bool derived;               /* there is a pointer, a reference, an array or a function */
};

/* --- the base -------------------------------------------------------------------------------- */

static void note_qualifier(struct type *type, struct ts_slice word)
{
	type->is_const |= ts_slice_is(word, "const") || ts_slice_is(word, "__const") ||
			  ts_slice_is(word, "__const__");
	type->is_volatile |= ts_slice_is(word, "volatile") || ts_slice_is(word, "__volatile__");
}

/* decltype(nullptr) is how demanglers print std::nullptr_t. */
static int take_decltype(struct type *type)
{
	ts_token_next(type->tokens);
	if (!ts_token_is(type->tokens, '('))
		return ts_token_expected(type->tokens, "'('");
	ts_canon_add(type->canon, "std::nullptr_t");
	return ts_token_skip_balanced(type->tokens, NULL);
}

static int take_name(struct type *type)
{
	if (ts_slice_is(type->tokens->token, "decltype"))
		return take_decltype(type);
	return ts_canon_class(type->tokens, type->canon);
}

static bool begins_name(const struct ts_tokens *tokens)
{
	return ts_token_is_name(tokens) || tokens->kind == TS_TOKEN_SCOPE ||
	       ts_canon_is_anonymous(tokens) || ts_token_is(tokens, '{');
}

static bool is_noise(struct ts_slice word)
{
	return ts_slice_is(word, "class") || ts_slice_is(word, "typename");
}

/* A word that C knows. 1: taken; 0: it does not belong to the base. */
static int take_known(struct type *type, const struct ts_word *word, uint32_t *parts, bool *named)
{
	switch (word->kind) {
	case TS_WORD_QUALIFIER:
		note_qualifier(type, type->tokens->token);
		break;
	case TS_WORD_ATTRIBUTE:
		return ts_declaration_skip_attribute(type->tokens) < 0 ? -EINVAL : 1;
	case TS_WORD_PART:
		*parts = ts_parts_add(*parts, word);
		if (!*parts || *named)
			return -EINVAL;
		break;
	case TS_WORD_TYPE:
		if (*parts || *named)
			return 0;
		*named = true;
		ts_canon_add(type->canon, ts_word_spelling(word));
		break;
	default:
		break; /* struct, enum, extern */
	}
	ts_token_next(type->tokens);
	return 1;
}

static int take_base(struct type *type)
{
	uint32_t parts = 0;
	bool named = false;
	const char *spelling;

	while (begins_name(type->tokens)) {
		const struct ts_word *word =
			ts_token_is_name(type->tokens) ? ts_word_find(type->tokens->token) : NULL;
		int r = 1;

		if (word) {
			r = take_known(type, word, &parts, &named);
		} else if (is_noise(type->tokens->token)) {
			ts_token_next(type->tokens);
		} else if (parts || named) {
			break;
		} else {
			named = true;
			r = take_name(type);
			if (r == 0)
				continue;
		}
		if (r < 0)
			return r;
		if (r == 0)
			break;
	}
	if (named)
		return 0;
	spelling = ts_parts_spelling(parts);
	if (!spelling)
		return -EINVAL;
	ts_canon_add(type->canon, spelling);
	return 0;
}

/* --- the declarator -------------------------------------------------------------------------- */

static void put_qualifiers(struct ts_canon *canon, bool is_const, bool is_volatile)
{
	static const struct ts_slice words[] = {{"const", 5, 0}, {"volatile", 8, 0}};

	if (is_const)
		ts_canon_add_token(canon, words[0]);
	if (is_volatile)
		ts_canon_add_token(canon, words[1]);
}

static void take_qualifiers(struct type *type, bool *is_const, bool *is_volatile)
{
	struct type own = {.is_const = false};

	while (type->tokens->kind == TS_TOKEN_WORD) {
		const struct ts_word *word = ts_word_find(type->tokens->token);

		if (!word || word->kind != TS_WORD_QUALIFIER)
			break;
		note_qualifier(&own, type->tokens->token);
		ts_token_next(type->tokens);
	}
	*is_const = own.is_const;
	*is_volatile = own.is_volatile;
}

static bool is_pointer_mark(const struct ts_tokens *tokens)
{
	return ts_token_is(tokens, '*') || ts_token_is(tokens, '&');
}

/* `void (*)(int)`, not the `(int)` of a function */
static bool opens_declarator(const struct ts_tokens *tokens)
{
	struct ts_tokens next = *tokens;

	if (!ts_token_is(&next, '('))
		return false;
	ts_token_next(&next);
	return is_pointer_mark(&next) || ts_token_is(&next, '(');
}

static int take_function(struct type *type)
{
	struct ts_tokens *tokens = type->tokens;
	size_t start = type->canon->bytes;
	bool is_const, is_volatile;

	ts_canon_add(type->canon, "(");
	ts_token_next(tokens);
	while (!ts_token_is(tokens, ')')) {
		int r = 0;

		if (tokens->kind == TS_TOKEN_ELLIPSIS) {
			ts_canon_add(type->canon, "...");
			ts_token_next(tokens);
		} else {
			r = ts_canon_type(tokens, type->canon, true);
		}
		if (r < 0)
			return r;
		if (ts_token_is(tokens, ',')) {
			ts_canon_add(type->canon, ",");
			ts_token_next(tokens);
		} else if (!ts_token_is(tokens, ')')) {
			return -EINVAL;
		}
	}
	if (strcmp(type->canon->text + start, "(void") == 0)
		ts_canon_cut(type->canon, start + 1);
	ts_canon_add(type->canon, ")");
	ts_token_next(tokens);
	take_qualifiers(type, &is_const, &is_volatile);
	put_qualifiers(type->canon, is_const, is_volatile);
	return 0;
}

/* The first array of a parameter is a pointer. */
static int take_array(struct type *type, bool decays)
{
	struct ts_tokens next = *type->tokens;
	int r;

	r = ts_token_skip_balanced(&next, NULL);
	if (r < 0)
		return r;
	if (decays)
		ts_canon_add(type->canon, ts_token_is(&next, '[') ? "(*)" : "*");
	for (; !decays && type->tokens->token.text < next.token.text; ts_token_next(type->tokens))
		ts_canon_add_token(type->canon, type->tokens->token);
	*type->tokens = next;
	return 0;
}

static int take_suffixes(struct type *type, bool decays)
{
	for (bool first = true;; first = false) {
		int r;

		if (ts_token_is(type->tokens, '[')) {
			r = take_array(type, decays && first);
		} else if (ts_token_is(type->tokens, '(')) {
			if (decays && first)
				ts_canon_add(type->canon, "(*)");
			r = take_function(type);
		} else {
			return 0;
		}
		type->derived = true;
		if (r < 0)
			return r;
	}
}

static int take_inner(struct type *type);

/* An array, with or without a name before it: then what is before it is the elements' type. */
static bool makes_elements(const struct ts_tokens *tokens)
{
	struct ts_tokens next = *tokens;

	if (ts_token_is_name(&next))
		ts_token_next(&next);
	return ts_token_is(&next, '[');
}

/* Pointers and references; where `value` is set, the last const is the callee's alone. */
static void take_pointers(struct type *type, bool value)
{
	while (is_pointer_mark(type->tokens)) {
		bool is_const, is_volatile, last;

		type->derived = true;
		ts_canon_add_token(type->canon, type->tokens->token);
		ts_token_next(type->tokens);
		take_qualifiers(type, &is_const, &is_volatile);
		last = !is_pointer_mark(type->tokens) && !makes_elements(type->tokens);
		if (!last || !value)
			put_qualifiers(type->canon, is_const, is_volatile);
	}
}

static int take_declarator(struct type *type, bool value, bool inner)
{
	bool decays = value;

	take_pointers(type, value);
	if (opens_declarator(type->tokens)) {
		int r = take_inner(type);

		if (r < 0)
			return r;
		decays = false;
	} else if (ts_token_is_name(type->tokens) && !ts_word_find(type->tokens->token)) {
		ts_token_next(type->tokens);
	}
	return take_suffixes(type, decays && !inner);
}

static int take_inner(struct type *type)
{
	int r;

	if (type->canon->nesting == MAX_NESTING)
		return -EINVAL;
	type->canon->nesting++;
	ts_canon_add(type->canon, "(");
	ts_token_next(type->tokens);
	r = take_declarator(type, type->passed, true);
	type->canon->nesting--;
	if (r < 0 || !ts_token_is(type->tokens, ')'))
		return -EINVAL;
	ts_canon_add(type->canon, ")");
	ts_token_next(type->tokens);
	return 0;
}

/* --- both together --------------------------------------------------------------------------- */

/* Is what follows more than a name: does the declarator make another type of the base? */
static bool is_derived(const struct ts_tokens *tokens)
{
	struct ts_tokens next = *tokens;

	if (ts_token_is_name(&next))
		ts_token_next(&next);
	return is_pointer_mark(tokens) || ts_token_is(&next, '[') || ts_token_is(&next, '(');
}

static int type_of(struct ts_tokens *tokens, struct ts_canon *canon, bool passed, bool whole)
{
	struct type type = {.tokens = tokens, .canon = canon, .passed = passed};
	int r = take_base(&type);

	if (r < 0)
		return r;
	if (!passed || is_derived(tokens))
		put_qualifiers(canon, type.is_const, type.is_volatile);
	if (whole)
		r = take_declarator(&type, passed, false);
	else
		take_pointers(&type, passed);
	return r < 0 || canon->full ? -EINVAL : 0;
}

int ts_canon_type(struct ts_tokens *tokens, struct ts_canon *canon, bool passed)
{
	int r;

	if (canon->nesting == MAX_NESTING || canon->types == MOST_TYPES)
		return -EINVAL;
	canon->types++;
	canon->nesting++;
	r = type_of(tokens, canon, passed, true);
	canon->nesting--;
	return r;
}

int ts_canon_conversion(struct ts_tokens *tokens, struct ts_canon *canon)
{
	return type_of(tokens, canon, false, false);
}
