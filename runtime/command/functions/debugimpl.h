/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_FUNCTIONS_DEBUGIMPL_H
#define TS_COMMAND_FUNCTIONS_DEBUGIMPL_H

/* What the files behind debuginfo.h share, and nobody else sees: elfutils. */

#include "debuginfo.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "../../pool.h"

#define TS_DEBUG_DEEPEST 256 /* of scopes, and of a chain of types; damaged files may never end */

/* A function with code of its own. */
struct ts_debug_body {
	uint64_t address;
	Dwarf_Die die;
	enum ts_source_language language;
};

/*
 * DIEs are known by where their bytes lie: offsets are of a section, and there may be several of each
 * kind.
 */

/* What was inlined, before it is known how often. */
struct ts_debug_abstract {
	const void *at;
	Dwarf_Die die;
	uint64_t address; /* of a body; 0: none */
	size_t n_copies;
};

/* A type inside a namespace or class. */
struct ts_debug_type {
	const void *at;
	const char *name;
};

struct ts_debug_vector {
	void *items;
	size_t n, room;
};

struct ts_debuginfo {
	Dwfl *dwfl;
	Dwfl_Module *module;
	char *path; /* where debug files are looked for: libdwfl keeps the address */
	Dwfl_Callbacks callbacks;
	struct ts_pool pool;
	struct ts_debug_vector symbols; /* struct ts_symbol */
	Dwarf *dwarf;                   /* NULL: none */
	bool walked;
	bool no_memory;
	struct ts_debug_vector bodies;    /* struct ts_debug_body, by address */
	struct ts_debug_vector abstracts; /* struct ts_debug_abstract, by place */
	struct ts_debug_vector copies;    /* of pointers: an abstract's place, for each copy */
	struct ts_debug_vector types;     /* struct ts_debug_type, by place */
	struct ts_debug_vector inlined;   /* struct ts_inlined, by name */
};

/* Room for one more at the end, zeroed; NULL where memory ran out. */
void *ts_debug_push(struct ts_debuginfo *info, struct ts_debug_vector *vector, size_t size);

/* Opened at the first call; NULL: there is none. */
Dwarf *ts_debug_dwarf(struct ts_debuginfo *info);

/* Of several functions there the one called `name`, else any. NULL: nothing tells of code there. */
const struct ts_debug_body *ts_debug_find_body(struct ts_debuginfo *info, uint64_t address,
					       const char *name);

/* With its namespaces and classes; NULL: it has none. */
const char *ts_debug_type_name(struct ts_debuginfo *info, Dwarf_Die *type);

/* The DIE that attribute `name` of `die` refers to. */
bool ts_debug_follow(Dwarf_Die *die, unsigned name, Dwarf_Die *ret);

#endif
