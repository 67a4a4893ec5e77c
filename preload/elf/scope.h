/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SCOPE_H
#define TS_SCOPE_H

/*
 * Where an object's names lead: the dynamic linker's search order, followed on the tables in
 * memory. First what was loaded at the start, in that order (the global scope), then the object
 * itself and what it needs, breadth first (its local scope). What a later dlopen made global is not
 * known to be so: a name that only leads there is left to the dynamic linker, and so is one that an
 * object loaded later finds in either scope, but not the same (RTLD_DEEPBIND, perhaps). [setup]
 */

#include "elf.h"

/* The objects that are loaded now, in the dynamic linker's order. */
struct ts_scope {
	struct ts_object *objects;
	size_t n;
	size_t n_initial; /* objects[0..n_initial) were there when the program started */
};

/* The object that holds `address`, or NULL. */
const struct ts_object *ts_scope_holder(const struct ts_scope *scope, uintptr_t address);

/*
 * The definition that `name` (in `version`, or NULL) in `from` binds to. Answers its object and, in
 * *ret, its symbol; NULL: there is none. `from` NULL: the global scope alone.
 */
const struct ts_object *ts_scope_look_up(const struct ts_scope *scope, const struct ts_object *from,
					 const char *name, const char *version,
					 const ElfW(Sym) * *ret);

/* Does `object` need `other`, directly? */
bool ts_scope_needs(const struct ts_object *object, const struct ts_object *other);

/* The address that a definition stands for: an IFUNC's resolver is asked. */
uintptr_t ts_scope_address(const struct ts_object *object, const ElfW(Sym) * symbol);

/* The function that `object` itself defines under this name, or NULL. */
void *ts_scope_function(const struct ts_object *object, const char *name);

#endif
