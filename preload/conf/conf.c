// SPDX-License-Identifier: Apache-2.0
/* The scanner of symbols.conf: lines -> sections, settings and rules. */

#include "conf.h"

#include <errno.h>

#include "../prototype/fault.h"
#include "../prototype/spelling.h"
#include "../system/arena.h"
#include "conf_python.h"
#include "conf_setting.h"
#include "conf_wire.h"

#define MAX_FAULTS 100
#define MAX_RULES  65536

enum section { SECTION_NONE, SECTION_UNKNOWN, SECTION_TRACE, SECTION_WIRE, SECTION_RULES };

struct reader {
	struct ts_conf *conf;
	struct ts_arena *arena;
	enum section section;
	enum ts_kind kind; /* SECTION_RULES */
	uint32_t line;
	size_t room;     /* for rules */
	uint32_t n_more; /* wrong lines past MAX_FAULTS */
};

static const struct {
	const char *name;
	enum section section;
	enum ts_kind kind;
} sections[] = {
	{"trace", SECTION_TRACE, 0},
	{"wire", SECTION_WIRE, 0},
	{"pipeline", SECTION_RULES, TS_KIND_PIPELINE},
	{"agent", SECTION_RULES, TS_KIND_AGENT},
	{"llm", SECTION_RULES, TS_KIND_LLM},
	{"tool", SECTION_RULES, TS_KIND_TOOL},
	{"step", SECTION_RULES, TS_KIND_STEP},
};

#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

/* --- faults ---------------------------------------------------------------------------------- */

/* Where this line's fault goes; NULL where there are enough of them and it is only counted. */
static struct ts_fault *fault_of(struct reader *reader)
{
	struct ts_conf *conf = reader->conf;

	return conf->n_faults < MAX_FAULTS ? &conf->faults[conf->n_faults] : NULL;
}

static void count_fault(struct reader *reader)
{
	struct ts_fault *fault = &reader->conf->faults[MAX_FAULTS];

	if (reader->conf->n_faults < MAX_FAULTS) {
		reader->conf->faults[reader->conf->n_faults++].line = reader->line;
		return;
	}
	if (!reader->n_more++)
		fault->line = reader->line;
}

static void finish_faults(struct reader *reader)
{
	struct ts_conf *conf = reader->conf;

	if (!reader->n_more)
		return;
	ts_fault_at(&conf->faults[MAX_FAULTS], 1, "wrong lines from here on: %u", reader->n_more);
	conf->n_faults++;
}

/* --- sections -------------------------------------------------------------------------------- */

static int unknown_section(struct reader *reader, struct ts_slice name)
{
	struct ts_spelling spelling = ts_spelling_of(name);
	struct ts_fault *fault = fault_of(reader);

	if (!fault)
		return -EINVAL;
	for (size_t i = 0; i < N_SECTIONS; i++)
		ts_spelling_offer(&spelling, sections[i].name);
	return ts_fault_at(fault, name.column,
			   "unknown section '%s'%s; what stands in it is left out",
			   ts_quote(name).text, ts_spelling_hint(&spelling).text);
}

static int enter_section(struct reader *reader, struct ts_slice name)
{
	for (size_t i = 0; i < N_SECTIONS; i++) {
		if (!ts_slice_is(name, sections[i].name))
			continue;
		reader->section = sections[i].section;
		reader->kind = sections[i].kind;
		if (reader->section == SECTION_WIRE && !reader->conf->wire.line)
			reader->conf->wire.line = reader->line;
		return 0;
	}
	reader->section = SECTION_UNKNOWN;
	return unknown_section(reader, name);
}

static int read_section(struct reader *reader, struct ts_slice line)
{
	const char *close = memchr(line.text, ']', line.bytes);
	size_t n = close ? (size_t)(close - line.text) : line.bytes;
	struct ts_slice rest = ts_slice_from(line, n);
	int r = enter_section(reader, ts_slice_trim(ts_slice_from(ts_slice_until(line, n), 1)));

	if (r < 0)
		return r;
	if (!close)
		return ts_fault_at(fault_of(reader), rest.column,
				   "expected ']' after the section's name");
	rest = ts_slice_trim(ts_slice_from(rest, 1));
	if (!rest.bytes)
		return 0;
	return ts_fault_at(fault_of(reader), rest.column,
			   "expected the end of the line after ']', found '%s'",
			   ts_quote(rest).text);
}

/* --- settings -------------------------------------------------------------------------------- */

static int unknown_setting(struct reader *reader, const struct ts_spelling *spelling,
			   const char *expected)
{
	struct ts_fault *fault = fault_of(reader);

	if (!fault)
		return -EINVAL;
	return ts_fault_at(fault, spelling->word.column, "unknown setting '%s'%s; expected %s",
			   ts_quote(spelling->word).text, ts_spelling_hint(spelling).text,
			   expected);
}

static int read_setting(struct reader *reader, struct ts_slice key, struct ts_slice value)
{
	struct ts_spelling spelling = ts_spelling_of(key);

	for (int i = 0; i < TS_SETTING_COUNT; i++) {
		const char *name = ts_setting_name(i);

		if (ts_slice_is(key, name))
			return ts_setting_read(reader->conf, i, value, reader->arena,
					       fault_of(reader));
		ts_spelling_offer(&spelling, name);
	}
	return unknown_setting(reader, &spelling,
			       "capture, redact, orphans, stacks, backlog or prices");
}

static int read_wire(struct reader *reader, struct ts_slice key, struct ts_slice value)
{
	struct ts_spelling spelling = ts_spelling_of(key);
	const char *name;

	for (size_t i = 0; (name = ts_wire_setting_name(i)); i++) {
		if (ts_slice_is(key, name))
			return ts_wire_setting_read(&reader->conf->wire, i, value, reader->arena,
						    fault_of(reader));
		ts_spelling_offer(&spelling, name);
	}
	return unknown_setting(reader, &spelling, "openssl, http or gateway");
}

/* --- rules ----------------------------------------------------------------------------------- */

/* Where ": fails if" begins, past the '::' of C++; all of the value where it does not. */
static size_t find_fails(struct ts_slice value)
{
	for (size_t i = 0; i < value.bytes; i++) {
		if (value.text[i] != ':')
			continue;
		if (i + 1 < value.bytes && value.text[i + 1] == ':')
			i++;
		else
			return i;
	}
	return value.bytes;
}

static int name_rule(struct reader *reader, struct ts_rule *rule, struct ts_slice key)
{
	bool star = memchr(key.text, '*', key.bytes) != NULL;

	rule->key = ts_arena_strndup(reader->arena, key.text, key.bytes);
	rule->name = star ? NULL : rule->key;
	if (!rule->key)
		return -ENOMEM;
	if (!star || rule->glob || rule->python.glob)
		return 0;
	return ts_fault_at(fault_of(reader), key.column,
			   "a name with '*' stands for the functions of a glob, '%s' is none",
			   ts_quote((struct ts_slice){rule->prototype.function,
						      strlen(rule->prototype.function), 0})
				   .text);
}

static int read_native(struct reader *reader, struct ts_rule *rule, struct ts_slice value)
{
	struct ts_fault *fault = fault_of(reader);
	size_t n = find_fails(value);
	int r = ts_prototype_parse(value.text, n, value.column, reader->arena, &rule->prototype,
				   fault);

	rule->glob = rule->prototype.glob;
	if (r < 0 || n == value.bytes)
		return r;
	value = ts_slice_from(value, n + 1);
	return ts_fails_parse(value.text, value.bytes, value.column, &rule->prototype.result,
			      &rule->fails, fault);
}

static int read_rule(struct reader *reader, struct ts_slice key, struct ts_slice value)
{
	struct ts_rule *rule = &reader->conf->rules[reader->conf->n_rules];
	struct ts_fault *fault = fault_of(reader);
	int r;

	if (reader->conf->n_rules == reader->room)
		return ts_fault_at(fault, key.column, "more than %d rules", MAX_RULES);
	*rule = (struct ts_rule){.kind = reader->kind, .line = reader->line};
	r = ts_python_is_rule(value) ? ts_python_read(value, reader->arena, rule, fault)
				     : read_native(reader, rule, value);
	if (r == 0)
		r = name_rule(reader, rule, key);
	if (r == 0)
		reader->conf->n_rules++;
	return r;
}

/* --- lines ----------------------------------------------------------------------------------- */

static bool is_key_byte(char c)
{
	return (ts_is_word(c) && c != '$') || c == '-' || c == '.' || c == '*';
}

static int not_a_key(struct reader *reader, struct ts_slice line)
{
	if (line.text[0] == '=')
		return ts_fault_at(fault_of(reader), line.column, "expected a name before '='");
	return ts_fault_at(fault_of(reader), line.column,
			   "expected a name, a [section] or a comment, found '%s'",
			   ts_quote(ts_slice_until(line, 1)).text);
}

static int read_pair(struct reader *reader, struct ts_slice key, struct ts_slice value)
{
	switch (reader->section) {
	case SECTION_TRACE:
		return read_setting(reader, key, value);
	case SECTION_WIRE:
		return read_wire(reader, key, value);
	case SECTION_RULES:
		return read_rule(reader, key, value);
	case SECTION_UNKNOWN: /* its header was the fault */
		return 0;
	default:
		return ts_fault_at(fault_of(reader), key.column,
				   "'%s' stands in no section: write [pipeline], [agent], [llm], "
				   "[tool], [step], [wire] or [trace] before it",
				   ts_quote(key).text);
	}
}

static int read_key(struct reader *reader, struct ts_slice line)
{
	bool is_setting = reader->section == SECTION_TRACE || reader->section == SECTION_WIRE;
	struct ts_slice key, rest;
	size_t n = 0;

	while (n < line.bytes && is_key_byte(line.text[n]))
		n++;
	if (!n)
		return not_a_key(reader, line);
	key = ts_slice_until(line, n);
	rest = ts_slice_trim(ts_slice_from(line, n));
	if (!rest.bytes)
		return ts_fault_at(fault_of(reader), rest.column, "expected '=' after '%s'",
				   ts_quote(key).text);
	if (rest.text[0] != '=')
		return ts_fault_at(fault_of(reader), rest.column,
				   "expected '=' after '%s', found '%s'", ts_quote(key).text,
				   ts_quote(rest).text);
	rest = ts_slice_trim(ts_slice_from(rest, 1));
	if (!rest.bytes)
		return ts_fault_at(fault_of(reader), rest.column, "expected a %s after '%s ='",
				   is_setting ? "value" : "function", ts_quote(key).text);
	return read_pair(reader, key, rest);
}

/* Up to a '#' at its start or after white space. */
static struct ts_slice without_comment(struct ts_slice line)
{
	const char *end = line.text + line.bytes;
	const char *at = line.text;

	while (at < end && (at = memchr(at, '#', (size_t)(end - at)))) {
		if (at == line.text || ts_is_space(at[-1]))
			return ts_slice_until(line, (size_t)(at - line.text));
		at++;
	}
	return line;
}

static struct ts_slice next_line(struct ts_slice *rest)
{
	const char *end = memchr(rest->text, '\n', rest->bytes);
	size_t n = end ? (size_t)(end - rest->text) : rest->bytes;
	struct ts_slice line = {rest->text, n, 1};

	*rest = ts_slice_from(*rest, end ? n + 1 : n);
	return ts_slice_trim(without_comment(line));
}

/* The file names a pipeline all the same: what lies outside is not to become a trace each. */
static void note_lost_pipeline(struct reader *reader)
{
	if (reader->section == SECTION_RULES && reader->kind == TS_KIND_PIPELINE &&
	    reader->conf->orphans == TS_ORPHANS_AUTO)
		reader->conf->orphans = TS_ORPHANS_DROP;
}

static int read_line(struct reader *reader, struct ts_slice line)
{
	int r;

	if (!line.bytes)
		return 0;
	r = line.text[0] == '[' ? read_section(reader, line) : read_key(reader, line);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		count_fault(reader);
		note_lost_pipeline(reader);
	}
	return 0;
}

/* --- the file -------------------------------------------------------------------------------- */

/* Room for as many rules as there may be; what is not used is never touched and costs nothing. */
static size_t most_rules(struct ts_slice text)
{
	const char *end = text.text + text.bytes;
	size_t n = 0;

	for (const char *at = text.text; n < MAX_RULES; at++, n++) {
		at = memchr(at, '=', (size_t)(end - at));
		if (!at)
			break;
	}
	return n;
}

static int start(struct reader *reader, struct ts_slice text, const char *path)
{
	struct ts_conf *conf = reader->conf;

	reader->room = most_rules(text);
	conf->path = ts_arena_strndup(reader->arena, path, strlen(path));
	conf->rules = ts_arena_alloc(reader->arena,
				     (reader->room + TS_WIRE_MAX_RULES) * sizeof(*conf->rules));
	conf->faults = ts_arena_alloc(reader->arena, (MAX_FAULTS + 1) * sizeof(*conf->faults));
	if (!conf->path || !conf->rules || !conf->faults)
		return -ENOMEM;
	return ts_setting_defaults(conf, reader->arena);
}

bool ts_conf_traces_orphans(const struct ts_conf *conf)
{
	for (size_t i = 0; i < conf->n_written; i++)
		if (conf->rules[i].kind == TS_KIND_PIPELINE)
			return conf->orphans == TS_ORPHANS_TRACE;
	return conf->orphans != TS_ORPHANS_DROP;
}

/* Some editors call that Unicode. */
static bool refuse_utf16(struct reader *reader, struct ts_slice text)
{
	if (!ts_slice_starts(text, "\xff\xfe") && !ts_slice_starts(text, "\xfe\xff"))
		return false;
	reader->line = 1;
	ts_fault_at(fault_of(reader), 1, "the file is written in UTF-16; save it as UTF-8");
	count_fault(reader);
	return true;
}

int ts_conf_parse(const char *text, size_t bytes, const char *path, struct ts_arena *arena,
		  struct ts_conf *ret)
{
	static const char mark[] = "\xef\xbb\xbf"; /* some editors begin UTF-8 with it */
	struct ts_conf conf = {.n_rules = 0};
	struct reader reader = {.conf = &conf, .arena = arena};
	struct ts_slice rest = {text, bytes, 1};
	int r = start(&reader, rest, path);

	if (r < 0)
		return r;
	if (bytes >= 3 && memcmp(text, mark, 3) == 0)
		rest = ts_slice_from(rest, 3);
	else if (refuse_utf16(&reader, rest))
		rest.bytes = 0;
	while (rest.bytes) {
		struct ts_slice line = next_line(&rest);

		reader.line++;
		r = read_line(&reader, line);
		if (r < 0)
			return r;
	}
	finish_faults(&reader);
	conf.n_written = conf.n_rules;
	ts_setting_redact(&conf);
	r = ts_wire_add_rules(&conf, arena);
	if (r < 0)
		return r;
	*ret = conf;
	return 0;
}
