/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_INTERPRETER_H
#define TS_INTERPRETER_H

/*
 * CPython in this process: found among the loaded objects, asked for its audit events (PEP 578), and given the
 * front end with the first of them that comes from an initialised interpreter. [setup], where it is not said otherwise.
 */

#include "../conf/conf.h"
#include "../elf/elf.h"
#include "../hot/foreign.h"

struct ts_scope;

/* Takes the rules; where none is for Python, nothing of this happens. */
void ts_interpreter_init(const struct ts_conf *conf);

/* Inside a walk: is it in this object? */
void ts_interpreter_look(const struct ts_object *object);

/* Inside a walk, when objects went: forgets one that went before it was registered with. */
void ts_interpreter_keep(const struct ts_scope *scope);

/* Not inside a walk, on a thread of the program: registers with the one that was found. */
void ts_interpreter_register(void);

/*
 * The call that this thread's context lies in, by value, open or not. 1; 0: it lies in none; negative: that is not to be
 * known, or there is no interpreter. On any thread, within any call.
 */
int ts_interpreter_says(struct ts_foreign *ret);

/*
 * Of a program that is only asked what would become of its rules: will an interpreter tell of those for Python? Then
 * it ends the program before it runs the first line of Python; until then that has to go on.
 */
bool ts_interpreter_tells(void);

/* Why such a rule has found nothing, as far as is known until then. */
void ts_interpreter_miss(char *ret, size_t bytes);

#endif
