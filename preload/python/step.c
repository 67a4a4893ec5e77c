// SPDX-License-Identifier: Apache-2.0
/*
 * Coroutines and generators, driven inside a span: at each send, throw or close the call is entered on the thread
 * that runs it, and left at each suspension.
 */

#include "front.h"

struct step {
	PyObject_HEAD enum ts_step_kind kind;
	struct ts_span *span;
	PyObject *inner;
	struct ts_scope scope;
};

struct items {
	PyObject_HEAD struct ts_span *span; /* NULL: not recorded */
	PyObject *inner;                    /* an async generator */
};

static PyTypeObject *step_type, *items_type;

/* --- one step ------------------------------------------------------------------------------------------ */

/* The coroutine has returned: what goes on with its result takes its place. */
static void end_coroutine(struct step *step, PyObject **result)
{
	PyObject *stream =
		ts_stream_follow((struct ts_span *)Py_NewRef(step->span), Py_NewRef(*result));

	if (stream) {
		Py_DECREF(*result);
		*result = stream;
		return;
	}
	ts_span_end(step->span, *result);
	Py_DECREF(*result);
	Py_DECREF(step->span);
}

static void returned(struct step *step, PyObject **result)
{
	switch (step->kind) {
	case TS_STEP_COROUTINE:
		end_coroutine(step, result);
		return;
	case TS_STEP_GENERATOR:
		ts_span_end(step->span, *result);
		return;
	case TS_STEP_ITEM:
		ts_span_item(step->span, *result);
		return;
	default:
		ts_span_abandon(step->span);
	}
}

static void raised(struct step *step)
{
	if (step->kind == TS_STEP_ITEM && PyErr_ExceptionMatches(PyExc_StopAsyncIteration)) {
		ts_span_finish(step->span);
		return;
	}
	ts_span_end(step->span, NULL);
}

static PySendResult after(struct step *step, PySendResult how, PyObject **result)
{
	bool lasts = how == PYGEN_NEXT && step->kind != TS_STEP_GENERATOR;

	ts_span_leave(step->span, lasts ? NULL : &step->scope);
	if (how == PYGEN_RETURN)
		returned(step, result);
	else if (how == PYGEN_ERROR)
		raised(step);
	else if (step->kind == TS_STEP_GENERATOR)
		ts_span_item(step->span, *result);
	return how;
}

static PySendResult send(PyObject *self, PyObject *value, PyObject **result)
{
	struct step *step = (struct step *)self;

	ts_span_enter(step->span, (uintptr_t)__builtin_frame_address(0), &step->scope);
	return after(step, PyIter_Send(step->inner, value, result), result);
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

static PyObject *method_throw(PyObject *self, PyObject *arguments)
{
	struct step *step = (struct step *)self;
	PyObject *method = PyObject_GetAttrString(step->inner, "throw"), *result = NULL;
	PySendResult how;

	if (!method)
		return NULL;
	ts_span_enter(step->span, (uintptr_t)__builtin_frame_address(0), &step->scope);
	how = as_send(PyObject_CallObject(method, arguments), &result);
	Py_DECREF(method);
	return as_method(after(step, how, &result), result);
}

static PyObject *method_close(PyObject *self, PyObject *unused)
{
	struct step *step = (struct step *)self;
	PyObject *result;

	(void)unused;
	ts_span_enter(step->span, (uintptr_t)__builtin_frame_address(0), &step->scope);
	result = PyObject_CallMethod(step->inner, "close", NULL);
	ts_span_leave(step->span, &step->scope);
	if (result)
		ts_span_abandon(step->span);
	else
		ts_span_end(step->span, NULL);
	return result;
}

static int visit_step(PyObject *self, visitproc visit, void *arg)
{
	struct step *step = (struct step *)self;

	Py_VISIT(Py_TYPE(self));
	Py_VISIT(step->inner);
	Py_VISIT(step->scope.token);
	return 0;
}

static int clear_step(PyObject *self)
{
	struct step *step = (struct step *)self;

	Py_CLEAR(step->inner);
	Py_CLEAR(step->scope.token);
	return 0;
}

static void free_step(PyObject *self)
{
	struct step *step = (struct step *)self;
	PyTypeObject *type = Py_TYPE(self);

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
		Py_DECREF(span);
		Py_DECREF(inner);
		return NULL;
	}
	step->kind = kind;
	step->span = span;
	step->inner = inner;
	step->scope.token = NULL;
	PyObject_GC_Track((PyObject *)step);
	return (PyObject *)step;
}

/* --- async generators ------------------------------------------------------------------------------------ */

static PyObject *awaitable(PyObject *self, const char *method, PyObject *argument,
			   enum ts_step_kind kind)
{
	struct items *items = (struct items *)self;
	PyObject *inner = argument ? PyObject_CallMethod(items->inner, method, "(O)", argument)
				   : PyObject_CallMethod(items->inner, method, NULL);

	if (!inner || !items->span)
		return inner;
	return ts_step_new(kind, (struct ts_span *)Py_NewRef(items->span), inner);
}

static PyObject *items_asend(PyObject *self, PyObject *value)
{
	return awaitable(self, "asend", value, TS_STEP_ITEM);
}

static PyObject *items_athrow(PyObject *self, PyObject *exception)
{
	return awaitable(self, "athrow", exception, TS_STEP_ITEM);
}

static PyObject *items_aclose(PyObject *self, PyObject *unused)
{
	(void)unused;
	return awaitable(self, "aclose", NULL, TS_STEP_CLOSE);
}

static int visit_items(PyObject *self, visitproc visit, void *arg)
{
	Py_VISIT(Py_TYPE(self));
	Py_VISIT(((struct items *)self)->inner);
	return 0;
}

static int clear_items(PyObject *self)
{
	Py_CLEAR(((struct items *)self)->inner);
	return 0;
}

static void free_items(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);

	PyObject_GC_UnTrack(self);
	clear_items(self);
	Py_CLEAR(((struct items *)self)->span);
	PyObject_GC_Del(self);
	Py_DECREF(type);
}

PyObject *ts_items_new(struct ts_span *span, PyObject *inner)
{
	struct items *items = PyObject_GC_New(struct items, items_type);

	if (!items) {
		Py_XDECREF(span);
		Py_DECREF(inner);
		return NULL;
	}
	items->span = span;
	items->inner = inner;
	PyObject_GC_Track((PyObject *)items);
	return (PyObject *)items;
}

/* --- types ------------------------------------------------------------------------------------------------- */

static PyMethodDef step_methods[] = {
	{"send", method_send, METH_O, NULL},
	{"throw", method_throw, METH_VARARGS, NULL},
	{"close", method_close, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyMethodDef items_methods[] = {
	{"asend", items_asend, METH_O, NULL},
	{"athrow", items_athrow, METH_O, NULL},
	{"aclose", items_aclose, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

int ts_step_init(void)
{
	static PyType_Slot step_slots[] = {
		{Py_tp_dealloc, free_step},
		{Py_tp_traverse, visit_step},
		{Py_tp_clear, clear_step},
		{Py_tp_iter, PyObject_SelfIter},
		{Py_tp_iternext, next},
		{Py_am_await, PyObject_SelfIter},
		{Py_am_send, send},
		{Py_tp_methods, step_methods},
		{0, NULL},
	};
	static PyType_Slot items_slots[] = {
		{Py_tp_dealloc, free_items},
		{Py_tp_traverse, visit_items},
		{Py_tp_clear, clear_items},
		{Py_tp_methods, items_methods},
		{0, NULL},
	};
	static PyType_Spec step_spec = {
		.name = "traceshim.Step",
		.basicsize = sizeof(struct step),
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
		.slots = step_slots,
	};
	static PyType_Spec items_spec = {
		.name = "traceshim.Items",
		.basicsize = sizeof(struct items),
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
		.slots = items_slots,
	};

	step_type = (PyTypeObject *)PyType_FromSpec(&step_spec);
	items_type = (PyTypeObject *)PyType_FromSpec(&items_spec);
	return step_type && items_type ? 0 : -1;
}
