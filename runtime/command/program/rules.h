/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_PROGRAM_RULES_H
#define TS_COMMAND_PROGRAM_RULES_H

/* The shim's report on a symbols.conf, as a whole. */

#include <stdbool.h>
#include <stddef.h>

#include "lines.h"

struct ts_rules_fault {
	long line; /* 0: the file as a whole */
	long column;
	char *message;
};

struct ts_rules_pair {
	char *key;   /* a setting, or a parameter's name */
	char *value; /* ... or its type, "" where there is none */
	char *place; /* of a parameter of C, for differs.c; else "" */
};

struct ts_rules_hook {
	char *function;
	char *object;  /* in Python the file */
	char *address; /* NULL in Python */
	bool entry;    /* reached by its first bytes, not by slots */
	long slots;
	char *type; /* in Python: "coroutine", ...; NULL else */
	long line;  /* ... where it begins */
	bool live;  /* of a program that runs: neither address nor how it is reached is known */
};

struct ts_rules_unseen {
	char *function;
	char *object;
	char *reason;
};

struct ts_rules_object {
	char *path;
	unsigned long long base;
};

struct ts_rule_report {
	long line;
	char *kind;
	char *name;
	char *function;
	char *object; /* behind its '@'; "": of any */
	bool python;  /* of a Python function: MODULE:QUALNAME */
	struct ts_rules_pair *params;
	size_t n_params;
	struct ts_rules_hook *hooks;
	size_t n_hooks;
	struct ts_rules_unseen *unseen; /* calls of hooked functions that are known and not seen */
	size_t n_unseen;
	char **misses;
	size_t n_misses;
	char **hints; /* what the objects' files say of a miss (check/explain.h) */
	size_t n_hints;
};

struct ts_rules_tls {
	char *object;
	char *library;
	char *reason; /* why it is not seen; "": it is */
};

/* What [wire] asks for, and what became of it. */
struct ts_rules_wire {
	struct ts_rules_pair *asks; /* n_asks 0: there is no [wire] */
	size_t n_asks;
	struct ts_rules_hook *functions; /* without address and number of slots */
	size_t n_functions;
	struct ts_rules_tls *libraries;
	size_t n_libraries;
};

struct ts_rules {
	char *conf; /* "": none was found; NULL: the shim wrote no report */
	char *program;
	struct ts_rules_object *objects; /* loaded, in order; the program first */
	size_t n_objects;
	struct ts_rules_fault *faults;
	size_t n_faults;
	struct ts_rules_pair *settings;
	size_t n_settings;
	struct ts_rule_report *rules;
	size_t n_rules;
	struct ts_rules_wire wire;
};

/* One line of a report. 0, or -ENOMEM. */
int ts_rules_take(struct ts_rules *rules, char *const fields[TS_LINES_FIELDS]);

/* The functions of [wire] by their objects. */
void ts_rules_sort(struct ts_rules *rules);

/* Is there a rule in this line of the file? */
bool ts_rules_has(const struct ts_rules *rules, long line);

/* 0, or a negative errno with *ret empty. */
int ts_rules_read(struct ts_rules *ret, const char *path);
/* More than the shim knew. 0, or -ENOMEM. */
int ts_rules_add_fault(struct ts_rules *rules, const char *message);
int ts_rules_add_hint(struct ts_rule_report *rule, const char *text);
int ts_rules_add_unseen(struct ts_rule_report *rule, const char *function, const char *object,
			const char *reason);
/* Leaves out what only the program's objects can tell. */
void ts_rules_forget_objects(struct ts_rules *rules);
void ts_rules_forget_settings(struct ts_rules *rules);
void ts_rules_release(struct ts_rules *rules);

#endif
