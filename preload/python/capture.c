// SPDX-License-Identifier: Apache-2.0
/* Objects -> values of the event log. */

#include "front.h"

#include <string.h>

/* The types of the standard library whose str() is what a person would write. */
static const char *const plain_types[] = {
	"datetime.datetime",        "datetime.date",     "datetime.time",
	"datetime.timedelta",       "uuid.UUID",         "decimal.Decimal",
	"fractions.Fraction",       "pathlib.PosixPath", "pathlib.PurePosixPath",
	"pathlib._local.PosixPath",
};

/* Where time zones come from that are known to do no harm when they are asked. */
static const char *const zones[] = {"datetime.", "zoneinfo.", "pytz.", "dateutil."};

static PyTypeObject *method_type; /* of C's */

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

/* Of a text that is far too long only the ends are looked at; its length is that in characters. */
static bool put_long_text(struct ts_writer *writer, PyObject *text, Py_ssize_t length,
			  uint16_t param)
{
	Py_ssize_t most = (Py_ssize_t)ts_capture_room(writer);
	PyObject *first = PyUnicode_Substring(text, 0, most);
	PyObject *last = PyUnicode_Substring(text, length - most / 4, length);
	PyObject *head = first ? encoded(first) : NULL, *tail = last ? encoded(last) : NULL;
	bool put = head && tail &&
		   ts_capture_cut(writer, PyBytes_AsString(head), (size_t)PyBytes_Size(head),
				  PyBytes_AsString(tail), (size_t)PyBytes_Size(tail),
				  (size_t)length, param);

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

	if (length > (Py_ssize_t)ts_capture_room(writer))
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

/* In hexadecimal digits, for decimal ones take time that grows with their square. */
static bool put_large(struct ts_writer *writer, PyObject *number, uint16_t param)
{
	unsigned long long bits = PyLong_AsUnsignedLongLong(number);
	PyObject *n_bits, *text = NULL;
	bool put;

	if (!PyErr_Occurred())
		return ts_capture_number(writer, TS_VALUE_UINT, bits, param);
	PyErr_Clear();
	n_bits = PyObject_CallMethod((PyObject *)&PyLong_Type, "bit_length", "O", number);
	if (n_bits && PyLong_AsSize_t(n_bits) / 4 < ts_shim->conf->capture_bytes)
		text = PyNumber_ToBase(number, 16);
	put = text ? put_text(writer, text, param) : ts_capture_opaque(writer, "int", param);
	Py_XDECREF(n_bits);
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
static bool descend(struct ts_writer *writer, const PyObject *object)
{
	if (writer->depth == TS_DEEPEST_VALUE)
		return false;
	for (int i = 0; i < writer->depth; i++)
		if (writer->above[i] == object)
			return false;
	writer->above[writer->depth++] = object;
	return true;
}

static void close_with(struct ts_writer *writer, struct ts_value *container, Py_ssize_t left)
{
	PyErr_Clear(); /* it changed meanwhile */
	ts_capture_close(writer, container, left > 0 ? (uint64_t)left : 0);
}

static bool put_list(struct ts_writer *writer, PyObject *list, bool is_tuple, uint16_t param)
{
	struct ts_value *container = ts_capture_open(writer, TS_VALUE_LIST, param);
	Py_ssize_t i, n = is_tuple ? PyTuple_Size(list) : PyList_Size(list);
	bool put = true;

	if (!container)
		return false;
	for (i = 0; i < n && put; i++) {
		PyObject *item = is_tuple ? PyTuple_GetItem(list, i) : PyList_GetItem(list, i);

		Py_XINCREF(item);
		put = item && ts_capture_put(writer, item, 0);
		Py_XDECREF(item);
	}
	close_with(writer, container, put ? 0 : n - i + 1);
	return true;
}

/* By the way to iterate that sets have, whatever the type made of it. */
static bool put_set(struct ts_writer *writer, PyObject *set, uint16_t param)
{
	struct ts_value *container = ts_capture_open(writer, TS_VALUE_LIST, param);
	getiterfunc iterate = (getiterfunc)PyType_GetSlot(&PySet_Type, Py_tp_iter);
	PyObject *iterator = container ? iterate(set) : NULL, *item;
	Py_ssize_t left = PySet_Size(set);
	bool put = true;

	if (!container)
		return false;
	for (; put && iterator && (item = PyIter_Next(iterator)); left -= put) {
		put = ts_capture_put(writer, item, 0);
		Py_DECREF(item);
	}
	Py_XDECREF(iterator);
	close_with(writer, container, left);
	return true;
}

/* What is no text: numbers as they are written, all else by its type. */
static PyObject *text_of_key(PyObject *key)
{
	char name[256];

	if (key == Py_None || PyBool_Check(key) || PyLong_CheckExact(key) ||
	    PyFloat_CheckExact(key))
		return PyObject_Str(key);
	ts_peek_type_name(Py_TYPE(key), NULL, name, sizeof(name));
	return PyUnicode_FromString(name);
}

static bool put_key(struct ts_writer *writer, PyObject *key)
{
	PyObject *text = PyUnicode_Check(key) ? Py_NewRef(key) : text_of_key(key);
	bool put = text ? put_text(writer, text, 0) : ts_capture_text(writer, "?", 1, 0);

	PyErr_Clear(); /* a number of too many digits */
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
	bool put = true;

	if (!container)
		return false;
	for (; put && PyDict_Next(dict, &place, &key, &value); left -= put) {
		Py_INCREF(key);
		Py_INCREF(value);
		put = put_member(writer, key, value);
		Py_DECREF(key);
		Py_DECREF(value);
	}
	close_with(writer, container, left);
	return true;
}

/* --- objects ------------------------------------------------------------------------------------------- */

static bool put_type_name(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	char name[512];

	ts_peek_type_name(Py_TYPE(object), NULL, name, sizeof(name));
	return ts_capture_opaque(writer, name, param);
}

bool ts_capture_is_plain_type(PyObject *object)
{
	char name[64];

	ts_peek_type_name(Py_TYPE(object), NULL, name, sizeof(name));
	for (size_t i = 0; i < sizeof(plain_types) / sizeof(plain_types[0]); i++)
		if (strcmp(name, plain_types[i]) == 0)
			return true;
	return false;
}

/* A time zone may be a class of the program's. */
static bool has_known_zone(PyObject *time)
{
	PyObject *zone = PyObject_GetAttrString(time, "tzinfo");
	bool known = !zone || zone == Py_None;
	char name[256];

	PyErr_Clear();
	if (!known)
		ts_peek_type_name(Py_TYPE(zone), NULL, name, sizeof(name));
	for (size_t i = 0; !known && i < sizeof(zones) / sizeof(zones[0]); i++)
		known = strncmp(name, zones[i], strlen(zones[i])) == 0;
	Py_XDECREF(zone);
	return known;
}

/* datetime as RFC 3339 has it; the others as str() says. */
static bool put_plain(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	PyObject *text;
	bool put;

	if (!has_known_zone(object))
		return false;
	text = PyObject_CallMethod(object, "isoformat", NULL);
	if (!text) {
		PyErr_Clear();
		text = PyObject_Str(object);
	}
	put = text && PyUnicode_Check(text) && put_text(writer, text, param);
	Py_XDECREF(text);
	return put;
}

/*
 * What the program's own method makes of the object: the one code of its own that is run. A descriptor that would
 * make the method is not asked, and no table of a million rows for a copy.
 */
static bool put_dump(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	PyTypeObject *type = Py_TYPE(object);
	PyObject *method = ts_peek_type(type, TS_NAME_MODEL_DUMP), *dump;
	bool put;

	if (!method && !ts_peek_type(type, TS_NAME_LEN) && !ts_peek_type(type, TS_NAME_ARRAY))
		method = ts_peek_type(type, TS_NAME_TO_DICT);
	if (!method || !(Py_IS_TYPE(method, ts_function_type) || Py_IS_TYPE(method, method_type)))
		return false;
	Py_INCREF(method);
	ts_shim->shut((uintptr_t)__builtin_frame_address(0));
	dump = PyObject_CallFunctionObjArgs(method, object, NULL);
	ts_shim->shut(0);
	Py_DECREF(method);
	if (!dump)
		ts_front_pass_on();
	put = dump && PyDict_Check(dump) && put_dict(writer, dump, param);
	Py_XDECREF(dump);
	return put;
}

static bool put_enum(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	PyObject *value = ts_peek(object, TS_NAME_VALUE);
	bool put = value && ts_capture_put(writer, value, param);

	Py_XDECREF(value);
	return put;
}

/* Fields of a dataclass with slots. */
static bool put_slots(struct ts_writer *writer, PyObject *object, PyObject *fields, uint16_t param)
{
	struct ts_value *container = ts_capture_open(writer, TS_VALUE_OBJECT, param);
	Py_ssize_t place = 0, left = PyDict_Size(fields);
	PyObject *name, *field;
	bool put = true;

	if (!container)
		return false;
	for (; put && PyDict_Next(fields, &place, &name, &field); left -= put) {
		PyObject *value = PyUnicode_CheckExact(name) ? ts_peek_named(object, name) : NULL;

		put = !value || put_member(writer, name, value);
		Py_XDECREF(value);
	}
	close_with(writer, container, left);
	return true;
}

static bool put_dataclass(struct ts_writer *writer, PyObject *object, PyObject *fields,
			  uint16_t param)
{
	PyObject *dict = ts_peek_dict(object);
	bool put;

	Py_INCREF(fields);
	put = dict ? put_dict(writer, dict, param)
		   : PyDict_Check(fields) && put_slots(writer, object, fields, param);
	Py_DECREF(fields);
	Py_XDECREF(dict);
	return put;
}

/* A pydantic model, of either version, lies in its own dictionary, fields that it does not know in another. */
static bool put_model(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	PyObject *dict = ts_peek_dict(object);
	PyObject *extra = ts_peek(object, TS_NAME_PYDANTIC_EXTRA), *all;
	bool put;

	all = dict && extra && PyDict_Check(extra) && PyDict_Size(extra) ? PyDict_Copy(dict) : NULL;
	if (all)
		PyDict_Update(all, extra);
	put = dict && put_dict(writer, all ? all : dict, param);
	Py_XDECREF(extra);
	Py_XDECREF(all);
	Py_XDECREF(dict);
	return put;
}

static bool is_model(PyTypeObject *type)
{
	PyObject *fields = ts_peek_type(type, TS_NAME_MODEL_FIELDS);

	return ts_peek_type(type, TS_NAME_PYDANTIC_FIELDS) || (fields && PyDict_Check(fields)) ||
	       ts_peek_type(type, TS_NAME_FIELDS_SET);
}

/* Everything that is no builtin; what nothing is known of is its type's name. */
static bool put_object(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	PyTypeObject *type = Py_TYPE(object);
	char *before = writer->at;
	PyObject *fields;
	bool put = false;

	if (PyType_Check(object) || PyCallable_Check(object))
		return put_type_name(writer, object, param);
	if ((fields = ts_peek_type(type, TS_NAME_DATACLASS_FIELDS)))
		put = put_dataclass(writer, object, fields, param);
	else if (ts_peek_type(type, TS_NAME_MEMBER_MAP))
		put = put_enum(writer, object, param);
	else if (ts_capture_is_plain_type(object))
		put = put_plain(writer, object, param);
	else if (is_model(type))
		put = put_model(writer, object, param);
	else if (PyLong_Check(object))
		put = put_integer(writer, object, param);
	else
		put = put_dump(writer, object, param);
	PyErr_Clear();
	if (put)
		return true;
	writer->at = before;
	return put_type_name(writer, object, param);
}

static bool put_nested(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	bool put;

	if (!descend(writer, object))
		return put_type_name(writer, object, param);
	if (PyDict_Check(object))
		put = put_dict(writer, object, param);
	else if (PyList_Check(object) || PyTuple_Check(object))
		put = put_list(writer, object, PyTuple_Check(object), param);
	else if (PyAnySet_Check(object))
		put = put_set(writer, object, param);
	else
		put = put_object(writer, object, param);
	writer->depth--;
	return put;
}

bool ts_capture_put(struct ts_writer *writer, PyObject *object, uint16_t param)
{
	if (object == Py_None)
		return ts_capture_number(writer, TS_VALUE_NULL, 0, param);
	if (PyUnicode_CheckExact(object) ||
	    (PyUnicode_Check(object) && !ts_peek_type(Py_TYPE(object), TS_NAME_MEMBER_MAP)))
		return put_text(writer, object, param);
	if (PyBool_Check(object))
		return ts_capture_number(writer, TS_VALUE_BOOL, object == Py_True, param);
	if (PyLong_CheckExact(object))
		return put_integer(writer, object, param);
	if (PyFloat_Check(object))
		return put_float(writer, object, param);
	if (PyBytes_Check(object))
		return put_bytes(writer, object, param);
	if (PyByteArray_Check(object))
		return ts_capture_text(writer, PyByteArray_AsString(object),
				       (size_t)PyByteArray_Size(object), param);
	return put_nested(writer, object, param);
}

int ts_capture_init(void)
{
	PyObject *method = PyObject_GetAttrString((PyObject *)&PyDict_Type, "copy");

	method_type = method ? Py_TYPE(method) : NULL;
	Py_XDECREF(method);
	return method_type ? 0 : -1;
}
