/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOOK_H
#define TS_HOOK_H

/*
 * Rule x definition -> thunk, and thunks into the slots that lead to the definition. [setup]
 *
 * Everything is done inside dl_iterate_phdr, whose lock keeps objects from being unmapped
 * meanwhile, and without calling any dl function: what an object binds to is read from its slot or
 * looked up in its own scope by the tables in memory. One thread walks at a time; a walk that cannot
 * begin soon is left out, and a fork waits for the one under way.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"

/* One definition that a rule is bound to. Never freed or changed, but for n_slots. */
struct ts_definition {
	const struct ts_rule *rule;
	const char *function; /* copies: the object may be unloaded */
	const char *object;   /* its path */
	uintptr_t address;
	bool unread;      /* a std::string or view is not recorded: whose it is cannot be told */
	uint32_t n_slots; /* that were written to lead to the thunk */
};

/*
 * Takes the rules of `conf`, which must outlive the program, and hooks every object that is loaded.
 * 0, or -ENOMEM.
 */
int ts_hook_init(const struct ts_conf *conf);

/* Hooks objects that were loaded since. Any thread that may take locks. */
void ts_hook_refresh(void);

/*
 * What the program shall get for a look-up of `name` that found `address`: the thunk, or `address`.
 */
void *ts_hook_found(const char *name, void *address);

/*
 * The same for a look-up in the scope of whoever called from `caller`: RTLD_DEFAULT, or, with
 * `next`, RTLD_NEXT. NULL: nothing is wrapped there, let the dynamic linker answer.
 */
void *ts_hook_in_scope(const char *name, const char *version, bool next, uintptr_t caller);

/* Does some rule name this function? */
bool ts_hook_is_ruled(const char *name);

/* Thunks made so far; definition i belongs to thunk i and is whole. */
size_t ts_hook_count(void);
const struct ts_definition *ts_hook_definition(size_t index);

/* Why a rule has no definition: what is known of its name in the objects that are loaded now. */
void ts_hook_miss(const struct ts_rule *rule, char *ret, size_t bytes);

/* Why nothing that is named `name` may ever be wrapped, or NULL. */
const char *ts_hook_refusal(const char *name);

/*
 * Before a fork: nobody is walking over the loaded objects, and nobody begins to. False: that could not
 * be had in time; a child of such a fork hooks nothing more.
 */
bool ts_hook_hold(void);
void ts_hook_go_on(bool held);
void ts_hook_go_on_in_child(bool held);

#endif
