/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_DEFINITION_H
#define TS_DEFINITION_H

/* The table of definitions: rule x address -> thunk. Filled inside walks, read by any thread. [setup] */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../elf/elf.h"
#include "names.h"

struct ts_python_function;

enum ts_how {
	TS_BY_SLOTS,  /* slots and look-ups lead to the thunk */
	TS_BY_ENTRY,  /* the function's first bytes do */
	TS_IN_PYTHON, /* its code is called by ours, of the front end */
};

/* One definition that a rule is bound to. Never freed or changed, but for the slots and whether it was reached. */
struct ts_definition {
	const struct ts_rule *rule;
	const char *function; /* copies: the object may be unloaded */
	const char *object;   /* its path */
	uintptr_t address;
	enum ts_how how;
	bool unread;      /* a std::string or view is not recorded: whose it is cannot be told */
	uint32_t n_slots; /* that were written to lead to the thunk */
	bool reached;     /* by entry: the entry was patched */
	/* in Python: what the span is named after, and the parameters */
	const char *span;
	const char *const *params;
	uint8_t n_params;
};

/* 0, or -ENOMEM. */
int ts_definitions_init(const struct ts_conf *conf, const struct ts_names *names);

/*
 * The definition of `rule` at `address`, where `holder` has `symbol`, reached like this: the one there is, or a
 * new one, in the log's dictionary before it is answered. Its index, which is its thunk's, or a negative
 * errno.
 */
int ts_definition_take(const struct ts_rule *rule, uintptr_t address, enum ts_how how,
		       const char *symbol, const struct ts_object *holder);

/* A new definition of a Python function, as above. */
int ts_definition_take_python(const struct ts_python_function *function);

/* Is there one of any rule at `address` of `object`, reached like this? */
bool ts_definition_is_there(uintptr_t address, enum ts_how how, const char *object);

/* Definitions made so far; definition i belongs to thunk i and is whole. */
size_t ts_definition_count(void);
struct ts_definition *ts_definition_at(size_t index);

/* Does the rule have one? */
bool ts_definition_is_made_for(const struct ts_rule *rule);

/* A shared unwinder came, or is known to be there: which pads serve. */
void ts_definitions_choose_pads(bool shared_unwinder);

/* Calls outside every trace go to the pads, too, from now on. Inside a walk, or while walks are held. */
void ts_definitions_reach_everywhere(void);
bool ts_definitions_are_everywhere(void);

#endif
