// SPDX-License-Identifier: Apache-2.0
/*
 * Coroutines and generators, driven inside a span: at each send and throw the call is entered on the thread that runs
 * it, and left at each suspension. A throw that reaches the code in front instead, where it waits for the original
 * (GeneratorExit does, and all that an async generator gets), is kept, and thrown with the next step: so the
 * original sees it where it would have, and may go on.
 */

#include "front.h"

/* Eighths of its stack below which a thread is said to be too deep: each step needs some, as from 3.11 on no call does. */
#define LAST 1

struct step {
	PyObject_HEAD enum ts_step_kind kind;
	enum ts_step_state state;
	struct ts_span *span; /* NULL: not recorded */
	PyObject *inner;
	PyObject *thrown; /* to be thrown with the next step */
	struct ts_scope scope;
};

static PyTypeObject *step_type;

PyObject *ts_step_take_handled(void)
{
	PyObject *type, *exception, *traceback, *rest;

	PyErr_GetExcInfo(&type, &exception, &traceback);
	Py_XDECREF(type);
	Py_XDECREF(traceback);
	traceback = exception ? PyException_GetTraceback(exception) : NULL;
	rest = traceback ? PyObject_GetAttrString(traceback, "tb_next") : NULL;
	if (rest)
		PyException_SetTraceback(exception, rest);
	PyErr_Clear();
	Py_XDECREF(rest);
	Py_XDECREF(traceback);
	return exception;
}

/* --- one step ------------------------------------------------------------------------------------------ */

/* The coroutine has returned: what goes on with its result takes its place. */
static void end_coroutine(struct step *step, PyObject **result)
{
	PyObject *stream = ts_stream_follow(step->span, *result);

	if (stream)
		ts_set(result, stream);
	else
		ts_span_end(step->span, *result);
}

static void record(struct step *step, PyObject **result)
{
	if (step->state == TS_STEP_WAITS && step->kind == TS_STEP_GENERATOR)
		ts_span_item(step->span, *result);
	else if (step->state == TS_STEP_RETURNED && step->kind == TS_STEP_ITEM)
		ts_span_item(step->span, *result);
	else if (step->state == TS_STEP_RETURNED && step->kind == TS_STEP_COROUTINE)
		end_coroutine(step, result);
	else if (step->state == TS_STEP_RETURNED)
		ts_span_end(step->span, *result);
	else if (step->state == TS_STEP_RAISED && step->kind == TS_STEP_ITEM &&
		 PyErr_ExceptionMatches(PyExc_StopAsyncIteration))
		ts_span_finish(step->span);
	else if (step->state == TS_STEP_RAISED)
		ts_span_end(step->span, NULL);
}

static void before(struct step *step, uintptr_t slot)
{
	if (step->span)
		ts_span_enter(step->span, slot, &step->scope);
	ts_depth_lend(TS_DEPTH_STEP);
}

/* A coroutine's context lies in it until it ends, a generator's only while it runs. */
static PySendResult after(struct step *step, PySendResult how, PyObject **result)
{
	bool lasts = how == PYGEN_NEXT && step->kind != TS_STEP_GENERATOR;

	ts_depth_take_back(TS_DEPTH_STEP);
	step->state = how == PYGEN_NEXT     ? TS_STEP_WAITS
		      : how == PYGEN_RETURN ? TS_STEP_RETURNED
					    : TS_STEP_RAISED;
	if (step->span) {
		ts_span_leave(step->span, lasts ? NULL : &step->scope);
		record(step, result);
	}
	return how;
}

/* What a method of `inner` answered, as send tells it. */
static PySendResult as_send(PyObject *answer, PyObject **result)
{
	PyObject *type, *value, *traceback;

	*result = answer;
	if (answer)
		return PYGEN_NEXT;
	if (!PyErr_ExceptionMatches(PyExc_StopIteration))
		return PYGEN_ERROR;
	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	*result = PyObject_GetAttrString(value, "value");
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
	return *result ? PYGEN_RETURN : PYGEN_ERROR;
}

/* Where it can be closed. */
static PyObject *close_inner(struct step *step)
{
	PyObject *method = PyObject_GetAttrString(step->inner, "close"), *result;

	if (!method) {
		PyErr_Clear();
		Py_RETURN_NONE;
	}
	result = PyObject_CallNoArgs(method);
	Py_DECREF(method);
	return result;
}

/* As PEP 380 has it: what is no generator is closed, or only left. */
static PyObject *throw_past(struct step *step, PyObject *exception)
{
	PyObject *closed;

	PyErr_Clear();
	if (PyErr_GivenExceptionMatches(exception, PyExc_GeneratorExit)) {
		closed = close_inner(step);
		if (!closed)
			return NULL;
		Py_DECREF(closed);
	}
	PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
	return NULL;
}

static PySendResult throw(struct step * step, PyObject *exception, PyObject **result)
{
	PyObject *method = PyObject_GetAttrString(step->inner, "throw"), *answer;

	if (method)
		answer = PyObject_CallFunctionObjArgs(method, exception, NULL);
	else
		answer = throw_past(step, exception);
	Py_XDECREF(method);
	return as_send(answer, result);
}

static PySendResult send(PyObject *self, PyObject *value, PyObject **result)
{
	struct step *step = (struct step *)self;
	PyObject *thrown = step->thrown;
	uintptr_t slot = (uintptr_t)__builtin_frame_address(0);
	PySendResult how;

	*result = NULL;
	step->thrown = NULL;
	if (ts_shim->room(slot) < LAST) {
		PyErr_SetString(PyExc_RecursionError, "maximum recursion depth exceeded");
		Py_XDECREF(thrown);
		return PYGEN_ERROR;
	}
	before(step, slot);
	how = thrown ? throw(step, thrown, result) : PyIter_Send(step->inner, value, result);
	Py_XDECREF(thrown);
	return after(step, how, result);
}

/* As methods answer: a value that was yielded, or StopIteration with what was returned. */
static PyObject *as_method(PySendResult how, PyObject *result)
{
	PyObject *stop;

	if (how != PYGEN_RETURN)
		return result;
	/* as an object: a tuple or an exception would be taken for its arguments */
	stop = PyObject_CallFunctionObjArgs(PyExc_StopIteration, result, NULL);
	Py_DECREF(result);
	if (stop) {
		PyErr_SetObject(PyExc_StopIteration, stop);
		Py_DECREF(stop);
	}
	return NULL;
}

static PyObject *method_send(PyObject *self, PyObject *value)
{
	PyObject *result = NULL;
	PySendResult how = send(self, value, &result);

	return as_method(how, result);
}

static PyObject *next(PyObject *self)
{
	return method_send(self, Py_None);
}

/* throw(exception), or as it was before 3.12: throw(type, value, traceback). A new reference. */
static PyObject *exception_of(PyObject *arguments)
{
	PyObject *type, *value = NULL, *traceback = NULL;

	if (!PyArg_UnpackTuple(arguments, "throw", 1, 3, &type, &value, &traceback))
		return NULL;
	if (!value && !traceback)
		return Py_NewRef(type);
	Py_INCREF(type);
	Py_XINCREF(value);
	traceback = traceback == Py_None ? NULL : Py_XNewRef(traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	if (traceback)
		PyException_SetTraceback(value, traceback);
	Py_XDECREF(type);
	Py_XDECREF(traceback);
	return value;
}

static PyObject *method_throw(PyObject *self, PyObject *arguments)
{
	struct step *step = (struct step *)self;
	PyObject *exception = exception_of(arguments), *result = NULL;
	PySendResult how;

	if (!exception)
		return NULL;
	before(step, (uintptr_t)__builtin_frame_address(0));
	how = throw(step, exception, &result);
	Py_DECREF(exception);
	return as_method(after(step, how, &result), result);
}

/* Generators and coroutines get their GeneratorExit by `failed`. */
static PyObject *method_close(PyObject *self, PyObject *unused)
{
	struct step *step = (struct step *)self;
	PyObject *result;

	(void)unused;
	if (step->kind != TS_STEP_ITEM)
		Py_RETURN_NONE;
	before(step, (uintptr_t)__builtin_frame_address(0));
	result = close_inner(step);
	ts_depth_take_back(TS_DEPTH_STEP);
	if (step->span)
		ts_span_leave(step->span, &step->scope);
	return result;
}

/* Is what is handled the original's own, or at least nothing that it can be given? */
static PyObject *method_failed(PyObject *self, PyObject *unused)
{
	struct step *step = (struct step *)self;
	PyObject *handled = ts_step_take_handled();

	(void)unused;
	if (step->state == TS_STEP_NEW || step->state == TS_STEP_WAITS)
		ts_set(&step->thrown, Py_XNewRef(handled));
	Py_XDECREF(handled);
	return PyBool_FromLong(!step->thrown);
}

static int visit_step(PyObject *self, visitproc visit, void *arg)
{
	struct step *step = (struct step *)self;

	Py_VISIT(Py_TYPE(self));
	Py_VISIT(step->inner);
	Py_VISIT(step->thrown);
	Py_VISIT(step->scope.token);
	return 0;
}

/* The code in front has told already of a coroutine that nobody awaits. */
static void finalize_step(PyObject *self)
{
	struct step *step = (struct step *)self;
	PyObject *type, *value, *traceback;

	if (step->kind != TS_STEP_COROUTINE || step->state != TS_STEP_NEW || !step->inner)
		return;
	PyErr_Fetch(&type, &value, &traceback);
	Py_XDECREF(PyObject_CallMethod(step->inner, "close", NULL));
	PyErr_Clear();
	PyErr_Restore(type, value, traceback);
}

static int clear_step(PyObject *self)
{
	struct step *step = (struct step *)self;

	Py_CLEAR(step->inner);
	Py_CLEAR(step->thrown);
	Py_CLEAR(step->scope.token);
	return 0;
}

static void free_step(PyObject *self)
{
	struct step *step = (struct step *)self;
	PyTypeObject *type = Py_TYPE(self);

	finalize_step(self);
	PyObject_GC_UnTrack(self);
	clear_step(self);
	Py_CLEAR(step->span);
	PyObject_GC_Del(self);
	Py_DECREF(type);
}

PyObject *ts_step_new(enum ts_step_kind kind, struct ts_span *span, PyObject *inner)
{
	struct step *step = PyObject_GC_New(struct step, step_type);

	if (!step) {
		Py_XDECREF(span);
		Py_DECREF(inner);
		return NULL;
	}
	step->kind = kind;
	step->state = TS_STEP_NEW;
	step->span = span;
	step->inner = inner;
	step->thrown = NULL;
	step->scope.token = NULL;
	PyObject_GC_Track((PyObject *)step);
	if (kind == TS_STEP_COROUTINE && PyObject_GC_IsTracked(inner)) {
		/* collected after the step, which closes it */
		PyObject_GC_UnTrack(inner);
		PyObject_GC_Track(inner);
	}
	return (PyObject *)step;
}

enum ts_step_state ts_step_state(PyObject *self)
{
	return ((struct step *)self)->state;
}

int ts_step_init(void)
{
	static PyMethodDef methods[] = {
		{"send", method_send, METH_O, NULL},
		{"throw", method_throw, METH_VARARGS, NULL},
		{"close", method_close, METH_NOARGS, NULL},
		{"failed", method_failed, METH_NOARGS, NULL},
		{NULL, NULL, 0, NULL},
	};
	static PyType_Slot slots[] = {
		{Py_tp_dealloc, free_step},       {Py_tp_finalize, finalize_step},
		{Py_tp_traverse, visit_step},     {Py_tp_clear, clear_step},
		{Py_tp_iter, PyObject_SelfIter},  {Py_tp_iternext, next},
		{Py_am_await, PyObject_SelfIter}, {Py_am_send, send},
		{Py_tp_methods, methods},         {0, NULL},
	};
	static PyType_Spec spec = {
		.name = "traceshim.Step",
		.basicsize = sizeof(struct step),
		.flags =
			Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
		.slots = slots,
	};

	step_type = (PyTypeObject *)PyType_FromSpec(&spec);
	return step_type ? 0 : -1;
}
