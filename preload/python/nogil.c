// SPDX-License-Identifier: Apache-2.0
/*
 * What a thread's context holds, read without the GIL. Who asks is inside a call that sends (../connection/conversation.c): Python has
 * given the GIL back for it, and whoever called may hold locks of its own. To take the GIL there would wait for a thread
 * that waits for such a lock; it would cost up to two switch intervals where others compute; and it would end the
 * thread, or stop it for good, where the interpreter is being finalized.
 *
 * Nor is it needed. As long as a thread is in there, nobody else changes what its context is, or what that holds: a
 * context is entered by one thread at a time, and its variables lie in a tree (Python/hamt.c) of which nothing changes once
 * it is made. Only finalization takes the states of other threads away, and before that the interpreter is no longer
 * initialised: so what was read counts if it still is afterwards. In between memory may be gone, so all of it is read
 * guarded.
 *
 * Where things lie is tried out at the start; what is not as expected is not read.
 */

#include "front.h"

#define STATE_WORDS 35 /* a thread's state has as many in every version */
#define SAMPLES     80 /* variables: enough for nodes of both types, some below others */

/* In bytes. */
#define OBJECT_TYPE     8
#define CONTEXT_TREE    24
#define TREE_ROOT       16
#define ARRAY_NODES     16
#define BITMAP_WAYS     24
#define BITMAP_PAIRS    32
#define PAIR_BYTES      16
#define BITS_OF_A_LEVEL 5

static struct {
	size_t interpreter,
		context; /* in a thread's state; context is 0 where nothing can be read */
	uintptr_t our_interpreter;
	uintptr_t bitmap_node, array_node; /* types */
} layout;

/* The word at an offset from `object`; 0: it cannot be read, or there is no object. */
static uintptr_t word(uintptr_t object, size_t offset)
{
	uintptr_t value = 0;

	if (!object || !ts_shim->copy(&value, (const void *)(object + offset), sizeof(value)))
		return 0;
	return value;
}

/* One level: a node further down, or with `*ret_found` what there is. */
static uintptr_t step(uintptr_t node, unsigned way, uintptr_t key, bool *ret_found)
{
	uintptr_t type = word(node, OBJECT_TYPE), key_there, value;
	uint32_t ways;
	size_t pair;

	*ret_found = false;
	if (type && type == layout.array_node)
		return word(node, ARRAY_NODES + way * sizeof(node));
	*ret_found = true;
	/* two variables with the same hash, which are very unlikely, share a node of a third type */
	if (!type || type != layout.bitmap_node)
		return 0;
	ways = (uint32_t)word(node, BITMAP_WAYS);
	if (!(ways >> way & 1))
		return 0;
	pair = BITMAP_PAIRS + (size_t)__builtin_popcount(ways & ((1U << way) - 1)) * PAIR_BYTES;
	key_there = word(node, pair);
	value = word(node, pair + sizeof(key));
	*ret_found = key_there;
	return !key_there || key_there == key ? value : 0;
}

static uintptr_t find(uintptr_t node, uint32_t hash, uintptr_t key)
{
	bool found = false;

	for (unsigned shift = 0; node && !found && shift < 32; shift += BITS_OF_A_LEVEL)
		node = step(node, hash >> shift & ((1U << BITS_OF_A_LEVEL) - 1), key, &found);
	return found ? node : 0;
}

/* As the tree has it. */
static uint32_t hash_of(PyObject *variable)
{
	Py_hash_t hash = PyObject_Hash(variable);
	uint32_t folded = (uint32_t)hash ^ (uint32_t)((uint64_t)hash >> 32);

	return folded == UINT32_MAX ? UINT32_MAX - 1 : folded;
}

static uintptr_t root_of(uintptr_t state)
{
	return word(word(word(state, layout.context), CONTEXT_TREE), TREE_ROOT);
}

void ts_nogil_know(PyObject *variable, struct ts_nogil_variable *ret)
{
	ret->variable = variable;
	ret->hash = hash_of(variable);
}

/* acquire: what was read comes before the look that says whether it counts */
static bool counts(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return Py_IsInitialized();
}

bool ts_nogil_look(const struct ts_nogil_variable *variable, const void **ret_object)
{
	uintptr_t state, object;

	if (!layout.context || !Py_IsInitialized())
		return false;
	state = (uintptr_t)PyGILState_GetThisThreadState();
	if (word(state, layout.interpreter) != layout.our_interpreter)
		return false;
	object = find(root_of(state), variable->hash, (uintptr_t)variable->variable);
	if (!counts())
		return false;
	*ret_object = (const void *)object;
	return true;
}

bool ts_nogil_copy(void *to, const void *from, size_t bytes)
{
	return ts_shim->copy(to, from, bytes) && counts();
}

/* --- where things lie ------------------------------------------------------------------------------------- */

/* Where a thread's state has this word; 0: nowhere. */
static size_t place_in_state(uintptr_t state, const void *wanted)
{
	for (size_t i = 1; i < STATE_WORDS; i++)
		if (word(state, i * sizeof(state)) == (uintptr_t)wanted)
			return i * sizeof(state);
	return 0;
}

static bool set(PyObject *variable)
{
	PyObject *token = ts_api.context_var_set(variable, variable);

	Py_XDECREF(token);
	return token;
}

/* A tree of one variable is a node of the one type, a large one begins with the other. */
static bool fill(uintptr_t state, PyObject *const *samples)
{
	for (int i = 0; i < SAMPLES; i++) {
		if (!set(samples[i]))
			return false;
		if (i == 0)
			layout.bitmap_node = word(root_of(state), OBJECT_TYPE);
	}
	layout.array_node = word(root_of(state), OBJECT_TYPE);
	return layout.array_node != layout.bitmap_node;
}

/* Each sample holds itself, in a context that was entered; one more is not set. */
static bool reads_right(uintptr_t state, PyObject *context, PyObject *const *samples)
{
	struct ts_nogil_variable known;
	const void *seen;

	layout.context = place_in_state(state, context);
	if (!layout.context || !fill(state, samples))
		return false;
	for (int i = 0; i <= SAMPLES; i++) {
		ts_nogil_know(samples[i], &known);
		if (!ts_nogil_look(&known, &seen) || seen != (i < SAMPLES ? samples[i] : NULL))
			return false;
	}
	return true;
}

static bool try_samples(uintptr_t state, PyObject *const *samples)
{
	PyObject *context = ts_api.context_new();
	bool right = context && ts_api.context_enter(context) == 0;

	if (right) {
		right = reads_right(state, context, samples);
		right = ts_api.context_exit(context) == 0 && right &&
			word(state, layout.context) != (uintptr_t)context;
	}
	Py_XDECREF(context);
	return right;
}

void ts_nogil_init(void)
{
	PyObject *samples[SAMPLES + 1] = {NULL};
	uintptr_t state = (uintptr_t)PyThreadState_Get();
	bool right = PyGILState_GetThisThreadState() == PyThreadState_Get();

	layout.our_interpreter = (uintptr_t)PyInterpreterState_Get();
	layout.interpreter = place_in_state(state, PyInterpreterState_Get());
	for (int i = 0; right && i <= SAMPLES; i++) {
		samples[i] = ts_api.context_var_new("sample", NULL);
		right = samples[i];
	}
	right = right && layout.interpreter && try_samples(state, samples);
	for (int i = 0; i <= SAMPLES; i++)
		Py_XDECREF(samples[i]);
	PyErr_Clear();
	if (right)
		return;
	layout.context = 0;
	ts_shim->log(TS_LOG_INFO, "contexts of this Python are not as expected: what tasks send "
				  "belongs to what is on their thread's stack");
}
