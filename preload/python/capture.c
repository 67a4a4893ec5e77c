// SPDX-License-Identifier: Apache-2.0
/* Objects -> values of the event log. */

#include "front.h"

#include <stdlib.h>
#include <string.h>

#define DEEPEST 8
#define CONTAINER \
	(2 * sizeof(struct ts_value) + 8) /* itself, and a last member that counts the rest */

/* The types of the standard library whose str() is what a person would write. */
static const char *const plain_types[][2] = {
	{"datetime", "datetime"},        {"datetime", "date"},     {"datetime", "time"},
	{"datetime", "timedelta"},       {"uuid", "UUID"},         {"decimal", "Decimal"},
	{"fractions", "Fraction"},       {"pathlib", "PosixPath"}, {"pathlib", "PurePosixPath"},
	{"pathlib._local", "PosixPath"},
};

static __thread struct {
	char *buffer;
	bool busy;
	const PyObject *above[DEEPEST]; /* containers that are being written */
	int depth;
} capture;

bool ts_capture_start(struct ts_writer *ret)
{
	size_t bytes = ts_shim->conf->capture_bytes + 4096;

	if (capture.busy)
		return false;
	if (!capture.buffer)
		capture.buffer = malloc(bytes);
	if (!capture.buffer)
		return false;
	capture.busy = true;
	capture.depth = 0;
	*ret = (struct ts_writer){capture.buffer, capture.buffer + (bytes & ~7UL)};
	return true;
}

void ts_capture_done(void)
{
	capture.busy = false;
}

bool ts_capture_runs(void)
{
	return capture.busy;
}

/* --- values ------------------------------------------------------------------------------------------ */

static size_t room(const struct ts_writer *writer)
{
	size_t bytes = (size_t)(writer->end - writer->at);

	return bytes > sizeof(struct ts_value) ? bytes - sizeof(struct ts_value) : 0;
}

/* A value of `bytes` bytes, which fit, and are written by the caller. */
static char *add(struct ts_writer *writer, enum ts_value_type type, uint16_t param, size_t bytes)
{
	struct ts_value *value = (struct ts_value *)writer->at;

	*value = (struct ts_value){.type = (uint8_t)type, .param = param, .bytes = (uint32_t)bytes};
	writer->at += sizeof(*value) + TS_ALIGN8(bytes);
	if (bytes % 8)
		memset(writer->at - 8, 0, 8);
	return (char *)(value + 1);
}

bool ts_capture_number(struct ts_writer *writer, enum ts_value_type type, uint64_t bits,
		       uint16_t param)
{
	bool counts = type != TS_VALUE_NULL && type != TS_VALUE_REDACTED;
	char *at;

	if (room(writer) < 8)
		return false;
	at = add(writer, type, param, counts ? 8 : 0);
	if (counts)
		memcpy(at, &bits, 8);
	return true;
}

/* Three quarters head, one quarter tail of a text that is too long: `tail` ends where the text does. */
static bool put_cut(struct ts_writer *writer, const char *head, size_t head_bytes, const char *tail,
		    size_t tail_bytes, size_t full, uint16_t param)
{
	size_t most = room(writer) & ~7UL;
	struct ts_value_cut cut = {.full_bytes = full};
	char *at;

	if (most < sizeof(cut) + 16)
		return false;
	most -= sizeof(cut);
	cut.head_bytes = (uint32_t)(head_bytes < most / 4 * 3 ? head_bytes : most / 4 * 3);
	cut.tail_bytes = (uint32_t)(tail_bytes < most / 4 ? tail_bytes : most / 4);
	at = add(writer, TS_VALUE_CUT, param, sizeof(cut) + cut.head_bytes + cut.tail_bytes);
	memcpy(at, &cut, sizeof(cut));
	memcpy(at + sizeof(cut), head, cut.head_bytes);
	memcpy(at + sizeof(cut) + cut.head_bytes, tail + tail_bytes - cut.tail_bytes,
	       cut.tail_bytes);
	return true;
}

bool ts_capture_text(struct ts_writer *writer, const char *text, size_t bytes, uint16_t param)
{
	if (TS_ALIGN8(bytes) > room(writer))
		return put_cut(writer, text, bytes, text, bytes, bytes, param);
	memcpy(add(writer, TS_VALUE_STRING, param, bytes), text, bytes);
	return true;
}

static bool put_opaque(struct ts_writer *writer, const char *name, uint16_t param)
{
	size_t bytes = strlen(name);

	if (TS_ALIGN8(bytes) > room(writer))
		return false;
	memcpy(add(writer, TS_VALUE_OPAQUE, param, bytes), name, bytes);
	return true;
}

struct ts_value *ts_capture_open(struct ts_writer *writer, enum ts_value_type type, uint16_t param)
{
	struct ts_value *container = (struct ts_value *)writer->at;

	if (room(writer) < 2 * CONTAINER)
		return NULL;
	add(writer, type, param, 0);
	writer->end -= CONTAINER; /* kept for the count */
	return container;
}

void ts_capture_close(struct ts_writer *writer, struct ts_value *container, uint64_t n_omitted)
{
	writer->end += CONTAINER;
	if (n_omitted)
		ts_capture_number(writer, TS_VALUE_OMITTED, n_omitted, 0);
	container->bytes = (uint32_t)(writer->at - (char *)(container + 1));
}

/* --- strings ------------------------------------------------------------------------------------------ */

/* Bytes of a text that UTF-8 does not have (lone surrogates) come as WTF-8, which the reader repairs and counts. */
static PyObject *encoded(PyObject *text)
{
	return PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass");
}

static bool put_bytes(struct ts_writer *writer, PyObject *bytes, uint16_t param)
{
	return bytes &&
	       ts_capture_text(writer, PyBytes_AsString(bytes), (size_t)PyBytes_Size(bytes), param);
}

/* Of a text that is far too long only the ends are looked at. */
static bool put_long_text(struct ts_writer *writer, PyObject *text, Py_ssize_t length,
			  uint16_t param)
{
	Py_ssize_t most = (Py_ssize_t)room(writer);
	PyObject *first = PyUnicode_Substring(text, 0, most);
	PyObject *last = PyUnicode_Substring(text, length - most / 4, length);
	PyObject *head = first ? encoded(first) : NULL, *tail = last ? encoded(last) : NULL;
	bool put =
		head && tail &&
		put_cut(writer, PyBytes_AsString(head), (size_t)PyBytes_Size(head),
			PyBytes_AsString(tail), (size_t)PyBytes_Size(tail), (size_t)length, param);

	Py_XDECREF(first);
	Py_XDECREF(last);
	Py_XDECREF(head);
	Py_XDECREF(tail);
	return put;
}

static bool put_text(struct ts_writer *writer, PyObject *text, uint16_t param)
{
	Py_ssize_t bytes, length = PyUnicode_GetLength(text);
	const char *utf8;
	PyObject *copy;
	bool put;

	if (length > (Py_ssize_t)room(writer))
		return put_long_text(writer, text, length, param);
	/* ASCII lies there as it is; of what does not the object would keep a copy for good */
	utf8 = length < 1024 ? PyUnicode_AsUTF8AndSize(text, &bytes) : NULL;
	if (utf8)
		return ts_capture_text(writer, utf8, (size_t)bytes, param);
	PyErr_Clear();
	copy = encoded(text);
	put = put_bytes(writer, copy, param);
	Py_XDECREF(copy);
	return put;
}

/* --- numbers ------------------------------------------------------------------------------------------ */

static bool put_large(struct ts_writer *writer, PyObject *number, uint16_t param)
{
	unsigned long long bits = PyLong_AsUnsignedLongLong(number);
	PyObject *text;
	bool put;

	if (!PyErr_Occurred())
		return ts_capture_number(writer, TS_VALUE_UINT, bits, param);
	PyErr_Clear();
	text = PyNumber_ToBase(number,
			       16); /* decimal digits take time that grows with their square */
	put = text && put_text(writer, text, param);
	Py_XDECREF(text);
	return put;
}

static bool put_integer(struct ts_writer *writer, PyObject *number, uint16_t param)
{
	int overflow = 0;
	long long value = PyLong_AsLongLongAndOverflow(number, &overflow);

	if (overflow)
		return put_large(writer, number, param);
	return ts_capture_number(writer, TS_VALUE_INT, (uint64_t)value, param);
}

static bool put_float(struct ts_writer *writer, PyObject *number, uint16_t param)
{
	double value = PyFloat_AsDouble(number);
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return ts_capture_number(writer, TS_VALUE_DOUBLE, bits, param);
}

/* --- containers ---------------------------------------------------------------------------------------- */

/* False: it is one of those that it lies in, or lies too deep. */
static bool descend(const PyObject *object)
{
	if (capture.depth == DEEPEST)
		return false;
	for (int i = 0; i < capture.depth; i++)
		if (capture.above[i] == object)
			return false;
	capture.above[capture.depth++] = object;
	return true;
}

static bool put_list(struct ts_writer *writer, PyObject *list, bool is_tuple, uint16_t param)
{
	struct ts_value *container = ts_capture_open(writer, TS_VALUE_LIST, param);
	Py_ssize_t i, n = is_tuple ? PyTuple_Size(list) : PyList_Size(list);

	if (!container)
		return false;
	for (i = 0; i < n; i++) {
		PyObject *item = is_tuple ? PyTuple_GetItem(list, i) : PyList_GetItem(list, i);

		if (!item || !ts_capture_put(writer, item, 0))
			break;
	}
	PyErr_Clear(); /* the list became shorter */
	ts_capture_close(writer, container, (uint64_t)(n - i));
	return true;
}

static bool put_set(struct ts_writer *writer, PyObject *set, uint16_t param)
{
	PyObject *list = PySequence_List(set);
	bool put = list && put_list(writer, list, false, param);

	Py_XDECREF(list);
	return put;
}

static bool put_key(struct ts_writer *writer, PyObject *key)
{
	PyObject *text;
	bool put;

	if (PyUnicode_Check(key))
		return put_text(writer, key, 0);
	if (!PyLong_Check(key) && !PyFloat_Check(key) && key != Py_None)
		return ts_capture_text(writer, "?", 1, 0);
	text = PyLong_CheckExact(key) || PyFloat_CheckExact(key) || key == Py_None ||
			       PyBool_Check(key)
		       ? PyObject_Str(key)
		       : NULL;
	put = text ? put_text(writer, text, 0) : ts_capture_text(writer, "?", 1, 0);
	Py_XDECREF(text);
	return put;
}

/* A key and its value, or neither. */
static bool put_member(struct ts_writer *writer, PyObject *key, PyObject *value)
{
	char *before = writer->at;

	if (put_key(writer, key) && ts_capture_put(writer, value, 0))
		return true;
	writer->at = before;
	return false;
}

static bool put_dict(struct ts_writer *writer, PyObject *dict, uint16_t param)
{
	struct ts_value *container = ts_capture_open(writer, TS_VALUE_OBJECT, param);
	Py_ssize_t place = 0, left = PyDict_Size(dict);
	PyObject *key, *value;

	if (!container)
		return false;
	for (; PyDict_Next(dict, &place, &key, &value); left--) {
		bool put;

		Py_INCREF(key);
		Py_INCREF(value);
		put = put_member(writer, key, value);
		Py_DECREF(key);
		Py_DECREF(value);
		if (!put)
			break;
	}
	PyErr_Clear();
	ts_capture_close(writer, container, left > 0 ? (uint64_t)left : 0);
	return true;
}

/* --- objects ------------------------------------------------------------------------------------------- */

/* What lies in the object itself: no property, no descriptor, no __getattr__ runs. New; NULL: none. */
static PyObject *own_dict(PyObject *object)
{
	PyObject *dict = PyObject_GenericGetDict(object, NULL);

	if (dict && PyDict_Check(dict))
		return dict;
	PyErr_Clear();
	Py_XDECREF(dict);
	return NULL;
}

/* An attribute of the type, found without asking its metaclass's __getattr__. New; NULL: none. */
static PyObject *of_type(PyObject *object, const char *name)
{
	PyObject *found = PyObject_GetAttrString((PyObject *)Py_TYPE(object), name);

	if (!found)
		PyErr_Clear();
	return found;
}

static bool is_plain_type(PyObject *object)
{
	PyObject *module = of_type(object, "__module__"), *name = of_type(object, "__name__");
	const char *m =
		module && PyUnicode_Check(module) ? PyUnicode_AsUTF8AndSize(module, NULL) : NULL;
	const char *n = name && PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
	bool plain = false;

	for (size_t i = 0; m && n && i < sizeof(plain_types) / sizeof(plain_types[0]); i++)
		plain |= strcmp(m, plain_types[i][0]) == 0 && strcmp(n, plain_types[i][1]) == 0;
	Py_XDECREF(module);
	Py_XDECREF(name);
	PyErr_Clear();
	return plain;
}

/* datetime as RFC 3339 has it; the others as str() says. */
static bool put_plain(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	PyObject *text = PyObject_CallMethod(object, "isoformat", NULL);
	bool put;

	if (!text) {
		PyErr_Clear();
		text = PyObject_Str(object);
	}
	put = text && PyUnicode_Check(text) && put_text(writer, text, param);
	Py_XDECREF(text);
	return put;
}

/* What the program's own method makes of the object; capture is told to be busy. */
static bool put_dump(struct ts_writer *writer, PyObject *object, const char *method, uint16_t param)
{
	PyObject *dump = PyObject_CallMethod(object, method, NULL);
	bool put = dump && PyDict_Check(dump) && put_dict(writer, dump, param);

	Py_XDECREF(dump);
	return put;
}

static bool has(PyObject *object, const char *name)
{
	PyObject *found = of_type(object, name);

	Py_XDECREF(found);
	return found;
}

static bool put_enum(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	PyObject *dict = own_dict(object);
	PyObject *value = dict ? PyDict_GetItemString(dict, "_value_") : NULL;
	bool put = value && ts_capture_put(writer, value, param);

	Py_XDECREF(dict);
	return put;
}

/* Fields of a dataclass with slots: member descriptors, which read and run nothing. */
static bool put_slots(struct ts_writer *writer, PyObject *object, PyObject *fields, uint16_t param)
{
	struct ts_value *container = ts_capture_open(writer, TS_VALUE_OBJECT, param);
	Py_ssize_t place = 0, left = PyDict_Size(fields);
	PyObject *name, *field;

	if (!container)
		return false;
	for (; PyDict_Next(fields, &place, &name, &field); left--) {
		PyObject *value = PyObject_GenericGetAttr(object, name);
		bool put = !value || put_member(writer, name, value);

		PyErr_Clear();
		Py_XDECREF(value);
		if (!put)
			break;
	}
	ts_capture_close(writer, container, (uint64_t)left);
	return true;
}

static bool put_dataclass(struct ts_writer *writer, PyObject *object, PyObject *fields,
			  uint16_t param)
{
	PyObject *dict = own_dict(object);
	bool put = dict ? put_dict(writer, dict, param)
			: PyDict_Check(fields) && put_slots(writer, object, fields, param);

	Py_XDECREF(dict);
	return put;
}

/* A pydantic model lies in its own dictionary, fields that it does not know in another. */
static bool put_model(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	PyObject *dict = own_dict(object);
	PyObject *name = PyUnicode_FromString("__pydantic_extra__");
	PyObject *extra = name ? PyObject_GenericGetAttr(object, name) : NULL, *all;
	bool put;

	PyErr_Clear();
	Py_XDECREF(name);
	all = dict && extra && PyDict_Check(extra) && PyDict_Size(extra) ? PyDict_Copy(dict) : NULL;
	if (all)
		PyDict_Update(all, extra);
	put = dict && put_dict(writer, all ? all : dict, param);
	Py_XDECREF(extra);
	Py_XDECREF(all);
	Py_XDECREF(dict);
	PyErr_Clear();
	return put;
}

static bool put_type_name(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	PyObject *module = of_type(object, "__module__"), *name = of_type(object, "__qualname__");
	const char *m =
		module && PyUnicode_Check(module) ? PyUnicode_AsUTF8AndSize(module, NULL) : NULL;
	const char *n = name && PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
	char text[512];
	bool put;

	PyErr_Clear();
	if (m && strcmp(m, "builtins") != 0)
		PyOS_snprintf(text, sizeof(text), "%s.%s", m, n ? n : "?");
	else
		PyOS_snprintf(text, sizeof(text), "%s", n ? n : "?");
	put = put_opaque(writer, text, param);
	Py_XDECREF(module);
	Py_XDECREF(name);
	return put;
}

/* Everything that is no builtin; what nothing is known of is its type's name. */
static bool put_object(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	char *before = writer->at;
	PyObject *fields;
	bool put = false;

	if (PyType_Check(object) || PyCallable_Check(object))
		return put_type_name(writer, object, param);
	if ((fields = of_type(object, "__dataclass_fields__"))) {
		put = put_dataclass(writer, object, fields, param);
		Py_DECREF(fields);
	} else if (has(object, "_member_map_")) {
		put = put_enum(writer, object, param);
	} else if (is_plain_type(object)) {
		put = put_plain(writer, object, param);
	} else if (has(object, "__pydantic_fields__") || has(object, "model_fields")) {
		put = put_model(writer, object, param);
	} else if (has(object, "model_dump")) {
		put = put_dump(writer, object, "model_dump", param);
	} else if (has(object, "to_dict")) {
		put = put_dump(writer, object, "to_dict", param);
	} else if (PyLong_Check(object)) {
		put = put_integer(writer, object, param);
	}
	PyErr_Clear();
	if (put)
		return true;
	writer->at = before;
	return put_type_name(writer, object, param);
}

static bool put_nested(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	bool put;

	if (!descend(object))
		return put_type_name(writer, object, param);
	if (PyDict_Check(object))
		put = put_dict(writer, object, param);
	else if (PyList_Check(object) || PyTuple_Check(object))
		put = put_list(writer, object, PyTuple_Check(object), param);
	else if (PyObject_TypeCheck(object, &PySet_Type) ||
		 PyObject_TypeCheck(object, &PyFrozenSet_Type))
		put = put_set(writer, object, param);
	else
		put = put_object(writer, object, param);
	capture.depth--;
	return put;
}

bool ts_capture_put(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	PyObject *bytes;
	bool put;

	if (object == Py_None)
		return ts_capture_number(writer, TS_VALUE_NULL, 0, param);
	if (PyUnicode_CheckExact(object) ||
	    (PyUnicode_Check(object) && !has(object, "_member_map_")))
		return put_text(writer, object, param);
	if (PyBool_Check(object))
		return ts_capture_number(writer, TS_VALUE_BOOL, object == Py_True, param);
	if (PyLong_CheckExact(object))
		return put_integer(writer, object, param);
	if (PyFloat_Check(object))
		return put_float(writer, object, param);
	if (PyBytes_Check(object))
		return put_bytes(writer, object, param);
	if (PyByteArray_Check(object)) {
		bytes = PyBytes_FromObject(object);
		put = put_bytes(writer, bytes, param);
		Py_XDECREF(bytes);
		return put;
	}
	return put_nested(writer, object, param);
}
