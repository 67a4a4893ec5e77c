// SPDX-License-Identifier: Apache-2.0
/* Call stacks: from sites and events to lines. */

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "assemble_fixture.h"
#include "preload/stacks/objects.h"
#include "preload/stack.h"
#include "runtime/log/event.h"
#include "runtime/assemble/symbolize.h"

int test_stack_landmark(int number);

int test_stack_landmark(int number)
{
	return number + 1;
}

static const void *load(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	(void)why, (void)why_bytes;
	assert_string_equal(module, "symbolize");
	assert_string_equal(symbol, TS_SYMBOLIZE_SYMBOL);
	return (const void *)ts_symbolize;
}

static void put_object(struct fixture *f, uint32_t index, const char *path, const char *build_id)
{
	char record[1024] = {0};
	struct ts_dictionary_object *object = (void *)record;
	size_t at = spool_text(record, spool_text(record, sizeof(*object), path), build_id);

	object->record.type = TS_DICTIONARY_OBJECT;
	object->record.bytes = (uint32_t)TS_ALIGN8(at);
	object->index = index;
	spool_dictionary(&f->spool, record, object->record.bytes);
}

static void put_stack(struct fixture *f, uint16_t flags, uint64_t trace, uint64_t span,
		      const struct ts_stack_frame *frames, uint32_t n)
{
	struct ts_event_stack stack = {
		.event = {.type = TS_EVENT_STACK, .flags = flags, .bytes = sizeof(stack)},
		.n_frames = n,
	};

	record_id(stack.trace_id, trace);
	record_id(stack.span_id, span);
	memcpy(&f->record, &stack, sizeof(stack));
	record_append(&f->record, frames, (n ? n : 1) * sizeof(*frames));
	put(f, 0);
}

/* Of a call whose stack is that of the call with the id at `carrier`. */
static void put_reference(struct fixture *f, uint64_t trace, uint64_t span, const void *carrier)
{
	put_stack(f, TS_STACK_AS_OF, trace, span, carrier, 0);
}

static void put_failure(struct fixture *f, uint64_t span, uint16_t flags,
			const struct ts_stack_frame *frames, uint32_t n)
{
	put_begin(f, 0, TS_BEGIN_SPAN, 1, span, 0, TRAINER, 10);
	put_stack(f, flags, 1, span, frames, n);
	record_end(&f->record, 1, span, TS_OUTCOME_FAILED, 0, 20);
	put(f, 0);
}

static void test_without_symbols(void **state)
{
	const struct ts_stack_frame frames[] = {{0x123, 0, 0}, {0x7f0000000042, TS_NO_OBJECT, 0}};
	struct fixture *f = *state;

	assert_int_equal(ts_assembler_load(f->assembler, NULL), 0);
	put_object(f, 0, "/nowhere/libx.so.1", "");
	put_failure(f, 2, TS_STACK_OF_CALLER, frames, 2);
	put_failure(f, 3, 0, frames, 1);
	pass(f, 0, 2);
	assert_string_equal(f->batch.spans[0].attributes,
			    "{\"stack\":[\"trainer_run (bot)\",\"0x123 (libx.so.1)\","
			    "\"0x7f0000000042\"]}");
	assert_string_equal(f->batch.spans[1].attributes, "{\"stack\":[\"0x123 (libx.so.1)\"]}");
	commit(f);
}

/* The landmark of this very program, as the shim would describe it. */
static void test_with_symbols(void **state)
{
	struct fixture *f = *state;
	struct dl_find_object found;
	struct ts_stack_frame frames[2];
	struct ts_call_site site = {.address = (uintptr_t)test_stack_landmark + 1};
	const struct ts_seen_object *object;
	int index;

	assert_int_equal(_dl_find_object((void *)site.address, &found), 0);
	site.base = found.dlfo_link_map->l_addr;
	site.low = (uintptr_t)found.dlfo_map_start;
	site.high = (uintptr_t)found.dlfo_map_end;
	site.name = "/proc/self/exe";
	index = ts_objects_index(&site);
	assert_true(index >= 0);
	assert_int_equal(ts_objects_index(&site), index);
	object = ts_objects_get((size_t)index);
	assert_string_equal(object->path, "/proc/self/exe");
	assert_int_equal(strlen(object->build_id), 40);

	put_object(f, 0, object->path, object->build_id);
	put_object(f, 1, object->path, "0123456789012345678901234567890123456789");
	frames[0] = (struct ts_stack_frame){site.address - site.base, 0, 0};
	frames[1] = (struct ts_stack_frame){site.address - site.base, 1, 0};
	assert_int_equal(ts_assembler_load(f->assembler, load), 0);
	put_failure(f, 2, 0, frames, 1);
	put_failure(f, 3, 0, frames + 1, 1);
	pass(f, 0, 2);
	assert_string_equal(f->batch.spans[0].attributes,
			    "{\"stack\":[\"test_stack_landmark+0x1 (exe)\"]}");
	/* another build of the file tells nothing */
	assert_null(strstr(f->batch.spans[1].attributes, "landmark"));
	commit(f);
}

/* In one batch or the next; of calls that succeed or that nobody knows it says nothing. */
static void test_a_stack_waits_for_its_end(void **state)
{
	const struct ts_stack_frame frame = {0x123, TS_NO_OBJECT, 0};
	struct fixture *f = *state;

	assert_int_equal(ts_assembler_load(f->assembler, NULL), 0);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, TRAINER, 10);
	put_stack(f, 0, 1, 2, &frame, 1);
	put_stack(f, 0, 8, 9, &frame, 1);
	pass_and_commit(f, 0, 0);
	record_end(&f->record, 1, 2, TS_OUTCOME_EXCEPTION, 0, 20);
	put(f, 0);
	pass(f, 0, 1);
	assert_string_equal(f->batch.spans[0].attributes, "{\"stack\":[\"0x123\"]}");
	commit(f);
	put_begin(f, 0, TS_BEGIN_SPAN, 1, 3, 0, TRAINER, 10);
	put_stack(f, 0, 1, 3, &frame, 1);
	pass_and_commit(f, 0, 0);
	interrupt(f, 0, 1);
	assert_null(f->batch.spans[0].attributes);
	commit(f);
}

/* The calls that one exception leaves refer to the innermost. */
static void test_a_stack_as_of_another_call(void **state)
{
	const struct ts_stack_frame frame = {0x123, TS_NO_OBJECT, 0};
	struct ts_stack_frame carrier, unknown;
	struct fixture *f = *state;

	assert_int_equal(ts_assembler_load(f->assembler, NULL), 0);
	record_id((uint8_t *)&carrier, 4);
	record_id((uint8_t *)&unknown, 5);
	for (uint64_t span = 2; span <= 4; span++)
		put_begin(f, 0, TS_BEGIN_SPAN, 1, span, 0, TRAINER, 10);
	put_stack(f, TS_STACK_OF_CALLER, 1, 4, &frame, 1);
	record_end(&f->record, 1, 4, TS_OUTCOME_EXCEPTION, 0, 20);
	put(f, 0);
	put_reference(f, 1, 3, &carrier);
	record_end(&f->record, 1, 3, TS_OUTCOME_EXCEPTION, 0, 20);
	put(f, 0);
	put_reference(f, 1, 2, &unknown);
	record_end(&f->record, 1, 2, TS_OUTCOME_EXCEPTION, 0, 20);
	put(f, 0);
	pass(f, 0, 3);
	assert_string_equal(f->batch.spans[0].attributes,
			    "{\"stack\":[\"trainer_run (bot)\",\"0x123\"]}");
	assert_string_equal(f->batch.spans[1].attributes, "{\"stack\":[\"0x123\"]}");
	assert_null(f->batch.spans[2].attributes);
	commit(f);
}

/* Those of a language that describes its own calls come first; without symbols they are all there is. */
static void test_lines_and_a_stack(void **state)
{
	const struct ts_stack_frame frame = {0x123, TS_NO_OBJECT, 0};
	struct fixture *f = *state;
	uint32_t list;

	for (int loaded = 0; loaded < 2; loaded++) {
		if (loaded)
			assert_int_equal(ts_assembler_load(f->assembler, NULL), 0);
		put_begin(f, 0, TS_BEGIN_SPAN, 1, 2, 0, PYTHON, 10);
		put_stack(f, TS_STACK_OF_CALLER, 1, 2, &frame, 1);
		record_end(&f->record, 1, 2, TS_OUTCOME_EXCEPTION, 0, 20);
		list = record_open(&f->record, TS_PARAM_LINES, TS_VALUE_LIST);
		record_string(&f->record, 0, "run (trainer.py:42)");
		record_string(&f->record, 0, "main (bot.py:7)");
		record_close(&f->record, list);
		put(f, 0);
		pass(f, 0, 1);
		assert_string_equal(
			f->batch.spans[0].attributes,
			loaded ? "{\"stack\":[\"run (trainer.py:42)\",\"main (bot.py:7)\","
				 "\"bot.agents.trainer:TrainerAgent.run (trainer.py)\",\"0x123\"]}"
			       : "{\"stack\":[\"run (trainer.py:42)\",\"main (bot.py:7)\"]}");
		commit(f);
	}
}

static void test_damage(void **state)
{
	const struct ts_stack_frame frame = {0x123, TS_NO_OBJECT, 0};
	struct ts_event_stack *stack;
	struct fixture *f = *state;
	char copy[256];

	put_stack(f, 0, 1, 2, &frame, 1);
	memcpy(copy, &f->record, sizeof(copy));
	stack = (void *)copy;
	assert_int_equal(ts_event_check(stack, sizeof(copy)), stack->event.bytes);
	stack->n_frames = 2;
	assert_int_equal(ts_event_check(stack, sizeof(copy)), -EBADMSG);
	stack->n_frames = TS_MAX_STACK + 1;
	stack->event.bytes = sizeof(*stack) + stack->n_frames * sizeof(frame);
	assert_int_equal(ts_event_check(stack, 4096), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_symbols),           TEST(test_with_symbols),
		TEST(test_a_stack_waits_for_its_end), TEST(test_a_stack_as_of_another_call),
		TEST(test_lines_and_a_stack),         TEST(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
