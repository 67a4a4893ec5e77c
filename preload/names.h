/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_NAMES_H
#define TS_NAMES_H

/* Function name -> the rules that name it: plain ones by hash, globs by list. [setup] */

#include "arena.h"
#include "conf.h"

struct ts_names {
	const struct ts_rule **plain; /* open addressing; rules of one name lie in order of line */
	size_t n_buckets;             /* a power of two */
	const struct ts_rule **globs;
	size_t n_globs;
	const struct ts_rule *rules;
	size_t n_rules;
	uint32_t *hashes; /* ts_object_hash of each rule's function */
};

/* 0, or -ENOMEM. */
int ts_names_init(struct ts_names *names, const struct ts_conf *conf, struct ts_arena *arena);

/*
 * The first rule, in order of symbols.conf and plain names first, for a function `name` that the
 * object at `path` defines; NULL: none. `path` NULL: whatever object.
 */
const struct ts_rule *ts_names_find(const struct ts_names *names, const char *name,
				    const char *path);

/* May the rule name functions of the object at `path`? */
bool ts_names_fit(const struct ts_rule *rule, const char *path);

/* Does `text` match `pattern`, in which '*' is any text and '?' any character? */
bool ts_names_match(const char *pattern, const char *text);

#endif
