// SPDX-License-Identifier: Apache-2.0
/* Rule x address -> thunk. */

#include "definition.h"

#include <errno.h>
#include <string.h>

#include "../elf/scope.h"
#include "../elf/walk.h"
#include "../life/spool.h"
#include "../python.h"
#include "../reach/patch.h"
#include "../system/pages.h"
#include "dialect.h"
#include "thunk.h"

#include "../hot/call.h"
#include "../hot/wire.h"

#define BUCKETS (TS_THUNKS * 2)

static struct {
	struct ts_arena arena;
	struct ts_thunk_settings settings;
	struct ts_definition *all; /* TS_THUNKS of them; touched as they are made */
	size_t n;
	uint16_t *same; /* (rule, address, how, names) -> index + 1, open addressing */
	const struct ts_names *names;
	const struct ts_rule *rules;
	bool *made; /* of each rule: has it a definition? */
	bool shared_unwinder;
	bool everywhere;
} definitions;

static void choose_pads(size_t first, size_t last)
{
	ts_thunk_choose_pads(first, last, definitions.shared_unwinder, definitions.everywhere);
}

static size_t first_bucket(uintptr_t address)
{
	return (address * 0x9e3779b97f4a7c15 >> 32) % BUCKETS;
}

/* What lies at its address may be another library's by now, in which another function has its place. */
static bool is_same(const struct ts_definition *definition, const struct ts_rule *rule,
		    uintptr_t address, enum ts_how how, const char *function, const char *object)
{
	return definition->rule == rule && definition->address == address &&
	       definition->how == how && strcmp(definition->function, function) == 0 &&
	       strcmp(definition->object, object) == 0;
}

static uint16_t *bucket_of(const struct ts_rule *rule, uintptr_t address, enum ts_how how,
			   const char *function, const char *object)
{
	size_t i = first_bucket(address);

	for (; definitions.same[i]; i = (i + 1) % BUCKETS)
		if (is_same(&definitions.all[definitions.same[i] - 1], rule, address, how, function,
			    object))
			break;
	return &definitions.same[i];
}

bool ts_definition_is_there(uintptr_t address, enum ts_how how, const char *object)
{
	for (size_t i = first_bucket(address); definitions.same[i]; i = (i + 1) % BUCKETS) {
		const struct ts_definition *definition = &definitions.all[definitions.same[i] - 1];

		if (definition->address == address && definition->how == how &&
		    strcmp(definition->object, object) == 0)
			return true;
	}
	return false;
}

static bool takes_std(const struct ts_prototype *prototype)
{
	bool takes = !ts_dialect_reads(TS_DIALECT_UNKNOWN, prototype->result.type);

	for (size_t i = 0; i < prototype->n_params; i++)
		takes |= prototype->params[i].name &&
			 !ts_dialect_reads(TS_DIALECT_UNKNOWN, prototype->params[i].type);
	return takes;
}

/* Whose std::string the function takes: its mangled name says, or else the object that defines it. */
static enum ts_dialect dialect_of(const struct ts_rule *rule, const struct ts_alias *alias,
				  const struct ts_object *holder)
{
	if (alias && alias->dialect)
		return alias->dialect;
	return takes_std(&rule->prototype) ? ts_dialect_of_object(holder, !alias)
					   : TS_DIALECT_UNKNOWN;
}

/* It is whole: from now on it counts. Answers its index. */
static int add(struct ts_definition *definition)
{
	size_t index = (size_t)(definition - definitions.all);

	definitions.made[definition->rule - definitions.rules] = true;
	choose_pads(index, index + 1);
	/* release: a thread that reads the count finds the definition whole */
	__atomic_store_n(&definitions.n, index + 1, __ATOMIC_RELEASE);
	return (int)index;
}

/*
 * What looks at BIOs of an object that has them; NULL: it has none, or what a BIO of TLS passes is seen without. In OpenSSL 3 such a
 * BIO does not call SSL_read and SSL_write, in BoringSSL and LibreSSL it does; the last of these functions is OpenSSL 3's alone.
 */
static const struct ts_wire_bio *bio_of(const struct ts_object *holder)
{
	struct ts_wire_bio bio = {
		.method_type = ts_scope_function(holder, "BIO_method_type"),
		.get_data = ts_scope_function(holder, "BIO_get_data"),
		.test_flags = ts_scope_function(holder, "BIO_test_flags"),
	};
	struct ts_wire_bio *copy;

	if (!bio.method_type || !bio.get_data || !bio.test_flags ||
	    !ts_scope_function(holder, "BIO_do_connect_retry"))
		return NULL;
	copy = ts_arena_alloc(&definitions.arena, sizeof(*copy));
	if (copy)
		*copy = bio;
	return copy;
}

static int make(const struct ts_rule *rule, uintptr_t address, enum ts_how how, const char *symbol,
		const struct ts_object *holder)
{
	const struct ts_alias *alias = ts_names_alias_of(definitions.names, symbol, rule);
	enum ts_dialect dialect = dialect_of(rule, alias, holder);
	const char *function = alias ? alias->function : symbol;
	const char *object = ts_walk_path(holder);
	size_t index = definitions.n;
	struct ts_definition *definition = &definitions.all[index];
	int result = ts_thunk_make(index, rule, address, how == TS_BY_ENTRY, dialect,
				   &definitions.settings, &definitions.arena);

	if (result < 0)
		return result;
	if (rule->wire)
		ts_thunk_set_tls(index, ts_scope_function(holder, "SSL_get_error"), bio_of(holder));
	definition->function = ts_arena_strndup(&definitions.arena, function, strlen(function));
	definition->object = ts_arena_strndup(&definitions.arena, object, strlen(object));
	if (!definition->function || !definition->object)
		return -ENOMEM;
	definition->rule = rule;
	definition->address = address;
	definition->how = how;
	definition->unread = dialect == TS_DIALECT_UNKNOWN && takes_std(&rule->prototype);
	return add(definition);
}

static const char *copy(const char *text)
{
	return ts_arena_strndup(&definitions.arena, text, strlen(text));
}

static int copy_params(struct ts_definition *definition, const struct ts_python_function *function)
{
	const char **params =
		ts_arena_alloc(&definitions.arena, (function->n_params + 1) * sizeof(*params));

	if (!params)
		return -ENOMEM;
	for (size_t i = 0; i < function->n_params; i++)
		if (!(params[i] = copy(function->params[i])))
			return -ENOMEM;
	definition->params = params;
	definition->n_params = function->n_params;
	return 0;
}

static int make_python(const struct ts_python_function *function, uintptr_t place)
{
	struct ts_definition *definition = &definitions.all[definitions.n];
	int result = ts_thunk_make(definitions.n, function->rule, 0, false, TS_DIALECT_UNKNOWN,
				   &definitions.settings, &definitions.arena);

	if (result < 0)
		return result;
	definition->rule = function->rule;
	definition->how = TS_IN_PYTHON;
	definition->address = place;
	definition->function = copy(function->name);
	definition->object = copy(function->file);
	definition->span = copy(function->span);
	if (!definition->function || !definition->object || !definition->span ||
	    copy_params(definition, function) < 0)
		return -ENOMEM;
	return add(definition);
}

/* Stands for its address: the same of functions with the same parameters. */
static uintptr_t place_of(const struct ts_python_function *function)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (size_t i = 0; i < function->n_params; i++)
		for (const char *at = function->params[i];; at++) {
			hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
			if (!*at)
				break;
		}
	return hash;
}

int ts_definition_take_python(const struct ts_python_function *function)
{
	uintptr_t place = place_of(function);
	uint16_t *bucket =
		bucket_of(function->rule, place, TS_IN_PYTHON, function->name, function->file);
	int index = *bucket ? *bucket - 1 : make_python(function, place);

	if (index < 0)
		return index;
	*bucket = (uint16_t)(index + 1);
	return ts_own_spool_publish() < 0 ? -ENOMEM : index;
}

int ts_definition_take(const struct ts_rule *rule, uintptr_t address, enum ts_how how,
		       const char *symbol, const struct ts_object *holder)
{
	const struct ts_alias *alias = ts_names_alias_of(definitions.names, symbol, rule);
	uint16_t *bucket = bucket_of(rule, address, how, alias ? alias->function : symbol,
				     ts_walk_path(holder));
	int index = *bucket ? *bucket - 1 : make(rule, address, how, symbol, holder);
	int result;

	if (index < 0)
		return index;
	*bucket = (uint16_t)(index + 1);
	result = ts_own_spool_publish();
	return result < 0 ? result : index;
}

size_t ts_definition_count(void)
{
	return __atomic_load_n(&definitions.n, __ATOMIC_ACQUIRE);
}

struct ts_definition *ts_definition_at(size_t index)
{
	return &definitions.all[index];
}

bool ts_definition_is_made_for(const struct ts_rule *rule)
{
	/* no table, where setup failed before */
	return definitions.made && definitions.made[rule - definitions.rules];
}

void ts_definitions_choose_pads(bool shared_unwinder)
{
	if (shared_unwinder == definitions.shared_unwinder)
		return;
	definitions.shared_unwinder = shared_unwinder;
	choose_pads(0, definitions.n);
}

void ts_definitions_reach_everywhere(void)
{
	definitions.everywhere = true;
	choose_pads(0, definitions.n);
	for (size_t i = 0; i < definitions.n; i++)
		if (definitions.all[i].reached && !ts_thunk_starts_trace(i))
			ts_patch_open(i);
}

bool ts_definitions_are_everywhere(void)
{
	return definitions.everywhere;
}

int ts_definitions_init(const struct ts_conf *conf, const struct ts_names *names)
{
	definitions.names = names;
	definitions.settings.capture_bytes = conf->capture_bytes;
	definitions.settings.stacks = conf->stacks;
	definitions.settings.orphans = ts_conf_traces_orphans(conf);
	definitions.all = ts_pages_new(TS_THUNKS * sizeof(*definitions.all));
	definitions.same = ts_pages_new(BUCKETS * sizeof(*definitions.same));
	definitions.rules = conf->rules;
	definitions.made = ts_arena_alloc(&definitions.arena, conf->n_rules + 1);
	return definitions.all && definitions.same && definitions.made ? 0 : -ENOMEM;
}
