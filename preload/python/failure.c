// SPDX-License-Identifier: Apache-2.0
/* Exceptions -> values. */

#include "front.h"

#include <string.h>

#define MOST_LINES 32

static PyObject *get(PyObject *object, const char *name)
{
	PyObject *found = object ? PyObject_GetAttrString(object, name) : NULL;

	if (!found)
		PyErr_Clear();
	return found;
}

static const char *utf8(PyObject *text)
{
	const char *found =
		text && PyUnicode_Check(text) ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;

	if (!found)
		PyErr_Clear();
	return found ? found : "?";
}

/* "openai.RateLimitError"; of the builtin ones the name alone. */
static void put_type(struct ts_writer *writer, PyObject *exception)
{
	PyObject *type = (PyObject *)Py_TYPE(exception);
	PyObject *module = get(type, "__module__"), *name = get(type, "__qualname__");
	const char *m = utf8(module);
	char text[TS_MAX_ERROR];

	if (strcmp(m, "builtins") == 0 || strcmp(m, "__main__") == 0)
		PyOS_snprintf(text, sizeof(text), "%s", utf8(name));
	else
		PyOS_snprintf(text, sizeof(text), "%s.%s", m, utf8(name));
	ts_capture_text(writer, text, strlen(text), TS_PARAM_RAISED);
	Py_XDECREF(module);
	Py_XDECREF(name);
}

/* Is its str() CPython's own, and none of the program's? */
static bool has_plain_words(PyObject *exception)
{
	PyObject *method = get((PyObject *)Py_TYPE(exception), "__str__");
	PyObject *code = get(method, "__code__");

	Py_XDECREF(method);
	Py_XDECREF(code);
	return method && !code;
}

/* The message; where the program's own code would make it, the first argument stands for it. New. */
static PyObject *words_of(PyObject *exception)
{
	PyObject *args, *words = NULL;

	if (has_plain_words(exception)) {
		words = PyObject_Str(exception);
	} else if ((args = get(exception, "args"))) {
		if (PyTuple_Check(args) && PyTuple_Size(args) > 0 &&
		    PyUnicode_CheckExact(PyTuple_GetItem(args, 0)))
			words = Py_NewRef(PyTuple_GetItem(args, 0));
		Py_DECREF(args);
	}
	PyErr_Clear();
	return words;
}

static void put_words(struct ts_writer *writer, PyObject *exception)
{
	PyObject *words = words_of(exception);
	PyObject *cut = words ? PyUnicode_Substring(words, 0, TS_MAX_ERROR) : NULL;
	PyObject *bytes = cut ? PyUnicode_AsEncodedString(cut, "utf-8", "replace") : NULL;

	if (bytes && PyBytes_Size(bytes) > 0) {
		size_t n = (size_t)PyBytes_Size(bytes);

		ts_capture_text(writer, PyBytes_AsString(bytes),
				n < TS_MAX_ERROR ? n : TS_MAX_ERROR, TS_PARAM_WHAT);
	}
	PyErr_Clear();
	Py_XDECREF(words);
	Py_XDECREF(cut);
	Py_XDECREF(bytes);
}

/* "handle_voice (bot/handlers/learn.py:42)"; the frames of ours are left out. */
static bool put_line(struct ts_writer *writer, PyObject *entry)
{
	PyObject *frame = get(entry, "tb_frame"), *line = get(entry, "tb_lineno");
	PyObject *code = get(frame, "f_code"), *file = get(code, "co_filename");
	PyObject *name = get(code, "co_qualname");
	char text[1024];
	bool put = true;

	if (!name)
		name = get(code, "co_name");
	if (code && !ts_wrapped_of(code)) {
		PyOS_snprintf(text, sizeof(text), "%s (%s:%ld)", utf8(name), utf8(file),
			      line ? PyLong_AsLong(line) : 0);
		put = ts_capture_text(writer, text, strlen(text), 0);
	}
	PyErr_Clear();
	Py_XDECREF(frame);
	Py_XDECREF(line);
	Py_XDECREF(code);
	Py_XDECREF(file);
	Py_XDECREF(name);
	return put;
}

/* A traceback is a list from the outermost call on; what counts is the innermost. */
static void put_lines(struct ts_writer *writer, PyObject *traceback)
{
	struct ts_value *list = ts_capture_open(writer, TS_VALUE_LIST, TS_PARAM_LINES);
	PyObject *last[MOST_LINES], *next = Py_XNewRef(traceback);
	size_t n = 0;

	while (next && next != Py_None) {
		if (n >= MOST_LINES)
			Py_DECREF(last[n % MOST_LINES]);
		last[n++ % MOST_LINES] = next;
		next = get(next, "tb_next");
	}
	Py_XDECREF(next);
	for (size_t i = 0; i < n && i < MOST_LINES; i++) {
		if (list)
			put_line(writer, last[(n - 1 - i) % MOST_LINES]);
		Py_DECREF(last[(n - 1 - i) % MOST_LINES]);
	}
	if (list)
		ts_capture_close(writer, list, 0);
}

static bool is_cancelled(PyObject *exception)
{
	PyObject *module = get((PyObject *)Py_TYPE(exception), "__module__");
	PyObject *name = get((PyObject *)Py_TYPE(exception), "__name__");
	bool cancelled = strcmp(utf8(name), "CancelledError") == 0 &&
			 strcmp(utf8(module), "asyncio.exceptions") == 0;

	Py_XDECREF(module);
	Py_XDECREF(name);
	return cancelled;
}

enum ts_outcome ts_failure_put_exception(struct ts_writer *writer, PyObject *exception,
					 PyObject *traceback)
{
	if (PyErr_GivenExceptionMatches(exception, PyExc_GeneratorExit))
		return TS_OUTCOME_ABANDONED;
	put_type(writer, exception);
	put_words(writer, exception);
	if (ts_shim->conf->stacks && traceback)
		put_lines(writer, traceback);
	return is_cancelled(exception) ? TS_OUTCOME_CANCELLED : TS_OUTCOME_EXCEPTION;
}
