// SPDX-License-Identifier: Apache-2.0
#include "explain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../functions/catalogue.h"
#include "../functions/names.h"
#include "../functions/prototype.h"
#include "../terminal/guess.h"
#include "differs.h"

/* Of debug information that is read through for a hint: about a second. */
#define MOST_BYTES (64ULL << 20)

/* Of all functions, taken when they are first asked for. */
struct item {
	const char *name, *object; /* of the catalogue's memory */
};

struct names {
	struct ts_catalogue *catalogue;
	struct item *items;
	size_t n, room;
	bool taken;
};

static int hint(struct ts_rule_report *rule, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int hint(struct ts_rule_report *rule, const char *format, ...)
{
	char *text = NULL;
	int result = -ENOMEM;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) >= 0)
		result = ts_rules_add_hint(rule, text);
	else
		text = NULL;
	va_end(args);
	free(text);
	return result;
}

static bool is_glob(const struct ts_rule_report *rule)
{
	return strpbrk(rule->function, "*?") != NULL;
}

/* Is that what the rule calls it: its linkage name, or, with its namespaces, its C++ name? */
static bool is_named(const struct ts_rule_report *rule, const char *name)
{
	const char *last;
	char *demangled;
	bool same;

	if (strcmp(name, rule->function) == 0)
		return true;
	last = strrchr(rule->function, ':');
	/* its last word stands in the linkage name, too */
	if (!last || !strstr(name, last + 1 + (last[1] == '~')))
		return false;
	demangled = ts_name_of_symbol(name, false);
	same = demangled && strcmp(demangled, rule->function) == 0;
	free(demangled);
	return same;
}

/* Only where it does not take long. */
static const struct ts_inlined *inlined_of(const struct ts_catalogue_object *object, size_t *ret_n)
{
	*ret_n = 0;
	if (!object->info || object->system || ts_debuginfo_bytes(object->info) > MOST_BYTES)
		return NULL;
	return ts_debuginfo_inlined(object->info, ret_n);
}

/* --- rules that found nothing ------------------------------------------------------------------ */

/* A symbol that only we can see. 1: it explains the miss; 0: go on; negative: no memory. */
static int tell_symbol(struct ts_rule_report *rule, const struct ts_catalogue_object *object,
		       const struct ts_symbol *symbol)
{
	int result;

	if (!is_named(rule, symbol->name)) {
		if (!symbol->function || !ts_name_is_copy_of(symbol->name, rule->function))
			return 0;
		result = hint(rule, "in %s the compiler left only a changed copy of it, %s",
			      object->name, symbol->name);
	} else if (symbol->exported) {
		return 1; /* the shim has said all there is */
	} else if (!symbol->function) {
		result = hint(rule, "in %s it is data, not a function", object->name);
	} else if (!symbol->own) {
		result = hint(rule, "%s defines it, but the symbol was stripped from the file",
			      object->name);
	} else {
		result = hint(rule,
			      "%s has a function of this name, but the rule means another: of "
			      "other parameters or another object, or a rule before has it",
			      object->name);
	}
	return result < 0 ? result : 1;
}

static int tell_symbols(struct ts_rule_report *rule, const struct ts_catalogue_object *object)
{
	int found = 0;
	size_t n;
	const struct ts_symbol *symbols = ts_debuginfo_symbols(object->info, &n);

	for (size_t i = 0; !found && i < n; i++) {
		int result = 0;

		if (!i || strcmp(symbols[i].name, symbols[i - 1].name) != 0)
			result = tell_symbol(rule, object, &symbols[i]);
		if (result < 0)
			return result;
		found = result;
	}
	return found;
}

static int tell_inlined(struct ts_rule_report *rule, const struct ts_catalogue_object *object)
{
	const struct ts_inlined *inlined;
	size_t n;
	int result;

	inlined = inlined_of(object, &n);
	for (size_t i = 0; i < n; i++) {
		if (inlined[i].address || !is_named(rule, inlined[i].name))
			continue;
		result = hint(rule, "inlined everywhere in %s: no function is left to wrap",
			      object->name);
		return result < 0 ? result : 1;
	}
	return 0;
}

/* Of `serch_*` the bytes before the star; 0: it is none like that. */
static size_t head_of(const char *glob)
{
	size_t n = strcspn(glob, "*?");

	return strcmp(glob + n, "*") == 0 ? n : 0;
}

/* `search_*` for a name like search_web: nearly as long, and to the same character. */
static void offer_beginnings(struct ts_nearest *nearest, const char *name, size_t head)
{
	size_t n = strlen(name);
	char text[256];

	for (size_t k = head - 1; k <= head + 1 && k <= n && k < sizeof(text) - 1; k++)
		if (k && name[k - 1] == nearest->typed[head - 1]) {
			snprintf(text, sizeof(text), "%.*s*", (int)k, name);
			ts_nearest_offer(nearest, text);
		}
}

static int tell_nearest(struct ts_rule_report *rule, const struct names *names)
{
	size_t head = head_of(rule->function);
	struct ts_nearest nearest;
	char text[512];
	int result = 0;

	ts_nearest_init(&nearest, rule->function);
	/* something begins nearly like anything */
	for (size_t i = 0; head && i < TS_NEAREST; i++)
		nearest.distances[i] = (unsigned)head / 4 + 1;
	for (size_t i = 0; i < names->n; i++)
		if (head)
			offer_beginnings(&nearest, names->items[i].name, head);
		else
			ts_nearest_offer(&nearest, names->items[i].name);
	ts_nearest_list(&nearest, text, sizeof(text));
	if (*text)
		result = hint(rule, "did you mean %s?", text);
	ts_nearest_release(&nearest);
	return result;
}

static bool is_of_object(const struct ts_rule_report *rule, const char *object)
{
	return !*rule->object || ts_name_matches(rule->object, object);
}

/* 1: no such object is loaded; then those that are called nearly so are offered. */
static int tell_objects(struct ts_rule_report *rule, const struct ts_catalogue *catalogue)
{
	struct ts_nearest nearest;
	char text[512];
	int result = 0;

	for (size_t i = 0; i < catalogue->n_objects; i++)
		if (is_of_object(rule, catalogue->objects[i].name))
			return 0;
	ts_nearest_init(&nearest, rule->object);
	for (size_t i = 0; i < catalogue->n_objects; i++)
		ts_nearest_offer(&nearest, catalogue->objects[i].name);
	ts_nearest_list(&nearest, text, sizeof(text));
	if (*text)
		result = hint(rule, "did you mean the object %s?", text);
	ts_nearest_release(&nearest);
	return result < 0 ? result : 1;
}

static int tell_glob(struct ts_rule_report *rule, const struct names *names)
{
	size_t n = 0;

	for (size_t i = 0; i < names->n; i++)
		n += is_of_object(rule, names->items[i].object) &&
		     ts_name_matches(rule->function, names->items[i].name);
	if (!n) {
		int result = hint(rule, "no function of a loaded object is called so");

		return result < 0 ? result : tell_nearest(rule, names);
	}
	return hint(rule, "%zu function%s so; none is reached or left by the rules before", n,
		    n == 1 ? " is called" : "s are called");
}

static void take_name(void *context, const char *name, const char *object)
{
	struct names *names = context;
	struct item *larger = names->items;

	if (names->n == names->room) {
		names->room = names->room ? names->room * 2 : 1024;
		larger = reallocarray(names->items, names->room, sizeof(*larger));
		if (!larger) {
			names->room = names->n;
			return;
		}
		names->items = larger;
	}
	larger = names->items;
	larger[names->n].object = object;
	larger[names->n].name = ts_pool_strndup(&names->catalogue->pool, name, strlen(name));
	names->n += larger[names->n].name != NULL;
}

static const struct names *all(struct names *names)
{
	if (!names->taken)
		ts_catalogue_names(names->catalogue, take_name, names);
	names->taken = true;
	return names;
}

/* Has the shim said all there is to say? */
static bool is_explained(const struct ts_rule_report *rule)
{
	for (size_t i = 0; i < rule->n_misses; i++)
		if (strncmp(rule->misses[i], "refused:", 8) == 0 ||
		    strstr(rule->misses[i], " cannot be patched: ") ||
		    (strstr(rule->misses[i], " belongs to the rule ") && !is_glob(rule)) ||
		    strstr(rule->misses[i], " defines it with other parameters"))
			return true;
	return false;
}

static int explain_miss(struct ts_rule_report *rule, struct names *names)
{
	const struct ts_catalogue *catalogue = names->catalogue;
	int found = 0;

	if (is_explained(rule))
		return 0;
	found = tell_objects(rule, catalogue);
	if (found < 0)
		return found;
	if (is_glob(rule) && found)
		return 0;
	if (is_glob(rule))
		return tell_glob(rule, all(names));
	found = 0;
	for (int pass = 0; !found && pass < 2; pass++)
		for (size_t i = 0; i < catalogue->n_objects; i++) {
			const struct ts_catalogue_object *object = &catalogue->objects[i];
			int result = 0;

			if (object->info)
				result = pass ? tell_inlined(rule, object)
					      : tell_symbols(rule, object);
			if (result < 0)
				return result;
			found |= result;
		}
	return found ? 0 : tell_nearest(rule, all(names));
}

/* --- rules that found something ---------------------------------------------------------------- */

static const struct ts_catalogue_object *find_object(const struct ts_catalogue *catalogue,
						     const char *path)
{
	for (size_t i = 0; i < catalogue->n_objects; i++)
		if (strcmp(catalogue->objects[i].path, path) == 0)
			return &catalogue->objects[i];
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Copies of the function in its callers: they run, and nobody sees them. */
static int explain_hook(struct ts_rule_report *rule, const struct ts_rules_hook *hook,
			const struct ts_catalogue *catalogue)
{
	const struct ts_catalogue_object *object = find_object(catalogue, hook->object);
	size_t n = 0, n_copies = 0;
	const struct ts_inlined *inlined = object ? inlined_of(object, &n) : NULL;
	const struct ts_inlined *end = inlined + n;
	char reason[64];

	inlined = n ? bsearch(&hook->function, inlined, n, sizeof(*inlined), by_text) : NULL;
	if (!inlined)
		return 0;
	while (inlined > end - n && strcmp(inlined[-1].name, hook->function) == 0)
		inlined--;
	for (; inlined < end && strcmp(inlined->name, hook->function) == 0; inlined++)
		n_copies += inlined->n_copies;
	if (!n_copies)
		return 0;
	snprintf(reason, sizeof(reason), "inlined in %zu place%s", n_copies,
		 n_copies == 1 ? "" : "s");
	return ts_rules_add_unseen(rule, hook->function, hook->object, reason);
}

static int by_symbol(const void *name, const void *symbol)
{
	return strcmp(name, ((const struct ts_symbol *)symbol)->name);
}

/* Of a function of C by whose debug information something else is passed than the rule records. 1: told. */
static int tell_prototype(struct ts_rule_report *rule, const struct ts_rules_hook *hook,
			  struct ts_catalogue *catalogue)
{
	const struct ts_catalogue_object *object = find_object(catalogue, hook->object);
	const struct ts_signature *signature = NULL;
	const struct ts_symbol *symbols, *symbol;
	const char *prototype, *note;
	size_t n;
	int result;

	if (!object || !object->info || object->system ||
	    ts_debuginfo_bytes(object->info) > MOST_BYTES)
		return 0;
	symbols = ts_debuginfo_symbols(object->info, &n);
	symbol = n ? bsearch(hook->function, symbols, n, sizeof(*symbols), by_symbol) : NULL;
	if (symbol && !symbol->resolver && strncmp(hook->function, "_Z", 2) != 0)
		signature = ts_debuginfo_signature(object->info, symbol);
	if (!signature || !ts_differs(rule, signature))
		return 0;
	prototype = ts_prototype_write(signature, hook->function, &catalogue->pool, &note);
	result = hint(rule, "by its debug information it is %s",
		      prototype ? prototype : "something else");
	return result < 0 ? result : 1;
}

static int explain_rule(struct ts_rule_report *rule, struct names *names)
{
	int result = 0;

	if (!rule->n_hooks)
		return explain_miss(rule, names);
	for (size_t i = 0; !result && i < rule->n_hooks; i++)
		result = explain_hook(rule, &rule->hooks[i], names->catalogue);
	for (size_t i = 0; !result && i < rule->n_hooks; i++)
		result = tell_prototype(rule, &rule->hooks[i], names->catalogue);
	return result < 0 ? result : 0;
}

int ts_explain(struct ts_rules *rules, const char *folder)
{
	struct ts_catalogue catalogue;
	struct names names = {.catalogue = &catalogue};
	int result = ts_catalogue_open(&catalogue, rules, folder);

	if (result < 0)
		return result;
	for (size_t i = 0; !result && i < rules->n_rules; i++)
		if (!rules->rules[i].python)
			result = explain_rule(&rules->rules[i], &names);
	free(names.items);
	ts_catalogue_release(&catalogue);
	return result;
}
