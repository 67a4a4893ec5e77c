// SPDX-License-Identifier: Apache-2.0
/* Function name -> rules. */

#include "names.h"

#include <errno.h>
#include <string.h>

#include "elf.h"

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

const struct ts_rule *ts_names_find(const struct ts_names *names, const char *name,
				    const char *path)
{
	size_t i = hash(name) & (names->n_buckets - 1);

	for (; names->plain[i]; i = (i + 1) & (names->n_buckets - 1))
		if (strcmp(names->plain[i]->prototype.function, name) == 0 &&
		    ts_names_fit(names->plain[i], path))
			return names->plain[i];
	for (i = 0; i < names->n_globs; i++)
		if (ts_names_match(names->globs[i]->prototype.function, name) &&
		    ts_names_fit(names->globs[i], path))
			return names->globs[i];
	return NULL;
}
