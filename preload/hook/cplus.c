// SPDX-License-Identifier: Apache-2.0
/* Mangled names -> rules. */

#include "cplus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../prototype/canon.h"
#include "../system/log.h"
#include "../system/pages.h"

#define MAX_NAME  4096
#define RAW_BYTES 32768

/* One page run: what the module prints, and what is made of it. */
struct buffer {
	char raw[RAW_BYTES];
	char name[MAX_NAME];
	char plain[MAX_NAME];
	char signature[MAX_NAME];
};

/* --- what a mangled name holds --------------------------------------------------------------- */

static bool is_identifier(struct ts_slice word)
{
	static const char *const not_one[] = {"operator", "std", "as"};

	if (!word.bytes || ts_is_digit(word.text[0]))
		return false;
	for (size_t i = 0; i < sizeof(not_one) / sizeof(not_one[0]); i++)
		if (ts_slice_is(word, not_one[i]))
			return false;
	return true;
}

/* What mangled names spell out of a name, outside template arguments, in their order. */
struct needles {
	char text[1024];
	size_t bytes;
	struct ts_slice last;
	bool anchored;
};

/*
 * A whole identifier has its length before it; one that begins with '_' may have another '_' between (Rust).
 * A constructor's name is not spelled out again. What does not fit is not looked for.
 */
static void add_needle(struct needles *needles, struct ts_slice word, bool whole)
{
	char *at = needles->text + needles->bytes;
	size_t room = sizeof(needles->text) - needles->bytes - 1;
	int n;

	if (needles->last.bytes == word.bytes &&
	    memcmp(needles->last.text, word.text, word.bytes) == 0)
		return;
	needles->last = word;
	if (whole && word.text[0] != '_')
		n = snprintf(at, room, "%zu%.*s", word.bytes, (int)word.bytes, word.text);
	else
		n = snprintf(at, room, "%.*s", (int)word.bytes, word.text);
	if (n > 0 && (size_t)n < room)
		needles->bytes += (size_t)n + 1;
	needles->text[needles->bytes] = 0;
}

/* A word of the name. */
static void take_word(struct needles *needles, const char *name, struct ts_slice word)
{
	const char *end = word.text + word.bytes;
	bool whole = (word.text == name || !memchr("*?", word.text[-1], 2)) && *end != '*' &&
		     *end != '?';

	if (!is_identifier(word))
		return;
	if (word.text == name)
		needles->anchored = whole && word.text[0] != '_';
	add_needle(needles, word, whole);
}

static void find_needles(const char *name, struct needles *needles)
{
	size_t depth = 0;

	for (const char *at = name; *at;) {
		struct ts_slice word = {at, 0, 0};

		while (ts_is_word(at[word.bytes]))
			word.bytes++;
		if (!depth && ts_slice_is(word, "operator"))
			break;
		if (word.bytes && !depth)
			take_word(needles, name, word);
		if (!word.bytes) {
			depth += *at == '<' || *at == '{' || *at == '(';
			depth -= depth && (*at == '>' || *at == '}' || *at == ')');
		}
		at += word.bytes ? word.bytes : 1;
	}
}

/* NULL: there is no memory. */
static const char *needles_of(const char *name, struct ts_arena *arena, bool *ret_anchored)
{
	struct needles needles = {.bytes = 0};
	char *copy;

	find_needles(name, &needles);
	*ret_anchored = needles.anchored;
	copy = ts_arena_alloc(arena, needles.bytes + 1);
	return copy ? memcpy(copy, needles.text, needles.bytes) : NULL;
}

/* Qualifiers of `this`, local names and internal linkage come before the first component. */
static bool begins_with(const char *mangled, const char *needle)
{
	const char *at = mangled + 2;

	while (*at && strchr("NrVKROLZ", *at))
		at++;
	return strncmp(at, needle, strlen(needle)) == 0;
}

bool ts_cplus_may_fit(const struct ts_cplus_rule *rule, const char *mangled)
{
	const char *needle = rule->needles;
	const char *at = mangled + 2;

	if (rule->anchored && mangled[1] == 'Z' && !begins_with(mangled, needle))
		return false;
	for (; *needle && at; needle += strlen(needle) + 1) {
		at = strstr(at, needle);
		if (at)
			at += strlen(needle);
	}
	return at != NULL;
}

int ts_cplus_init(struct ts_cplus *cplus, const struct ts_conf *conf, struct ts_arena *arena)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->n_rules; i++)
		n += conf->rules[i].prototype.cplus;
	if (!n)
		return 0;
	cplus->rules = ts_arena_alloc(arena, n * sizeof(*cplus->rules));
	cplus->buffer = ts_pages_new(sizeof(struct buffer));
	if (!cplus->rules || !cplus->buffer)
		return -ENOMEM;
	for (int globs = 0; globs < 2; globs++) {
		for (size_t i = 0; i < conf->n_rules; i++) {
			const struct ts_rule *rule = &conf->rules[i];
			struct ts_cplus_rule *one = &cplus->rules[cplus->n_rules];

			if (!rule->prototype.cplus || rule->glob != globs)
				continue;
			one->rule = rule;
			one->needles = needles_of(rule->prototype.function, arena, &one->anchored);
			if (!one->needles)
				return -ENOMEM;
			cplus->n_rules++;
		}
	}
	return 0;
}

/* --- comparing ------------------------------------------------------------------------------- */

static bool name_fits(const struct ts_prototype *rule, const char *name, const char *plain)
{
	if (rule->glob)
		return ts_names_match(rule->function, name);
	return strcmp(rule->function, name) == 0 ||
	       (!strchr(rule->function, '<') && strcmp(rule->function, plain) == 0);
}

/* `...` stands for whatever follows. */
static bool params_fit(const struct ts_prototype *rule, const char *signature)
{
	size_t bytes = strlen(rule->signature);

	if (!rule->open || !bytes)
		return rule->open || strcmp(rule->signature, signature) == 0;
	return strncmp(rule->signature, signature, bytes) == 0 &&
	       (!signature[bytes] || signature[bytes] == ',');
}

bool ts_cplus_fits(const struct ts_prototype *rule, const char *name, const char *plain,
		   const char *signature, bool is_const)
{
	if (!name_fits(rule, name, plain))
		return false;
	if (rule->times_only)
		return true;
	return signature && params_fit(rule, signature) && (rule->method || !is_const) &&
	       (!rule->const_method || is_const);
}

/* `<bot::Memory>::run`, as Rust's newer mangling has it, is bot::Memory::run. */
static void open_inherent(char *name)
{
	char *end = strstr(name, ">::");
	char *inner = strchr(name + 1, '<');

	if (name[0] != '<' || !end || strstr(name, " as ") || (inner && inner < end))
		return;
	memmove(end, end + 1, strlen(end + 1) + 1);
	memmove(name, name + 1, strlen(name + 1) + 1);
}

/* The demangled name in the one spelling. What canon.h cannot read, local names, stays as it is. */
static bool spell(struct buffer *buffer, const struct ts_demangled *demangled)
{
	struct ts_slice name = {demangled->name, strlen(demangled->name), 1};
	struct ts_canon canon = ts_canon_into(buffer->name, MAX_NAME);
	struct ts_canon plain = ts_canon_into(buffer->plain, MAX_NAME);
	struct ts_tokens tokens = ts_tokens_of(name, NULL);

	if (!demangled->params || ts_canon_function(&tokens, &canon) < 0 ||
	    tokens.kind != TS_TOKEN_END) {
		canon = ts_canon_into(buffer->name, MAX_NAME);
		ts_canon_squeeze(name, &canon);
	}
	if (!demangled->params)
		open_inherent(buffer->name);
	ts_canon_plain(buffer->name, &plain);
	return !canon.full && !plain.full;
}

/* NULL: Rust, or a type that canon.h cannot read. */
static const char *sign(struct buffer *buffer, const struct ts_demangled *demangled)
{
	struct ts_canon canon = ts_canon_into(buffer->signature, MAX_NAME);
	struct ts_tokens tokens;

	if (!demangled->params)
		return NULL;
	tokens = ts_tokens_of((struct ts_slice){demangled->params, strlen(demangled->params), 1},
			      NULL);
	return ts_canon_params(&tokens, &canon) < 0 ? NULL : buffer->signature;
}

/* --- entering -------------------------------------------------------------------------------- */

static int note_near(struct ts_cplus_rule *cplus, const char *signature, bool is_const,
		     const char *path, struct ts_arena *arena)
{
	char text[256];

	if (cplus->near)
		return 0;
	snprintf(text, sizeof(text), "(%.200s)%s", signature ? signature : "...",
		 is_const ? " const" : "");
	cplus->near = ts_arena_strndup(arena, text, strlen(text));
	cplus->near_is_const = is_const;
	cplus->near_object = ts_arena_strndup(arena, path, strlen(path));
	return cplus->near && cplus->near_object ? 0 : -ENOMEM;
}

struct match {
	struct ts_names *names;
	struct ts_arena *arena;
	const char *mangled, *path;
	const char *signature;
	bool is_const;
	enum ts_dialect dialect;
};

static int compare(struct ts_cplus_rule *cplus, const struct buffer *buffer,
		   const struct match *match)
{
	const struct ts_prototype *rule = &cplus->rule->prototype;

	if (!ts_cplus_may_fit(cplus, match->mangled))
		return 0;
	if (ts_cplus_fits(rule, buffer->name, buffer->plain, match->signature, match->is_const))
		return ts_names_alias(match->names, match->mangled, cplus->rule, buffer->name,
				      (uint8_t)match->dialect, match->arena);
	if (name_fits(rule, buffer->name, buffer->plain))
		return note_near(cplus, match->signature, match->is_const, match->path,
				 match->arena);
	return 0;
}

static bool may_fit(const struct ts_cplus *cplus, const char *mangled)
{
	if (mangled[0] != '_' || (mangled[1] != 'Z' && mangled[1] != 'R'))
		return false;
	for (size_t i = 0; i < cplus->n_rules; i++)
		if (ts_cplus_may_fit(&cplus->rules[i], mangled))
			return true;
	return false;
}

int ts_cplus_enter(struct ts_cplus *cplus, struct ts_names *names, const char *mangled,
		   const char *path, struct ts_arena *arena)
{
	struct buffer *buffer = (struct buffer *)cplus->buffer;
	struct ts_demangled demangled;
	struct match match = {.names = names, .arena = arena, .mangled = mangled, .path = path};
	int r = 0;

	if (!may_fit(cplus, mangled) || cplus->refused || ts_names_has_alias(names, mangled))
		return 0;
	if (!cplus->demangle) {
		cplus->wanted = true;
		return 0;
	}
	if (cplus->demangle(mangled, buffer->raw, RAW_BYTES, &demangled) < 0 ||
	    !spell(buffer, &demangled))
		return 0;
	match.signature = sign(buffer, &demangled);
	match.is_const = demangled.is_const;
	match.dialect = ts_dialect_of_name(&demangled);
	for (size_t i = 0; i < cplus->n_rules && r == 0; i++)
		r = compare(&cplus->rules[i], buffer, &match);
	return r;
}

bool ts_cplus_open(struct ts_cplus *cplus, ts_module_symbol_fn *module_symbol)
{
	int kept = errno;
	ts_demangle_fn *demangle;
	char why[256];

	if (!ts_cplus_waits(cplus))
		return false;
	demangle = (ts_demangle_fn *)(uintptr_t)module_symbol("demangle", TS_DEMANGLE_SYMBOL, why,
							      sizeof(why));
	errno = kept;
	if (demangle) /* else another thread may have opened it meanwhile, and walks call it */
		cplus->demangle = demangle;
	cplus->refused = !cplus->demangle;
	if (cplus->refused)
		ts_log(TS_LOG_ERROR, "C++ and Rust functions are not traced: %s", why);
	return !cplus->refused;
}

bool ts_cplus_miss(const struct ts_cplus *cplus, const struct ts_rule *rule, char *ret,
		   size_t bytes)
{
	for (size_t i = 0; i < cplus->n_rules; i++) {
		const struct ts_cplus_rule *one = &cplus->rules[i];

		if (one->rule != rule)
			continue;
		if (cplus->refused)
			snprintf(ret, bytes,
				 "the module demangle, which reads C++ and Rust names, "
				 "could not be opened");
		else if (one->near)
			snprintf(ret, bytes, "%s defines it with other parameters: %s%s",
				 one->near_object, one->near,
				 one->near_is_const && !rule->prototype.method
					 ? "; 'this' stands before those of a member function"
					 : "");
		return cplus->refused || one->near;
	}
	return false;
}
