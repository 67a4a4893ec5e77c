// SPDX-License-Identifier: Apache-2.0
/* A rule's function: a prototype; bare.c has the bare names and globs. */

#include "prototype.h"

#include <errno.h>

#include "../system/arena.h"
#include "bare.h"
#include "canon.h"
#include "declaration.h"
#include "fault.h"
#include "place.h"

struct parser {
	struct ts_arena *arena;
	struct ts_fault *fault;
	struct ts_tokens tokens;
	struct ts_prototype proto;
	struct ts_places places;
	struct ts_canon canon; /* the signature, of a C++ function */
	struct ts_param params[TS_MAX_PARAMS];
	struct ts_ctype ctypes[TS_MAX_PARAMS];
	struct ts_slice lengths[TS_MAX_PARAMS]; /* the word in the brackets, where there is one */
};

static int copy(struct parser *p, struct ts_slice text, const char **ret)
{
	*ret = ts_arena_strndup(p->arena, text.text, text.bytes);
	return *ret ? 0 : -ENOMEM;
}

/* --- what is not a C function ---------------------------------------------------------------- */

/* Marks that no C prototype has, but between brackets, where anything may be. */
static bool is_cplus(struct ts_slice text)
{
	size_t depth = 0;

	for (size_t i = 0; i < text.bytes; i++) {
		char c = text.text[i];

		if (c == '[')
			depth++;
		else if (c == ']' && depth)
			depth--;
		if (depth)
			continue;
		if (c == '&' || c == '<' || c == '~')
			return true;
		if (c == ':' && i + 1 < text.bytes && text.text[i + 1] == ':')
			return true;
		if (c == '(' && ts_slice_starts(ts_slice_trim(ts_slice_from(text, i + 1)), "this"))
			return true;
	}
	return false;
}

/* extern "C" */
static bool has_c_linkage(struct ts_slice text)
{
	struct ts_tokens tokens = ts_tokens_of(text, NULL);

	if (!ts_slice_is(tokens.token, "extern"))
		return false;
	ts_token_next(&tokens);
	return ts_slice_is(tokens.token, "\"C\"");
}

/* Where the parameters begin: no "(anonymous namespace)", no "operator()". */
static const char *find_params(struct ts_slice text)
{
	struct ts_tokens tokens = ts_tokens_of(text, NULL);
	bool is_operator = false;

	for (; tokens.kind != TS_TOKEN_END; ts_token_next(&tokens)) {
		if (ts_canon_is_anonymous(&tokens)) {
			ts_token_next(&tokens);
			continue;
		}
		if (ts_token_is(&tokens, '(') && !is_operator)
			return tokens.token.text;
		is_operator = ts_slice_is(tokens.token, "operator");
	}
	return NULL;
}

/* --- prototypes ------------------------------------------------------------------------------ */

static int keep_canon(struct parser *p, const struct ts_canon *canon, uint32_t column,
		      const char **ret)
{
	if (canon->full)
		return ts_fault_at(p->fault, column, "more than %d characters", TS_MAX_CANON - 1);
	*ret = ts_arena_strndup(p->arena, canon->text, canon->bytes);
	return *ret ? 0 : -ENOMEM;
}

static int parse_result(struct parser *p)
{
	struct ts_param *result = &p->proto.result;
	struct ts_declaration declaration;
	int r = ts_declaration_of_result(&p->tokens, &declaration);

	if (r < 0)
		return r;
	ts_place_result(&p->places, &declaration.ctype, result);
	result->length_of = -1;
	result->column = declaration.column;
	result->spelling = ts_arena_strndup(p->arena, declaration.written.text,
					    strlen(declaration.written.text));
	return result->spelling ? 0 : -ENOMEM;
}

/* Some headers keep macros away with `int (name)(int)`. */
static bool is_name_in_parentheses(const struct ts_tokens *tokens)
{
	struct ts_tokens next = *tokens;

	if (!ts_token_is(&next, '('))
		return false;
	ts_token_next(&next);
	if (!ts_token_is_name(&next) || ts_word_find(next.token))
		return false;
	ts_token_next(&next);
	return ts_token_is(&next, ')');
}

static int parse_plain_name(struct parser *p)
{
	struct ts_tokens *tokens = &p->tokens;
	bool in_parentheses = is_name_in_parentheses(tokens);

	if (in_parentheses)
		ts_token_next(tokens);
	if (!ts_token_is_name(tokens))
		return ts_token_expected(tokens, "the function's name");
	if (copy(p, tokens->token, &p->proto.function) < 0)
		return -ENOMEM;
	ts_token_next(tokens);
	if (in_parentheses)
		ts_token_next(tokens);
	return 0;
}

static int parse_qualified_name(struct parser *p)
{
	char name[TS_MAX_CANON];
	struct ts_canon canon = ts_canon_into(name, sizeof(name));
	uint32_t column = p->tokens.token.column;
	int r = ts_canon_function(&p->tokens, &canon);

	if (r < 0 && !canon.full)
		return r;
	return keep_canon(p, &canon, column, &p->proto.function);
}

static int parse_function(struct parser *p)
{
	struct ts_tokens *tokens = &p->tokens;
	int r = p->proto.cplus ? parse_qualified_name(p) : parse_plain_name(p);

	if (r < 0)
		return r;
	if (ts_token_is(tokens, '@')) {
		r = ts_bare_object(&tokens->rest, p->arena, p->fault, &p->proto.object);
		if (r < 0)
			return r;
		ts_token_next(tokens);
	}
	if (!ts_token_is(tokens, '('))
		return ts_token_expected(tokens, "'(' and the parameters");
	ts_token_next(tokens);
	return 0;
}

static int find_param(const struct parser *p, struct ts_slice name)
{
	for (int i = 0; i < p->proto.n_params; i++)
		if (p->params[i].name && ts_slice_is(name, p->params[i].name))
			return i;
	return -1;
}

static int name_param(struct parser *p, struct ts_param *param, struct ts_slice name)
{
	if (!name.bytes)
		return 0;
	if (find_param(p, name) >= 0)
		return ts_fault_at(p->fault, name.column, "two parameters are named '%s'",
				   ts_quote(name).text);
	param->column = name.column;
	return copy(p, name, &param->name);
}

/* Adds to the signature what the declaration that begins here is. */
static int sign_param(struct parser *p, struct ts_tokens tokens)
{
	uint32_t column = tokens.token.column;
	int r;

	if (!p->proto.cplus)
		return 0;
	if (p->canon.bytes)
		ts_canon_add(&p->canon, ",");
	r = ts_canon_param(&tokens, &p->canon);
	if (p->canon.full)
		return ts_fault_at(p->fault, column, "parameters of more than %d characters",
				   TS_MAX_CANON - 1);
	if (r < 0)
		return ts_fault_at(p->fault, column,
				   "this type is not understood; write the rule as a bare name "
				   "(times only)");
	return 0;
}

/* `this`, before all others */
static bool take_this(struct parser *p)
{
	static const char word[] = "this";
	struct ts_tokens next = p->tokens;
	struct ts_param *param = &p->params[0];

	if (!p->proto.cplus || !ts_slice_is(next.token, word))
		return false;
	ts_token_next(&next);
	if (!ts_token_is(&next, ',') && !ts_token_is(&next, ')'))
		return false;
	*param = (struct ts_param){
		.column = p->tokens.token.column, .length_of = -1, .spelling = word};
	p->ctypes[0] = ts_ctype_pointer(TS_TYPE_OPAQUE);
	p->proto.n_params = 1;
	p->proto.method = true;
	p->tokens = next;
	return true;
}

static int parse_param(struct parser *p)
{
	struct ts_param *param = &p->params[p->proto.n_params];
	struct ts_declaration declaration;
	struct ts_tokens start;
	int r;

	if (p->proto.n_params == TS_MAX_PARAMS)
		return ts_fault_at(p->fault, p->tokens.token.column,
				   "more than %d parameters; write the rule as a bare name "
				   "(times only)",
				   TS_MAX_PARAMS);
	if (!p->proto.n_params && take_this(p))
		return 0;
	start = p->tokens;
	r = ts_declaration_of_param(&p->tokens, &declaration);
	if (r == 0)
		r = sign_param(p, start);
	if (r < 0)
		return r;
	*param = (struct ts_param){.column = declaration.column, .length_of = -1};
	p->ctypes[p->proto.n_params] = declaration.ctype;
	p->lengths[p->proto.n_params] = declaration.length;
	param->spelling = ts_arena_strndup(p->arena, declaration.written.text,
					   strlen(declaration.written.text));
	if (!param->spelling)
		return -ENOMEM;
	r = name_param(p, param, declaration.name);
	if (r == 0)
		p->proto.n_params++;
	return r;
}

/* `()` and `(void)` */
static bool no_params(struct ts_tokens *tokens)
{
	struct ts_tokens next = *tokens;

	if (ts_slice_is(next.token, "void"))
		ts_token_next(&next);
	if (!ts_token_is(&next, ')'))
		return false;
	*tokens = next;
	return true;
}

static int parse_params(struct parser *p)
{
	struct ts_tokens *tokens = &p->tokens;

	if (no_params(tokens))
		return 0;
	for (;;) {
		int r;

		if (tokens->kind == TS_TOKEN_ELLIPSIS) {
			p->proto.open = true;
			ts_token_next(tokens);
			return ts_token_is(tokens, ')') ? 0 : ts_token_expected(tokens, "')'");
		}
		r = parse_param(p);
		if (r < 0)
			return r;
		if (ts_token_is(tokens, ')'))
			return 0;
		if (!ts_token_is(tokens, ','))
			return ts_token_expected(tokens, "',' or ')'");
		ts_token_next(tokens);
	}
}

/* const noexcept override final & && */
static int parse_method_end(struct parser *p)
{
	static const char *const words[] = {"noexcept", "override", "final", "volatile"};
	struct ts_tokens *tokens = &p->tokens;

	for (;;) {
		bool known = ts_token_is(tokens, '&');

		if (ts_slice_is(tokens->token, "const")) {
			known = p->proto.const_method = true;
			if (!p->proto.method)
				return ts_fault_at(p->fault, tokens->token.column,
						   "'const' stands behind member functions: write "
						   "'this' before the parameters");
		}
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			known |= ts_slice_is(tokens->token, words[i]);
		if (!known)
			return 0;
		ts_token_next(tokens);
	}
}

/* What headers put behind a prototype: attributes, libc's __THROW and __nonnull ((1)). */
static int parse_end(struct parser *p)
{
	struct ts_tokens *tokens = &p->tokens;

	ts_token_next(tokens);
	if (p->proto.cplus) {
		int r = parse_method_end(p);

		if (r < 0)
			return r;
	}
	while (ts_slice_starts(tokens->token, "__") && !ts_slice_starts(tokens->token, "__asm")) {
		ts_token_next(tokens);
		if (ts_token_is(tokens, '(')) {
			int r = ts_token_skip_balanced(tokens, NULL);

			if (r < 0)
				return r;
		}
	}
	if (tokens->kind == TS_TOKEN_END)
		return 0;
	if (ts_slice_is(tokens->token, "fails"))
		return ts_token_expected(tokens, "':' before 'fails if'");
	return ts_token_expected(tokens, "the end of the prototype");
}

static int no_such_length(struct parser *p, struct ts_slice word)
{
	struct ts_spelling spelling = ts_spelling_of(word);

	for (int i = 0; i < p->proto.n_params; i++)
		if (p->params[i].name)
			ts_spelling_offer(&spelling, p->params[i].name);
	return ts_fault_at(p->fault, word.column, "no parameter is named '%s'%s",
			   ts_quote(word).text, ts_spelling_hint(&spelling).text);
}

static int resolve_length(struct parser *p, struct ts_param *param, struct ts_slice word)
{
	int i = find_param(p, word);
	enum ts_type type;

	if (i < 0)
		return no_such_length(p, word);
	type = p->ctypes[i].type;
	if (type != TS_TYPE_SIGNED && type != TS_TYPE_UNSIGNED)
		return ts_fault_at(p->fault, word.column,
				   "the length '%s' has to be an integer, it is '%s'",
				   ts_quote(word).text, p->params[i].spelling);
	param->length_of = (int8_t)i;
	return 0;
}

static int place_params(struct parser *p)
{
	for (int i = 0; i < p->proto.n_params; i++) {
		struct ts_param *param = &p->params[i];

		ts_place_argument(&p->places, &p->ctypes[i], param);
		if (param->type == TS_TYPE_BYTES) {
			int r = resolve_length(p, param, p->lengths[i]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int keep_params(struct parser *p)
{
	size_t bytes = p->proto.n_params * sizeof(p->params[0]);

	p->proto.params = ts_arena_alloc(p->arena, bytes);
	if (!p->proto.params)
		return -ENOMEM;
	memcpy(p->proto.params, p->params, bytes);
	return p->proto.cplus ? keep_canon(p, &p->canon, 1, &p->proto.signature) : 0;
}

static int parse_prototype(struct parser *p, struct ts_slice text)
{
	static int (*const steps[])(struct parser *) = {
		parse_result, parse_function, parse_params, parse_end, place_params, keep_params,
	};

	char signature[TS_MAX_CANON];

	p->canon = ts_canon_into(signature, sizeof(signature));
	p->tokens = ts_tokens_of(text, p->fault);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int r = steps[i](p);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A C string would end there, and name something else than was written. */
static int refuse_nul(struct parser *p, struct ts_slice text)
{
	const char *nul = text.bytes ? memchr(text.text, '\0', text.bytes) : NULL;

	if (!nul)
		return 0;
	return ts_fault_at(p->fault, text.column + (uint32_t)(nul - text.text),
			   "a NUL byte cannot stand in a function");
}

int ts_prototype_parse(const char *text, size_t bytes, uint32_t column, struct ts_arena *arena,
		       struct ts_prototype *ret, struct ts_fault *fault)
{
	struct parser p; /* its arrays are large, and filled as far as n_params goes */
	struct ts_slice all = ts_slice_trim((struct ts_slice){text, bytes, column});
	const char *parenthesis;
	int r;

	p.arena = arena;
	p.fault = fault;
	p.proto = (struct ts_prototype){.n_params = 0};
	p.places = (struct ts_places){0};
	if (all.bytes && all.text[all.bytes - 1] == ';')
		all = ts_slice_trim(ts_slice_until(all, all.bytes - 1));
	if (fault)
		fault->message[0] = '\0';
	r = refuse_nul(&p, all);
	if (r < 0)
		return r;
	p.proto.c_linkage = has_c_linkage(all);
	p.proto.cplus = is_cplus(all) && !p.proto.c_linkage;
	parenthesis = find_params(all);
	if (parenthesis)
		r = ts_bare_refuse_glob(all, (size_t)(parenthesis - all.text), fault);
	if (r == 0 && parenthesis)
		r = parse_prototype(&p, all);
	else if (r == 0)
		r = ts_bare_parse(all, arena, fault, &p.proto);
	if (r == 0)
		*ret = p.proto;
	if (r == -EINVAL && fault && !fault->message[0])
		return ts_fault_at(fault, all.column, "'%s' is no type or function of C++",
				   ts_quote(all).text);
	return r;
}
