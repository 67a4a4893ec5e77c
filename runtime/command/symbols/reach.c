// SPDX-License-Identifier: Apache-2.0
#include "reach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../functions/names.h"
#include "../program/ask.h"
#include "../terminal/print.h"

/* Rules of one question: the shim has room for 16,384 wrapped functions. */
#define MOST_RULES 8000

struct entry {
	const struct ts_catalogue_object *object;
	struct ts_catalogue_function *function;
};

struct question {
	struct ts_catalogue *catalogue;
	char folder[PATH_MAX];
	char conf[PATH_MAX + 16];
	struct entry *entries;
	size_t n;
};

/* --- rules ----------------------------------------------------------------------------------- */

/* An object's name as a rule can have it behind '@', or NULL. */
static const char *writable_object(const struct ts_catalogue_object *object)
{
	return object->name[strcspn(object->name, " \t\r\n\v\f(*?#")] ? NULL : object->name;
}

/* `text` with "@OBJECT" behind the function's name in it. */
static char *restricted(const char *text, const char *name, const char *object)
{
	char *rule = NULL;
	const char *behind = strstr(text, name);
	size_t n;

	/* the parameters' list, which is not that of operator() */
	behind = strchr(behind ? behind + strlen(name) : text, '(');
	behind = behind ? behind : text + strlen(text);
	n = (size_t)(behind - text);
	if (n < strlen(name) || asprintf(&rule, "%.*s@%s%s", (int)n, text, object, behind) < 0)
		return NULL;
	return rule;
}

char *ts_reach_rule(const struct ts_catalogue_object *object,
		    const struct ts_catalogue_function *function)
{
	const char *text = function->prototype ? function->prototype : function->name;
	const char *where = function->shared ? writable_object(object) : NULL;

	if (!where)
		return strdup(text);
	return restricted(text,
			  text == function->name || !function->qualified ? function->name
									 : function->qualified,
			  where);
}

/* --- questions ------------------------------------------------------------------------------- */

/* A second rule of the same text would find its function taken: constructors have variants. */
static bool is_left_out(const struct question *question, size_t i)
{
	const struct ts_catalogue_function *function = question->entries[i].function;
	const struct ts_catalogue_function *before = i ? question->entries[i - 1].function : NULL;

	if (!function->qualified || !function->prototype)
		return false;
	return before && before->prototype && strcmp(before->prototype, function->prototype) == 0;
}

/* The rule of entries[i] stands in line i + 2. */
static int write_conf(const struct question *question, size_t from, size_t n, bool prototypes)
{
	FILE *file = fopen(question->conf, "we");
	int result = 0;

	if (!file)
		return -errno;
	fputs("[tool]\n", file);
	for (size_t i = from; i < from + n; i++) {
		const struct ts_catalogue_object *object = question->entries[i].object;
		const struct ts_catalogue_function *function = question->entries[i].function;
		const char *where = writable_object(object);
		char *rule = prototypes ? ts_reach_rule(object, function) : NULL;

		if (prototypes && is_left_out(question, i))
			fputc('\n', file);
		else if (prototypes)
			fprintf(file, "%s = %s\n", function->key, rule ? rule : "");
		else
			fprintf(file, "r = %s%s%s\n", function->name, where ? "@" : "",
				where ? where : "");
		free(rule);
	}
	if (ferror(file))
		result = -EIO;
	if (fclose(file))
		result = -EIO;
	return result;
}

static const char *keep(struct question *question, const char *text)
{
	const char *kept = ts_pool_strndup(&question->catalogue->pool, text, strlen(text));

	return kept ? kept : "out of memory";
}

/* A miss in words that need no file: lines are those of the question's own. */
static const char *reason_of(struct question *question, struct ts_catalogue_function *function,
			     const char *miss)
{
	static const char same[] = " names the same code as ";
	const char *other = strstr(miss, same);
	char *text = NULL, *demangled;
	const char *kept;

	if (!other)
		return keep(question, miss);
	demangled = ts_name_of_symbol(other + sizeof(same) - 1, false);
	function->variant =
		demangled && function->qualified && strcmp(demangled, function->qualified) == 0;
	free(demangled);
	if (asprintf(&text, "the same code as %s: a rule for one of them is for both",
		     other + sizeof(same) - 1) < 0)
		return "out of memory";
	kept = keep(question, text);
	free(text);
	return kept;
}

static struct ts_catalogue_function *function_at(const struct question *question, size_t from,
						 size_t n, long line)
{
	return line >= 2 && (size_t)line - 2 < n
		       ? question->entries[from + (size_t)line - 2].function
		       : NULL;
}

static void take_rule(struct question *question, struct ts_catalogue_function *function,
		      const struct ts_rule_report *rule)
{
	for (size_t i = 0; i < rule->n_hooks; i++) {
		function->reached = true;
		function->entry |= rule->hooks[i].entry;
		function->slots += rule->hooks[i].slots;
	}
	function->reason = NULL;
	if (!function->reached && !function->n)
		function->reason = function->note;
	else if (!function->reached)
		function->reason = rule->n_misses ? reason_of(question, function, rule->misses[0])
						  : "the shim does not say why";
	if (rule->n_unseen)
		function->unseen = keep(question, rule->unseen[0].reason);
}

/* What the shim makes of the bare names. */
static int ask_names(struct question *question, size_t from, size_t n, const char *path,
		     char **argv)
{
	struct ts_catalogue_function *function;
	struct ts_rules report;
	int result = ts_ask(path, argv, question->conf, &report);

	if (result < 0)
		return result;
	for (size_t i = from; i < from + n; i++)
		question->entries[i].function->reason = "no rule can spell its name";
	for (size_t i = 0; i < report.n_rules; i++) {
		function = function_at(question, from, n, report.rules[i].line);
		if (function)
			take_rule(question, function, &report.rules[i]);
	}
	for (size_t i = 0; i < report.n_faults; i++) {
		function = function_at(question, from, n, report.faults[i].line);
		if (function)
			function->reason = keep(question, report.faults[i].message);
	}
	ts_rules_release(&report);
	return 0;
}

/* C++ knows its functions by their parameters: a rule may be right and name none. */
static bool names_nothing(const struct ts_catalogue_function *function,
			  const struct ts_rule_report *rule)
{
	return function->qualified && function->prototype && function->reached && !rule->n_hooks;
}

static bool take_faults(struct question *question, size_t from, size_t n,
			const struct ts_rules *report)
{
	bool found = false;

	for (size_t i = 0; i < report->n_faults; i++) {
		struct ts_catalogue_function *function =
			function_at(question, from, n, report->faults[i].line);

		if (!function || !function->prototype)
			continue;
		found = true;
		function->prototype = NULL;
		function->note = keep(question, report->faults[i].message);
	}
	return found;
}

/* Takes away the prototypes that the shim does not take. 1: there may be more of them. */
static int ask_prototypes(struct question *question, size_t from, size_t n, const char *path,
			  char **argv)
{
	struct ts_rules report;
	int result = ts_ask(path, argv, question->conf, &report);

	if (result < 0)
		return result;
	result = take_faults(question, from, n, &report);
	for (size_t i = 0; i < report.n_rules; i++) {
		struct ts_catalogue_function *function =
			function_at(question, from, n, report.rules[i].line);

		if (!function || !names_nothing(function, &report.rules[i]))
			continue;
		function->prototype = NULL;
		function->note = report.rules[i].n_misses
					 ? keep(question, report.rules[i].misses[0])
					 : "the shim does not say why";
	}
	ts_rules_release(&report);
	return result;
}

static int ask_part(struct question *question, size_t from, size_t n, const char *path, char **argv)
{
	int result = write_conf(question, from, n, false);

	if (!result)
		result = ask_names(question, from, n, path, argv);
	else
		ts_say("%s: %s", question->conf, strerror(-result));
	/* a report lists the first hundred faults: until there are none */
	do {
		if (result >= 0)
			result = write_conf(question, from, n, true);
		if (!result)
			result = ask_prototypes(question, from, n, path, argv);
	} while (result > 0);
	return result;
}

static int collect(struct question *question)
{
	size_t n = 0;

	for (size_t i = 0; i < question->catalogue->n_objects; i++)
		n += question->catalogue->objects[i].n_functions;
	question->entries = calloc(n + 1, sizeof(*question->entries));
	if (!question->entries)
		return -ENOMEM;
	for (size_t i = 0; i < question->catalogue->n_objects; i++) {
		struct ts_catalogue_object *object = &question->catalogue->objects[i];

		for (size_t j = 0; j < object->n_functions; j++)
			if (!object->functions[j].reason)
				question->entries[question->n++] =
					(struct entry){object, &object->functions[j]};
	}
	return 0;
}

int ts_reach(struct ts_catalogue *catalogue, const char *path, char **argv)
{
	struct question question = {.catalogue = catalogue};
	int result = collect(&question);

	if (result < 0) {
		ts_say("out of memory");
		return result;
	}
	result = ts_ask_folder(question.folder);
	if (result < 0) {
		free(question.entries);
		return result;
	}
	snprintf(question.conf, sizeof(question.conf), "%s/symbols.conf", question.folder);
	for (size_t from = 0; !result && from < question.n; from += MOST_RULES) {
		size_t n = question.n - from;

		result = ask_part(&question, from, n < MOST_RULES ? n : MOST_RULES, path, argv);
	}
	unlink(question.conf);
	rmdir(question.folder);
	free(question.entries);
	return result;
}
