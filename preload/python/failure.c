// SPDX-License-Identifier: Apache-2.0
/* Exceptions -> values. */

#include "front.h"

#include <string.h>

#define MOST_LINES    32
#define LONGEST_WORDS 100000

static PyTypeObject *slot_type; /* of methods that are the interpreter's own */

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

static void put_type(struct ts_writer *writer, PyObject *exception)
{
	char text[TS_MAX_ERROR];

	ts_peek_type_name(Py_TYPE(exception), "__main__", text, sizeof(text));
	ts_capture_text(writer, text, strlen(text), TS_PARAM_RAISED);
}

/* Its repr() is short, and the interpreter's own. */
static bool is_plain(PyObject *object)
{
	if (PyUnicode_CheckExact(object))
		return PyUnicode_GetLength(object) <= LONGEST_WORDS;
	if (PyBytes_CheckExact(object))
		return PyBytes_Size(object) <= LONGEST_WORDS;
	return object == Py_None || PyBool_Check(object) || PyLong_CheckExact(object) ||
	       PyFloat_CheckExact(object) || ts_capture_is_plain_type(object);
}

static bool are_plain(PyObject *args)
{
	for (Py_ssize_t i = 0; i < PyTuple_Size(args); i++)
		if (!is_plain(PyTuple_GetItem(args, i)))
			return false;
	return true;
}

/* Of what some builtin exceptions say besides their arguments. */
static bool has_plain(PyObject *exception, enum ts_name name)
{
	PyObject *value = ts_peek(exception, name);
	bool plain = !value || is_plain(value);

	Py_XDECREF(value);
	return plain;
}

/* Would str() of it run the interpreter's own code alone? */
static bool has_plain_words(PyObject *exception, PyObject *args)
{
	PyObject *method = ts_peek_type(Py_TYPE(exception), TS_NAME_STR);

	return method && Py_IS_TYPE(method, slot_type) && are_plain(args) &&
	       has_plain(exception, TS_NAME_FILENAME) && has_plain(exception, TS_NAME_FILENAME2) &&
	       has_plain(exception, TS_NAME_STRERROR) && has_plain(exception, TS_NAME_MSG);
}

/* The first text among the arguments. New; NULL: none. */
static PyObject *first_text(PyObject *args)
{
	for (Py_ssize_t i = 0; i < PyTuple_Size(args); i++)
		if (PyUnicode_CheckExact(PyTuple_GetItem(args, i)))
			return Py_NewRef(PyTuple_GetItem(args, i));
	return NULL;
}

/* The message; where the program's own code would make it, one of its arguments stands for it. New. */
static PyObject *words_of(PyObject *exception)
{
	PyObject *args = ts_peek_as((PyTypeObject *)PyExc_BaseException, exception, TS_NAME_ARGS);
	PyObject *words = NULL;

	if (args && PyTuple_Check(args))
		words = has_plain_words(exception, args) ? PyObject_Str(exception)
							 : first_text(args);
	PyErr_Clear();
	Py_XDECREF(args);
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
	PyObject *modules = PySys_GetObject("modules");
	PyObject *module = modules ? PyDict_GetItemString(modules, "asyncio.exceptions") : NULL;
	PyObject *type = module && PyModule_Check(module)
				 ? PyDict_GetItemString(PyModule_GetDict(module), "CancelledError")
				 : NULL;

	return type && PyErr_GivenExceptionMatches(exception, type);
}

int ts_failure_init(void)
{
	PyObject *method = PyObject_GetAttrString(PyExc_BaseException, "__str__");

	slot_type = method ? Py_TYPE(method) : NULL;
	Py_XDECREF(method);
	return slot_type ? 0 : -1;
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
