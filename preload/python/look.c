// SPDX-License-Identifier: Apache-2.0
/* What would become of the rules: look.py and explain.py, and their way to the report. */

#include "front.h"

#include <string.h>

#define MOST_FIELDS 6

/* clang-format off */
static const char look_source[] = {
#include "look.inc"
	, 0};
static const char explain_source[] = {
#include "explain.inc"
	, 0};
/* clang-format on */

static PyObject *space; /* the namespace of both */

/* --- lines -------------------------------------------------------------------------------------------- */

static void put_line(const char *what, size_t rule, const char *const *more, Py_ssize_t n)
{
	const char *fields[MOST_FIELDS] = {what};
	char line[24];

	PyOS_snprintf(line, sizeof(line), "%u", ts_shim->conf->rules[rule].line);
	fields[1] = line;
	for (Py_ssize_t i = 0; i < n; i++)
		fields[i + 2] = more[i];
	ts_shim->report(fields, (size_t)n + 2);
}

/* Names of files need not be text: those bytes are kept as they are. */
static PyObject *bytes_of(PyObject *text)
{
	PyObject *bytes = PyUnicode_AsUTF8String(text);

	if (bytes)
		return bytes;
	PyErr_Clear();
	return PyUnicode_AsEncodedString(text, "utf-8", "surrogateescape");
}

/* report(number of the rule, what, field, ...) */
static PyObject *report(PyObject *module, PyObject *arguments)
{
	PyObject *texts[MOST_FIELDS] = {NULL};
	const char *fields[MOST_FIELDS] = {NULL};
	Py_ssize_t n = PyTuple_Size(arguments) - 1, i = 0;
	size_t rule = PyLong_AsSize_t(PyTuple_GetItem(arguments, 0));

	(void)module;
	for (; i < n && i < MOST_FIELDS - 1; i++) {
		texts[i] = bytes_of(PyTuple_GetItem(arguments, i + 1));
		if (!texts[i])
			break;
		fields[i] = PyBytes_AsString(texts[i]);
	}
	if (i && i == n && !PyErr_Occurred())
		put_line(fields[0], rule, fields + 1, n - 1);
	for (; i-- > 0;)
		Py_DECREF(texts[i]);
	return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* --- what it is given ---------------------------------------------------------------------------------- */

/* "trainer, in line 12": the rules as messages call them, in the order of the file. */
static PyObject *titles(void)
{
	const struct ts_conf *conf = ts_shim->conf;
	PyObject *all = PyList_New((Py_ssize_t)conf->n_rules);

	for (size_t i = 0; all && i < conf->n_rules; i++) {
		PyObject *title = PyUnicode_FromFormat("%s, in line %u", conf->rules[i].key,
						       conf->rules[i].line);

		if (!title)
			Py_CLEAR(all);
		else
			PyList_SetItem(all, (Py_ssize_t)i, title);
	}
	return all;
}

static PyObject *redacted(void)
{
	const struct ts_conf *conf = ts_shim->conf;
	PyObject *all = PyList_New((Py_ssize_t)conf->n_redact);

	for (size_t i = 0; all && i < conf->n_redact; i++) {
		PyObject *name = PyUnicode_FromString(conf->redact[i]);

		if (!name)
			Py_CLEAR(all);
		else
			PyList_SetItem(all, (Py_ssize_t)i, name);
	}
	return all;
}

/* Takes the value. */
static bool add(const char *name, PyObject *value)
{
	bool added = value && PyDict_SetItemString(space, name, value) == 0;

	Py_XDECREF(value);
	return added;
}

static bool fill_space(void)
{
	static PyMethodDef method = {"report", report, METH_VARARGS, NULL};
	static const char *const shared[] = {"rules",     "modules",  "CodeType",  "OPTIMIZED",
					     "matches",   "rule_for", "wanted_in", "note_imports",
					     "handed_on", "stem"};

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (!add(shared[i], Py_XNewRef(ts_rewrite_get(shared[i]))))
			return false;
	return add("__builtins__", Py_XNewRef(PyEval_GetBuiltins())) &&
	       add("report", PyCFunction_NewEx(&method, NULL, NULL)) && add("titles", titles()) &&
	       add("redacted", redacted()) &&
	       add("captures", PyBool_FromLong(ts_shim->conf->capture_bytes != 0));
}

static bool run(const char *source)
{
	PyObject *code = Py_CompileString(source, "<traceshim>", Py_file_input);
	PyObject *result = code ? PyEval_EvalCode(code, space, space) : NULL;

	Py_XDECREF(code);
	Py_XDECREF(result);
	return result;
}

bool ts_look_init(char *why, size_t why_bytes)
{
	space = PyDict_New();
	if (space && fill_space() && run(look_source) && run(explain_source))
		return true;
	PyOS_snprintf(why, why_bytes, "its code cannot be read");
	return false;
}

/* --- telling --------------------------------------------------------------------------------------------- */

/* What went wrong in look.py, said of every rule. */
static void tell_error(void)
{
	PyObject *type, *value, *traceback, *text;
	const char *why[] = {"the rules for Python could not be looked up"};

	PyErr_Fetch(&type, &value, &traceback);
	text = value ? PyUnicode_FromFormat("%s: %S", why[0], value) : NULL;
	if (text)
		why[0] = PyUnicode_AsUTF8AndSize(text, NULL);
	for (size_t i = 0; why[0] && i < ts_shim->conf->n_rules; i++)
		if (ts_shim->conf->rules[i].python.module)
			put_line("miss", i, why, 1);
	PyErr_Clear();
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
}

void ts_look_tell(const char *event, PyObject *arguments)
{
	PyObject *what = PyTuple_Size(arguments) > 0 ? PyTuple_GetItem(arguments, 0) : Py_None;
	PyObject *result = PyObject_CallFunction(PyDict_GetItemString(space, "tell"), "sO",
						 strchr(event, '_') + 1, what);

	if (!result)
		tell_error();
	Py_XDECREF(result);
}
