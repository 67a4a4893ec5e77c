/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_FUNCTIONS_CATALOGUE_H
#define TS_COMMAND_FUNCTIONS_CATALOGUE_H

/* The functions of a loaded program and its libraries, as rules may name them. */

#include "../../pool.h"
#include "../program/rules.h"
#include "debuginfo.h"

struct ts_catalogue_function {
	const char *name;      /* the symbol's; also what a rule calls it without a prototype */
	const char *qualified; /* "bot::Memory::run"; NULL for a C function */
	const char *key;       /* what a rule may name its span */
	uint64_t address;      /* in the file, of the first that is called so; 0: it was inlined */
	uint64_t bytes;
	size_t n; /* functions of this name in its object; 0: the compiler left at most a copy */
	bool exported;
	bool variant; /* made of one source with another, as constructors are: its code is the same */
	bool shared;           /* other objects have a function of this name, too */
	const char *prototype; /* NULL: times only */
	const char *type;      /* of a Python function: "coroutine", ...; NULL */
	const char *note;      /* why there is no prototype, or not all of one; NULL */
	/* what the shim says of it (symbols/reach.h), but where there is no address */
	bool reached;
	bool entry; /* by its first bytes, not by slots */
	long slots;
	const char *reason; /* why it cannot be reached */
	const char *unseen; /* ... or which of its calls are not; NULL */
};

/* The note on functions of a file without any. */
#define TS_CATALOGUE_NO_DEBUG "no debug information"

struct ts_catalogue_object {
	const char *path;
	const char *name;                        /* the file's */
	const char *error;                       /* why it could not be read; NULL */
	struct ts_debuginfo *info;               /* NULL with an error */
	bool system;                             /* below /lib or /usr/lib, and not the program */
	struct ts_catalogue_function *functions; /* those asked for, in order of name */
	size_t n_functions;
};

struct ts_catalogue {
	struct ts_pool pool;
	struct ts_catalogue_object *objects; /* in order of name, the program first */
	size_t n_objects;
};

/*
 * Opens the objects that the shim told of. `folder`: where else debug files may be, or NULL. 0, or
 * -ENOMEM.
 */
int ts_catalogue_open(struct ts_catalogue *ret, const struct ts_rules *report, const char *folder);
void ts_catalogue_release(struct ts_catalogue *catalogue);

/*
 * Fills in the functions whose name, qualified name or NAME@OBJECT `glob` matches, in all objects;
 * with NULL those of the program and of what is not the system's. What compilers add is left out.
 * 0, or -ENOMEM.
 */
int ts_catalogue_select(struct ts_catalogue *catalogue, const char *glob);

/* How often fn is called for each name of a function; C++ names as the source has them, too. */
typedef void ts_catalogue_name_fn(void *context, const char *name, const char *object);
void ts_catalogue_names(struct ts_catalogue *catalogue, ts_catalogue_name_fn *fn, void *context);

#endif
