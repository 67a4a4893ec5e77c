/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_WALK_H
#define TS_WALK_H

/*
 * A walk over the loaded objects, one thread at a time. It runs inside dl_iterate_phdr, whose lock keeps
 * objects from being unmapped meanwhile, and calls no dl function. [setup]
 *
 * The walker's word is taken before the dynamic linker's lock, which glibc's fork does not mend in the
 * child. The program may hold that lock when it calls us, so a walk tries for the word and, where it
 * does not get it soon, is left out; a fork waits for the walk under way.
 */

#include <stdbool.h>

#include "../system/maps.h"
#include "scope.h"

struct ts_walk {
	struct ts_scope scope;
	unsigned long long adds, subs; /* dl_iterate_phdr's counts */
	struct ts_maps maps;           /* empty until ts_walk_maps */
	size_t room;                   /* of scope.objects */
};

/*
 * Calls `run` once, with the objects that are loaded now. Calls of wrapped functions from there, and from
 * handlers that interrupt it, are not the program's. False: it could not be had.
 */
typedef void ts_walk_fn(struct ts_walk *walk, void *context);
bool ts_walk(ts_walk_fn *run, void *context);

/*
 * Have objects come or gone since dl_iterate_phdr counted so? False, too, where that cannot be told: while another thread
 * walks, unless one may wait for that.
 */
bool ts_walk_is_news(unsigned long long adds, unsigned long long subs, bool may_wait);

/* The mappings of this process, read once a walk; NULL: they cannot be had. */
const struct ts_maps *ts_walk_maps(struct ts_walk *walk);

/* Where an object's file is: the dynamic linker's name, or the program's. */
const char *ts_walk_path(const struct ts_object *object);

/* Is it a module that the shim opened, or also the shim itself? */
bool ts_walk_is_module(const struct ts_object *object);
bool ts_walk_is_ours(const struct ts_object *object);

/* Does a module need it, or a library that one needs? */
bool ts_walk_serves_module(const struct ts_walk *walk, const struct ts_object *object);

/*
 * Is no thread in the midst of opening or closing a library, by what the dynamic linker tells debuggers? Said for good in a
 * forked child alone: nobody there goes on with what another thread had begun.
 */
bool ts_walk_is_linker_idle(void);

/*
 * Before a fork: nobody is walking, and nobody begins to. False: that could not be had in time; a child
 * of such a fork walks no more.
 */
bool ts_walk_hold(void);
void ts_walk_go_on(bool held);
void ts_walk_go_on_in_child(bool held);

#endif
