// SPDX-License-Identifier: Apache-2.0
/* The way into CPython. */

#include "interpreter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "definition.h"
#include "hot/clock.h"
#include "life.h"
#include "module.h"
#include "pages.h"
#include "python.h"
#include "scope.h"
#include "walk.h"

#define OLDEST 10 /* of Python 3 */
#define NEWEST 14
#define TRIES  16 /* each waits for the walker a while */

typedef int audit_fn(const char *event, void *arguments, void *data);
typedef int add_hook_fn(audit_fn *hook, void *data);

static struct {
	const struct ts_conf *conf; /* NULL: no rule is for Python */
	add_hook_fn *add_hook;      /* what was found and not registered with yet */
	int (*is_initialized)(void);
	const char *(*version)(void);
	ts_python_audit_fn *front_end;
	bool opened; /* or tried to */
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
static bool is_known(const char *version, char *why, size_t why_bytes)
{
	long minor = strncmp(version, "3.", 2) == 0 ? strtol(version + 2, NULL, 10) : 0;

	if (minor >= OLDEST && minor <= NEWEST && !strstr(version, "free-threading"))
		return true;
	snprintf(why, why_bytes, "this is Python %.*s, not 3.%d to 3.%d%s",
		 (int)strcspn(version, " "), version, OLDEST, NEWEST,
		 minor > NEWEST || minor < OLDEST ? "" : " with a GIL");
	return false;
}

static void open_front_end(void)
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
		.ticks = ticks,
		.shut = shut,
		.log = ts_log,
	};
	char why[256] = "";
	ts_python_start_fn *start;

	services.conf = interpreter.conf;
	start = is_known(interpreter.version(), why, sizeof(why))
			? (ts_python_start_fn *)ts_module_symbol("python", TS_PYTHON_SYMBOL, why,
								 sizeof(why))
			: NULL;
	if (start)
		interpreter.front_end = start(&services, why, sizeof(why));
	if (!interpreter.front_end)
		ts_log(TS_LOG_ERROR, "Python functions are not traced: %s", why);
}

/*
 * Any event will do once the interpreter is initialised: `import` and `exec` come before the first line of
 * the program.
 */
static int audit(const char *event, void *arguments, void *data)
{
	uintptr_t guard = ts_context.guard;

	(void)data;
	if (interpreter.front_end)
		return interpreter.front_end(event, arguments);
	if (interpreter.opened || ts_hot.passive || !interpreter.is_initialized())
		return 0;
	interpreter.opened = true;
	/* wrapped functions that the dynamic linker calls are not the program's */
	ts_context.guard = (uintptr_t)__builtin_frame_address(0);
	open_front_end();
	ts_context.guard = guard;
	return interpreter.front_end ? interpreter.front_end(event, arguments) : 0;
}

static void *function_of(const struct ts_object *object, const char *name)
{
	const ElfW(Sym) *symbol = ts_object_definition(object, name, NULL);

	return symbol ? (void *)ts_scope_address(object, symbol) : NULL;
}

void ts_interpreter_look(const struct ts_object *object)
{
	void *add, *version;

	if (!interpreter.conf || interpreter.is_initialized)
		return;
	add = function_of(object, "PySys_AddAuditHook");
	version = function_of(object, "Py_GetVersion");
	if (!add || !version)
		return;
	interpreter.is_initialized = (int (*)(void))function_of(object, "Py_IsInitialized");
	interpreter.version = (const char *(*)(void))version;
	interpreter.add_hook = interpreter.is_initialized ? (add_hook_fn *)add : NULL;
}

void ts_interpreter_register(void)
{
	add_hook_fn *add = interpreter.add_hook;

	if (!add)
		return;
	interpreter.add_hook = NULL;
	if (add(audit, NULL) < 0)
		ts_log(TS_LOG_ERROR, "Python functions are not traced: no audit hook can be added");
}

void ts_interpreter_init(const struct ts_conf *conf)
{
	for (size_t i = 0; i < conf->n_rules; i++)
		if (conf->rules[i].python.module)
			interpreter.conf = conf;
}
