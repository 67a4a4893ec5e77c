// SPDX-License-Identifier: Apache-2.0
/* The front end's start, and the audit events that it listens to. */

#include "front.h"

#include <string.h>

const struct ts_python_services *ts_shim;
static PyInterpreterState *interpreter; /* the one we live in */
static bool stumbled, told_other;

void ts_front_stumbled(const char *where)
{
	if (!stumbled && PyErr_ExceptionMatches(PyExc_Exception))
		ts_shim->log(TS_LOG_ERROR, "%s, and is not traced", where);
	stumbled = true;
	ts_front_pass_on();
}

void ts_front_pass_on(void)
{
	PyObject *type, *value, *traceback;

	PyErr_Fetch(&type, &value, &traceback);
	if (type && !PyErr_GivenExceptionMatches(type, PyExc_Exception))
		PyThreadState_SetAsyncExc(PyThread_get_thread_ident(), type);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
}

/* Other interpreters of this process have objects of their own, which must not meet ours. */
static bool is_ours(void)
{
	if (PyInterpreterState_Get() == interpreter)
		return true;
	if (!told_other)
		ts_shim->log(TS_LOG_INFO, "what runs in sub-interpreters of Python is not traced");
	told_other = true;
	return false;
}

/* The first of these events comes when all is set up, and nothing of the program has run. */
static int tell(const char *event, void *arguments)
{
	if (strncmp(event, "cpython.run_", 12) != 0 || !is_ours())
		return 0;
	ts_look_tell(event, arguments);
	return 1;
}

static int audit(const char *event, void *arguments)
{
	PyObject *code, *name;

	if (event[0] == 'i' && strcmp(event, "import") == 0) {
		name = PyTuple_Size(arguments) > 0 ? PyTuple_GetItem(arguments, 0) : NULL;
		if (name && PyUnicode_Check(name) && PyUnicode_GetLength(name) <= 20)
			ts_greenlet_imported(PyUnicode_AsUTF8AndSize(name, NULL));
		return 0;
	}
	if (event[0] != 'e' || strcmp(event, "exec") != 0 || !is_ours())
		return 0;
	code = PyTuple_Size(arguments) > 0 ? PyTuple_GetItem(arguments, 0) : NULL;
	if (code)
		ts_rewrite_module(code);
	return 0;
}

/* Exported: the shim looks it up by its name. */
__attribute__((visibility("default"))) ts_python_start_fn ts_python_start;

const struct ts_python_front *ts_python_start(const struct ts_python_services *services, char *why,
					      size_t why_bytes)
{
	static struct ts_python_front front = {.audit = audit, .says = ts_span_says};
	PyObject *type, *value, *traceback;
	bool ready;

	if (services->version != TS_ABI_VERSION) {
		PyOS_snprintf(why, why_bytes, "the module is of another version");
		return NULL;
	}
	ts_shim = services;
	PyErr_Fetch(&type, &value, &traceback);
	interpreter = PyInterpreterState_Get();
	PyOS_snprintf(why, why_bytes, "no memory");
	ready = ts_api_find(why, why_bytes) && ts_peek_init() == 0 && ts_wrapped_init() == 0 &&
		ts_span_init() == 0 && ts_step_init() == 0 && ts_items_init() == 0 &&
		ts_greenlet_init() == 0 && ts_rewrite_init(why, why_bytes) &&
		ts_stream_init() == 0 && ts_capture_init() == 0 && ts_failure_init() == 0 &&
		(!services->report || ts_look_init(why, why_bytes));
	ts_depth_init();
	if (ready && (services->conf->wire.openssl || services->conf->wire.n_addresses))
		ts_nogil_init();
	PyErr_Clear();
	PyErr_Restore(type, value, traceback);
	if (services->report)
		front.audit = tell;
	return ready ? &front : NULL;
}
