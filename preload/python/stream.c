// SPDX-License-Identifier: Apache-2.0
/* Results that go on after the call: what stream.py works with. */

#include "front.h"

/* A span that goes on with a result. */
struct handle {
	PyObject_HEAD struct ts_span *span;
};

static PyTypeObject *handle_type;
static PyTypeObject *lasting[3];

static struct ts_span *span_of(PyObject *self)
{
	return (struct ts_span *)Py_NewRef((PyObject *)((struct handle *)self)->span);
}

static PyObject *handle_generator(PyObject *self, PyObject *iterator)
{
	return ts_step_new(TS_STEP_GENERATOR, span_of(self), Py_NewRef(iterator));
}

static PyObject *handle_coroutine(PyObject *self, PyObject *coroutine)
{
	return ts_step_new(TS_STEP_COROUTINE, span_of(self), Py_NewRef(coroutine));
}

static PyObject *handle_items(PyObject *self, PyObject *iterator)
{
	return ts_items_new(span_of(self), Py_NewRef(iterator));
}

/* An awaitable that answers one item. */
static PyObject *handle_item(PyObject *self, PyObject *awaitable)
{
	PyObject *iterator = PyIter_Check(awaitable)
				     ? Py_NewRef(awaitable)
				     : PyObject_CallMethod(awaitable, "__await__", NULL);

	return iterator ? ts_step_new(TS_STEP_ITEM, span_of(self), iterator) : NULL;
}

/* next(method, stream): one item, now. */
static PyObject *handle_next(PyObject *self, PyObject *arguments)
{
	struct ts_span *span = ((struct handle *)self)->span;
	PyObject *method, *stream, *item;
	struct ts_scope scope = {0};

	if (!PyArg_ParseTuple(arguments, "OO", &method, &stream))
		return NULL;
	ts_span_enter(span, (uintptr_t)__builtin_frame_address(0), &scope);
	item = PyObject_CallFunctionObjArgs(method, stream, NULL);
	ts_span_leave(span, &scope);
	if (item)
		ts_span_item(span, item);
	else if (PyErr_ExceptionMatches(PyExc_StopIteration))
		ts_span_finish(span);
	else
		ts_span_end(span, NULL);
	return item;
}

static PyObject *handle_close(PyObject *self, PyObject *unused)
{
	(void)unused;
	ts_span_abandon(((struct handle *)self)->span);
	Py_RETURN_NONE;
}

/* A copy of the stream goes on with the same. */
static PyObject *handle_copy(PyObject *self, PyObject *unused)
{
	(void)unused;
	return Py_NewRef(self);
}

static void free_handle(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);

	Py_DECREF(((struct handle *)self)->span);
	PyObject_Free(self);
	Py_DECREF(type);
}

int ts_stream_init(void)
{
	static PyMethodDef methods[] = {
		{"generator", handle_generator, METH_O, NULL},
		{"coroutine", handle_coroutine, METH_O, NULL},
		{"items", handle_items, METH_O, NULL},
		{"item", handle_item, METH_O, NULL},
		{"next", handle_next, METH_VARARGS, NULL},
		{"close", handle_close, METH_NOARGS, NULL},
		{"__deepcopy__", handle_copy, METH_O, NULL},
		{NULL, NULL, 0, NULL},
	};
	static PyType_Slot slots[] = {
		{Py_tp_dealloc, free_handle},
		{Py_tp_methods, methods},
		{0, NULL},
	};
	static PyType_Spec spec = {
		.name = "traceshim.Handle",
		.basicsize = sizeof(struct handle),
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
		.slots = slots,
	};

	lasting[0] = (PyTypeObject *)ts_rewrite_get("GeneratorType");
	lasting[1] = (PyTypeObject *)ts_rewrite_get("CoroutineType");
	lasting[2] = (PyTypeObject *)ts_rewrite_get("AsyncGeneratorType");
	handle_type = (PyTypeObject *)PyType_FromSpec(&spec);
	return handle_type ? 0 : -1;
}

/* A coroutine, a generator of either kind. */
static bool is_lasting(const PyObject *result)
{
	for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++)
		if (Py_IS_TYPE(result, lasting[i]))
			return true;
	return false;
}

static bool may_be_stream(PyTypeObject *type)
{
	return PyType_GetFlags(type) & Py_TPFLAGS_HEAPTYPE &&
	       (ts_peek_type(type, TS_NAME_NEXT) || ts_peek_type(type, TS_NAME_ANEXT) ||
		ts_peek_type(type, TS_NAME_ENTER) || ts_peek_type(type, TS_NAME_AENTER));
}

/* One that somebody else has, too, cannot be another for the caller alone. */
static bool may_go_on(const struct ts_span *span, PyObject *result)
{
	if (is_lasting(result))
		return Py_REFCNT(result) == 1;
	return span->wrapped->rule->kind == TS_KIND_LLM && may_be_stream(Py_TYPE(result));
}

PyObject *ts_stream_follow(struct ts_span *span, PyObject *result)
{
	PyObject *stream = NULL;
	struct handle *handle;

	if (!may_go_on(span, result))
		return NULL;
	handle = PyObject_New(struct handle, handle_type);
	if (handle) {
		handle->span = (struct ts_span *)Py_NewRef((PyObject *)span);
		stream = PyObject_CallFunctionObjArgs(
			ts_rewrite_get("follow"), result, (PyObject *)handle,
			span->wrapped->rule->kind == TS_KIND_LLM ? Py_True : Py_False, NULL);
		Py_DECREF(handle);
	}
	if (!stream)
		ts_front_stumbled("a stream could not be followed");
	if (stream == Py_None)
		Py_CLEAR(stream);
	return stream;
}
