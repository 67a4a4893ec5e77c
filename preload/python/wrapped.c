// SPDX-License-Identifier: Apache-2.0
/* A function that a rule names. */

#include "front.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <structmember.h>

#define HAVE_VECTORCALL (1UL << 11)

#define VARARGS         0x4
#define VARKEYWORDS     0x8
#define GENERATOR       0x20
#define COROUTINE       0x80
#define ASYNC_GENERATOR 0x200

/* clang-format off */
static const char portable_source[] = {
#include "portable.inc"
	, 0};
/* clang-format on */

PyTypeObject *ts_wrapped_type;

/* --- defaults ------------------------------------------------------------------------------------------ */

static PyObject *look_inside(PyObject *object, const struct ts_wrapped *wrapped, int depth);

/* What decorators left in the cells of a function that stands in its place. */
static PyObject *look_in_cells(PyObject *function, const struct ts_wrapped *wrapped, int depth)
{
	PyObject *cells = PyObject_GetAttrString(function, "__closure__"), *found = NULL;

	for (Py_ssize_t i = 0; PyTuple_Check(cells) && i < PyTuple_Size(cells) && !found; i++) {
		PyObject *content =
			PyObject_GetAttrString(PyTuple_GetItem(cells, i), "cell_contents");

		if (content)
			found = look_inside(content, wrapped, depth - 1);
		PyErr_Clear();
		Py_XDECREF(content);
	}
	Py_DECREF(cells);
	return found;
}

static bool runs(PyObject *function, const struct ts_wrapped *wrapped)
{
	PyObject *code = PyObject_GetAttrString(function, "__code__");
	bool is_it = code && ts_wrapped_of(code) == wrapped;

	PyErr_Clear();
	Py_XDECREF(code);
	return is_it;
}

/* The function that runs our code, in what a name leads to: behind decorators and descriptors. New; NULL: none. */
static PyObject *look_inside(PyObject *object, const struct ts_wrapped *wrapped, int depth)
{
	static const enum ts_name ways[] = {TS_NAME_WRAPPED, TS_NAME_FUNC, TS_NAME_FGET,
					    TS_NAME_PARTIAL_FUNC};
	bool is_function = Py_IS_TYPE(object, ts_function_type);
	PyObject *next, *found = NULL;

	if (is_function && runs(object, wrapped))
		return Py_NewRef(object);
	for (size_t i = 0; depth && !found && i < sizeof(ways) / sizeof(ways[0]); i++) {
		next = ts_peek(object, ways[i]);
		if (next)
			found = look_inside(next, wrapped, depth - 1);
		Py_XDECREF(next);
	}
	if (found || !depth || !is_function)
		return found;
	return look_in_cells(object, wrapped, depth);
}

/* What a module or a class itself holds. New; NULL: nothing. */
static PyObject *member(PyObject *holder, PyObject *name)
{
	PyObject *space, *found;

	if (PyModule_Check(holder))
		space = Py_NewRef(PyModule_GetDict(holder));
	else if (PyType_Check(holder))
		space = ts_peek_as(&PyType_Type, holder, TS_NAME_DICT);
	else
		return NULL;
	found = space ? PyObject_GetItem(space, name) : NULL;
	PyErr_Clear();
	Py_XDECREF(space);
	return found;
}

/* What is named MODULE, then PATH of attributes. New; NULL: nothing. */
static PyObject *look_up(const struct ts_wrapped *wrapped)
{
	PyObject *modules = PySys_GetObject("modules"), *next;
	PyObject *at = Py_XNewRef(modules ? PyDict_GetItem(modules, wrapped->module) : NULL);

	for (Py_ssize_t i = 0; at && i < PyTuple_Size(wrapped->path); i++) {
		next = member(at, PyTuple_GetItem(wrapped->path, i));
		Py_DECREF(at);
		at = next;
	}
	return at;
}

/* What has no default is a value that nobody passes. */
static void note_defaults(struct ts_wrapped *wrapped, PyObject *function)
{
	PyObject *positional = PyObject_GetAttrString(function, "__defaults__");
	PyObject *keyword = PyObject_GetAttrString(function, "__kwdefaults__");
	Py_ssize_t n = PyTuple_Check(positional) ? PyTuple_Size(positional) : 0;
	Py_ssize_t all = wrapped->n_positional + wrapped->n_keyword;

	wrapped->defaults = calloc((size_t)all + 1, sizeof(*wrapped->defaults));
	for (Py_ssize_t i = 0; wrapped->defaults && i < all; i++) {
		Py_ssize_t at = i - (wrapped->n_positional - n);

		if (i < wrapped->n_positional && at >= 0)
			wrapped->defaults[i] = PyTuple_GetItem(positional, at);
		else if (i >= wrapped->n_positional && PyDict_Check(keyword))
			wrapped->defaults[i] =
				PyDict_GetItem(keyword, PyTuple_GetItem(wrapped->keywords,
									i - wrapped->n_positional));
	}
	Py_DECREF(positional);
	Py_DECREF(keyword);
}

/* Once, with the first call, for then the name stands where it will stay. */
void ts_wrapped_look(struct ts_wrapped *wrapped)
{
	PyObject *named, *function;

	if (wrapped->looked)
		return;
	wrapped->looked = true;
	named = look_up(wrapped);
	function = named ? look_inside(named, wrapped, 4) : NULL;
	if (function)
		note_defaults(wrapped, function);
	PyErr_Clear();
	Py_XDECREF(named);
	Py_XDECREF(function);
}

/* --- calls ----------------------------------------------------------------------------------------------- */

static PyObject *positional_of(const struct ts_wrapped *wrapped, PyObject *const *values)
{
	Py_ssize_t n = wrapped->n_positional, more = 0;
	PyObject *rest = wrapped->more_positional ? values[n + wrapped->n_keyword] : NULL, *all;

	if (rest)
		more = PyTuple_Size(rest);
	all = PyTuple_New(n + more);
	for (Py_ssize_t i = 0; all && i < n + more; i++)
		PyTuple_SetItem(all, i,
				Py_NewRef(i < n ? values[i] : PyTuple_GetItem(rest, i - n)));
	return all;
}

static PyObject *keywords_of(const struct ts_wrapped *wrapped, PyObject *const *values)
{
	PyObject *all =
		wrapped->more_keyword ? PyDict_Copy(values[wrapped->n_params - 1]) : PyDict_New();

	for (Py_ssize_t i = 0; all && i < wrapped->n_keyword; i++)
		if (PyDict_SetItem(all, PyTuple_GetItem(wrapped->keywords, i),
				   values[wrapped->n_positional + i]) < 0)
			Py_CLEAR(all);
	return all;
}

PyObject *ts_wrapped_invoke(struct ts_wrapped *wrapped, PyObject *original, PyObject *const *values)
{
	PyObject *positional, *keywords, *result;

	if (ts_api.vectorcall && !wrapped->more_positional && !wrapped->more_keyword)
		return ts_api.vectorcall(original, values, (size_t)wrapped->n_positional,
					 wrapped->n_keyword ? wrapped->keywords : NULL);
	positional = positional_of(wrapped, values);
	keywords = positional ? keywords_of(wrapped, values) : NULL;
	result = keywords ? PyObject_Call(original, positional, keywords) : NULL;
	Py_XDECREF(positional);
	Py_XDECREF(keywords);
	return result;
}

/* --- definition -------------------------------------------------------------------------------------------- */

static bool is_redacted(const char *name)
{
	const struct ts_conf *conf = ts_shim->conf;

	for (size_t i = 0; i < conf->n_redact; i++) {
		const char *a = conf->redact[i], *b = name;

		while (*a && *b && *a == (*b >= 'A' && *b <= 'Z' ? *b - 'A' + 'a' : *b))
			a++, b++;
		if (!*a && !*b)
			return true;
	}
	return false;
}

/* The parameters' names; those of a method leave out the object. */
static Py_ssize_t read_params(struct ts_wrapped *wrapped, PyObject *names, bool in_class,
			      const char **ret)
{
	Py_ssize_t n = PyList_Size(names);

	if (n > TS_MAX_PYTHON_PARAMS)
		return -1;
	wrapped->tenant = -1;
	for (Py_ssize_t i = 0; i < n; i++) {
		ret[i] = PyUnicode_AsUTF8AndSize(PyList_GetItem(names, i), NULL);
		if (!ret[i])
			return -1;
		wrapped->redacted[i] = is_redacted(ret[i]);
		if (strcmp(ret[i], "tenant_id") == 0)
			wrapped->tenant = (int16_t)i;
	}
	if (in_class && n && (strcmp(ret[0], "self") == 0 || strcmp(ret[0], "cls") == 0))
		wrapped->first = 1;
	return n;
}

static long number_of(PyObject *code, const char *name)
{
	PyObject *value = PyObject_GetAttrString(code, name);
	long number = value ? PyLong_AsLong(value) : -1;

	Py_XDECREF(value);
	return number;
}

static bool read_code(struct ts_wrapped *wrapped, PyObject *code, PyObject *names)
{
	wrapped->flags = number_of(code, "co_flags");
	wrapped->n_positional = number_of(code, "co_argcount");
	wrapped->n_keyword = number_of(code, "co_kwonlyargcount");
	wrapped->more_positional = wrapped->flags & VARARGS;
	wrapped->more_keyword = wrapped->flags & VARKEYWORDS;
	wrapped->keywords = PyTuple_New(wrapped->n_keyword);
	for (Py_ssize_t i = 0; wrapped->keywords && i < wrapped->n_keyword; i++)
		PyTuple_SetItem(wrapped->keywords, i,
				Py_NewRef(PyList_GetItem(names, wrapped->n_positional + i)));
	return wrapped->keywords && !PyErr_Occurred();
}

static bool enter_in_log(struct ts_wrapped *wrapped, PyObject *code, PyObject *names,
			 const char *span, const char *name, bool in_class)
{
	const char *params[TS_MAX_PYTHON_PARAMS];
	struct ts_python_function function = {.rule = wrapped->rule, .span = span, .name = name};
	PyObject *file = PyObject_GetAttrString(code, "co_filename");

	wrapped->n_params = read_params(wrapped, names, in_class, params);
	function.file = file ? PyUnicode_AsUTF8AndSize(file, NULL) : NULL;
	if (wrapped->n_params >= 0 && function.file) {
		function.params = params;
		function.n_params = (uint8_t)wrapped->n_params;
		wrapped->hook = ts_shim->define(&function);
	}
	Py_XDECREF(file);
	return wrapped->hook && !PyErr_Occurred();
}

/* "bot.agents:Trainer.run" -> ("Trainer", "run") in the module that is known as `where`. */
static bool read_name(struct ts_wrapped *wrapped, const char *where, const char *name)
{
	const char *colon = strchr(name, ':');
	PyObject *path = PyUnicode_FromString(colon + 1), *dot = PyUnicode_FromString(".");
	PyObject *parts = path && dot ? PyUnicode_Split(path, dot, -1) : NULL;

	wrapped->module = PyUnicode_FromString(where);
	wrapped->path = parts ? PyList_AsTuple(parts) : NULL;
	Py_XDECREF(path);
	Py_XDECREF(dot);
	Py_XDECREF(parts);
	return wrapped->module && wrapped->path;
}

static ts_vectorcall_fn *way_to_run(long flags)
{
	if (flags & ASYNC_GENERATOR)
		return ts_call_async_generator;
	if (flags & GENERATOR)
		return ts_call_generator;
	return flags & COROUTINE ? ts_call_coroutine : ts_call_function;
}

PyObject *ts_wrapped_define(PyObject *module, PyObject *arguments)
{
	unsigned int number;
	const char *span, *where, *name;
	PyObject *code, *names;
	int in_class;
	bool defined;
	struct ts_wrapped *wrapped;

	(void)module;
	if (!PyArg_ParseTuple(arguments, "IsssOOp", &number, &span, &where, &name, &code, &names,
			      &in_class))
		return NULL;
	wrapped = PyObject_New(struct ts_wrapped, ts_wrapped_type);
	if (!wrapped)
		return NULL;
	memset((char *)wrapped + sizeof(PyObject), 0, sizeof(*wrapped) - sizeof(PyObject));
	wrapped->rule = &ts_shim->conf->rules[number];
	wrapped->in_context =
		wrapped->rule->kind != TS_KIND_LLM && wrapped->rule->kind != TS_KIND_TOOL;
	defined = read_code(wrapped, code, names) && read_name(wrapped, where, name) &&
		  enter_in_log(wrapped, code, names, span, name, in_class);
	wrapped->run = way_to_run(wrapped->flags);
	if (defined)
		return (PyObject *)wrapped;
	PyErr_Clear();
	Py_DECREF(wrapped);
	Py_RETURN_NONE;
}

struct ts_wrapped *ts_wrapped_of(PyObject *code)
{
	PyObject *consts = PyObject_GetAttrString(code, "co_consts");
	struct ts_wrapped *found = NULL;

	for (Py_ssize_t i = 0; consts && i < PyTuple_Size(consts) && !found; i++)
		if (Py_IS_TYPE(PyTuple_GetItem(consts, i), ts_wrapped_type))
			found = (struct ts_wrapped *)PyTuple_GetItem(consts, i);
	PyErr_Clear();
	Py_XDECREF(consts); /* the code holds them */
	return found;
}

/* A program that sends a function by value sends what stands in for us there. */
static PyObject *reduce(PyObject *self, PyObject *unused)
{
	struct ts_wrapped *wrapped = (struct ts_wrapped *)self;
	PyObject *source = PyUnicode_FromString(portable_source), *text = NULL, *result = NULL;
	PyObject *evaluate = PyDict_GetItemString(PyEval_GetBuiltins(), "eval");

	(void)unused;
	if (source)
		text = PyUnicode_FromFormat("(lambda space: exec(%R, space) or space['make'](%ld, "
					    "%zd, %R, %d, %d))({})",
					    source, wrapped->flags, wrapped->n_positional,
					    wrapped->keywords, wrapped->more_positional,
					    wrapped->more_keyword);
	if (text && evaluate)
		result = Py_BuildValue("O(O)", evaluate, text);
	Py_XDECREF(source);
	Py_XDECREF(text);
	return result;
}

static void free_wrapped(PyObject *self)
{
	struct ts_wrapped *wrapped = (struct ts_wrapped *)self;
	PyTypeObject *type = Py_TYPE(self);

	Py_XDECREF(wrapped->keywords);
	free(wrapped->defaults);
	Py_XDECREF(wrapped->module);
	Py_XDECREF(wrapped->path);
	PyObject_Free(self);
	Py_DECREF(type);
}

int ts_wrapped_init(void)
{
	static PyMemberDef members[] = {
		{"__vectorcalloffset__", T_PYSSIZET, offsetof(struct ts_wrapped, run), READONLY,
		 NULL},
		{NULL, 0, 0, 0, NULL},
	};
	static PyMethodDef methods[] = {
		{"__reduce__", reduce, METH_NOARGS, NULL},
		{NULL, NULL, 0, NULL},
	};
	PyType_Slot slots[] = {
		{Py_tp_dealloc, free_wrapped},
		{Py_tp_members, members},
		{Py_tp_methods, methods},
		{Py_tp_call, ts_api.vectorcall_call},
		{0, NULL},
	};
	PyType_Spec spec = {
		.name = "traceshim.Wrapped",
		.basicsize = sizeof(struct ts_wrapped),
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | HAVE_VECTORCALL,
		.slots = slots,
	};

	ts_wrapped_type = (PyTypeObject *)PyType_FromSpec(&spec);
	return ts_wrapped_type ? 0 : -1;
}
