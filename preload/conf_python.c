// SPDX-License-Identifier: Apache-2.0
/* python MODULE:QUALNAME : fails if None */

#include "conf_python.h"

#include <errno.h>

#include "arena.h"
#include "fault.h"
#include "spelling.h"

static const char keyword[] = "python";

bool ts_python_is_rule(struct ts_slice value)
{
	size_t n = sizeof(keyword) - 1;

	return value.bytes > n && ts_slice_starts(value, keyword) && ts_is_space(value.text[n]);
}

/* What may stand in a name: identifiers, dots, globs; "<locals>"; any letter that is not ASCII. */
static bool is_name_byte(char c)
{
	return ts_is_word(c) || c == '.' || c == '*' || c == '?' || c == '<' || c == '>' ||
	       (unsigned char)c >= 0x80;
}

static size_t name_bytes(struct ts_slice text)
{
	size_t n = 0;

	while (n < text.bytes && is_name_byte(text.text[n]))
		n++;
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

static int read_fails(struct ts_slice text, struct ts_rule *rule, struct ts_fault *fault)
{
	static const struct {
		const char *text;
		enum ts_fails fails;
	} conditions[] = {
		{"None", TS_FAILS_NULL},      {"NULL", TS_FAILS_NULL},
		{"False", TS_FAILS_FALSE},    {"false", TS_FAILS_FALSE},
		{"< 0", TS_FAILS_BELOW_ZERO}, {"<0", TS_FAILS_BELOW_ZERO},
		{"!= 0", TS_FAILS_NOT_ZERO},  {"!=0", TS_FAILS_NOT_ZERO},
	};
	static const char *const words[] = {"fails", "if"};

	for (size_t i = 0; i < 2; i++) {
		if (!ts_slice_starts(text, words[i]))
			return expected(fault, text, "'fails if' after ':'");
		text = ts_slice_trim(ts_slice_from(text, strlen(words[i])));
	}
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		if (!ts_slice_is(text, conditions[i].text))
			continue;
		rule->fails = conditions[i].fails;
		return 0;
	}
	return expected(fault, text, "'None', 'False', '< 0' or '!= 0' after 'fails if'");
}

/* MODULE ":" QUALNAME from the start of `text`; *ret_rest is what follows. */
static int read_name(struct ts_slice text, struct ts_arena *arena, struct ts_rule *rule,
		     struct ts_slice *ret_rest, struct ts_fault *fault)
{
	struct ts_slice module = ts_slice_until(text, name_bytes(text)), name;
	size_t bytes;

	if (!is_dotted(module))
		return expected(fault, text, "a module, as in 'python bot.agents:Trainer.run'");
	name = ts_slice_from(text, module.bytes);
	if (!name.bytes || name.text[0] != ':')
		return expected(fault, name, "':' between the module and its function");
	name = ts_slice_from(name, 1);
	*ret_rest = ts_slice_trim(ts_slice_from(name, name_bytes(name)));
	name = ts_slice_until(name, name_bytes(name));
	if (!is_dotted(name))
		return expected(fault, name, "a function behind the ':'");
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
