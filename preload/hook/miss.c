// SPDX-License-Identifier: Apache-2.0
/* Why a rule has no definition. */

#include "hook.h"

#include <stdio.h>
#include <string.h>

#include "../elf/walk.h"
#include "../reach/reach.h"
#include "../reach/symtab.h"
#include "definition.h"
#include "names.h"

struct miss {
	const struct ts_rule *rule;
	char *ret;
	size_t bytes;
};

/* What is known of a function whose entry could not be patched. */
static bool explain_refusal(const struct miss *miss)
{
	const struct ts_reach_refusal *refusal = ts_reach_refusals();

	while (refusal && refusal->rule != miss->rule)
		refusal = refusal->next;
	if (refusal)
		snprintf(miss->ret, miss->bytes, "%s in %s cannot be patched: %s",
			 refusal->function, refusal->object, refusal->why);
	return refusal;
}

/* Does the rule name this function, which another one got? One of C++ by the first of its mangled names. */
static bool is_meant(const struct ts_rule *rule, const struct ts_definition *taken)
{
	const char *mangled;

	if (!rule->prototype.cplus)
		return ts_names_match(rule->prototype.function, taken->function);
	mangled = ts_names_mangled(ts_hook_names(), rule);
	return mangled && ts_names_find(ts_hook_names(), mangled, taken->object) == taken->rule;
}

/* A function that another rule of the file has, whoever can see its symbol. */
static bool explain_taken(const struct miss *miss)
{
	const struct ts_rule *rule = miss->rule;

	for (size_t i = 0; i < ts_definition_count(); i++) {
		const struct ts_definition *taken = ts_definition_at(i);

		if (taken->rule == rule || taken->rule->wire || taken->rule->python.module ||
		    !ts_names_fit(rule, taken->object) || !is_meant(rule, taken))
			continue;
		snprintf(miss->ret, miss->bytes, "%s in %s belongs to the rule %s of line %u",
			 rule->glob ? taken->function : rule->prototype.function, taken->object,
			 taken->rule->key, taken->rule->line);
		return true;
	}
	return false;
}

/* What a symbol table may hold of the rule; "::" is in none. */
static const char *symbol_of(const struct ts_rule *rule)
{
	const char *mangled = ts_names_mangled(ts_hook_names(), rule);

	if (!rule->prototype.cplus)
		return rule->prototype.function;
	return mangled ? mangled : "::";
}

/* The program comes first; where its file has no symbols, what it does not export has no name. */
static bool is_stripped_program(const struct ts_rule *rule, const struct ts_scope *scope)
{
	const struct ts_object *program = scope->n ? &scope->objects[0] : NULL;
	struct ts_symtab symtab;

	if (!program || program->path[0] || !ts_names_fit(rule, ts_walk_path(program)))
		return false;
	if (ts_symtab_open(program, ts_walk_path(program), &symtab) < 0)
		return true;
	ts_symtab_close(&symtab);
	return false;
}

/* False: an object that the rule may mean is loaded. */
static bool explain_object(const struct miss *miss, const struct ts_scope *scope)
{
	const char *program, *slash;

	for (size_t i = 0; i < scope->n; i++)
		if (ts_names_fit(miss->rule, ts_walk_path(&scope->objects[i])))
			return false;
	program = scope->n ? ts_walk_path(&scope->objects[0]) : "";
	slash = strrchr(program, '/');
	snprintf(miss->ret, miss->bytes,
		 "no loaded object is named %s, the program is %s; it may be loaded later (dlopen)",
		 miss->rule->prototype.object, slash ? slash + 1 : program);
	return true;
}

static void explain(struct ts_walk *walk, void *context)
{
	struct miss *miss = context;
	const char *written = miss->rule->prototype.function, *name = symbol_of(miss->rule);
	const struct ts_rule *taker;

	for (size_t i = 0; i < walk->scope.n; i++) {
		const struct ts_object *object = &walk->scope.objects[i];
		const ElfW(Sym) *symbol = ts_object_definition(object, name, NULL);
		const char *path = ts_walk_path(object);

		if (!symbol)
			continue;
		if (!ts_symbol_is_function(symbol))
			snprintf(miss->ret, miss->bytes, "%s in %s is not a function", written,
				 path);
		else if (!ts_names_fit(miss->rule, path))
			snprintf(miss->ret, miss->bytes, "%s defines it, which is not %s", path,
				 miss->rule->prototype.object);
		else if ((taker = ts_names_find(ts_hook_names(), name, path)) != miss->rule)
			snprintf(miss->ret, miss->bytes,
				 taker ? "%s in %s belongs to the rule %s of line %u"
				       : "%s in %s belongs to another rule",
				 written, path, taker ? taker->key : "", taker ? taker->line : 0);
		else
			snprintf(miss->ret, miss->bytes,
				 "%s defines it, but nothing that is loaded calls it yet; dlsym of "
				 "it is seen",
				 path);
		return;
	}
	if (explain_object(miss, &walk->scope))
		return;
	snprintf(miss->ret, miss->bytes,
		 "no loaded object defines it; it may come with a library loaded later (dlopen)%s",
		 is_stripped_program(miss->rule, &walk->scope)
			 ? "; the program is stripped, and names only what it exports"
			 : "");
}

void ts_hook_miss(const struct ts_rule *rule, char *ret, size_t bytes)
{
	struct miss miss = {.rule = rule, .ret = ret, .bytes = bytes};

	if (!explain_refusal(&miss) && !explain_taken(&miss) &&
	    !ts_hook_near_miss(rule, ret, bytes))
		ts_walk(explain, &miss);
}
