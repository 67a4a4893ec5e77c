// SPDX-License-Identifier: Apache-2.0
/* Thunks: prototypes become fetch descriptions. */

#include "thunk.h"

#include <errno.h>

#include "../guard/guard.h"
#include "../hot/call.h"
#include "../hot/wire.h"
#include "interpose.h"
#include "vectors.h"

static int16_t argument_offset(const struct ts_param *param)
{
	switch (param->where) {
	case TS_IN_INTEGER:
		return (int16_t)(TS_SLOT_INTEGER + 8 * param->index);
	case TS_IN_VECTOR:
		return (int16_t)(TS_SLOT_VECTOR + 16 * param->index);
	default:
		return (int16_t)(TS_SLOT_STACK + param->offset);
	}
}

static enum ts_capture_how how_of(enum ts_type type)
{
	switch (type) {
	case TS_TYPE_SIGNED:
		return TS_CAPTURE_SIGNED;
	case TS_TYPE_BOOL:
		return TS_CAPTURE_BOOL;
	case TS_TYPE_CHAR:
		return TS_CAPTURE_CHAR;
	case TS_TYPE_FLOAT:
		return TS_CAPTURE_FLOAT;
	case TS_TYPE_DOUBLE:
		return TS_CAPTURE_DOUBLE;
	case TS_TYPE_STRING:
		return TS_CAPTURE_STRING;
	case TS_TYPE_BYTES:
		return TS_CAPTURE_BYTES;
	default:
		return TS_CAPTURE_UNSIGNED;
	}
}

static enum ts_capture_how how_of_std(const struct ts_param *param, enum ts_dialect dialect)
{
	bool llvm = dialect == TS_DIALECT_LLVM;

	if (param->type == TS_TYPE_STD_VIEW)
		return llvm ? TS_CAPTURE_STD_VIEW_LLVM : TS_CAPTURE_STD_VIEW;
	if (llvm)
		return TS_CAPTURE_STD_STRING_LLVM;
	return dialect == TS_DIALECT_GNU_OLD ? TS_CAPTURE_STD_STRING_OLD : TS_CAPTURE_STD_STRING;
}

static bool is_std(const struct ts_param *param)
{
	return param->type == TS_TYPE_STD_STRING || param->type == TS_TYPE_STD_VIEW;
}

/* A value of C++ whose first word lies at `offset` and whose second, if it has two, at `second`. */
static struct ts_capture capture_of_std(const struct ts_param *param, enum ts_dialect dialect,
					uint16_t number, int16_t offset, int16_t second)
{
	struct ts_capture capture = {
		.how = (uint8_t)how_of_std(param, dialect),
		.bits = 64,
		.param = number,
		.offset = offset,
	};

	if (param->type == TS_TYPE_STD_STRING || param->bytes == 8)
		return capture;
	capture.how = TS_CAPTURE_STD_WORDS;
	capture.offset = dialect == TS_DIALECT_LLVM ? offset : second;
	capture.length_offset = dialect == TS_DIALECT_LLVM ? second : offset;
	return capture;
}

static struct ts_capture capture_of(const struct ts_param *param, uint16_t number, int16_t offset)
{
	return (struct ts_capture){
		.how = (uint8_t)how_of(param->type),
		.bits = (uint8_t)(param->bytes && param->bytes < 8 ? param->bytes * 8 : 64),
		.param = number,
		.offset = offset,
	};
}

static struct ts_capture argument(const struct ts_rule *rule, enum ts_dialect dialect,
				  uint16_t number)
{
	const struct ts_param *param = &rule->prototype.params[number];
	int16_t offset = argument_offset(param);
	struct ts_capture capture = capture_of(param, number, offset);

	if (is_std(param))
		capture = capture_of_std(param, dialect, number, offset, (int16_t)(offset + 8));
	if (param->type == TS_TYPE_BYTES) {
		const struct ts_param *length = &rule->prototype.params[param->length_of];

		capture.length_offset = argument_offset(length);
		capture.length_bits = (uint8_t)(length->bytes * 8);
		capture.length_signed = length->type == TS_TYPE_SIGNED;
	}
	if (rule->redacted[number])
		capture.how = TS_CAPTURE_REDACTED;
	return capture;
}

static bool is_recorded(const struct ts_rule *rule, enum ts_dialect dialect, size_t number)
{
	const struct ts_param *param = &rule->prototype.params[number];
	bool readable = param->type != TS_TYPE_OPAQUE && ts_dialect_reads(dialect, param->type);

	return param->name && (readable || rule->redacted[number]);
}

static bool is_tenant(const struct ts_rule *rule, size_t number)
{
	static const char tenant[] = "tenant_id";
	const char *name = rule->prototype.params[number].name;

	for (size_t i = 0; name && i < sizeof(tenant); i++)
		if (name[i] != tenant[i])
			return false;
	return name && !rule->redacted[number];
}

static void describe_arguments(const struct ts_rule *rule, enum ts_dialect dialect,
			       struct ts_hook *hook)
{
	for (uint16_t i = 0; i < rule->prototype.n_params; i++) {
		if (!is_recorded(rule, dialect, i))
			continue;
		hook->arguments[hook->n_arguments++] = argument(rule, dialect, i);
		if (is_tenant(rule, i)) {
			hook->tenant = argument(rule, dialect, i);
			hook->flags |= TS_HOOK_HAS_TENANT;
		}
	}
}

static void describe_result(const struct ts_rule *rule, enum ts_dialect dialect, bool recorded,
			    struct ts_hook *hook)
{
	static const uint8_t when[] = {
		[TS_FAILS_NEVER] = TS_WHEN_NEVER, [TS_FAILS_BELOW_ZERO] = TS_WHEN_NEGATIVE,
		[TS_FAILS_NULL] = TS_WHEN_ZERO,   [TS_FAILS_NOT_ZERO] = TS_WHEN_NOT_ZERO,
		[TS_FAILS_FALSE] = TS_WHEN_ZERO,
	};
	const struct ts_param *result = &rule->prototype.result;
	bool vector = result->where == TS_IN_VECTOR;

	hook->result = capture_of(result, TS_PARAM_RESULT, vector ? TS_SLOT_XMM0 : TS_SLOT_RAX);
	if (is_std(result))
		hook->result =
			capture_of_std(result, dialect, TS_PARAM_RESULT, TS_SLOT_RAX, TS_SLOT_RDX);
	hook->fails_result = hook->result;
	hook->fails = when[rule->fails];
	hook->n_results = recorded && !rule->prototype.times_only && result->type != TS_TYPE_VOID &&
			  result->type != TS_TYPE_OPAQUE && result->where != TS_IN_X87 &&
			  ts_dialect_reads(dialect, result->type);
}

static bool captures_vectors(const struct ts_hook *hook)
{
	for (size_t i = 0; i < hook->n_arguments; i++)
		if (hook->arguments[i].offset < TS_SLOT_INTEGER)
			return true;
	return hook->n_results && hook->result.offset == TS_SLOT_XMM0;
}

static bool has_stack(enum ts_kind kind)
{
	return kind == TS_KIND_AGENT || kind == TS_KIND_LLM || kind == TS_KIND_TOOL;
}

static bool follows_pointer(const struct ts_capture *capture)
{
	return capture->how > TS_CAPTURE_DOUBLE && capture->how != TS_CAPTURE_REDACTED;
}

/* Does what is recorded of its calls, the stacks of failures included, lie behind pointers of the program? */
static bool follows_pointers(const struct ts_hook *hook)
{
	for (size_t i = 0; i < hook->n_arguments; i++)
		if (follows_pointer(&hook->arguments[i]))
			return true;
	return (hook->n_results && follows_pointer(&hook->result)) || hook->flags & TS_HOOK_STACK;
}

/* What passes through it is read behind the program's pointers, wherever it is called. */
static void describe_wire(const struct ts_rule *rule, struct ts_hook *hook)
{
	hook->wire = rule->wire;
	hook->flags = TS_HOOK_STARTS_TRACE;
	ts_guard_start(ts_real.sigaction);
}

static void describe(const struct ts_rule *rule, enum ts_dialect dialect,
		     const struct ts_thunk_settings *settings, struct ts_hook *hook)
{
	if (rule->kind == TS_KIND_PIPELINE)
		hook->flags = TS_HOOK_STARTS_TRACE | TS_HOOK_PIPELINE;
	else if (settings->orphans)
		hook->flags = TS_HOOK_STARTS_TRACE;
	if (settings->stacks && has_stack(rule->kind) && !rule->python.module)
		hook->flags |= TS_HOOK_STACK;
	if (settings->capture_bytes)
		describe_arguments(rule, dialect, hook);
	describe_result(rule, dialect, settings->capture_bytes > 0, hook);
	if (follows_pointers(hook))
		ts_guard_start(ts_real.sigaction);
}

int ts_thunk_make(size_t index, const struct ts_rule *rule, uintptr_t address, bool by_entry,
		  enum ts_dialect dialect, const struct ts_thunk_settings *settings,
		  struct ts_arena *arena)
{
	struct ts_thunk *thunk = &ts_thunks[index];
	struct ts_hook *hook;

	if (index >= TS_THUNKS)
		return -ENOSPC;
	hook = ts_arena_alloc(arena, sizeof(*hook) +
					     rule->prototype.n_params * sizeof(hook->arguments[0]));
	if (!hook)
		return -ENOMEM;
	ts_vectors_measure();
	hook->index = (uint32_t)index;
	if (rule->wire)
		describe_wire(rule, hook);
	else
		describe(rule, dialect, settings, hook);
	if (by_entry)
		hook->flags |= TS_HOOK_BY_ENTRY;
	thunk->original = (const void *)address;
	thunk->hook = hook;
	return 0;
}

void ts_thunk_set_tls(size_t index, void *fault, const struct ts_wire_bio *bio)
{
	struct ts_hook *hook = (struct ts_hook *)ts_thunks[index].hook;

	hook->fault = (int (*)(const void *, int))fault;
	hook->bio = bio;
}

bool ts_thunk_starts_trace(size_t index)
{
	return ts_thunks[index].hook->flags & TS_HOOK_STARTS_TRACE;
}

uintptr_t ts_thunk_entry(size_t index)
{
	return (uintptr_t)ts_thunk_code + index * TS_THUNK_BYTES;
}

bool ts_thunk_holds(uintptr_t address)
{
	uintptr_t code = (uintptr_t)ts_thunk_code;

	return address >= code && address < code + (uintptr_t)TS_THUNKS * TS_THUNK_BYTES;
}

/* By what passes, what the caller keeps (an entry keeps all registers), what is captured, which unwinder is there. */
static const char *pad_of(const struct ts_hook *hook, bool shared_unwinder)
{
	static const char *const pads[2][2][2] = {
		{{ts_pad_a, ts_pad_b}, {ts_pad_a_vector, ts_pad_b_vector}},
		{{ts_pad_a_entry, ts_pad_b_entry}, {ts_pad_a_entry_vector, ts_pad_b_entry_vector}},
	};

	static const char *const wire[3][2] = {
		{ts_pad_wire, ts_pad_wire_before},
		{ts_pad_wire_entry, ts_pad_wire_before_entry},
		{ts_pad_wire_listed, ts_pad_wire_before_listed},
	};
	bool by_entry = hook->flags & TS_HOOK_BY_ENTRY;

	if (hook->wire == TS_WIRE_SPLICE)
		return ts_pad_wire_spliced;
	if (hook->wire)
		return wire[hook->wire > TS_WIRE_CONNECT ? 2 : by_entry]
			   [ts_wire_comes_before(hook->wire)];
	return pads[by_entry][captures_vectors(hook)][shared_unwinder];
}

void ts_thunk_choose_pads(size_t first, size_t last, bool shared_unwinder, bool everywhere)
{
	for (size_t i = first; i < last; i++) {
		struct ts_thunk *thunk = &ts_thunks[i];
		const char *pad = pad_of(thunk->hook, shared_unwinder);
		const void *outside =
			everywhere || ts_thunk_starts_trace(i) ? pad : thunk->original;

		__atomic_store_n(&thunk->pad, pad, __ATOMIC_RELEASE);
		__atomic_store_n(&thunk->outside, outside, __ATOMIC_RELEASE);
	}
}
