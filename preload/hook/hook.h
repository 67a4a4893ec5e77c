/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOOK_H
#define TS_HOOK_H

/*
 * Rules x loaded objects -> definitions, and what leads to them: slots, entries, look-ups. [setup]
 *
 * Everything is done inside a walk (walk.h): what an object binds to is read from its slot or looked up
 * in its own scope by the tables in memory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../conf/conf.h"
#include "definition.h"

struct ts_names;

/*
 * Takes the rules of `conf`, which must outlive the program, and hooks every object that is loaded.
 * 0, or -ENOMEM.
 */
int ts_hook_init(const struct ts_conf *conf);

/*
 * Hooks objects that were loaded since. Any thread that may take locks. `may_wait`: also for the dynamic linker's, which
 * another thread may hold until this one has gone on, where a library's constructor waits for it; what needs a module, or an
 * unwinder held, is then left to the next who may.
 */
void ts_hook_refresh(bool may_wait);

/* A function's name in a symbol table: does a rule for C++ or Rust mean it? Then it finds that rule from now on. */
void ts_hook_enter(const struct ts_object *object, const char *symbol);

/* What functions were met that a rule for C++ or Rust almost names; false: none. */
bool ts_hook_near_miss(const struct ts_rule *rule, char *ret, size_t bytes);

/* The rules by the names of their functions. */
const struct ts_names *ts_hook_names(void);

/* Does some rule name this function? */
bool ts_hook_is_ruled(const char *name);

/* Why nothing that is named `name` may ever be wrapped, or NULL. */
const char *ts_hook_refusal(const char *name);

/*
 * The definition at `address`, where `holder` has `name`, as calls by slots and look-ups are led to it: that of the
 * file's rule, that of [wire], or the latter before the former. Its index; negative: there is no rule, or it could not
 * be made. Inside a walk.
 */
int ts_hook_take(const char *name, uintptr_t address, const struct ts_object *holder);

/* lookup.c */

/*
 * What the program shall get for a look-up of `name` that found `address`: the thunk, or `address`.
 */
void *ts_hook_found(const char *name, void *address);

/*
 * The same for a look-up in the scope of whoever called from `caller`: RTLD_DEFAULT, or, with
 * `next`, RTLD_NEXT. NULL: nothing is wrapped there, let the dynamic linker answer.
 */
void *ts_hook_in_scope(const char *name, const char *version, bool next, uintptr_t caller);

/* miss.c */

/* Why a rule has no definition: what is known of its name in the objects that are loaded now. */
void ts_hook_miss(const struct ts_rule *rule, char *ret, size_t bytes);

#endif
