// SPDX-License-Identifier: Apache-2.0
/* Function name -> rules. */

#include "names.h"

#include <errno.h>
#include <string.h>

#include "../elf/elf.h"

/* FNV-1a (Fowler, Noll, Vo) */
static uint64_t hash(const char *text)
{
	uint64_t value = 0xcbf29ce484222325;

	for (; *text; text++)
		value = (value ^ (uint8_t)*text) * 0x100000001b3;
	return value ^ value >> 32;
}

bool ts_names_match(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			again = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static void add_plain(struct ts_names *names, const struct ts_rule *rule)
{
	size_t i = hash(rule->prototype.function) & (names->n_buckets - 1);

	while (names->plain[i])
		i = (i + 1) & (names->n_buckets - 1);
	names->plain[i] = rule;
}

int ts_names_init(struct ts_names *names, const struct ts_conf *conf, struct ts_arena *arena)
{
	names->n_buckets = 16;
	while (names->n_buckets < conf->n_rules * 4)
		names->n_buckets *= 2;
	names->plain = ts_arena_alloc(arena, names->n_buckets * sizeof(*names->plain));
	names->globs = ts_arena_alloc(arena, (conf->n_rules + 1) * sizeof(*names->globs));
	names->hashes = ts_arena_alloc(arena, (conf->n_rules + 1) * sizeof(*names->hashes));
	names->rules = conf->rules;
	names->n_rules = conf->n_rules;
	if (!names->plain || !names->globs || !names->hashes)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_rules; i++) {
		names->hashes[i] = ts_object_hash(conf->rules[i].prototype.function);
		names->any_wire |= conf->rules[i].wire != 0;
		if (conf->rules[i].prototype.cplus || conf->rules[i].python.module)
			continue;
		if (conf->rules[i].glob)
			names->globs[names->n_globs++] = &conf->rules[i];
		else
			add_plain(names, &conf->rules[i]);
	}
	return 0;
}

bool ts_names_fit(const struct ts_rule *rule, const char *path)
{
	const char *slash;

	if (!rule->prototype.object || !path)
		return true;
	slash = strrchr(path, '/');
	return ts_names_match(rule->prototype.object, slash ? slash + 1 : path);
}

/* --- aliases --------------------------------------------------------------------------------- */

static void add_alias(struct ts_alias **buckets, size_t n_buckets, struct ts_alias *alias)
{
	size_t i = hash(alias->mangled) & (n_buckets - 1);

	while (buckets[i])
		i = (i + 1) & (n_buckets - 1);
	buckets[i] = alias;
}

/* Twice the room, at most half of it taken. Those of one name stay in order: the old ones are entered as
 * they lie, from a gap on. */
static int grow(struct ts_names *names, struct ts_arena *arena)
{
	size_t n = names->n_alias_buckets ? names->n_alias_buckets * 2 : 64;
	struct ts_alias **larger = ts_arena_alloc(arena, n * sizeof(*larger));
	size_t start = 0;

	if (!larger)
		return -ENOMEM;
	while (start < names->n_alias_buckets && names->aliases[start])
		start++;
	for (size_t i = 0; i < names->n_alias_buckets; i++) {
		size_t from = (start + i) & (names->n_alias_buckets - 1);

		if (names->aliases[from])
			add_alias(larger, n, names->aliases[from]);
	}
	names->aliases = larger;
	names->n_alias_buckets = n;
	return 0;
}

int ts_names_alias(struct ts_names *names, const char *mangled, const struct ts_rule *rule,
		   const char *function, uint8_t dialect, struct ts_arena *arena)
{
	struct ts_alias *alias = ts_arena_alloc(arena, sizeof(*alias));

	if (!alias)
		return -ENOMEM;
	if (names->n_aliases * 2 >= names->n_alias_buckets && grow(names, arena) < 0)
		return -ENOMEM;
	alias->mangled = ts_arena_strndup(arena, mangled, strlen(mangled));
	alias->function = ts_arena_strndup(arena, function, strlen(function));
	if (!alias->mangled || !alias->function)
		return -ENOMEM;
	alias->rule = rule;
	alias->dialect = dialect;
	add_alias(names->aliases, names->n_alias_buckets, alias);
	names->n_aliases++;
	return 0;
}

/* The first alias of this name from bucket *at on, which goes past it; NULL: there are no more. */
static const struct ts_alias *next_alias(const struct ts_names *names, const char *mangled,
					 size_t *at)
{
	if (!names->n_alias_buckets)
		return NULL;
	for (;; ++*at) {
		const struct ts_alias *alias = names->aliases[*at & (names->n_alias_buckets - 1)];

		if (!alias)
			return NULL;
		if (strcmp(alias->mangled, mangled) == 0)
			return ++*at, alias;
	}
}

static size_t first_bucket(const struct ts_names *names, const char *mangled)
{
	return names->n_alias_buckets ? hash(mangled) & (names->n_alias_buckets - 1) : 0;
}

bool ts_names_has_alias(const struct ts_names *names, const char *mangled)
{
	size_t at = first_bucket(names, mangled);

	return next_alias(names, mangled, &at) != NULL;
}

const struct ts_alias *ts_names_alias_of(const struct ts_names *names, const char *mangled,
					 const struct ts_rule *rule)
{
	size_t at = first_bucket(names, mangled);
	const struct ts_alias *alias = next_alias(names, mangled, &at);

	while (alias && alias->rule != rule)
		alias = next_alias(names, mangled, &at);
	return alias;
}

const char *ts_names_mangled(const struct ts_names *names, const struct ts_rule *rule)
{
	for (size_t i = 0; i < names->n_alias_buckets; i++)
		if (names->aliases[i] && names->aliases[i]->rule == rule)
			return names->aliases[i]->mangled;
	return NULL;
}

static const struct ts_rule *find_alias(const struct ts_names *names, const char *name,
					const char *path)
{
	size_t at = first_bucket(names, name);
	const struct ts_alias *alias = next_alias(names, name, &at);

	while (alias && !ts_names_fit(alias->rule, path))
		alias = next_alias(names, name, &at);
	return alias ? alias->rule : NULL;
}

/* --- rules ----------------------------------------------------------------------------------- */

/* The first plain rule of the file, or of [wire]. */
static const struct ts_rule *find_plain(const struct ts_names *names, const char *name,
					const char *path, bool wire)
{
	size_t i = hash(name) & (names->n_buckets - 1);

	for (; names->plain[i]; i = (i + 1) & (names->n_buckets - 1))
		if (!names->plain[i]->wire == !wire &&
		    strcmp(names->plain[i]->prototype.function, name) == 0 &&
		    ts_names_fit(names->plain[i], path))
			return names->plain[i];
	return NULL;
}

const struct ts_rule *ts_names_find(const struct ts_names *names, const char *name,
				    const char *path)
{
	const struct ts_rule *rule = find_plain(names, name, path, false);

	if (!rule && names->n_aliases && name[0] == '_')
		rule = find_alias(names, name, path);
	for (size_t i = 0; !rule && i < names->n_globs; i++)
		if (ts_names_match(names->globs[i]->prototype.function, name) &&
		    ts_names_fit(names->globs[i], path))
			rule = names->globs[i];
	return rule;
}

const struct ts_rule *ts_names_find_wire(const struct ts_names *names, const char *name,
					 const char *path)
{
	return names->any_wire ? find_plain(names, name, path, true) : NULL;
}

const struct ts_rule *ts_names_find_any(const struct ts_names *names, const char *name,
					const char *path)
{
	const struct ts_rule *rule = ts_names_find(names, name, path);

	return rule ? rule : ts_names_find_wire(names, name, path);
}
