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

/*
 * From 3.12 on nobody counts the references to None and its like, but what was compiled inline against older
 * headers: it would give back what it never took, and one day None would be freed. So the interpreter counts.
 */
#undef Py_INCREF
#undef Py_DECREF
#undef Py_XINCREF
#undef Py_XDECREF
#undef Py_NewRef
#undef Py_XNewRef
#define Py_INCREF(object)  Py_IncRef((PyObject *)(object))
#define Py_DECREF(object)  Py_DecRef((PyObject *)(object))
#define Py_XINCREF(object) Py_IncRef((PyObject *)(object))
#define Py_XDECREF(object) Py_DecRef((PyObject *)(object))
#define Py_NewRef(object)  (Py_NewRef)((PyObject *)(object))
#define Py_XNewRef(object) (Py_XNewRef)((PyObject *)(object))

#include "../python.h"

extern const struct ts_python_services *ts_shim;

/* What the limited API leaves out, looked up and checked. */
struct ts_python_api {
	/* NULL before 3.11, where it is inline */
	PyObject *(*vectorcall)(PyObject *function, PyObject *const *arguments, size_t n,
				PyObject *keywords);
	PyObject *(*vectorcall_call)(PyObject *callable, PyObject *tuple, PyObject *dict);
	PyObject *(*context_var_new)(const char *name, PyObject *otherwise);
	int (*context_var_get)(PyObject *variable, PyObject *otherwise, PyObject **value);
	PyObject *(*context_var_set)(PyObject *variable, PyObject *value);
	int (*context_var_reset)(PyObject *variable, PyObject *token);
	PyObject *(*context_new)(void);
	int (*context_enter)(PyObject *context);
	int (*context_exit)(PyObject *context);
	PyObject *(*type_lookup)(PyTypeObject *type, PyObject *name); /* borrowed; no error */
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

/*
 * The error that is set is dropped; what is none of an Exception comes again when the program goes on: somebody wants
 * to end it (KeyboardInterrupt), and it was not ours to catch.
 */
void ts_front_pass_on(void);

/* --- wrapped.c: a function that a rule names -------------------------------------------------------- */

#define TS_MAX_PYTHON_PARAMS 255

/* The protocol of PEP 590, which the limited API has from 3.12 on. */
typedef PyObject *ts_vectorcall_fn(PyObject *self, PyObject *const *arguments, size_t n,
				   PyObject *keywords);

/* What the code in front of it calls. Not a function of C: some calls of these would count for the recursion limit. */
struct ts_wrapped {
	PyObject_HEAD ts_vectorcall_fn *run;
	const struct ts_hook *hook; /* NULL: it could not be entered in the log */
	const struct ts_rule *rule;
	long flags;         /* of the code */
	PyObject *keywords; /* names of what is passed by keyword only */
	/*
	 * What the parameters in order default to, to be compared with: code is nothing that the collector looks into, so
	 * it holds on to no object of the program's. NULL: not known.
	 */
	const PyObject **defaults;
	PyObject *module; /* names, to find the function by */
	PyObject *path;
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

/* As in struct ts_python_front. */
int ts_span_says(struct ts_foreign *ret);

/* --- nogil.c: what a thread's context holds, without the GIL ----------------------------------------------- */

struct ts_nogil_variable {
	const PyObject *variable; /* lives as long as the interpreter */
	uint32_t hash;
};

/* Finds out how to; where that is not to be found out, nothing is ever seen. */
void ts_nogil_init(void);

void ts_nogil_know(PyObject *variable, struct ts_nogil_variable *ret);

/*
 * The object that this thread's context has for the variable, or NULL. It may be gone: to be read by what is below alone.
 * False: it is not to be known.
 */
bool ts_nogil_look(const struct ts_nogil_variable *variable, const void **ret_object);

/* Copies what was seen; false: it may not be what was there. */
bool ts_nogil_copy(void *to, const void *from, size_t bytes);

/* --- greenlet.c: stacks that greenlets share --------------------------------------------------------------- */

int ts_greenlet_init(void);

/* A module is about to be imported. */
void ts_greenlet_imported(const char *module);

/* Before a call begins: sees to it that this thread's switches are told of. */
void ts_greenlet_look(void);

/* --- call.c: how functions of each kind run --------------------------------------------------------------- */

/* The first argument is a function of the original code. */
ts_vectorcall_fn ts_call_function;
ts_vectorcall_fn ts_call_coroutine;
ts_vectorcall_fn ts_call_generator;
ts_vectorcall_fn ts_call_async_generator;

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
 * answers what the caller gets instead, a new reference. NULL: it is none.
 */
PyObject *ts_stream_follow(struct ts_span *span, PyObject *result);

/* --- writer.c: values, one after another ----------------------------------------------------------------- */

#define TS_DEEPEST_VALUE 8

struct ts_writer {
	char *start, *at, *end;
	const PyObject *above[TS_DEEPEST_VALUE]; /* containers that are being written */
	int depth;
};

/* Room for one side of a call; false: there is none, or this thread is capturing. To be given back. */
bool ts_capture_start(struct ts_writer *ret);
void ts_capture_done(struct ts_writer *writer);

/* Is this thread capturing? What the program's own methods call then is not recorded. */
bool ts_capture_runs(void);

/* Bytes that a value may still have. */
size_t ts_capture_room(const struct ts_writer *writer);

/* Each writes one value. What does not fit is cut or left out; false: nothing was written. */
bool ts_capture_text(struct ts_writer *writer, const char *text, size_t bytes, uint16_t param);
bool ts_capture_number(struct ts_writer *writer, enum ts_value_type type, uint64_t bits,
		       uint16_t param);
bool ts_capture_opaque(struct ts_writer *writer, const char *name, uint16_t param);

/* Three quarters head, one quarter tail of a text of `full` bytes: `tail` ends where the text does. */
bool ts_capture_cut(struct ts_writer *writer, const char *head, size_t head_bytes, const char *tail,
		    size_t tail_bytes, size_t full, uint16_t param);

/* A container at `writer`: what is put until it is closed lies in it. NULL: there is no room. */
struct ts_value *ts_capture_open(struct ts_writer *writer, enum ts_value_type type, uint16_t param);
void ts_capture_close(struct ts_writer *writer, struct ts_value *container, uint64_t n_omitted);

/* --- capture.c: objects -> values ------------------------------------------------------------------------ */

int ts_capture_init(void);

/* Writes an object, as above. No error is left set. */
bool ts_capture_put(struct ts_writer *writer, PyObject *object, uint16_t param);

/* Is it of the standard library, and its text what a person would write? */
bool ts_capture_is_plain_type(PyObject *object);

/* --- peek.c: attributes, without any code of the program's ------------------------------------------------ */

enum ts_name {
	TS_NAME_DICT,
	TS_NAME_MODULE,
	TS_NAME_QUALNAME,
	TS_NAME_WRAPPED,
	TS_NAME_FUNC,
	TS_NAME_FGET,
	TS_NAME_PARTIAL_FUNC,
	TS_NAME_DATACLASS_FIELDS,
	TS_NAME_MEMBER_MAP,
	TS_NAME_VALUE,
	TS_NAME_PYDANTIC_FIELDS,
	TS_NAME_PYDANTIC_EXTRA,
	TS_NAME_MODEL_FIELDS,
	TS_NAME_FIELDS_SET,
	TS_NAME_MODEL_DUMP,
	TS_NAME_TO_DICT,
	TS_NAME_LEN,
	TS_NAME_ARRAY,
	TS_NAME_STR,
	TS_NAME_ARGS,
	TS_NAME_FILENAME,
	TS_NAME_FILENAME2,
	TS_NAME_STRERROR,
	TS_NAME_MSG,
	TS_NAME_NEXT,
	TS_NAME_ANEXT,
	TS_NAME_ENTER,
	TS_NAME_AENTER,
	TS_NAMES
};

int ts_peek_init(void);

/* What a type or a base of it holds, as it lies there. Borrowed; NULL: nothing. */
PyObject *ts_peek_type(PyTypeObject *type, enum ts_name name);

/* What lies in the object itself: in a slot or in its dictionary. New; NULL: nothing. */
PyObject *ts_peek(PyObject *object, enum ts_name name);
PyObject *ts_peek_named(PyObject *object, PyObject *name);
PyObject *ts_peek_dict(PyObject *object);

/* An attribute as `type`, one of the interpreter's own, has it, whatever the object's own type made of it. Likewise. */
PyObject *ts_peek_as(PyTypeObject *type, PyObject *object, enum ts_name name);

/* "openai.RateLimitError"; of builtin types and those of the module `without` the name alone. */
void ts_peek_type_name(PyTypeObject *type, const char *without, char *ret, size_t bytes);

/* --- failure.c: exceptions -> values ---------------------------------------------------------------------- */

int ts_failure_init(void);

/* Writes what is known of an exception, and says how the call ended. */
enum ts_outcome ts_failure_put_exception(struct ts_writer *writer, PyObject *exception,
					 PyObject *traceback);

/* --- rewrite.c: modules ------------------------------------------------------------------------------------- */

extern PyTypeObject *ts_function_type; /* of functions written in Python */

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
