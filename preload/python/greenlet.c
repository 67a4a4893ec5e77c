// SPDX-License-Identifier: Apache-2.0
/*
 * Greenlets take turns on one stack of the machine, whose parts are copied out and in. So the calls that are open on it
 * go with the greenlet that leaves, and come back with it. The greenlet module tells of each switch, in each
 * thread that asks it to.
 */

#include "front.h"

#include <stdlib.h>
#include <string.h>

static bool there;                     /* the module is, or is about to be */
static __thread bool told;             /* this thread is told of switches */
static __thread PyObject *tell_before; /* what else the thread tells, or NULL */
static PyObject *parts;                /* of greenlets that wait inside calls, by their address */
static PyObject *listener;

/* Takes what `greenlet` left open. False: nothing. */
static bool take_part(PyObject *greenlet, struct ts_foreign_part *ret)
{
	PyObject *key = PyLong_FromVoidPtr(greenlet);
	PyObject *part = key ? PyDict_GetItemWithError(parts, key) : NULL;

	if (part) {
		memcpy(ret, PyBytes_AsString(part), sizeof(*ret));
		PyDict_DelItem(parts, key);
	}
	Py_XDECREF(key);
	return part;
}

static void keep_part(PyObject *greenlet, const struct ts_foreign_part *part)
{
	PyObject *key = PyLong_FromVoidPtr(greenlet);
	PyObject *bytes = PyBytes_FromStringAndSize((const char *)part, sizeof(*part));

	if (key && bytes)
		PyDict_SetItem(parts, key, bytes);
	Py_XDECREF(key);
	Py_XDECREF(bytes);
}

static void swap(PyObject *origin, PyObject *target)
{
	struct ts_foreign_part left, entered;
	bool has_part = PyDict_Size(parts) > 0 && take_part(target, &entered);

	if (ts_shim->swap(&left, has_part ? &entered : NULL))
		keep_part(origin, &left);
}

/* listen(event, (origin, target)): "switch" or "throw". */
static PyObject *listen(PyObject *self, PyObject *arguments)
{
	PyObject *event, *both, *type, *value, *traceback;

	(void)self;
	if (!PyArg_UnpackTuple(arguments, "listen", 2, 2, &event, &both))
		return NULL;
	PyErr_Fetch(&type, &value, &traceback);
	if (PyTuple_Check(both) && PyTuple_Size(both) == 2)
		swap(PyTuple_GetItem(both, 0), PyTuple_GetItem(both, 1));
	PyErr_Clear();
	PyErr_Restore(type, value, traceback);
	if (tell_before)
		return PyObject_Call(tell_before, arguments, NULL);
	Py_RETURN_NONE;
}

static void ask(PyObject *module)
{
	PyObject *before = PyObject_CallMethod(module, "settrace", "O", listener);

	told = before != NULL;
	if (before == Py_None)
		Py_CLEAR(before);
	tell_before = before; /* for as long as the thread lives */
	PyErr_Clear();
}

void ts_greenlet_imported(const char *module)
{
	there |= strcmp(module, "greenlet._greenlet") == 0 || strcmp(module, "greenlet") == 0;
}

void ts_greenlet_look(void)
{
	PyObject *modules, *module;

	if (!there || told)
		return;
	modules = PySys_GetObject("modules");
	module = modules ? PyDict_GetItemString(modules, "greenlet") : NULL;
	if (module && PyModule_Check(module))
		ask(module);
}

int ts_greenlet_init(void)
{
	static PyMethodDef method = {"listen", listen, METH_VARARGS, NULL};

	parts = PyDict_New();
	listener = PyCFunction_NewEx(&method, NULL, NULL);
	return parts && listener ? 0 : -1;
}
