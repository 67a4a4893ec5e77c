// SPDX-License-Identifier: Apache-2.0
/* Modules whose functions rules name: rewrite.py, and what it cannot do itself. */

#include "front.h"

#include <string.h>

/* clang-format off */
static const char rewrite_source[] = {
#include "rewrite.inc"
	, 0};
static const char stream_source[] = {
#include "stream.inc"
	, 0};
/* clang-format on */

#define MOST_PACKAGES 64

static PyObject *space; /* the namespace of rewrite.py */
static PyTypeObject *code_type;
PyTypeObject *ts_function_type;
static __thread bool busy; /* it runs: what it compiles is not the program's */

PyObject *ts_rewrite_get(const char *name)
{
	return PyDict_GetItemString(space, name);
}

/* --- which modules ---------------------------------------------------------------------------------------- */

/* Do the folders of `file` hold those that a glob begins with? "bot.handlers.*": bot/handlers/ */
static bool fits_folders(const char *module, const char *file)
{
	char folders[256] = "/";
	size_t n = strcspn(module, "*?");

	while (n && module[n - 1] != '.')
		n--;
	if (!n || n + 2 > sizeof(folders))
		return true;
	memcpy(folders + 1, module, n);
	for (size_t i = 1; i <= n; i++)
		if (folders[i] == '.')
			folders[i] = '/';
	folders[n + 1] = '\0';
	return strstr(file, folders) || strncmp(file, folders + 1, n) == 0;
}

/* The last part of a module's name is what its file is called. */
static bool fits_file(const char *module, const char *file, const char *stem, size_t bytes)
{
	const char *dot = strrchr(module, '.');
	const char *part = dot ? dot + 1 : module;

	if (strpbrk(module, "*?"))
		return fits_folders(module, file);
	return strlen(part) == bytes && memcmp(part, stem, bytes) == 0;
}

static const char frozen[] = "<frozen ";

static bool is_frozen(const char *file)
{
	return strncmp(file, frozen, sizeof(frozen) - 1) == 0;
}

/* "learn" of ".../learn.py"; the folder's name of ".../__init__.py"; "path" of "<frozen os.path>". */
static const char *stem_of(const char *file, size_t *ret_bytes)
{
	const char *end = file + strlen(file), *start, *dot;

	if (is_frozen(file)) {
		dot = strrchr(file, '.');
		start = dot ? dot + 1 : file + sizeof(frozen) - 1;
		*ret_bytes = strcspn(start, ">");
		return start;
	}
	for (int i = 0; i < 2; i++) {
		for (start = end; start > file && start[-1] != '/'; start--)
			;
		if (i || strncmp(start, "__init__.", 9) != 0 || start == file)
			break;
		end = start - 1;
	}
	*ret_bytes = strcspn(start, "./");
	return start;
}

/* Is it the script's file? */
static bool is_file_of(const char *name, const char *file)
{
	PyObject *modules = PySys_GetObject("modules");
	PyObject *module = modules ? PyDict_GetItemString(modules, name) : NULL;
	PyObject *own = module && PyModule_Check(module)
				? PyDict_GetItemString(PyModule_GetDict(module), "__file__")
				: NULL;
	const char *path = own && PyUnicode_Check(own) ? PyUnicode_AsUTF8AndSize(own, NULL) : NULL;

	return path && strcmp(path, file) == 0;
}

/* Packages whose modules may hold what rules name elsewhere; few. */
static struct {
	char *globs[MOST_PACKAGES];
	size_t n;
} packages;

static PyObject *also(PyObject *module, PyObject *glob)
{
	const char *text = PyUnicode_AsUTF8AndSize(glob, NULL);

	(void)module;
	for (size_t i = 0; text && i < packages.n; i++)
		if (strcmp(packages.globs[i], text) == 0)
			Py_RETURN_NONE;
	if (!text)
		return NULL;
	if (packages.n < MOST_PACKAGES && (packages.globs[packages.n] = strdup(text)))
		packages.n++;
	Py_RETURN_NONE;
}

static bool may_be_handed_on(const char *file)
{
	for (size_t i = 0; i < packages.n; i++)
		if (fits_folders(packages.globs[i], file))
			return true;
	return false;
}

/*
 * A look that costs next to nothing: may a rule be about this file? What programs make up and run ("<string>") is
 * only looked at as the script.
 */
static bool may_be_ruled(const char *file, bool is_outermost)
{
	const struct ts_conf *conf = ts_shim->conf;
	size_t bytes;
	const char *stem = stem_of(file, &bytes);
	bool main_is_ruled = false;

	for (size_t i = 0; i < conf->n_rules; i++) {
		const char *module = conf->rules[i].python.module;

		if (module && (file[0] != '<' || is_frozen(file)) &&
		    fits_file(module, file, stem, bytes))
			return true;
		main_is_ruled |= module && strcmp(module, "__main__") == 0;
	}
	if (may_be_handed_on(file))
		return true;
	return main_is_ruled &&
	       (is_outermost || is_file_of("__main__", file) || is_file_of("__mp_main__", file));
}

static bool is_module_code(PyObject *code, bool is_outermost)
{
	PyObject *name = PyObject_GetAttrString(code, "co_name");
	PyObject *file = PyObject_GetAttrString(code, "co_filename");
	const char *path =
		file && PyUnicode_Check(file) ? PyUnicode_AsUTF8AndSize(file, NULL) : NULL;
	bool is = name && path && PyUnicode_CompareWithASCIIString(name, "<module>") == 0 &&
		  may_be_ruled(path, is_outermost);

	Py_XDECREF(name);
	Py_XDECREF(file);
	return is;
}

static void enter(PyObject *code, bool is_outermost)
{
	PyObject *result = PyObject_CallFunctionObjArgs(ts_rewrite_get("enter"), code,
							is_outermost ? Py_True : Py_False, NULL);

	if (!result)
		ts_front_stumbled("a module could not be looked through");
	Py_XDECREF(result);
}

void ts_rewrite_module(PyObject *code)
{
	PyObject *type, *value, *traceback;
	bool is_outermost;

	if (busy || !Py_IS_TYPE(code, code_type))
		return;
	busy = true;
	is_outermost = !PyEval_GetFrame();
	PyErr_Fetch(&type, &value, &traceback);
	if (is_module_code(code, is_outermost))
		enter(code, is_outermost);
	PyErr_Clear();
	PyErr_Restore(type, value, traceback);
	busy = false;
}

/* --- what it is given ---------------------------------------------------------------------------------------- */

static PyObject *modules(PyObject *module, PyObject *unused)
{
	(void)module;
	(void)unused;
	return Py_XNewRef(PySys_GetObject("modules"));
}

/*
 * put(tuple, index, old, new): the one thing that Python cannot. Where a tuple's items lie is told by its type; that
 * it is so, and that nobody else has put something there, is looked at before anything is written.
 */
static PyObject *put(PyObject *module, PyObject *arguments)
{
	PyObject *tuple, *old, *new, *size, **item;
	Py_ssize_t index;
	long header;

	(void)module;
	if (!PyArg_ParseTuple(arguments, "OnOO", &tuple, &index, &old, &new))
		return NULL;
	size = PyObject_GetAttrString((PyObject *)&PyTuple_Type, "__basicsize__");
	header = size ? PyLong_AsLong(size) : -1;
	Py_XDECREF(size);
	if (header < (long)sizeof(PyVarObject) || header > 64 ||
	    old != PyTuple_GetItem(tuple, index))
		Py_RETURN_NONE;
	item = (PyObject **)((char *)tuple + header) + index;
	if (*item != old)
		Py_RETURN_NONE;
	*item = Py_NewRef(new);
	Py_DECREF(old);
	Py_RETURN_NONE;
}

static PyObject *is_ours(PyObject *module, PyObject *code)
{
	(void)module;
	return PyBool_FromLong(ts_wrapped_of(code) != NULL);
}

/* What an object has of its own, or None. */
static PyObject *dict_of(PyObject *module, PyObject *object)
{
	PyObject *dict = ts_peek_dict(object);

	(void)module;
	return dict ? dict : Py_NewRef(Py_None);
}

static PyMethodDef methods[] = {
	{"also", also, METH_O, NULL},
	{"define", ts_wrapped_define, METH_VARARGS, NULL},
	{"dict_of", dict_of, METH_O, NULL},
	{"is_ours", is_ours, METH_O, NULL},
	{"modules", modules, METH_NOARGS, NULL},
	{"put", put, METH_VARARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyObject *rules(void)
{
	const struct ts_conf *conf = ts_shim->conf;
	PyObject *list = PyList_New(0);

	for (size_t i = 0; list && i < conf->n_rules; i++) {
		const struct ts_python_name *name = &conf->rules[i].python;
		PyObject *rule;

		if (!name->module)
			continue;
		rule = Py_BuildValue("(nssO)", (Py_ssize_t)i, name->module, name->function,
				     name->glob ? Py_True : Py_False);
		if (!rule || PyList_Append(list, rule) < 0)
			Py_CLEAR(list);
		Py_XDECREF(rule);
	}
	return list;
}

static bool fill_space(void)
{
	PyObject *list = rules();
	bool filled = list && PyDict_SetItemString(space, "rules", list) == 0 &&
		      PyDict_SetItemString(space, "__builtins__", PyEval_GetBuiltins()) == 0;

	for (PyMethodDef *method = methods; filled && method->ml_name; method++) {
		PyObject *function = PyCFunction_NewEx(method, NULL, NULL);

		filled = function && PyDict_SetItemString(space, method->ml_name, function) == 0;
		Py_XDECREF(function);
	}
	Py_XDECREF(list);
	return filled;
}

static bool run(const char *source)
{
	PyObject *code = Py_CompileString(source, "<traceshim>", Py_file_input);
	PyObject *result = code ? PyEval_EvalCode(code, space, space) : NULL;

	if (code)
		code_type = Py_TYPE(code);
	Py_XDECREF(code);
	Py_XDECREF(result);
	return result;
}

bool ts_rewrite_init(char *why, size_t why_bytes)
{
	bool done;

	busy = true;
	space = PyDict_New();
	done = space && fill_space() && run(rewrite_source) && run(stream_source);
	busy = false;
	if (done)
		ts_function_type = Py_TYPE(ts_rewrite_get("enter"));
	if (done)
		return true;
	PyErr_Clear();
	PyOS_snprintf(why, why_bytes, "its code cannot be read");
	return false;
}
