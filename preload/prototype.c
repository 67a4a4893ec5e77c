// SPDX-License-Identifier: Apache-2.0
/* A rule's function: a prototype, a bare name or a glob. */

#include "prototype.h"

#include <errno.h>

#include "arena.h"
#include "declaration.h"
#include "fault.h"
#include "place.h"

struct parser {
	struct ts_arena *arena;
	struct ts_fault *fault;
	struct ts_tokens tokens;
	struct ts_prototype proto;
	struct ts_param params[TS_MAX_PARAMS];
	struct ts_ctype ctypes[TS_MAX_PARAMS];
	struct ts_slice lengths[TS_MAX_PARAMS]; /* the word in the brackets, where there is one */
};

static int copy(struct parser *p, struct ts_slice text, const char **ret)
{
	*ret = ts_arena_strndup(p->arena, text.text, text.bytes);
	return *ret ? 0 : -ENOMEM;
}

static bool is_glob_mark(char c)
{
	return c == '*' || c == '?';
}

/* --- what is not a C function ---------------------------------------------------------------- */

static int refuse_python(struct parser *p, struct ts_slice text)
{
	static const char word[] = "python";

	if (!ts_slice_starts(text, word) || text.bytes < sizeof(word) ||
	    !ts_is_space(text.text[sizeof(word) - 1]))
		return 0;
	return ts_fault_at(p->fault, text.column, "python functions are not supported yet");
}

/* A qualified name or a reference: neither can stand in a C prototype. */
static int refuse_cplusplus(struct parser *p, struct ts_slice text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		size_t start = i;

		if (text.text[i] != '&' &&
		    (text.text[i] != ':' || i + 1 == text.bytes || text.text[i + 1] != ':'))
			continue;
		while (text.text[i] == ':' && start && ts_is_word(text.text[start - 1]))
			start--;
		return ts_declaration_is_cplusplus(p->fault, text.column + (uint32_t)start);
	}
	return 0;
}

/* `search_*(int x)`: a word, the mark, and the parenthesis, with nothing between them. */
static int refuse_glob_with_params(struct parser *p, struct ts_slice text, size_t parenthesis)
{
	size_t start = parenthesis;
	struct ts_slice name;
	const char *at, *end;

	while (start && !ts_is_space(text.text[start - 1]))
		start--;
	while (start < parenthesis && text.text[start] == '*')
		start++;
	name = ts_slice_from(ts_slice_until(text, parenthesis), start);
	at = name.bytes ? memchr(name.text, '@', name.bytes) : NULL;
	if (at)
		name.bytes = (size_t)(at - name.text);
	if (!name.bytes)
		return 0;
	end = name.text + name.bytes;
	if (end[-1] != '*' && !memchr(name.text, '?', name.bytes))
		return 0;
	return ts_fault_at(p->fault, name.column,
			   "a glob takes no parameters: write '%s' alone (times only)",
			   ts_quote(name).text);
}

/* --- names ----------------------------------------------------------------------------------- */

/* What follows '@', up to white space or a parenthesis; `rest` begins behind the '@'. */
static int take_object(struct parser *p, struct ts_slice *rest)
{
	size_t n = 0;

	while (n < rest->bytes && rest->text[n] && !ts_is_space(rest->text[n]) &&
	       rest->text[n] != '(')
		n++;
	if (!n)
		return ts_fault_at(p->fault, rest->column,
				   "expected the name of an object after '@', such as libx.so");
	if (copy(p, ts_slice_until(*rest, n), &p->proto.object) < 0)
		return -ENOMEM;
	*rest = ts_slice_from(*rest, n);
	return 0;
}

static int check_bare_name(struct parser *p, struct ts_slice name, struct ts_slice rest)
{
	if (!name.bytes || ts_is_digit(name.text[0])) {
		struct ts_slice found = rest.bytes ? ts_slice_until(rest, 1) : rest;

		if (name.bytes)
			found = name;
		if (!found.bytes)
			return ts_fault_at(p->fault, found.column, "expected a function");
		return ts_fault_at(p->fault, found.column, "expected a function, found '%s'",
				   ts_quote(found).text);
	}
	if (ts_word_find(name) && !rest.bytes)
		return ts_fault_at(p->fault, name.column, "'%s' is a type; expected a function",
				   ts_quote(name).text);
	return 0;
}

/* The text goes on behind a bare name: most likely a prototype was meant. */
static int bare_name_goes_on(struct parser *p, struct ts_slice rest)
{
	struct ts_slice more = ts_slice_trim(rest);

	if (ts_is_space(rest.text[0]) || rest.text[0] == '*')
		return ts_fault_at(
			p->fault, more.column + (uint32_t)more.bytes,
			"expected '(' and the parameters; times only wants the bare name");
	return ts_fault_at(p->fault, more.column, "expected the end of the name, found '%s'",
			   ts_quote(ts_slice_until(more, 1)).text);
}

/* name, name@object, or a glob for either */
static int parse_bare(struct parser *p, struct ts_slice text)
{
	struct ts_slice rest;
	size_t n = 0;
	int r;

	while (n < text.bytes && (ts_is_word(text.text[n]) || is_glob_mark(text.text[n])))
		n++;
	rest = ts_slice_from(text, n);
	text = ts_slice_until(text, n);
	r = check_bare_name(p, text, rest);
	if (r < 0)
		return r;
	p->proto.times_only = true;
	if (copy(p, text, &p->proto.function) < 0)
		return -ENOMEM;
	if (rest.bytes && rest.text[0] == '@') {
		rest = ts_slice_from(rest, 1);
		r = take_object(p, &rest);
		if (r < 0)
			return r;
	}
	return rest.bytes ? bare_name_goes_on(p, rest) : 0;
}

/* --- prototypes ------------------------------------------------------------------------------ */

static int parse_result(struct parser *p)
{
	struct ts_param *result = &p->proto.result;
	struct ts_declaration declaration;
	int r = ts_declaration_of_result(&p->tokens, &declaration);

	if (r < 0)
		return r;
	ts_place_result(&declaration.ctype, result);
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

static int parse_function(struct parser *p)
{
	struct ts_tokens *tokens = &p->tokens;
	bool in_parentheses = is_name_in_parentheses(tokens);
	int r;

	if (in_parentheses)
		ts_token_next(tokens);
	if (!ts_token_is_name(tokens))
		return ts_token_expected(tokens, "the function's name");
	if (copy(p, tokens->token, &p->proto.function) < 0)
		return -ENOMEM;
	ts_token_next(tokens);
	if (in_parentheses)
		ts_token_next(tokens);
	if (ts_token_is(tokens, '@')) {
		r = take_object(p, &tokens->rest);
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

static int parse_param(struct parser *p)
{
	struct ts_param *param = &p->params[p->proto.n_params];
	struct ts_declaration declaration;
	int r;

	if (p->proto.n_params == TS_MAX_PARAMS)
		return ts_fault_at(p->fault, p->tokens.token.column,
				   "more than %d parameters; write the rule as a bare name "
				   "(times only)",
				   TS_MAX_PARAMS);
	r = ts_declaration_of_param(&p->tokens, &declaration);
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

/* What headers put behind a prototype: attributes, libc's __THROW and __nonnull ((1)). */
static int parse_end(struct parser *p)
{
	struct ts_tokens *tokens = &p->tokens;

	ts_token_next(tokens);
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
	struct ts_places places = {0};

	for (int i = 0; i < p->proto.n_params; i++) {
		struct ts_param *param = &p->params[i];

		ts_place_argument(&places, &p->ctypes[i], param);
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
	return 0;
}

static int parse_prototype(struct parser *p, struct ts_slice text)
{
	static int (*const steps[])(struct parser *) = {
		parse_result, parse_function, parse_params, parse_end, place_params, keep_params,
	};

	p->tokens = ts_tokens_of(text, p->fault);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int r = steps[i](p);

		if (r < 0)
			return r;
	}
	return 0;
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
	if (all.bytes && all.text[all.bytes - 1] == ';')
		all = ts_slice_trim(ts_slice_until(all, all.bytes - 1));
	parenthesis = memchr(all.text, '(', all.bytes);
	r = refuse_python(&p, all);
	if (r == 0)
		r = refuse_cplusplus(&p, all);
	if (r == 0 && parenthesis)
		r = refuse_glob_with_params(&p, all, (size_t)(parenthesis - all.text));
	if (r == 0)
		r = parenthesis ? parse_prototype(&p, all) : parse_bare(&p, all);
	if (r == 0)
		*ret = p.proto;
	return r;
}
