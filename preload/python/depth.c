// SPDX-License-Identifier: Apache-2.0
/*
 * The interpreter counts how deep calls lie, and stops a program at its limit. What stands in front of a function
 * counts, too; as much is given back while the function runs, so that a recursion goes as deep as ever.
 */

#include "front.h"

/* Levels that lie between a caller and the original, by what runs it. */
static const struct {
	int counted; /* until 3.11 by the one counter there is */
	int in_c;    /* from 3.12 on by one for C's stack, and ... */
	int python;  /* ... one for Python's frames */
} levels[] = {
	[TS_DEPTH_CALL] = {1, 2, 1},
	[TS_DEPTH_DEEP] = {1, 0, 1},
	[TS_DEPTH_STEP] = {1, 2, 1},
};

static bool two_counters;
static size_t own_counter; /* in a thread's state, of Python's frames; 0: not found */

static int *own(void)
{
	return (int *)((char *)PyThreadState_Get() + own_counter);
}

void ts_depth_lend(enum ts_depth what)
{
	for (int n = two_counters ? levels[what].in_c : levels[what].counted; n > 0; n--)
		Py_LeaveRecursiveCall();
	if (own_counter)
		*own() += levels[what].python;
}

void ts_depth_take_back(enum ts_depth what)
{
	if (own_counter)
		*own() -= levels[what].python;
	for (int n = two_counters ? levels[what].in_c : levels[what].counted; n > 0; n--)
		if (Py_EnterRecursiveCall(""))
			PyErr_Clear(); /* the program lowered its limit meanwhile */
}

/* The limit stands behind what is left of it, and both follow when it is set. */
static bool is_counter(const int *at, int limit)
{
	int left = at[0];
	bool follows;

	if (at[1] != limit || left > limit || left < limit - 200)
		return false;
	Py_SetRecursionLimit(limit + 7);
	follows = at[1] == limit + 7 && at[0] == left + 7;
	Py_SetRecursionLimit(limit);
	return follows && at[1] == limit && at[0] == left;
}

void ts_depth_init(void)
{
	enum { PLACES = 64 }; /* the state is longer than that */
	PyObject *version = PySys_GetObject("hexversion");
	const int *state = (const int *)PyThreadState_Get();
	int limit = Py_GetRecursionLimit();

	two_counters = version && PyLong_AsLong(version) >= 0x030c0000;
	for (size_t i = 1; two_counters && !own_counter && i < PLACES; i++)
		if (is_counter(&state[i], limit))
			own_counter = i * sizeof(int);
}
