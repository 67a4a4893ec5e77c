// SPDX-License-Identifier: Apache-2.0
/* python MODULE:QUALNAME : fails if None */

#include "conf_python.h"

#include <errno.h>

#include "../prototype/fault.h"
#include "../prototype/spelling.h"
#include "../system/arena.h"

static const char keyword[] = "python";

bool ts_python_is_rule(struct ts_slice value)
{
	size_t n = sizeof(keyword) - 1;

	return ts_slice_starts(value, keyword) && (value.bytes == n || ts_is_space(value.text[n]));
}

/* How long the UTF-8 sequence is that `text` begins with; 0: it is none. */
static size_t letter_bytes(struct ts_slice text)
{
	const unsigned char *c = (const unsigned char *)text.text;
	size_t n = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;

	if (c[0] < 0xc2 || c[0] > 0xf4 || text.bytes < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	/* longer than need be, halves of pairs, beyond the last letter */
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return n;
}

/* What may stand in a name: identifiers, dots, globs; "<locals>"; any letter that is not ASCII. */
static bool is_name_byte(char c)
{
	return (ts_is_word(c) && c != '$') || c == '.' || c == '*' || c == '?' || c == '<' ||
	       c == '>';
}

static size_t name_bytes(struct ts_slice text)
{
	size_t n = 0, letter;

	for (; n < text.bytes; n += letter) {
		letter = is_name_byte(text.text[n]) ? 1 : letter_bytes(ts_slice_from(text, n));
		if (!letter)
			break;
	}
	return n;
}

/* A dotted name: no part of it is empty. */
static bool is_dotted(struct ts_slice name)
{
	char before = '.';

	for (size_t i = 0; i < name.bytes; i++) {
		if (name.text[i] == '.' && before == '.')
			return false;
		before = name.text[i];
	}
	return name.bytes && before != '.';
}

static int expected(struct ts_fault *fault, struct ts_slice at, const char *what)
{
	if (!at.bytes)
		return ts_fault_at(fault, at.column, "expected %s", what);
	return ts_fault_at(fault, at.column, "expected %s, found '%s'", what, ts_quote(at).text);
}

/* Takes a word, or an operator and what stands behind it, from the start of *text. */
static bool take(struct ts_slice *text, const char *word)
{
	size_t n = strlen(word);

	if (!ts_slice_starts(*text, word) ||
	    (text->bytes > n && ts_is_word(word[n - 1]) && ts_is_word(text->text[n])))
		return false;
	*text = ts_slice_trim(ts_slice_from(*text, n));
	return true;
}

static bool take_condition(struct ts_slice *text, enum ts_fails *ret)
{
	static const struct {
		const char *word, *operand;
		enum ts_fails fails;
	} conditions[] = {
		{"None", NULL, TS_FAILS_NULL},   {"NULL", NULL, TS_FAILS_NULL},
		{"False", NULL, TS_FAILS_FALSE}, {"false", NULL, TS_FAILS_FALSE},
		{"<", "0", TS_FAILS_BELOW_ZERO}, {"!=", "0", TS_FAILS_NOT_ZERO},
	};

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		struct ts_slice rest = *text;

		if (!take(&rest, conditions[i].word) ||
		    (conditions[i].operand && !take(&rest, conditions[i].operand)))
			continue;
		*text = rest;
		*ret = conditions[i].fails;
		return true;
	}
	return false;
}

static int read_fails(struct ts_slice text, struct ts_rule *rule, struct ts_fault *fault)
{
	struct ts_slice words = text;

	if (!take(&words, "fails") || !take(&words, "if"))
		return expected(fault, text, "'fails if' after ':'");
	if (!take_condition(&words, &rule->fails))
		return expected(fault, words, "'None', 'False', '< 0' or '!= 0' after 'fails if'");
	return words.bytes ? expected(fault, words, "the end of the line") : 0;
}

/* MODULE ":" QUALNAME from the start of `text`; *ret_rest is what follows. */
static int read_name(struct ts_slice text, struct ts_arena *arena, struct ts_rule *rule,
		     struct ts_slice *ret_rest, struct ts_fault *fault)
{
	struct ts_slice module = ts_slice_until(text, name_bytes(text)), name, behind;
	size_t bytes;

	if (!is_dotted(module))
		return expected(fault, text, "a module, as in 'python bot.agents:Trainer.run'");
	name = ts_slice_from(text, module.bytes);
	if (!name.bytes || name.text[0] != ':')
		return expected(fault, name, "':' between the module and its function");
	behind = ts_slice_from(name, 1);
	name = ts_slice_until(behind, name_bytes(behind));
	*ret_rest = ts_slice_trim(ts_slice_from(behind, name.bytes));
	if (!is_dotted(name))
		return expected(fault, behind, "a function behind the ':'");
	bytes = module.bytes + 1 + name.bytes;
	rule->prototype.function = ts_arena_strndup(arena, text.text, bytes);
	rule->python.module = ts_arena_strndup(arena, module.text, module.bytes);
	rule->python.function = ts_arena_strndup(arena, name.text, name.bytes);
	rule->python.glob = memchr(text.text, '*', bytes) || memchr(text.text, '?', bytes);
	return rule->prototype.function && rule->python.module && rule->python.function ? 0
											: -ENOMEM;
}

int ts_python_read(struct ts_slice value, struct ts_arena *arena, struct ts_rule *rule,
		   struct ts_fault *fault)
{
	struct ts_slice rest = ts_slice_trim(ts_slice_from(value, sizeof(keyword) - 1));
	int r = read_name(rest, arena, rule, &rest, fault);

	if (r < 0 || !rest.bytes)
		return r;
	if (rest.text[0] != ':')
		return expected(fault, rest, "the end of the line, or ': fails if'");
	return read_fails(ts_slice_trim(ts_slice_from(rest, 1)), rule, fault);
}
