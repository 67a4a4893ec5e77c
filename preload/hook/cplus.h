/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CPLUS_H
#define TS_CPLUS_H

/*
 * Mangled names -> the rules for C++ and Rust that name them. A rule that is written as people write it
 * cannot be looked up in a symbol table, so the names of an object's functions are read one by one: those in
 * which a rule's last identifier stands are demangled and compared (canon.h), and those that fit become
 * aliases of the rule (names.h). [setup]: by one thread at a time, the one that walks.
 */

#include "../conf/conf.h"
#include "../demangle.h"
#include "../system/arena.h"
#include "dialect.h"
#include "names.h"

/* A rule for a C++ or a Rust function. */
struct ts_cplus_rule {
	const struct ts_rule *rule;
	/*
	 * What a mangled name of the function holds, in this order, each with a NUL behind it and one
	 * more at the end: "3bot" "6Memory" "3run".
	 */
	const char *needles;
	bool anchored; /* it begins with the first one, but in Rust's newer mangling */

	/* A function that has the name, and other parameters; NULL: none was met. */
	const char *near;
	const char *near_object;
	bool near_is_const;
};

struct ts_cplus {
	struct ts_cplus_rule *rules; /* plain ones before globs, each in order of symbols.conf */
	size_t n_rules;
	ts_demangle_fn *demangle; /* NULL until the module is open */
	bool wanted;              /* a name was met that only the module can read */
	bool refused;             /* the module cannot be opened */
	char *buffer;
};

/* 0, or -ENOMEM. */
int ts_cplus_init(struct ts_cplus *cplus, const struct ts_conf *conf, struct ts_arena *arena);

/*
 * Enters the function `mangled` of the object at `path` as an alias of the rules that name it. What only the
 * module can tell is passed over while it is not open, and `wanted` set. 0, or -ENOMEM.
 */
int ts_cplus_enter(struct ts_cplus *cplus, struct ts_names *names, const char *mangled,
		   const char *path, struct ts_arena *arena);

/* Was a name passed over for want of the module? */
static inline bool ts_cplus_waits(const struct ts_cplus *cplus)
{
	return cplus->wanted && !cplus->demangle && !cplus->refused;
}

/*
 * Opens the module if a name asked for it, outside every walk: dlopen takes locks that a walk holds the other
 * way round. True: it is open now and was not before, so the names that were passed over can be entered.
 */
bool ts_cplus_open(struct ts_cplus *cplus, ts_module_symbol_fn *module_symbol);

/* Why a C++ rule has no definition, as far as the names that were met say; false: they say nothing. */
bool ts_cplus_miss(const struct ts_cplus *cplus, const struct ts_rule *rule, char *ret,
		   size_t bytes);

/* May this mangled name ("_Z...", "_R...") be of a function that the rule names? Quick, and never wrongly no. */
bool ts_cplus_may_fit(const struct ts_cplus_rule *rule, const char *mangled);

/*
 * Does the rule name this function? `name` and `signature` are in the one spelling, `plain` is the name
 * without template arguments; `signature` NULL: it is not known.
 */
bool ts_cplus_fits(const struct ts_prototype *rule, const char *name, const char *plain,
		   const char *signature, bool is_const);

#endif
