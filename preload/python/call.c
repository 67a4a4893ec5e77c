// SPDX-License-Identifier: Apache-2.0
/* What the code in front of a function calls: with a function of the original code, and the parameters in order. */

#include "front.h"

PyObject *ts_call_function(PyObject *self, PyObject *const *arguments, Py_ssize_t n)
{
	struct ts_wrapped *wrapped = (struct ts_wrapped *)self;
	struct ts_span *span = ts_span_begin(wrapped, arguments + 1);
	struct ts_scope scope = {0};
	PyObject *result, *stream;

	(void)n;
	if (!span)
		return ts_wrapped_invoke(wrapped, arguments[0], arguments + 1);
	ts_span_enter(span, (uintptr_t)__builtin_frame_address(0), &scope);
	result = ts_wrapped_invoke(wrapped, arguments[0], arguments + 1);
	ts_span_leave(span, &scope);
	stream = result ? ts_stream_follow(span, result) : NULL;
	if (stream)
		return stream;
	ts_span_end(span, result);
	Py_DECREF(span);
	return result;
}

/* The original's coroutine or generator, driven inside a span where there is one. */
static PyObject *drive(PyObject *self, PyObject *const *arguments, enum ts_step_kind kind)
{
	struct ts_wrapped *wrapped = (struct ts_wrapped *)self;
	PyObject *inner = ts_wrapped_invoke(wrapped, arguments[0], arguments + 1);
	struct ts_span *span = inner ? ts_span_begin(wrapped, arguments + 1) : NULL;

	return span ? ts_step_new(kind, span, inner) : inner;
}

PyObject *ts_call_coroutine(PyObject *self, PyObject *const *arguments, Py_ssize_t n)
{
	(void)n;
	return drive(self, arguments, TS_STEP_COROUTINE);
}

PyObject *ts_call_generator(PyObject *self, PyObject *const *arguments, Py_ssize_t n)
{
	(void)n;
	return drive(self, arguments, TS_STEP_GENERATOR);
}

PyObject *ts_call_async_generator(PyObject *self, PyObject *const *arguments, Py_ssize_t n)
{
	struct ts_wrapped *wrapped = (struct ts_wrapped *)self;
	PyObject *inner = ts_wrapped_invoke(wrapped, arguments[0], arguments + 1);

	(void)n;
	return inner ? ts_items_new(ts_span_begin(wrapped, arguments + 1), inner) : NULL;
}
