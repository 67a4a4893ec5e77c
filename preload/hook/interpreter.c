// SPDX-License-Identifier: Apache-2.0
/* The way into CPython. */

#include "interpreter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../elf/scope.h"
#include "../elf/walk.h"
#include "../hot/clock.h"
#include "../hot/guarded.h"
#include "../life/life.h"
#include "../life/module.h"
#include "../python.h"
#include "../report/report.h"
#include "../system/pages.h"
#include "../system/program.h"
#include "allocator.h"
#include "definition.h"

#define OLDEST 10 /* of Python 3 */
#define NEWEST 14
#define TRIES  16 /* each waits for the walker a while */

typedef int audit_fn(const char *event, void *arguments, void *data);
typedef int add_hook_fn(audit_fn *hook, void *data);

static struct {
	const struct ts_conf *conf;   /* NULL: no rule is for Python */
	const char *(*version)(void); /* NULL: there is no interpreter */
	int (*is_initialized)(void);
	add_hook_fn *add_hook; /* NULL: it is too old for that */
	bool registered;
	const struct ts_python_front *front_end; /* read without the GIL, too */
	bool opened;                             /* or tried to */
	bool tells;                              /* what would become of the rules, and no more */
	struct ts_foreign *spare;
} interpreter;

/* --- what the front end is given ---------------------------------------------------------------- */

struct definition {
	const struct ts_python_function *function;
	const struct ts_hook *hook;
};

static void define_in_walk(struct ts_walk *walk, void *context)
{
	struct definition *definition = context;
	int index = ts_definition_take_python(definition->function);

	(void)walk;
	if (index >= 0)
		definition->hook = ts_thunks[index].hook;
}

/* Walks have the table of definitions in turn. */
static const struct ts_hook *define(const struct ts_python_function *function)
{
	struct definition definition = {.function = function};

	for (int i = 0; i < TRIES && !ts_walk(define_in_walk, &definition); i++)
		;
	return definition.hook;
}

/* The GIL orders these two. */
static struct ts_foreign *take(void)
{
	enum { CALLS = 64 };
	struct ts_foreign *call = interpreter.spare;

	if (!call) {
		call = ts_pages_new(CALLS * sizeof(*call));
		for (size_t i = 0; call && i + 1 < CALLS; i++)
			call[i].frame.outer = &call[i + 1].frame;
	}
	if (call)
		interpreter.spare = (struct ts_foreign *)call->frame.outer;
	return call;
}

static void give(struct ts_foreign *call)
{
	call->frame.outer = (struct ts_frame *)interpreter.spare;
	interpreter.spare = call;
}

static bool place(struct ts_foreign *call, const struct ts_hook *hook,
		  const struct ts_foreign *parent, uintptr_t slot)
{
	enum ts_foreign_placed placed = ts_foreign_place(call, hook, parent, slot);

	if (placed == TS_FOREIGN_NOT_READY && ts_life_make_ready(slot))
		placed = ts_foreign_place(call, hook, parent, slot);
	return placed == TS_FOREIGN_INSIDE;
}

static void end(struct ts_foreign *call, enum ts_outcome outcome, const struct ts_prepared *output)
{
	if (!ts_foreign_end(call, outcome, output) &&
	    ts_life_make_ready((uintptr_t)__builtin_frame_address(0)))
		ts_foreign_end(call, outcome, output);
}

static bool copy(void *to, const void *from, uint64_t bytes)
{
	return ts_guarded_copy(to, from, bytes);
}

static uint64_t ticks(void)
{
	return ts_clock_ticks();
}

static void shut(uintptr_t slot)
{
	/* so that nothing below the frame takes the guard for one that was left behind */
	ts_context.guard = slot ? slot + TS_HANDLER_BELOW : 0;
}

/* --- the way in ---------------------------------------------------------------------------------- */

/* "3.11.7 (main, ...) [GCC ...]": a version that the front end knows, with a GIL. */
static bool is_known(char *why, size_t why_bytes)
{
	const char *version = interpreter.version();
	long minor = strncmp(version, "3.", 2) == 0 ? strtol(version + 2, NULL, 10) : 0;

	if (minor >= OLDEST && minor <= NEWEST && !strstr(version, "free-threading"))
		return true;
	snprintf(why, why_bytes, "this is Python %.*s, not 3.%d to 3.%d%s",
		 (int)strcspn(version, " "), version, OLDEST, NEWEST,
		 minor > NEWEST || minor < OLDEST ? "" : " with a GIL");
	return false;
}

static void start_front_end(char *why, size_t why_bytes)
{
	static struct ts_python_services services = {
		.version = TS_ABI_VERSION,
		.define = define,
		.take = take,
		.give = give,
		.place = place,
		.begin = ts_foreign_begin,
		.end = end,
		.enter = ts_foreign_enter,
		.leave = ts_foreign_leave,
		.room = ts_foreign_room,
		.swap = ts_foreign_swap,
		.copy = copy,
		.ticks = ticks,
		.shut = shut,
		.log = ts_log,
	};
	ts_python_start_fn *start;

	services.conf = interpreter.conf;
	services.report = interpreter.tells ? ts_report_line : NULL;
	start = is_known(why, why_bytes) ? (ts_python_start_fn *)ts_module_symbol(
						   "python", TS_PYTHON_SYMBOL, why, why_bytes)
					 : NULL;
	if (start)
		__atomic_store_n(&interpreter.front_end, start(&services, why, why_bytes),
				 __ATOMIC_RELEASE);
}

/* Nobody else will say it of the rules for Python. */
static void tell_all(const char *why)
{
	const struct ts_conf *conf = interpreter.conf;

	for (size_t i = 0; i < conf->n_rules; i++) {
		char line[24];
		const char *fields[] = {"miss", line, why};

		snprintf(line, sizeof(line), "%u", conf->rules[i].line);
		if (conf->rules[i].python.module)
			ts_report_line(fields, 3);
	}
	ts_report_end();
}

static void open_front_end(void)
{
	uintptr_t guard = ts_context.guard;
	char why[256] = "";

	interpreter.opened = true;
	/* wrapped functions that the dynamic linker calls are not the program's */
	ts_context.guard = (uintptr_t)__builtin_frame_address(0);
	start_front_end(why, sizeof(why));
	ts_context.guard = guard;
	if (interpreter.front_end)
		return;
	if (interpreter.tells)
		tell_all(why);
	ts_log(TS_LOG_ERROR, "Python functions are not traced: %s", why);
}

/*
 * Any event will do once the interpreter is initialised: `import` and `exec` come before the first line of
 * the program.
 */
static int audit(const char *event, void *arguments, void *data)
{
	(void)data;
	if (event[0] == 'c' && strcmp(event, TS_ALLOCATOR_EVENT) == 0)
		ts_allocator_before_clear();
	if (!interpreter.opened && (interpreter.tells || !ts_hot.passive) &&
	    interpreter.is_initialized())
		open_front_end();
	if (interpreter.front_end && interpreter.front_end->audit(event, arguments) &&
	    interpreter.tells)
		ts_report_end();
	return 0;
}

int ts_interpreter_says(struct ts_foreign *ret)
{
	const struct ts_python_front *front =
		__atomic_load_n(&interpreter.front_end, __ATOMIC_ACQUIRE);

	return front ? front->says(ret) : -ENOENT;
}

void ts_interpreter_look(const struct ts_object *object)
{
	void *version;

	if (!interpreter.conf || interpreter.version)
		return;
	version = ts_scope_function(object, "Py_GetVersion");
	if (!version)
		return;
	interpreter.version = (const char *(*)(void))version;
	interpreter.is_initialized = (int (*)(void))ts_scope_function(object, "Py_IsInitialized");
	interpreter.add_hook = (add_hook_fn *)ts_scope_function(object, "PySys_AddAuditHook");
	ts_allocator_find(object);
}

void ts_interpreter_keep(const struct ts_scope *scope)
{
	const struct ts_object *holder;

	if (!interpreter.version || interpreter.registered)
		return;
	holder = ts_scope_holder(scope, (uintptr_t)interpreter.version);
	if (!holder || ts_scope_function(holder, "Py_GetVersion") != (void *)interpreter.version)
		interpreter.version = NULL;
}

void ts_interpreter_register(void)
{
	char why[256] = "it has no audit hooks";

	if (!interpreter.version || interpreter.registered)
		return;
	interpreter.registered = true;
	ts_allocator_before_hook(&interpreter);
	if (!interpreter.add_hook || !interpreter.is_initialized)
		is_known(why, sizeof(why));
	else if (interpreter.add_hook(audit, &interpreter) == 0)
		return;
	if (!ts_report_wanted())
		ts_log(TS_LOG_ERROR, "Python functions are not traced: %s", why);
}

void ts_interpreter_init(const struct ts_conf *conf)
{
	for (size_t i = 0; i < conf->n_rules; i++)
		if (conf->rules[i].python.module)
			interpreter.conf = conf;
}

/* --- what becomes of the rules -------------------------------------------------------------------- */

/* Python itself, that a script is given to: other programs do their own work before they run any Python. */
static bool is_python(void)
{
	const char *name = strrchr(ts_program_path(), '/');

	return name && strstr(name, "python");
}

bool ts_interpreter_tells(void)
{
	interpreter.tells = interpreter.registered && interpreter.add_hook && is_python();
	return interpreter.tells;
}

void ts_interpreter_miss(char *ret, size_t bytes)
{
	const char *path = ts_program_path();

	if (!interpreter.version)
		snprintf(ret, bytes,
			 "there is no Python interpreter in %s; where that is a script's shell, "
			 "name "
			 "the Python that the script starts",
			 path);
	else if (!is_known(ret, bytes))
		;
	else if (!is_python())
		snprintf(ret, bytes,
			 "%s would have to run before it can be told, for Python is a part of it",
			 path);
	else
		snprintf(ret, bytes, "Python ended before it ran anything");
}
