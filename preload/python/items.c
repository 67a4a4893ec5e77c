// SPDX-License-Identifier: Apache-2.0
/*
 * Async generators: what the code in front of one asks for the next item, tells what was sent, and asks when
 * something was raised.
 */

#include "front.h"

struct items {
	PyObject_HEAD struct ts_span *span; /* NULL: not recorded */
	PyObject *inner;                    /* an async generator */
	PyObject *sent, *thrown;            /* what the next step takes along */
	PyObject *step;                     /* the last one */
	bool over;
};

static PyTypeObject *items_type;
static PyObject *get_hooks, *set_hooks, *own_hooks;

/* The original does nothing of its own when it is dropped: the one in front has closed it, or was not let. */
static PyObject *leave_alone(PyObject *self, PyObject *generator)
{
	(void)self;
	(void)generator;
	Py_RETURN_NONE;
}

static void set(PyObject *hooks)
{
	PyObject *type, *value, *traceback;

	PyErr_Fetch(&type, &value, &traceback);
	Py_XDECREF(PyObject_Call(set_hooks, hooks, NULL));
	PyErr_Clear();
	PyErr_Restore(type, value, traceback);
}

/*
 * A new awaitable of the next item. What the program has for async generators that begin (an event loop wants
 * to close them at its end) is for the one in front alone.
 */
static PyObject *resume_inner(struct items *items, const char *method, PyObject *argument)
{
	PyObject *hooks = items->step ? NULL : PyObject_CallNoArgs(get_hooks), *inner;

	PyErr_Clear();
	if (hooks)
		set(own_hooks);
	inner = PyObject_CallMethod(items->inner, method, "(O)", argument);
	if (hooks)
		set(hooks);
	Py_XDECREF(hooks);
	return inner;
}

static PyObject *items_resume(PyObject *self, PyObject *unused)
{
	struct items *items = (struct items *)self;
	PyObject *sent = items->sent, *thrown = items->thrown, *inner, *step;

	(void)unused;
	items->sent = items->thrown = NULL;
	if (thrown)
		inner = resume_inner(items, "athrow", thrown);
	else
		inner = resume_inner(items, "asend", sent ? sent : Py_None);
	Py_XDECREF(sent);
	Py_XDECREF(thrown);
	step = inner ? ts_step_new(TS_STEP_ITEM, (struct ts_span *)Py_XNewRef(items->span), inner)
		     : NULL;
	if (step)
		ts_set(&items->step, Py_NewRef(step));
	return step;
}

static PyObject *items_keep(PyObject *self, PyObject *sent)
{
	ts_set(&((struct items *)self)->sent, Py_NewRef(sent));
	Py_RETURN_NONE;
}

/* Is what is handled the original's own, and not its end? What was thrown in is kept for it. */
static PyObject *items_failed(PyObject *self, PyObject *unused)
{
	struct items *items = (struct items *)self;
	enum ts_step_state state = items->step ? ts_step_state(items->step) : TS_STEP_RAISED;
	PyObject *handled = ts_step_take_handled();
	bool ended = PyErr_GivenExceptionMatches(handled, PyExc_StopAsyncIteration);

	(void)unused;
	if (state == TS_STEP_RETURNED)
		ts_set(&items->thrown, Py_XNewRef(handled));
	else if (state == TS_STEP_RAISED && ended)
		items->over = true;
	Py_XDECREF(handled);
	return PyBool_FromLong(!items->thrown && !items->over);
}

static int goes_on(PyObject *self)
{
	return !((struct items *)self)->over;
}

static int visit_items(PyObject *self, visitproc visit, void *arg)
{
	struct items *items = (struct items *)self;

	Py_VISIT(Py_TYPE(self));
	Py_VISIT(items->inner);
	Py_VISIT(items->sent);
	Py_VISIT(items->thrown);
	Py_VISIT(items->step);
	return 0;
}

static int clear_items(PyObject *self)
{
	struct items *items = (struct items *)self;

	Py_CLEAR(items->inner);
	Py_CLEAR(items->sent);
	Py_CLEAR(items->thrown);
	Py_CLEAR(items->step);
	return 0;
}

static void free_items(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);

	PyObject_GC_UnTrack(self);
	clear_items(self);
	Py_CLEAR(((struct items *)self)->span);
	PyObject_GC_Del(self);
	Py_DECREF(type);
}

PyObject *ts_items_new(struct ts_span *span, PyObject *inner)
{
	struct items *items = PyObject_GC_New(struct items, items_type);

	if (!items) {
		Py_XDECREF(span);
		Py_DECREF(inner);
		return NULL;
	}
	items->span = span;
	items->inner = inner;
	items->sent = items->thrown = items->step = NULL;
	items->over = false;
	PyObject_GC_Track((PyObject *)items);
	return (PyObject *)items;
}

int ts_items_init(void)
{
	static PyMethodDef finalizer_method = {"leave_alone", leave_alone, METH_O, NULL};
	static PyMethodDef methods[] = {
		{"resume", items_resume, METH_NOARGS, NULL},
		{"keep", items_keep, METH_O, NULL},
		{"failed", items_failed, METH_NOARGS, NULL},
		{NULL, NULL, 0, NULL},
	};
	static PyType_Slot slots[] = {
		{Py_tp_dealloc, free_items}, {Py_tp_traverse, visit_items},
		{Py_tp_clear, clear_items},  {Py_nb_bool, goes_on},
		{Py_tp_methods, methods},    {0, NULL},
	};
	static PyType_Spec spec = {
		.name = "traceshim.Items",
		.basicsize = sizeof(struct items),
		.flags =
			Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
		.slots = slots,
	};
	PyObject *finalizer;

	items_type = (PyTypeObject *)PyType_FromSpec(&spec);
	get_hooks = Py_XNewRef(PySys_GetObject("get_asyncgen_hooks"));
	set_hooks = Py_XNewRef(PySys_GetObject("set_asyncgen_hooks"));
	finalizer = PyCFunction_NewEx(&finalizer_method, NULL, NULL);
	own_hooks = finalizer ? PyTuple_Pack(2, Py_None, finalizer) : NULL;
	Py_XDECREF(finalizer);
	return items_type && get_hooks && set_hooks && own_hooks ? 0 : -1;
}
