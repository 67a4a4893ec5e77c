// SPDX-License-Identifier: Apache-2.0
/* Specifiers, then a declarator, as C and C++ have them. */

#include "declaration.h"

#include <errno.h>

#include "canon.h"
#include "fault.h"

#define MAX_NESTING 8 /* parentheses around a name; recursion ends here */
#define MAX_CLASS   512

enum base_kind {
	BASE_NONE,
	BASE_PARTS,     /* `unsigned long` */
	BASE_WHOLE,     /* `size_t`, `enum colour` */
	BASE_UNKNOWN,   /* somebody's own name: good for a pointer */
	BASE_AGGREGATE, /* `struct x`: the same */
	BASE_CLASS,     /* `bot::Text`, `list<int>`: the same */
};

/* What stands before the declarator. */
struct base {
	enum base_kind kind;
	uint32_t column;      /* of the first word that belongs to the type */
	struct ts_slice word; /* the name that is not known, or `struct x` */
	uint32_t parts;
	struct ts_ctype ctype;
};

/* What the declarator makes of it. */
enum derivation {
	DERIVED_POINTER,
	DERIVED_REFERENCE,
	DERIVED_OPEN_ARRAY,
	DERIVED_NAMED_ARRAY,
	DERIVED_OTHER,
};

struct declarator {
	struct ts_slice name;
	struct ts_slice length;
	unsigned int n_derived;
	enum derivation derived; /* the last one; what it is counts only where it is the only one */
};

static int unknown_type(struct ts_tokens *tokens, struct ts_slice word)
{
	struct ts_hint hint;

	if (!tokens->fault)
		return ts_fault_at(NULL, 0, " ");
	if (ts_slice_is(word, "this"))
		return ts_fault_at(tokens->fault, word.column,
				   "'this' comes first, and without a type");
	hint = ts_word_hint(word);
	return ts_fault_at(tokens->fault, word.column, "unknown type '%s'%s", ts_quote(word).text,
			   hint.text[0] ? hint.text : "; write the C type it stands for");
}

/* --- specifiers ------------------------------------------------------------------------------ */

int ts_declaration_skip_attribute(struct ts_tokens *tokens)
{
	ts_token_next(tokens);
	if (!ts_token_is(tokens, '('))
		return ts_token_expected(tokens, "'(' after '__attribute__'");
	return ts_token_skip_balanced(tokens, NULL);
}

static int cannot_follow(struct ts_tokens *tokens, struct ts_written *written)
{
	return ts_fault_at(tokens->fault, tokens->token.column, "'%s' cannot follow '%s'",
			   ts_quote(tokens->token).text, written->text);
}

static int take_part(struct ts_tokens *tokens, struct base *base, const struct ts_word *word,
		     struct ts_written *written)
{
	uint32_t parts;

	if (base->kind == BASE_UNKNOWN)
		return unknown_type(tokens, base->word);
	parts = ts_parts_add(base->parts, word);
	if (!parts || (base->kind != BASE_NONE && base->kind != BASE_PARTS))
		return cannot_follow(tokens, written);
	base->kind = BASE_PARTS;
	base->parts = parts;
	ts_token_write(tokens, written);
	return 1;
}

/* Over `bot::Kind` or `list<int>`, whose one spelling goes to `ret`. */
static int pass_class(struct ts_tokens *tokens, struct ts_written *written, char ret[MAX_CLASS])
{
	struct ts_tokens end = *tokens;
	struct ts_canon canon = ts_canon_into(ret, MAX_CLASS);
	int r = ts_canon_class(&end, &canon);

	if (canon.full)
		return ts_fault_at(tokens->fault, tokens->token.column,
				   "a type of more than %d characters", MAX_CLASS - 1);
	if (r < 0)
		return r;
	ts_token_write_until(tokens, &end, written);
	return 0;
}

/* struct x, union x, enum x */
static int take_tag(struct ts_tokens *tokens, struct base *base, bool is_enum,
		    struct ts_written *written)
{
	struct ts_slice start = tokens->token;

	if (base->kind == BASE_UNKNOWN)
		return unknown_type(tokens, base->word);
	if (base->kind != BASE_NONE)
		return cannot_follow(tokens, written);
	ts_token_write(tokens, written);
	if (!ts_token_is_name(tokens))
		return ts_token_expected(tokens, "a name");
	base->kind = is_enum ? BASE_WHOLE : BASE_AGGREGATE;
	base->ctype = ts_ctype_enum();
	base->word =
		ts_slice_until(start, tokens->token.column - start.column + tokens->token.bytes);
	return pass_class(tokens, written, (char[MAX_CLASS]){0}) < 0 ? -EINVAL : 1;
}

static int take_storage(struct ts_tokens *tokens)
{
	ts_token_next(tokens);
	if (tokens->kind == TS_TOKEN_LITERAL) /* extern "C" */
		ts_token_next(tokens);
	return 1;
}

/* From a token to before the current one, without the space between. */
static size_t written_bytes(struct ts_slice first, const struct ts_tokens *tokens)
{
	struct ts_slice all = {first.text, (size_t)(tokens->token.text - first.text), first.column};

	return ts_slice_trim(all).bytes;
}

static bool begins_class(const struct ts_tokens *tokens)
{
	return ts_token_is_name(tokens) || tokens->kind == TS_TOKEN_SCOPE ||
	       ts_canon_is_anonymous(tokens);
}

/* A name that C does not know: somebody's type, or a class of C++. */
static int take_class(struct ts_tokens *tokens, struct base *base, struct ts_written *written)
{
	struct ts_slice word = tokens->token;
	char name[MAX_CLASS];
	int r = pass_class(tokens, written, name);

	if (r < 0)
		return r;
	base->kind = ts_slice_is(word, name) ? BASE_UNKNOWN : BASE_CLASS;
	base->word = word;
	if (base->kind == BASE_CLASS)
		base->word.bytes = written_bytes(word, tokens);
	if (ts_class_find(base->word, name, &base->ctype))
		base->kind = BASE_WHOLE;
	return 1;
}

/* 1: taken; 0: it belongs to the declarator. */
static int take_word(struct ts_tokens *tokens, struct base *base, const struct ts_word *word,
		     struct ts_written *written)
{
	int r;

	switch (word->kind) {
	case TS_WORD_QUALIFIER:
		ts_token_write(tokens, written);
		return 1;
	case TS_WORD_STORAGE:
		return take_storage(tokens);
	case TS_WORD_ATTRIBUTE:
		r = ts_declaration_skip_attribute(tokens);
		return r < 0 ? r : 1;
	case TS_WORD_PART:
		return take_part(tokens, base, word, written);
	case TS_WORD_TYPE:
		if (base->kind != BASE_NONE)
			return 0;
		base->kind = BASE_WHOLE;
		base->ctype = *ts_ctype_of_word(word);
		ts_token_write(tokens, written);
		return 1;
	default:
		return take_tag(tokens, base, word->kind == TS_WORD_ENUM, written);
	}
}

static int finish_base(struct ts_tokens *tokens, struct base *base,
		       const struct ts_written *written)
{
	const struct ts_ctype *ctype;

	if (base->kind == BASE_NONE)
		return ts_token_expected(tokens, "a type");
	if (base->kind != BASE_PARTS)
		return 0;
	ctype = ts_ctype_of_parts(base->parts);
	if (!ctype)
		return ts_fault_at(tokens->fault, base->column, "'%s' is not a C type",
				   written->text);
	base->ctype = *ctype;
	return 0;
}

/* `class bot::Text`: in C a word like others. */
static void skip_class_key(struct ts_tokens *tokens, const struct base *base)
{
	struct ts_tokens next = *tokens;

	if (base->kind != BASE_NONE || !ts_slice_is(tokens->token, "class"))
		return;
	ts_token_next(&next);
	if (begins_class(&next))
		*tokens = next;
}

static int parse_base(struct ts_tokens *tokens, struct base *base, struct ts_written *written)
{
	base->column = tokens->token.column;
	while (begins_class(tokens)) {
		const struct ts_word *word;
		int r;

		skip_class_key(tokens, base);
		word = ts_token_is_name(tokens) ? ts_word_find(tokens->token) : NULL;
		if (!written->bytes)
			base->column = tokens->token.column;
		if (word) {
			r = take_word(tokens, base, word, written);
		} else if (base->kind != BASE_NONE) {
			r = 0;
		} else {
			r = take_class(tokens, base, written);
		}
		if (r < 0)
			return r;
		if (r == 0)
			break;
	}
	return finish_base(tokens, base, written);
}

/* --- declarator ------------------------------------------------------------------------------ */

static int parse_qualifiers(struct ts_tokens *tokens, struct ts_written *written)
{
	while (tokens->kind == TS_TOKEN_WORD) {
		const struct ts_word *word = ts_word_find(tokens->token);
		int r = 0;

		if (word && word->kind == TS_WORD_QUALIFIER)
			ts_token_write(tokens, written);
		else if (word && word->kind == TS_WORD_ATTRIBUTE)
			r = ts_declaration_skip_attribute(tokens);
		else
			break;
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_pointers(struct ts_tokens *tokens, struct declarator *declarator,
			  struct ts_written *written)
{
	int r = parse_qualifiers(tokens, written);

	while (r == 0 && (ts_token_is(tokens, '*') || ts_token_is(tokens, '&'))) {
		bool reference = ts_token_is(tokens, '&');

		declarator->n_derived++;
		declarator->derived = reference ? DERIVED_REFERENCE : DERIVED_POINTER;
		ts_token_write(tokens, written);
		if (reference && ts_token_is(tokens, '&'))
			ts_token_write(tokens, written);
		r = parse_qualifiers(tokens, written);
	}
	return r;
}

static int parse_array(struct ts_tokens *tokens, struct declarator *declarator,
		       struct ts_written *written)
{
	struct ts_tokens inside = *tokens;

	ts_token_next(&inside);
	while (inside.kind == TS_TOKEN_WORD && ts_word_find(inside.token))
		ts_token_next(&inside); /* static, const */
	declarator->n_derived++;
	declarator->derived = DERIVED_OTHER;
	if (ts_token_is(&inside, ']'))
		declarator->derived = DERIVED_OPEN_ARRAY;
	if (ts_token_is_name(&inside)) {
		declarator->length = inside.token;
		ts_token_next(&inside);
		if (ts_token_is(&inside, ']'))
			declarator->derived = DERIVED_NAMED_ARRAY;
	}
	return ts_token_skip_balanced(tokens, written);
}

static int parse_suffixes(struct ts_tokens *tokens, struct declarator *declarator,
			  struct ts_written *written)
{
	int r = 0;

	while (r == 0) {
		if (ts_token_is(tokens, '[')) {
			r = parse_array(tokens, declarator, written);
		} else if (ts_token_is(tokens, '(')) {
			declarator->n_derived++;
			declarator->derived = DERIVED_OTHER;
			r = ts_token_skip_balanced(tokens, written);
		} else {
			return parse_qualifiers(tokens, NULL);
		}
	}
	return r;
}

/* `(*cb)(int)` and `(name)[3]` against the `(int)` of a function type without a name */
static bool opens_declarator(const struct ts_tokens *tokens)
{
	struct ts_tokens next = *tokens;

	if (!ts_token_is(tokens, '('))
		return false;
	ts_token_next(&next);
	return ts_token_is(&next, '*') || ts_token_is(&next, '&') || ts_token_is(&next, '(') ||
	       (ts_token_is_name(&next) && !ts_word_find(next.token));
}

static int parse_declarator(struct ts_tokens *tokens, struct declarator *declarator,
			    struct ts_written *written, unsigned int nesting)
{
	int r = parse_pointers(tokens, declarator, written);

	if (r < 0)
		return r;
	if (opens_declarator(tokens)) {
		if (nesting == MAX_NESTING)
			return ts_fault_at(tokens->fault, tokens->token.column,
					   "more than %d parentheses around a name", MAX_NESTING);
		ts_token_write(tokens, written);
		r = parse_declarator(tokens, declarator, written, nesting + 1);
		if (r < 0)
			return r;
		if (!ts_token_is(tokens, ')'))
			return ts_token_expected(tokens, "')'");
		ts_token_write(tokens, written);
	} else if (ts_token_is_name(tokens)) {
		declarator->name = tokens->token;
		ts_token_next(tokens);
	}
	return parse_suffixes(tokens, declarator, written);
}

/* --- both together --------------------------------------------------------------------------- */

static struct ts_ctype derived_type(const struct base *base, const struct declarator *declarator)
{
	static const enum ts_type of_char[] = {
		[DERIVED_POINTER] = TS_TYPE_STRING,    [DERIVED_REFERENCE] = TS_TYPE_OPAQUE,
		[DERIVED_OPEN_ARRAY] = TS_TYPE_STRING, [DERIVED_NAMED_ARRAY] = TS_TYPE_BYTES,
		[DERIVED_OTHER] = TS_TYPE_OPAQUE,
	};

	if (declarator->n_derived == 0)
		return base->ctype;
	if (declarator->n_derived == 1 && base->kind == BASE_PARTS &&
	    ts_parts_are_char(base->parts))
		return ts_ctype_pointer(of_char[declarator->derived]);
	if (declarator->n_derived == 1 && declarator->derived <= DERIVED_REFERENCE &&
	    (base->ctype.type == TS_TYPE_STD_STRING || base->ctype.type == TS_TYPE_STD_VIEW))
		return ts_ctype_pointer(base->ctype.type);
	return ts_ctype_pointer(TS_TYPE_OPAQUE);
}

/* Of a class of std near to it, or of what an enumeration is written as. */
static int unknown_class(struct ts_tokens *tokens, const struct base *base, const char *why)
{
	struct ts_hint hint = ts_class_hint(base->word);

	if (hint.text[0])
		return ts_fault_at(tokens->fault, base->word.column, "unknown type '%s'%s",
				   ts_quote(base->word).text, hint.text);
	return ts_fault_at(tokens->fault, base->word.column,
			   "the size of '%s' is not known, so %s; an enumeration is written 'enum "
			   "%s', with a class write the rule as a bare name (times only)",
			   ts_quote(base->word).text, why, ts_quote(base->word).text);
}

/* What is behind a pointer may be of any type. */
static int check_by_value(struct ts_tokens *tokens, const struct base *base,
			  const struct declarator *declarator, const char *why)
{
	if (declarator->n_derived)
		return 0;
	if (base->kind == BASE_UNKNOWN)
		return unknown_type(tokens, base->word);
	if (base->kind == BASE_CLASS)
		return unknown_class(tokens, base, why);
	if (base->kind == BASE_AGGREGATE)
		return ts_fault_at(tokens->fault, base->column,
				   "the size of '%s' is not known, so %s; write the rule as a bare "
				   "name (times only)",
				   ts_quote(base->word).text, why);
	return 0;
}

int ts_declaration_of_param(struct ts_tokens *tokens, struct ts_declaration *ret)
{
	struct base base = {.kind = BASE_NONE};
	struct declarator declarator = {.n_derived = 0};
	int r;

	*ret = (struct ts_declaration){.name = {0}};
	r = parse_base(tokens, &base, &ret->written);
	if (r < 0)
		return r;
	r = parse_declarator(tokens, &declarator, &ret->written, 0);
	if (r < 0)
		return r;
	r = check_by_value(tokens, &base, &declarator, "what follows it cannot be placed");
	if (r < 0)
		return r;
	ret->column = base.column;
	ret->name = declarator.name;
	ret->length = declarator.length;
	ret->ctype = derived_type(&base, &declarator);
	if (ret->ctype.type == TS_TYPE_VOID)
		return ts_fault_at(tokens->fault, base.column, "a parameter cannot be 'void'");
	return 0;
}

int ts_declaration_of_result(struct ts_tokens *tokens, struct ts_declaration *ret)
{
	struct base base = {.kind = BASE_NONE};
	struct declarator declarator = {.n_derived = 0};
	int r;

	*ret = (struct ts_declaration){.name = {0}};
	r = parse_base(tokens, &base, &ret->written);
	if (r < 0)
		return r;
	r = parse_pointers(tokens, &declarator, &ret->written);
	if (r < 0)
		return r;
	if ((base.kind == BASE_UNKNOWN || base.kind == BASE_CLASS) && !declarator.n_derived &&
	    ts_token_is(tokens, '('))
		return ts_fault_at(tokens->fault, base.word.column,
				   "expected the result's type before '%s'",
				   ts_quote(base.word).text);
	r = check_by_value(tokens, &base, &declarator, "a hidden pointer may shift the arguments");
	if (r < 0)
		return r;
	ret->column = base.column;
	ret->ctype = derived_type(&base, &declarator);
	return 0;
}
