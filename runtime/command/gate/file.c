// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal/display.h"
#include "../terminal/print.h"
#include "rule.h"

#define MOST_BYTES (1024 * 1024)

static const char *const actions[] = {"warn", "fail", "block-deploy"};

const char *ts_gate_action_name(enum ts_gate_action action)
{
	return actions[action];
}

/* --- lines ----------------------------------------------------------------------------------- */

static struct ts_gate_section *section_of(const struct ts_gate_reader *reader)
{
	return reader->file->n ? &reader->file->sections[reader->file->n - 1] : NULL;
}

/* What a section must have is known at its end. */
static void end_section(struct ts_gate_reader *reader)
{
	const struct ts_gate_section *section = section_of(reader);
	unsigned number = reader->number;

	if (!section || section->n || reader->skips || reader->file->n_faults)
		return;
	reader->number = section->line;
	ts_gate_fault_at(reader, reader->line,
			 "gate '%.*s' requires nothing: require = p95_ms <= 1500", TS_GATE_QUOTED,
			 section->name);
	reader->number = number;
}

static void begin_section(struct ts_gate_reader *reader, struct ts_gate_word line)
{
	static const char *const gate = "gate";
	struct ts_gate_word inside = {line.at + 1, line.n - 1}, kind, name;
	struct ts_gate_section *section;

	end_section(reader);
	reader->skips = true;
	if (line.at[line.n - 1] != ']') {
		ts_gate_fault_at(reader, line.at + line.n,
				 "expected ']' at the end of the section's name");
		return;
	}
	inside.n--;
	name = ts_gate_trim(inside);
	kind = ts_gate_next(&name);
	name = ts_gate_trim(name);
	if (!ts_gate_is(kind, gate)) {
		ts_gate_fault_at(reader, kind.at, "unknown section %s%s; a section is [gate NAME]",
				 ts_gate_quote(kind).text, ts_gate_hint(kind, &gate, 1).text);
		return;
	}
	if (!name.n) {
		ts_gate_fault_at(reader, kind.at + kind.n, "expected a name: [gate NAME]");
		return;
	}
	for (size_t i = 0; i < reader->file->n; i++)
		if (ts_gate_is(name, reader->file->sections[i].name)) {
			ts_gate_fault_at(reader, name.at, "there is a gate %s already, in line %u",
					 ts_gate_quote(name).text, reader->file->sections[i].line);
			return;
		}
	section = ts_gate_push(reader, &reader->file->sections, &reader->file->n, sizeof(*section));
	if (!section)
		return;
	section->name = ts_gate_copy(reader, name);
	section->action = TS_GATE_FAIL;
	section->line = reader->number;
	reader->skips = reader->has_pipeline = reader->has_action = false;
}

static void take_require(struct ts_gate_reader *reader, struct ts_gate_word value)
{
	struct ts_gate_section *section = section_of(reader);
	struct ts_requirement requirement = {.percent = 0};
	struct ts_gate_rule *rule;

	if (ts_gaterule_parse(reader, value, &requirement) < 0)
		return;
	rule = ts_gate_push(reader, &section->rules, &section->n, sizeof(*rule));
	if (!rule)
		return;
	rule->requirement = requirement;
	rule->text = ts_gaterule_text(reader, value);
	rule->line = reader->number;
}

static void take_action(struct ts_gate_reader *reader, struct ts_gate_word value)
{
	const size_t n = sizeof(actions) / sizeof(actions[0]);
	size_t i = ts_gate_find(value, actions, n);

	if (i < n)
		section_of(reader)->action = (enum ts_gate_action)i;
	else
		ts_gate_fault_at(reader, value.at,
				 "unknown action %s%s; there are warn, fail and block-deploy",
				 ts_gate_quote(value).text, ts_gate_hint(value, actions, n).text);
}

/* A key that may stand in a section but once. */
static bool is_first(struct ts_gate_reader *reader, struct ts_gate_word key, bool *seen)
{
	if (*seen)
		ts_gate_fault_at(reader, key.at, "%s is given twice in this section",
				 ts_gate_quote(key).text);
	return !*seen && (*seen = true);
}

static void take_pair(struct ts_gate_reader *reader, struct ts_gate_word key,
		      struct ts_gate_word value)
{
	static const char *const keys[] = {"pipeline", "require", "action"};

	if (ts_gate_find(key, keys, 3) == 3)
		ts_gate_fault_at(reader, key.at,
				 "unknown key %s%s; there are pipeline, require and action",
				 ts_gate_quote(key).text, ts_gate_hint(key, keys, 3).text);
	else if (!value.n)
		ts_gate_fault_at(reader, key.at + key.n, "expected a value: %.*s = ...", (int)key.n,
				 key.at);
	else if (ts_gate_is(key, "require"))
		take_require(reader, value);
	else if (ts_gate_is(key, "action") && is_first(reader, key, &reader->has_action))
		take_action(reader, value);
	else if (ts_gate_is(key, "pipeline") && is_first(reader, key, &reader->has_pipeline))
		section_of(reader)->pipeline = ts_gate_copy(reader, value);
}

/* A comment begins at the start of a line, or after a space. */
static struct ts_gate_word without_comment(struct ts_gate_word line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.at[i] == '#' && (!i || ts_gate_is_space(line.at[i - 1])))
			line.n = i;
	return ts_gate_trim(line);
}

static void take_line(struct ts_gate_reader *reader, struct ts_gate_word line)
{
	const char *equals;

	line = without_comment(line);
	if (!line.n)
		return;
	if (*line.at == '[') {
		begin_section(reader, line);
		return;
	}
	if (reader->skips)
		return;
	equals = memchr(line.at, '=', line.n);
	if (!section_of(reader)) {
		ts_gate_fault_at(reader, line.at, "expected a section before this: [gate NAME]");
		reader->skips = true;
	} else if (!equals) {
		ts_gate_fault_at(reader, line.at, "expected KEY = VALUE, not %s",
				 ts_gate_quote(line).text);
	} else {
		take_pair(reader,
			  ts_gate_trim((struct ts_gate_word){line.at, (size_t)(equals - line.at)}),
			  ts_gate_trim((struct ts_gate_word){
				  equals + 1, (size_t)(line.at + line.n - equals) - 1}));
	}
}

int ts_gatefile_parse(struct ts_gate_file *ret, const char *text, size_t bytes)
{
	struct ts_gate_reader reader = {.file = ret, .line = text};
	const char *end = text + bytes;

	*ret = (struct ts_gate_file){.n = 0};
	while (reader.line < end) {
		const char *line_end = memchr(reader.line, '\n', (size_t)(end - reader.line));
		size_t n = (size_t)((line_end ? line_end : end) - reader.line);

		reader.number++;
		if (memchr(reader.line, '\0', n))
			ts_gate_fault_at(&reader, memchr(reader.line, '\0', n),
					 "a NUL: this is no text");
		else
			take_line(&reader, (struct ts_gate_word){reader.line, n});
		reader.line += n + 1;
	}
	reader.line = text;
	end_section(&reader);
	if (!ret->n && !ret->n_faults) {
		reader.number = 1;
		ts_gate_fault_at(&reader, text, "there is no gate in it: [gate NAME]");
	}
	return reader.no_memory ? -ENOMEM : 0;
}

/* --- files ----------------------------------------------------------------------------------- */

/* All of it; NULL with the reason said. */
static char *read_all(const char *path, size_t *ret_bytes)
{
	FILE *from = fopen(path, "re");
	char *text = malloc(MOST_BYTES + 1);

	errno = from ? 0 : errno;
	*ret_bytes = from && text ? fread(text, 1, MOST_BYTES + 1, from) : 0;
	if (!from || !text || ferror(from))
		ts_say("%s: %s", path, strerror(errno ? errno : ENOMEM));
	else if (*ret_bytes > MOST_BYTES)
		ts_say("%s: longer than 1 MB, which no file of gates is", path);
	else {
		fclose(from);
		return text;
	}
	if (from)
		fclose(from);
	free(text);
	return NULL;
}

/* As compilers do, so that an editor finds the place. */
static void say_fault(const char *path, const struct ts_gate_fault *fault)
{
	ts_display_put(stderr, path, PATH_MAX, "");
	fprintf(stderr, ":%u:%u: ", fault->line, fault->column);
	ts_display_put(stderr, fault->text, sizeof(fault->text) * 4, "");
	fputc('\n', stderr);
}

int ts_gatefile_read(struct ts_gate_file *ret, const char *path)
{
	size_t bytes;
	char *text = read_all(path, &bytes);
	int result;

	*ret = (struct ts_gate_file){.n = 0};
	if (!text)
		return -EINVAL;
	result = ts_gatefile_parse(ret, text, bytes);
	free(text);
	if (result < 0)
		ts_say("out of memory");
	for (size_t i = 0; i < ret->n_faults; i++)
		say_fault(path, &ret->faults[i]);
	return result < 0 ? result : ret->n_faults ? -EINVAL : 0;
}

void ts_gatefile_release(struct ts_gate_file *file)
{
	for (size_t i = 0; i < file->n; i++)
		free(file->sections[i].rules);
	free(file->sections);
	free(file->faults);
	ts_pool_release(&file->pool);
}
