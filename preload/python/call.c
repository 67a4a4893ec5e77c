// SPDX-License-Identifier: Apache-2.0
/* What the code in front of a function calls: with a function of the original code, and the parameters in order. */

#include "front.h"

/* Eighths of its stack below which a thread runs functions as if they were not wrapped. */
#define SHALLOW 4

static PyObject *invoke(struct ts_wrapped *wrapped, PyObject *const *arguments)
{
	PyObject *result;

	ts_depth_lend(TS_DEPTH_CALL);
	result = ts_wrapped_invoke(wrapped, arguments[0], arguments + 1);
	ts_depth_take_back(TS_DEPTH_CALL);
	return result;
}

static PyObject *run(struct ts_wrapped *wrapped, PyObject *const *arguments, uintptr_t slot)
{
	struct ts_span *span = ts_span_begin(wrapped, arguments + 1);
	struct ts_scope scope = {0};
	PyObject *result, *stream;

	if (!span)
		return invoke(wrapped, arguments);
	ts_span_enter(span, slot, &scope);
	result = invoke(wrapped, arguments);
	ts_span_leave(span, &scope);
	stream = result ? ts_stream_follow(span, result) : NULL;
	if (stream)
		Py_DECREF(result);
	else
		ts_span_end(span, result);
	Py_DECREF(span);
	return stream ? stream : result;
}

/*
 * Where the stack gets short it answers itself: the code in front calls the original then, which costs no stack
 * from 3.11 on, and says so when it is back.
 */
PyObject *ts_call_function(PyObject *self, PyObject *const *arguments, size_t n, PyObject *keywords)
{
	struct ts_wrapped *wrapped = (struct ts_wrapped *)self;
	uintptr_t slot = (uintptr_t)__builtin_frame_address(0);

	(void)keywords;
	if (n << 1 == 0) { /* the first bit is no part of the number */
		ts_depth_take_back(TS_DEPTH_DEEP);
		Py_RETURN_NONE;
	}
	if (ts_shim->room(slot) < SHALLOW) {
		ts_depth_lend(TS_DEPTH_DEEP);
		return Py_NewRef(self);
	}
	return run(wrapped, arguments, slot);
}

/* The original's coroutine or generator, driven inside a span where there is one. */
static PyObject *drive(PyObject *self, PyObject *const *arguments, enum ts_step_kind kind)
{
	struct ts_wrapped *wrapped = (struct ts_wrapped *)self;
	PyObject *inner = ts_wrapped_invoke(wrapped, arguments[0], arguments + 1);

	return inner ? ts_step_new(kind, ts_span_begin(wrapped, arguments + 1), inner) : NULL;
}

PyObject *ts_call_coroutine(PyObject *self, PyObject *const *arguments, size_t n,
			    PyObject *keywords)
{
	(void)n;
	(void)keywords;
	return drive(self, arguments, TS_STEP_COROUTINE);
}

PyObject *ts_call_generator(PyObject *self, PyObject *const *arguments, size_t n,
			    PyObject *keywords)
{
	(void)n;
	(void)keywords;
	return drive(self, arguments, TS_STEP_GENERATOR);
}

PyObject *ts_call_async_generator(PyObject *self, PyObject *const *arguments, size_t n,
				  PyObject *keywords)
{
	struct ts_wrapped *wrapped = (struct ts_wrapped *)self;
	PyObject *inner = ts_wrapped_invoke(wrapped, arguments[0], arguments + 1);

	(void)n;
	(void)keywords;
	return inner ? ts_items_new(ts_span_begin(wrapped, arguments + 1), inner) : NULL;
}
