// SPDX-License-Identifier: Apache-2.0
/* What the limited API leaves out. */

#include "front.h"

#include <dlfcn.h>
#include <string.h>

struct ts_python_api ts_api;

static const struct {
	const char *name;
	void *at;
} functions[] = {
	{"PyObject_Vectorcall", &ts_api.vectorcall},
	{"PyContextVar_New", &ts_api.context_var_new},
	{"PyContextVar_Get", &ts_api.context_var_get},
	{"PyContextVar_Set", &ts_api.context_var_set},
	{"PyContextVar_Reset", &ts_api.context_var_reset},
	{"PyContext_New", &ts_api.context_new},
	{"PyContext_Enter", &ts_api.context_enter},
	{"PyContext_Exit", &ts_api.context_exit},
	{"PyVectorcall_Call", &ts_api.vectorcall_call},
	{"_PyType_Lookup", &ts_api.type_lookup},
};

/* Does a context variable do what it is for? */
static bool works(void)
{
	PyObject *variable = ts_api.context_var_new("works", NULL), *value = NULL, *token;
	bool right;

	if (!variable)
		return false;
	token = ts_api.context_var_set(variable, Py_True);
	right = token && ts_api.context_var_get(variable, NULL, &value) == 0 && value == Py_True &&
		ts_api.context_var_reset(variable, token) == 0;
	Py_XDECREF(value);
	Py_XDECREF(token);
	value = NULL;
	right = right && ts_api.context_var_get(variable, NULL, &value) == 0 && !value;
	Py_XDECREF(value);
	Py_DECREF(variable);
	return right;
}

bool ts_api_find(char *why, size_t why_bytes)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *found = dlsym(RTLD_DEFAULT, functions[i].name);

		if (!found && functions[i].at != (void *)&ts_api.vectorcall) {
			PyOS_snprintf(why, why_bytes, "this Python has no %s", functions[i].name);
			return false;
		}
		memcpy(functions[i].at, &found, sizeof(found));
	}
	if (works())
		return true;
	PyErr_Clear();
	PyOS_snprintf(why, why_bytes, "context variables of this Python are not as expected");
	return false;
}
