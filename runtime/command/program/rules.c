// SPDX-License-Identifier: Apache-2.0
#include "rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"

/* Room for one more, zeroed; NULL where memory ran out. */
static void *push(void *array_of_pointer, size_t *n, size_t size)
{
	char **array = array_of_pointer;
	char *more = reallocarray(*array, *n + 1, size);

	if (!more)
		return NULL;
	*array = more;
	return memset(more + (*n)++ * size, 0, size);
}

static struct ts_rule_report *rule_at(struct ts_rules *rules, const char *line_text)
{
	long line = strtol(line_text, NULL, 10);

	/* What is told of a rule mostly follows it. */
	for (size_t i = rules->n_rules; i-- > 0;)
		if (rules->rules[i].line == line)
			return &rules->rules[i];
	return NULL;
}

bool ts_rules_has(const struct ts_rules *rules, long line)
{
	for (size_t i = 0; i < rules->n_rules; i++)
		if (rules->rules[i].line == line)
			return true;
	return false;
}

static int take_fault(struct ts_rules *rules, char *const f[TS_LINES_FIELDS])
{
	struct ts_rules_fault *fault = push(&rules->faults, &rules->n_faults, sizeof(*fault));

	if (!fault)
		return -ENOMEM;
	fault->line = strtol(f[1], NULL, 10);
	fault->column = strtol(f[2], NULL, 10);
	fault->message = strdup(f[3]);
	return fault->message ? 0 : -ENOMEM;
}

int ts_rules_add_fault(struct ts_rules *rules, const char *message)
{
	struct ts_rules_fault *fault = push(&rules->faults, &rules->n_faults, sizeof(*fault));

	if (fault)
		fault->message = strdup(message);
	return fault && fault->message ? 0 : -ENOMEM;
}

static int take_param(struct ts_rules_pair **pairs, size_t *n, const char *key, const char *value,
		      const char *place)
{
	struct ts_rules_pair *pair = push(pairs, n, sizeof(*pair));

	if (!pair)
		return -ENOMEM;
	pair->key = strdup(key);
	pair->value = strdup(value);
	pair->place = strdup(place);
	return pair->key && pair->value && pair->place ? 0 : -ENOMEM;
}

static int take_pair(struct ts_rules_pair **pairs, size_t *n, const char *key, const char *value)
{
	return take_param(pairs, n, key, value, "");
}

static int take_rule(struct ts_rules *rules, char *const f[TS_LINES_FIELDS])
{
	struct ts_rule_report *rule = push(&rules->rules, &rules->n_rules, sizeof(*rule));

	if (!rule)
		return -ENOMEM;
	rule->line = strtol(f[1], NULL, 10);
	rule->kind = strdup(f[2]);
	rule->name = strdup(f[3]);
	rule->function = strdup(f[4]);
	rule->python = !strcmp(f[5], "python");
	rule->object = strdup(f[6]);
	return rule->kind && rule->name && rule->function && rule->object ? 0 : -ENOMEM;
}

static int take_hook(struct ts_rule_report *rule, char *const f[TS_LINES_FIELDS])
{
	struct ts_rules_hook *hook = push(&rule->hooks, &rule->n_hooks, sizeof(*hook));

	if (!hook)
		return -ENOMEM;
	hook->function = strdup(f[2]);
	hook->object = strdup(f[3]);
	hook->address = strdup(f[4]);
	hook->entry = !strcmp(f[5], "entry");
	hook->live = !*f[5];
	hook->slots = strtol(f[6], NULL, 10);
	return hook->function && hook->object && hook->address ? 0 : -ENOMEM;
}

static void free_strings(char ***strings, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		free((*strings)[i]);
	free(*strings);
	*strings = NULL;
	*n = 0;
}

/* Later than a reason why there could be none. */
static int take_def(struct ts_rule_report *rule, char *const f[TS_LINES_FIELDS])
{
	struct ts_rules_hook *hook = push(&rule->hooks, &rule->n_hooks, sizeof(*hook));

	free_strings(&rule->misses, &rule->n_misses);
	if (!hook)
		return -ENOMEM;
	hook->function = strdup(f[2]);
	hook->object = strdup(f[3]);
	hook->line = strtol(f[4], NULL, 10);
	hook->type = strdup(f[5]);
	return hook->function && hook->object && hook->type ? 0 : -ENOMEM;
}

static int take_string(char ***strings, size_t *n, const char *text)
{
	char **string = push(strings, n, sizeof(*string));

	if (string)
		*string = strdup(text);
	return string && *string ? 0 : -ENOMEM;
}

int ts_rules_add_hint(struct ts_rule_report *rule, const char *text)
{
	return take_string(&rule->hints, &rule->n_hints, text);
}

int ts_rules_add_unseen(struct ts_rule_report *rule, const char *function, const char *object,
			const char *reason)
{
	struct ts_rules_unseen *unseen = push(&rule->unseen, &rule->n_unseen, sizeof(*unseen));

	if (!unseen)
		return -ENOMEM;
	unseen->function = strdup(function);
	unseen->object = strdup(object);
	unseen->reason = strdup(reason);
	return unseen->function && unseen->object && unseen->reason ? 0 : -ENOMEM;
}

static int take_object(struct ts_rules *rules, char *const f[TS_LINES_FIELDS])
{
	struct ts_rules_object *object = push(&rules->objects, &rules->n_objects, sizeof(*object));

	if (!object)
		return -ENOMEM;
	object->path = strdup(f[1]);
	object->base = strtoull(f[2], NULL, 16);
	return object->path ? 0 : -ENOMEM;
}

/* --- [wire] ----------------------------------------------------------------------------------- */

/* An address of IPv6 in its short form. */
static int take_ask(struct ts_rules_wire *wire, const char *key, const char *value)
{
	char host[64], text[96];
	struct in6_addr address;
	unsigned port;

	if (sscanf(value, "[%63[0-9a-f:]]:%u", host, &port) == 2 &&
	    inet_pton(AF_INET6, host, &address) == 1 &&
	    inet_ntop(AF_INET6, &address, host, sizeof(host))) {
		snprintf(text, sizeof(text), "[%s]:%u", host, port);
		value = text;
	}
	return take_pair(&wire->asks, &wire->n_asks, key, value);
}

static int take_wire(struct ts_rules_wire *wire, char *const f[TS_LINES_FIELDS])
{
	struct ts_rules_hook *hook = push(&wire->functions, &wire->n_functions, sizeof(*hook));

	if (!hook)
		return -ENOMEM;
	hook->function = strdup(f[1]);
	hook->object = strdup(f[2]);
	hook->entry = !strcmp(f[3], "entry");
	hook->live = !*f[3];
	return hook->function && hook->object ? 0 : -ENOMEM;
}

static int take_tls(struct ts_rules_wire *wire, char *const f[TS_LINES_FIELDS])
{
	struct ts_rules_tls *tls = push(&wire->libraries, &wire->n_libraries, sizeof(*tls));

	if (!tls)
		return -ENOMEM;
	tls->object = strdup(f[1]);
	tls->library = strdup(f[2]);
	tls->reason = strdup(f[3]);
	return tls->object && tls->library && tls->reason ? 0 : -ENOMEM;
}

static int compare_places(const void *a, const void *b)
{
	const struct ts_rules_hook *x = a, *y = b;
	int order = strcmp(x->object, y->object);

	if (!order)
		order = x->entry - y->entry;
	return order ? order : strcmp(x->function, y->function);
}

static void forget_wire(struct ts_rules_wire *wire)
{
	for (size_t i = 0; i < wire->n_functions; i++) {
		free(wire->functions[i].function);
		free(wire->functions[i].object);
	}
	for (size_t i = 0; i < wire->n_libraries; i++) {
		free(wire->libraries[i].object);
		free(wire->libraries[i].library);
		free(wire->libraries[i].reason);
	}
	free(wire->functions);
	free(wire->libraries);
	wire->functions = NULL;
	wire->libraries = NULL;
	wire->n_functions = wire->n_libraries = 0;
}

/* --- lines ------------------------------------------------------------------------------------ */

static int take_text(char **at, const char *text)
{
	free(*at);
	*at = strdup(text);
	return *at ? 0 : -ENOMEM;
}

int ts_rules_take(struct ts_rules *rules, char *const f[TS_LINES_FIELDS])
{
	struct ts_rule_report *rule;

	if (!strcmp(f[0], "conf"))
		return take_text(&rules->conf, f[1]);
	if (!strcmp(f[0], "program"))
		return take_text(&rules->program, f[1]);
	if (!strcmp(f[0], "object"))
		return take_object(rules, f);
	if (!strcmp(f[0], "fault"))
		return take_fault(rules, f);
	if (!strcmp(f[0], "setting"))
		return take_pair(&rules->settings, &rules->n_settings, f[1], f[2]);
	if (!strcmp(f[0], "rule"))
		return take_rule(rules, f);
	if (!strcmp(f[0], "asks"))
		return take_ask(&rules->wire, f[1], f[2]);
	if (!strcmp(f[0], "wire"))
		return take_wire(&rules->wire, f);
	if (!strcmp(f[0], "tls"))
		return take_tls(&rules->wire, f);
	rule = rule_at(rules, f[1]);
	if (!rule)
		return 0;
	if (!strcmp(f[0], "param"))
		return take_param(&rule->params, &rule->n_params, f[2], f[3], f[4]);
	if (!strcmp(f[0], "hook"))
		return take_hook(rule, f);
	if (!strcmp(f[0], "def"))
		return take_def(rule, f);
	if (!strcmp(f[0], "miss")) {
		free_strings(&rule->misses, &rule->n_misses);
		return take_string(&rule->misses, &rule->n_misses, f[2]);
	}
	if (!strcmp(f[0], "hint"))
		return ts_rules_add_hint(rule, f[2]);
	if (!strcmp(f[0], "unseen"))
		return ts_rules_add_unseen(rule, f[2], f[3], f[4]);
	return 0;
}

static int take_line(void *rules, char *const fields[TS_LINES_FIELDS])
{
	return ts_rules_take(rules, fields);
}

void ts_rules_sort(struct ts_rules *rules)
{
	struct ts_rules_wire *wire = &rules->wire;

	if (wire->n_functions)
		qsort(wire->functions, wire->n_functions, sizeof(*wire->functions), compare_places);
}

int ts_rules_read(struct ts_rules *ret, const char *path)
{
	int result;

	memset(ret, 0, sizeof(*ret));
	result = ts_lines_read(path, take_line, ret);
	ts_rules_sort(ret);
	if (result < 0)
		ts_rules_release(ret);
	return result;
}

static void free_unseen(struct ts_rule_report *rule)
{
	for (size_t i = 0; i < rule->n_unseen; i++) {
		free(rule->unseen[i].function);
		free(rule->unseen[i].object);
		free(rule->unseen[i].reason);
	}
	free(rule->unseen);
	rule->unseen = NULL;
	rule->n_unseen = 0;
}

static void forget_objects(struct ts_rule_report *rule)
{
	for (size_t i = 0; i < rule->n_hooks; i++) {
		free(rule->hooks[i].function);
		free(rule->hooks[i].object);
		free(rule->hooks[i].address);
		free(rule->hooks[i].type);
	}
	free(rule->hooks);
	rule->hooks = NULL;
	rule->n_hooks = 0;
	free_unseen(rule);
	free_strings(&rule->misses, &rule->n_misses);
	free_strings(&rule->hints, &rule->n_hints);
}

void ts_rules_forget_objects(struct ts_rules *rules)
{
	for (size_t i = 0; i < rules->n_rules; i++)
		forget_objects(&rules->rules[i]);
	forget_wire(&rules->wire);
	take_text(&rules->program, "");
}

static void free_pairs(struct ts_rules_pair *pairs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(pairs[i].key);
		free(pairs[i].value);
		free(pairs[i].place);
	}
	free(pairs);
}

void ts_rules_forget_settings(struct ts_rules *rules)
{
	free_pairs(rules->settings, rules->n_settings);
	rules->settings = NULL;
	rules->n_settings = 0;
}

void ts_rules_release(struct ts_rules *rules)
{
	for (size_t i = 0; i < rules->n_rules; i++) {
		struct ts_rule_report *rule = &rules->rules[i];

		forget_objects(rule);
		free_pairs(rule->params, rule->n_params);
		free(rule->kind);
		free(rule->name);
		free(rule->function);
		free(rule->object);
	}
	for (size_t i = 0; i < rules->n_faults; i++)
		free(rules->faults[i].message);
	for (size_t i = 0; i < rules->n_objects; i++)
		free(rules->objects[i].path);
	free(rules->objects);
	forget_wire(&rules->wire);
	free_pairs(rules->wire.asks, rules->wire.n_asks);
	free_pairs(rules->settings, rules->n_settings);
	free(rules->rules);
	free(rules->faults);
	free(rules->conf);
	free(rules->program);
	memset(rules, 0, sizeof(*rules));
}
