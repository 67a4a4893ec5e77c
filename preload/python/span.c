// SPDX-License-Identifier: Apache-2.0
/* One call of a function that a rule names. */

#include "front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static PyTypeObject *span_type;
static PyObject *variable; /* the innermost span of a context */
static struct ts_nogil_variable known_variable;

/* --- begin -------------------------------------------------------------------------------------------- */

/* The span that this context lies in, or NULL. A new reference. */
static struct ts_span *current(void)
{
	PyObject *value = NULL;

	if (ts_api.context_var_get(variable, NULL, &value) < 0) {
		PyErr_Clear();
		return NULL;
	}
	if (value && !Py_IS_TYPE(value, span_type))
		Py_CLEAR(value);
	return (struct ts_span *)value;
}

/* *args and **kwargs that are empty are not recorded, nor what the caller left to its default. */
static bool is_recorded(const struct ts_wrapped *wrapped, Py_ssize_t i, PyObject *value)
{
	Py_ssize_t more = wrapped->n_positional + wrapped->n_keyword;

	if (i < more)
		return !wrapped->defaults || wrapped->defaults[i] != value;
	return PyTuple_Check(value) ? PyTuple_Size(value) > 0 : PyDict_Size(value) > 0;
}

static void put_input(struct ts_writer *writer, const struct ts_wrapped *wrapped,
		      PyObject *const *values)
{
	for (Py_ssize_t i = wrapped->first; i < wrapped->n_params; i++) {
		if (!is_recorded(wrapped, i, values[i]))
			continue;
		if (wrapped->redacted[i])
			ts_capture_number(writer, TS_VALUE_REDACTED, 0, (uint16_t)i);
		else if (!ts_capture_put(writer, values[i], (uint16_t)i))
			break;
	}
}

/* The tenant, a string or an integer in decimal, into `text`. */
static uint8_t put_tenant(const struct ts_wrapped *wrapped, PyObject *const *values, char *text)
{
	PyObject *value = wrapped->tenant < 0 ? NULL : values[wrapped->tenant], *string;
	Py_ssize_t bytes = 0;
	const char *utf8;

	if (!value || !(PyUnicode_CheckExact(value) || PyLong_CheckExact(value)))
		return 0;
	string = PyObject_Str(value);
	utf8 = string ? PyUnicode_AsUTF8AndSize(string, &bytes) : NULL;
	if (utf8)
		memcpy(text, utf8, (size_t)(bytes < TS_ABI_MAX_TENANT ? bytes : TS_ABI_MAX_TENANT));
	Py_XDECREF(string);
	PyErr_Clear();
	return utf8 ? (uint8_t)(bytes < TS_ABI_MAX_TENANT ? bytes : TS_ABI_MAX_TENANT) : 0;
}

static bool begin(struct ts_foreign *call, struct ts_wrapped *wrapped, PyObject *const *values)
{
	char tenant[TS_ABI_MAX_TENANT];
	struct ts_prepared input = {.tenant = tenant};
	struct ts_writer writer;
	bool begun, captures = ts_shim->conf->capture_bytes && ts_capture_start(&writer);

	ts_wrapped_look(wrapped);
	if (captures) {
		input.values = writer.at;
		put_input(&writer, wrapped, values);
		input.bytes = (uint64_t)(writer.at - input.values);
	}
	if (call->flags & TS_BEGIN_TRACE)
		input.tenant_bytes = put_tenant(wrapped, values, tenant);
	begun = ts_shim->begin(call, &input);
	if (captures)
		ts_capture_done(&writer);
	return begun;
}

/* The call is open; where there is no memory to hold on to it, it ends at once. */
static struct ts_span *hold(struct ts_foreign *call, struct ts_wrapped *wrapped)
{
	const struct ts_prepared nothing = {0};
	struct ts_span *span = PyObject_New(struct ts_span, span_type);

	if (!span) {
		PyErr_Clear();
		ts_shim->end(call, TS_OUTCOME_ABANDONED, &nothing);
		ts_shim->give(call);
		return NULL;
	}
	span->call = call;
	span->wrapped = (struct ts_wrapped *)Py_NewRef((PyObject *)wrapped);
	span->items = NULL;
	span->items_bytes = 0;
	span->n_omitted = 0;
	span->first_ticks = 0;
	span->yields = false;
	return span;
}

struct ts_span *ts_span_begin(struct ts_wrapped *wrapped, PyObject *const *values)
{
	struct ts_foreign *call;
	struct ts_span *parent;
	bool begun;

	if (!wrapped->hook || ts_capture_runs() || !(call = ts_shim->take()))
		return NULL;
	ts_greenlet_look();
	call->says_so = wrapped->in_context;
	parent = current();
	begun = ts_shim->place(call, wrapped->hook, parent ? parent->call : NULL,
			       (uintptr_t)__builtin_frame_address(0)) &&
		begin(call, wrapped, values);
	Py_XDECREF(parent);
	if (begun)
		return hold(call, wrapped);
	ts_shim->give(call);
	return NULL;
}

/* --- run ------------------------------------------------------------------------------------------------ */

void ts_span_enter(struct ts_span *span, uintptr_t slot, struct ts_scope *scope)
{
	ts_shim->enter(span->call, slot);
	if (!scope || scope->token || !span->wrapped->in_context)
		return;
	scope->token = ts_api.context_var_set(variable, (PyObject *)span);
	if (!scope->token)
		PyErr_Clear();
}

/* The context's variable is as it was before; where this is another context, it is left alone. */
static void close_scope(struct ts_scope *scope)
{
	PyObject *type, *value, *traceback;

	if (!scope->token)
		return;
	PyErr_Fetch(&type, &value, &traceback);
	if (ts_api.context_var_reset(variable, scope->token) < 0)
		PyErr_Clear();
	PyErr_Restore(type, value, traceback);
	Py_CLEAR(scope->token);
}

void ts_span_leave(struct ts_span *span, struct ts_scope *scope)
{
	ts_shim->leave(span->call);
	if (scope)
		close_scope(scope);
}

/* --- items ----------------------------------------------------------------------------------------------- */

void ts_span_item(struct ts_span *span, PyObject *item)
{
	size_t most = ts_shim->conf->capture_bytes, bytes;
	struct ts_writer writer;
	char *start, *more;

	if (!span->call->frame.serial)
		return;
	if (!span->first_ticks)
		span->first_ticks = ts_shim->ticks();
	span->yields = true;
	if (!most || span->n_omitted || span->items_bytes >= most || !ts_capture_start(&writer)) {
		span->n_omitted++;
		return;
	}
	start = writer.at;
	if (writer.end - start > (ptrdiff_t)(most - span->items_bytes))
		writer.end = start + ((most - span->items_bytes) & ~7UL);
	ts_capture_put(&writer, item, 0);
	bytes = (size_t)(writer.at - start);
	more = bytes ? realloc(span->items, span->items_bytes + bytes) : NULL;
	if (more) {
		memcpy(more + span->items_bytes, start, bytes);
		span->items = more;
		span->items_bytes += bytes;
	} else {
		span->n_omitted++;
	}
	ts_capture_done(&writer);
}

static void put_items(struct ts_writer *writer, const struct ts_span *span)
{
	struct ts_value *list = ts_capture_open(writer, TS_VALUE_LIST, TS_PARAM_RESULT);

	if (!list)
		return;
	if (span->items_bytes <= (size_t)(writer->end - writer->at)) {
		memcpy(writer->at, span->items, span->items_bytes);
		writer->at += span->items_bytes;
	}
	ts_capture_close(writer, list, span->n_omitted);
}

/* --- end --------------------------------------------------------------------------------------------------- */

/* Does the rule call this result a failure? */
static bool fails(const struct ts_rule *rule, PyObject *result)
{
	int overflow = 0;
	bool is_number = PyLong_Check(result);
	long long number = is_number ? PyLong_AsLongLongAndOverflow(result, &overflow) : 0;

	switch (rule->fails) {
	case TS_FAILS_NULL:
		return result == Py_None;
	case TS_FAILS_FALSE:
		return result == Py_False;
	case TS_FAILS_BELOW_ZERO:
		return is_number && (overflow < 0 || (!overflow && number < 0));
	case TS_FAILS_NOT_ZERO:
		return is_number && (overflow || number != 0);
	default:
		return false;
	}
}

static void put_output(struct ts_writer *writer, struct ts_span *span, PyObject *result)
{
	if (span->first_ticks)
		ts_capture_number(writer, TS_VALUE_UINT, span->first_ticks, TS_PARAM_FIRST);
	if (span->yields)
		put_items(writer, span);
	else if (result && ts_shim->conf->capture_bytes)
		ts_capture_put(writer, result, TS_PARAM_RESULT);
	PyErr_Clear();
}

static void end(struct ts_span *span, enum ts_outcome outcome, PyObject *result,
		PyObject *exception, PyObject *traceback)
{
	struct ts_prepared output = {0};
	struct ts_writer writer;
	bool captures;

	if (!span->call->frame.serial)
		return;
	captures = ts_capture_start(&writer);
	if (captures) {
		output.values = writer.at;
		if (exception)
			outcome = ts_failure_put_exception(&writer, exception, traceback);
		put_output(&writer, span, result);
		output.bytes = (uint64_t)(writer.at - output.values);
	}
	ts_shim->end(span->call, outcome, &output);
	if (captures)
		ts_capture_done(&writer);
	free(span->items);
	span->items = NULL;
}

void ts_span_end(struct ts_span *span, PyObject *result)
{
	PyObject *type, *value, *traceback;

	if (result) {
		end(span, fails(span->wrapped->rule, result) ? TS_OUTCOME_FAILED : TS_OUTCOME_OK,
		    result, NULL, NULL);
		return;
	}
	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	end(span, TS_OUTCOME_EXCEPTION, NULL, value, traceback);
	PyErr_Restore(type, value, traceback);
}

/* The exception that is set, if any, is none of the call's. */
static void end_aside(struct ts_span *span, enum ts_outcome outcome)
{
	PyObject *type, *value, *traceback;

	PyErr_Fetch(&type, &value, &traceback);
	end(span, outcome, NULL, NULL, NULL);
	PyErr_Restore(type, value, traceback);
}

void ts_span_finish(struct ts_span *span)
{
	end_aside(span, TS_OUTCOME_OK);
}

void ts_span_abandon(struct ts_span *span)
{
	end_aside(span, TS_OUTCOME_ABANDONED);
}

int ts_span_says(struct ts_foreign *ret)
{
	const void *seen;
	struct ts_span span;

	if (!ts_nogil_look(&known_variable, &seen))
		return -ENODATA;
	if (!seen)
		return 0;
	if (!ts_nogil_copy(&span, seen, sizeof(span)) ||
	    !Py_IS_TYPE((PyObject *)&span, span_type) ||
	    !ts_nogil_copy(ret, span.call, sizeof(*ret)))
		return -ENODATA;
	return 1;
}

static void free_span(PyObject *self)
{
	struct ts_span *span = (struct ts_span *)self;
	PyTypeObject *type = Py_TYPE(self);

	ts_span_abandon(span);
	ts_shim->give(span->call);
	Py_DECREF(span->wrapped);
	PyObject_Free(self);
	Py_DECREF(type);
}

int ts_span_init(void)
{
	static PyType_Slot slots[] = {{Py_tp_dealloc, free_span}, {0, NULL}};
	static PyType_Spec spec = {
		.name = "traceshim.Span",
		.basicsize = sizeof(struct ts_span),
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
		.slots = slots,
	};

	span_type = (PyTypeObject *)PyType_FromSpec(&spec);
	variable = ts_api.context_var_new("traceshim", NULL);
	if (!span_type || !variable)
		return -1;
	ts_nogil_know(variable, &known_variable);
	return 0;
}
