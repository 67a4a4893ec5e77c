// SPDX-License-Identifier: Apache-2.0
/* Bare names and globs of functions. */

#include "bare.h"

#include <errno.h>

#include "../system/arena.h"
#include "canon.h"
#include "ctype.h"
#include "fault.h"
#include "spelling.h"

struct bare {
	struct ts_arena *arena;
	struct ts_fault *fault;
	struct ts_prototype *proto;
};

static bool is_glob_mark(char c)
{
	return c == '*' || c == '?';
}

/* bot::Vector::operator*, whose star is its own */
static bool is_operator_name(struct ts_slice name)
{
	static const char word[] = "operator";

	for (size_t i = 0; i + sizeof(word) - 1 < name.bytes; i++)
		if (ts_slice_starts(ts_slice_from(name, i), word) &&
		    (!i || !ts_is_word(name.text[i - 1])) &&
		    !ts_is_word(name.text[i + sizeof(word) - 1]))
			return true;
	return false;
}

/* `search_*(int x)`: a word, the mark, and the parenthesis, with nothing between them. */
int ts_bare_refuse_glob(struct ts_slice text, size_t parenthesis, struct ts_fault *fault)
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
	if ((end[-1] != '*' && !memchr(name.text, '?', name.bytes)) || is_operator_name(name))
		return 0;
	return ts_fault_at(fault, name.column,
			   "a glob takes no parameters: write '%s' alone (times only)",
			   ts_quote(name).text);
}

/* What follows '@', up to white space or a parenthesis; `rest` begins behind the '@'. */
int ts_bare_object(struct ts_slice *rest, struct ts_arena *arena, struct ts_fault *fault,
		   const char **ret)
{
	size_t n = 0;

	while (n < rest->bytes && rest->text[n] && !ts_is_space(rest->text[n]) &&
	       rest->text[n] != '(')
		n++;
	if (!n)
		return ts_fault_at(fault, rest->column,
				   "expected the name of an object after '@', such as libx.so");
	*ret = ts_arena_strndup(arena, rest->text, n);
	if (!*ret)
		return -ENOMEM;
	*rest = ts_slice_from(*rest, n);
	return 0;
}

/* `pyhton MODULE:QUALNAME` */
static int refuse_misspelt(struct bare *p, struct ts_slice name, struct ts_slice rest)
{
	struct ts_spelling spelling = ts_spelling_of(name);

	ts_spelling_offer(&spelling, "python");
	if (!spelling.best || !ts_slice_trim(rest).bytes || !ts_is_space(rest.text[0]))
		return 0;
	return ts_fault_at(p->fault, name.column, "unknown word '%s'%s", ts_quote(name).text,
			   ts_spelling_hint(&spelling).text);
}

static int check_bare_name(struct bare *p, struct ts_slice name, struct ts_slice rest)
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
	return refuse_misspelt(p, name, rest);
}

/* The text goes on behind a bare name: most likely a prototype was meant. */
static int bare_name_goes_on(struct bare *p, struct ts_slice rest)
{
	struct ts_slice more = ts_slice_trim(rest);

	if (ts_is_space(rest.text[0]) || rest.text[0] == '*')
		return ts_fault_at(
			p->fault, more.column + (uint32_t)more.bytes,
			"expected '(' and the parameters; times only wants the bare name");
	return ts_fault_at(p->fault, more.column, "expected the end of the name, found '%s'",
			   ts_quote(ts_slice_until(more, 1)).text);
}

static int parse_bare_object(struct bare *p, struct ts_slice rest)
{
	int r;

	if (!rest.bytes || rest.text[0] != '@')
		return rest.bytes ? bare_name_goes_on(p, rest) : 0;
	rest = ts_slice_from(rest, 1);
	r = ts_bare_object(&rest, p->arena, p->fault, &p->proto->object);
	if (r == 0 && rest.bytes)
		return bare_name_goes_on(p, rest);
	return r;
}

/* name, name@object, or a glob for either */
static int parse_bare(struct bare *p, struct ts_slice text)
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
	p->proto->times_only = true;
	p->proto->function = ts_arena_strndup(p->arena, text.text, text.bytes);
	if (!p->proto->function)
		return -ENOMEM;
	p->proto->glob = strpbrk(p->proto->function, "*?") != NULL;
	return parse_bare_object(p, rest);
}

/* --- bare names of C++ and Rust -------------------------------------------------------------- */

/*
 * Does a star stand for other names? Between angle brackets one behind a type is a pointer, and behind
 * `operator` it is the operator.
 */
static bool is_cplus_glob(struct ts_slice name)
{
	char before = 0;
	size_t depth = 0;

	for (size_t i = 0; i < name.bytes; i++) {
		char c = name.text[i];

		if (!depth && is_operator_name(ts_slice_until(name, i + 1)))
			return false;
		if (c == '?' || (c == '*' && (!depth || before == '<' || before == ',')))
			return true;
		depth += c == '<';
		depth -= c == '>' && depth;
		if (!ts_is_space(c))
			before = c;
	}
	return false;
}

/* Up to an '@' that is no operator's; a glob ends at white space. */
static struct ts_slice name_of_glob(struct ts_slice text)
{
	size_t depth = 0, n = 0;

	for (; n < text.bytes && text.text[n] != '@'; n++) {
		if (!depth && ts_is_space(text.text[n]))
			break;
		depth += text.text[n] == '<';
		depth -= text.text[n] == '>' && depth;
	}
	return ts_slice_until(text, n);
}

static int parse_bare_cplus(struct bare *p, struct ts_slice text)
{
	char name[TS_MAX_CANON];
	struct ts_canon canon = ts_canon_into(name, sizeof(name));
	struct ts_slice glob = name_of_glob(text);
	struct ts_tokens tokens;
	int r = 0;

	p->proto->times_only = true;
	p->proto->cplus = true;
	p->proto->glob = is_cplus_glob(glob);
	tokens = ts_tokens_of(text, p->fault);
	if (p->proto->glob || ts_token_is(&tokens, '<')) {
		while (glob.bytes >= 2 && memcmp(glob.text, "::", 2) == 0)
			glob = ts_slice_from(glob, 2);
		ts_canon_squeeze(glob, &canon);
		tokens = ts_tokens_of(
			ts_slice_from(text, (size_t)(glob.text - text.text) + glob.bytes),
			p->fault);
	} else {
		r = ts_canon_function(&tokens, &canon);
	}
	if (canon.full)
		return ts_fault_at(p->fault, text.column, "more than %d characters",
				   TS_MAX_CANON - 1);
	if (r < 0)
		return r;
	p->proto->function = ts_arena_strndup(p->arena, canon.text, canon.bytes);
	if (!p->proto->function)
		return -ENOMEM;
	text.bytes = (size_t)(text.text + text.bytes - tokens.token.text);
	text.column = tokens.token.column;
	text.text = tokens.token.text;
	if (tokens.kind != TS_TOKEN_END && !ts_token_is(&tokens, '@'))
		return ts_token_expected(&tokens, "'(' and the parameters, or the end of the name");
	return parse_bare_object(p, text);
}

int ts_bare_parse(struct ts_slice text, struct ts_arena *arena, struct ts_fault *fault,
		  struct ts_prototype *proto)
{
	struct bare bare = {.arena = arena, .fault = fault, .proto = proto};

	return proto->cplus ? parse_bare_cplus(&bare, text) : parse_bare(&bare, text);
}
