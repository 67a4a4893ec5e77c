/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PYTHON_FRONT_H
#define TS_PYTHON_FRONT_H

/*
 * The front end for CPython, against its limited API (PEP 384) from 3.10 on. All of it runs with the GIL held. No
 * error of ours is left set, none of the program's is touched.
 */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030a0000
#include <Python.h>

#include "../python.h"

extern const struct ts_python_services *ts_shim;

/* What the limited API leaves out, looked up and checked. */
struct ts_python_api {
	/* NULL before 3.11, where it is inline */
	PyObject *(*vectorcall)(PyObject *function, PyObject *const *arguments, size_t n,
				PyObject *keywords);
	PyObject *(*context_var_new)(const char *name, PyObject *otherwise);
	int (*context_var_get)(PyObject *variable, PyObject *otherwise, PyObject **value);
	PyObject *(*context_var_set)(PyObject *variable, PyObject *value);
	int (*context_var_reset)(PyObject *variable, PyObject *token);
};

extern struct ts_python_api ts_api;

/* False, with a sentence in `why`. */
bool ts_api_find(char *why, size_t why_bytes);

/* Takes the reference `value`. */
static inline void ts_set(PyObject **at, PyObject *value)
{
	PyObject *before = *at;

	*at = value;
	Py_XDECREF(before);
}

/* An error of ours: cleared, and told once. */
void ts_front_stumbled(const char *where);

/* --- wrapped.c: a function that a rule names -------------------------------------------------------- */

#define TS_MAX_PYTHON_PARAMS 255

struct ts_wrapped {
	PyObject_HEAD const struct ts_hook *hook; /* NULL: it could not be entered in the log */
	const struct ts_rule *rule;
	PyObject *keywords; /* names of what is passed by keyword only */
	PyObject *defaults; /* of the parameters in order; NULL: not known */
	PyObject *module;   /* names, to find the function by */
	PyObject *path;
	PyObject *call; /* what the code in front calls: borrowed, for it holds us */
	Py_ssize_t n_positional, n_keyword, n_params;
	bool more_positional, more_keyword; /* *args, **kwargs */
	bool looked;                        /* for defaults */
	uint8_t first;                      /* parameter to be recorded: 1 past self */
	int16_t tenant;                     /* parameter; -1: none */
	/* A context says that it lies in it. Not so of what seldom starts tasks: it costs as much as all the rest. */
	bool in_context;
	bool redacted[TS_MAX_PYTHON_PARAMS];
};

extern PyTypeObject *ts_wrapped_type;

int ts_wrapped_init(void);

/* For rewrite.py: (number, span, name in sys.modules, name, code, parameters, in a class) -> what the code in front calls. */
PyObject *ts_wrapped_define(PyObject *module, PyObject *arguments);

/* What this code stands in front of. Borrowed; NULL: it is none of ours. */
struct ts_wrapped *ts_wrapped_of(PyObject *code);

/* Finds out, once, what the parameters default to. */
void ts_wrapped_look(struct ts_wrapped *wrapped);

/* Calls the original with the values of the parameters in order. */
PyObject *ts_wrapped_invoke(struct ts_wrapped *wrapped, PyObject *original,
			    PyObject *const *values);

/* --- span.c: one call --------------------------------------------------------------------------------- */

/* What a context variable holds: a call that has begun, and perhaps ended. */
struct ts_span {
	PyObject_HEAD struct ts_foreign *call;
	struct ts_wrapped *wrapped;
	char *items; /* values that it yielded, malloc'ed; NULL: none yet */
	size_t items_bytes;
	uint64_t n_omitted;
	uint64_t first_ticks; /* of the first item; 0: none came */
	bool yields;          /* what it answers is the list of items */
};

/* The call's part of a context: what it replaced there. */
struct ts_scope {
	PyObject *token;
};

int ts_span_init(void);

/* Begins a call with the values of its parameters. A new reference; NULL, and no error: not recorded. */
struct ts_span *ts_span_begin(struct ts_wrapped *wrapped, PyObject *const *values);

/*
 * From here to leave the call runs on this thread: in the machine's frame at `slot`, and, unless `scope` is NULL, as
 * what the context's variable says.
 */
void ts_span_enter(struct ts_span *span, uintptr_t slot, struct ts_scope *scope);
void ts_span_leave(struct ts_span *span, struct ts_scope *scope);

/* It yielded this. */
void ts_span_item(struct ts_span *span, PyObject *item);

/* Ends it: with a result, or, where that is NULL, with the exception that is set, and stays so. */
void ts_span_end(struct ts_span *span, PyObject *result);

/* It came to its end: as with a result, where what it yielded is all there is. The exception that is set stays. */
void ts_span_finish(struct ts_span *span);

/* Ends what nobody will resume. */
void ts_span_abandon(struct ts_span *span);

/* --- call.c: how functions of each kind run --------------------------------------------------------------- */

/* What the code in front calls; the first argument is a function of the original code. */
PyObject *ts_call_function(PyObject *self, PyObject *const *arguments, Py_ssize_t n);
PyObject *ts_call_coroutine(PyObject *self, PyObject *const *arguments, Py_ssize_t n);
PyObject *ts_call_generator(PyObject *self, PyObject *const *arguments, Py_ssize_t n);
PyObject *ts_call_async_generator(PyObject *self, PyObject *const *arguments, Py_ssize_t n);

/* --- step.c, items.c: what drives coroutines and generators ---------------------------------------------- */

int ts_step_init(void);
int ts_items_init(void);

enum ts_step_kind {
	TS_STEP_COROUTINE, /* ends with what it returns */
	TS_STEP_GENERATOR, /* yields items */
	TS_STEP_ITEM,      /* of an async generator: returns one item */
};

enum ts_step_state {
	TS_STEP_NEW,
	TS_STEP_WAITS,
	TS_STEP_RETURNED,
	TS_STEP_RAISED,
};

/* An awaitable and iterator that drives `inner`, inside `span` unless that is NULL. A new reference, or NULL; takes both. */
PyObject *ts_step_new(enum ts_step_kind kind, struct ts_span *span, PyObject *inner);
enum ts_step_state ts_step_state(PyObject *step);

/* What is being handled, as it was before it came to the code in front. New; NULL: nothing. */
PyObject *ts_step_take_handled(void);

/* What the code in front of an async generator drives it by. Likewise. */
PyObject *ts_items_new(struct ts_span *span, PyObject *inner);

/* --- depth.c: the interpreter's recursion limit ------------------------------------------------------------ */

enum ts_depth {
	TS_DEPTH_CALL, /* an original that is called from C */
	TS_DEPTH_DEEP, /* ... from the code in front */
	TS_DEPTH_STEP, /* a coroutine or generator, resumed */
};

void ts_depth_init(void);

/* What stands between a caller and the original does not count, until it is taken back. The exception that is set stays. */
void ts_depth_lend(enum ts_depth what);
void ts_depth_take_back(enum ts_depth what);

/* --- stream.c: results that go on -------------------------------------------------------------------- */

int ts_stream_init(void);

/*
 * Where the result of a call is a stream (a coroutine, a generator, of an LLM any iterator), the span goes on with it:
 * answers what the caller gets instead, and takes the span and the result. NULL: it is none.
 */
PyObject *ts_stream_follow(struct ts_span *span, PyObject *result);

/* --- capture.c: objects -> values ------------------------------------------------------------------------ */

struct ts_writer {
	char *at, *end;
};

/*
 * Room for one side of a call on this thread, until done. False: there is none, or this thread is capturing: the program's
 * own methods run in between.
 */
bool ts_capture_start(struct ts_writer *ret);
void ts_capture_done(void);

/* Is this thread capturing? What the program's own methods call then is not recorded. */
bool ts_capture_runs(void);

/* Writes one value. What does not fit is cut or left out; false: nothing was written. */
bool ts_capture_put(struct ts_writer *writer, PyObject *object, uint16_t param);
bool ts_capture_text(struct ts_writer *writer, const char *text, size_t bytes, uint16_t param);
bool ts_capture_number(struct ts_writer *writer, enum ts_value_type type, uint64_t bits,
		       uint16_t param);

/* A container at `writer`: what is put until it is closed lies in it. False: there is no room. */
struct ts_value *ts_capture_open(struct ts_writer *writer, enum ts_value_type type, uint16_t param);
void ts_capture_close(struct ts_writer *writer, struct ts_value *container, uint64_t n_omitted);

/* --- failure.c: exceptions -> values ---------------------------------------------------------------------- */

/* Writes what is known of an exception, and says how the call ended. */
enum ts_outcome ts_failure_put_exception(struct ts_writer *writer, PyObject *exception,
					 PyObject *traceback);

/* --- rewrite.c: modules ------------------------------------------------------------------------------------- */

/* Compiles rewrite.py. False, with a sentence in `why`. */
bool ts_rewrite_init(char *why, size_t why_bytes);

/* Code is about to run, perhaps that of a module. */
void ts_rewrite_module(PyObject *code);

/* What rewrite.py has by this name, borrowed. */
PyObject *ts_rewrite_get(const char *name);

/* --- look.c: what would become of the rules ------------------------------------------------------------------- */

/* Compiles look.py and explain.py, after rewrite.py. False, with a sentence in `why`. */
bool ts_look_init(char *why, size_t why_bytes);

/* Says it, in lines (abi.h), with an event that tells what the interpreter is about to run. */
void ts_look_tell(const char *event, PyObject *arguments);

#endif
