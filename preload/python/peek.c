// SPDX-License-Identifier: Apache-2.0
/*
 * Looks at objects that nobody knows. An attribute that is asked for runs what the program has for it: __getattr__,
 * properties, metaclasses, proxies that make what they stand for. So nothing is asked for: it is looked up where it
 * lies.
 */

#include "front.h"

#include <string.h>

static const char *const texts[TS_NAMES] = {
	[TS_NAME_DICT] = "__dict__",
	[TS_NAME_MODULE] = "__module__",
	[TS_NAME_QUALNAME] = "__qualname__",
	[TS_NAME_WRAPPED] = "__wrapped__",
	[TS_NAME_FUNC] = "__func__",
	[TS_NAME_FGET] = "fget",
	[TS_NAME_PARTIAL_FUNC] = "func",
	[TS_NAME_DATACLASS_FIELDS] = "__dataclass_fields__",
	[TS_NAME_MEMBER_MAP] = "_member_map_",
	[TS_NAME_VALUE] = "_value_",
	[TS_NAME_PYDANTIC_FIELDS] = "__pydantic_fields__",
	[TS_NAME_PYDANTIC_EXTRA] = "__pydantic_extra__",
	[TS_NAME_MODEL_FIELDS] = "model_fields",
	[TS_NAME_FIELDS_SET] = "__fields_set__",
	[TS_NAME_MODEL_DUMP] = "model_dump",
	[TS_NAME_TO_DICT] = "to_dict",
	[TS_NAME_LEN] = "__len__",
	[TS_NAME_ARRAY] = "__array__",
	[TS_NAME_STR] = "__str__",
	[TS_NAME_ARGS] = "args",
	[TS_NAME_FILENAME] = "filename",
	[TS_NAME_FILENAME2] = "filename2",
	[TS_NAME_STRERROR] = "strerror",
	[TS_NAME_MSG] = "msg",
	[TS_NAME_NEXT] = "__next__",
	[TS_NAME_ANEXT] = "__anext__",
	[TS_NAME_ENTER] = "__enter__",
	[TS_NAME_AENTER] = "__aenter__",
};

static PyObject *names[TS_NAMES];
static PyTypeObject *member_type; /* of slots */

PyObject *ts_peek_type(PyTypeObject *type, enum ts_name name)
{
	return ts_api.type_lookup(type, names[name]);
}

/* What a descriptor of the interpreter's own answers for `object`. New; NULL: nothing. */
static PyObject *ask(PyObject *descriptor, PyObject *object)
{
	descrgetfunc get = (descrgetfunc)PyType_GetSlot(Py_TYPE(descriptor), Py_tp_descr_get);
	PyObject *found = get ? get(descriptor, object, (PyObject *)Py_TYPE(object)) : NULL;

	if (!found)
		PyErr_Clear();
	return found;
}

PyObject *ts_peek_as(PyTypeObject *type, PyObject *object, enum ts_name name)
{
	PyObject *descriptor = ts_peek_type(type, name);

	return descriptor ? ask(descriptor, object) : NULL;
}

PyObject *ts_peek_dict(PyObject *object)
{
	PyObject *dict = PyObject_GenericGetDict(object, NULL);

	if (dict && PyDict_Check(dict))
		return dict;
	PyErr_Clear();
	Py_XDECREF(dict);
	return NULL;
}

PyObject *ts_peek_named(PyObject *object, PyObject *name)
{
	PyObject *descriptor = ts_api.type_lookup(Py_TYPE(object), name), *dict, *found;

	if (descriptor && Py_IS_TYPE(descriptor, member_type))
		return ask(descriptor, object);
	dict = ts_peek_dict(object);
	found = Py_XNewRef(dict ? PyDict_GetItemWithError(dict, name) : NULL);
	PyErr_Clear();
	Py_XDECREF(dict);
	return found;
}

PyObject *ts_peek(PyObject *object, enum ts_name name)
{
	return ts_peek_named(object, names[name]);
}

static const char *utf8(PyObject *text)
{
	const char *found =
		text && PyUnicode_Check(text) ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;

	if (!found)
		PyErr_Clear();
	return found;
}

void ts_peek_type_name(PyTypeObject *type, const char *without, char *ret, size_t bytes)
{
	PyObject *module = ts_peek_as(&PyType_Type, (PyObject *)type, TS_NAME_MODULE);
	PyObject *name = ts_peek_as(&PyType_Type, (PyObject *)type, TS_NAME_QUALNAME);
	const char *m = utf8(module), *n = utf8(name);

	if (!m || strcmp(m, "builtins") == 0 || (without && strcmp(m, without) == 0))
		PyOS_snprintf(ret, bytes, "%s", n ? n : "?");
	else
		PyOS_snprintf(ret, bytes, "%s.%s", m, n ? n : "?");
	Py_XDECREF(module);
	Py_XDECREF(name);
}

int ts_peek_init(void)
{
	PyObject *name = PyUnicode_InternFromString("__basicsize__");
	PyObject *member = name ? ts_api.type_lookup(&PyType_Type, name) : NULL;

	Py_XDECREF(name);
	for (size_t i = 0; i < TS_NAMES; i++)
		if (!(names[i] = PyUnicode_InternFromString(texts[i])))
			return -1;
	member_type = member ? Py_TYPE(member) : NULL;
	return member_type ? 0 : -1;
}
