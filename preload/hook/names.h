/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_NAMES_H
#define TS_NAMES_H

/*
 * Function name -> the rules that name it: plain ones by hash, mangled names that were found to be a C++
 * or Rust rule's (cplus.h) by another, globs by list. [setup]
 */

#include "../conf/conf.h"
#include "../system/arena.h"

/* A mangled name that a rule means. */
struct ts_alias {
	const char *mangled;
	const struct ts_rule *rule;
	const char *function; /* "bot::Memory::run" */
	uint8_t dialect;      /* enum ts_dialect: what the name says */
};

struct ts_names {
	const struct ts_rule **plain; /* open addressing; rules of one name lie in order of line */
	size_t n_buckets;             /* a power of two */
	const struct ts_rule **globs;
	size_t n_globs;
	const struct ts_rule *rules;
	size_t n_rules;
	bool any_wire;    /* some rule is one that [wire] asks for */
	uint32_t *hashes; /* ts_object_hash of each rule's function */
	struct ts_alias **
		aliases; /* open addressing; those of one name lie in the order they were entered */
	size_t n_aliases;
	size_t n_alias_buckets; /* a power of two, or 0 */
};

/* 0, or -ENOMEM. */
int ts_names_init(struct ts_names *names, const struct ts_conf *conf, struct ts_arena *arena);

/*
 * The first rule, in order of symbols.conf and plain names first, for a function `name` that the
 * object at `path` defines; NULL: none. `path` NULL: whatever object.
 */
const struct ts_rule *ts_names_find(const struct ts_names *names, const char *name,
				    const char *path);

/* The same among those that [wire] asks for, of which ts_names_find knows none. */
const struct ts_rule *ts_names_find_wire(const struct ts_names *names, const char *name,
					 const char *path);

/* Either; what the file says counts more. */
const struct ts_rule *ts_names_find_any(const struct ts_names *names, const char *name,
					const char *path);

/* May the rule name functions of the object at `path`? */
bool ts_names_fit(const struct ts_rule *rule, const char *path);

/* Enters an alias; strings are copied. 0, or -ENOMEM. */
int ts_names_alias(struct ts_names *names, const char *mangled, const struct ts_rule *rule,
		   const char *function, uint8_t dialect, struct ts_arena *arena);

bool ts_names_has_alias(const struct ts_names *names, const char *mangled);

/* The alias by which `rule` got the function `mangled`; NULL: by its own name. */
const struct ts_alias *ts_names_alias_of(const struct ts_names *names, const char *mangled,
					 const struct ts_rule *rule);

/* A mangled name that `rule` means; NULL: none was entered. */
const char *ts_names_mangled(const struct ts_names *names, const struct ts_rule *rule);

/* Does `text` match `pattern`, in which '*' is any text and '?' any character? */
bool ts_names_match(const char *pattern, const char *text);

#endif
