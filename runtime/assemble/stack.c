// SPDX-License-Identifier: Apache-2.0
#include "stack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "symbolize.h"
#include "../text.h"

#define BUCKETS    256
#define MOST_NAMED 4096 /* places; then all are forgotten */
#define MOST_LINE  512

/* What a place is called. */
struct named {
	struct named *next;
	uint64_t offset;
	const char *path; /* the dictionary's: compared as an address */
	const char *line;
	bool throws;
};

struct ts_stacks {
	ts_module_symbol_fn *load;
	ts_symbolize_fn *symbolize;
	struct ts_pool pool;
	struct named *buckets[BUCKETS];
	size_t n;
};

int ts_stacks_new(struct ts_stacks **ret, ts_module_symbol_fn *load)
{
	struct ts_stacks *stacks = calloc(1, sizeof(*stacks));

	if (!stacks)
		return -ENOMEM;
	stacks->load = load;
	*ret = stacks;
	return 0;
}

void ts_stacks_free(struct ts_stacks *stacks)
{
	if (!stacks)
		return;
	ts_pool_release(&stacks->pool);
	free(stacks);
}

static struct named **bucket_of(struct ts_stacks *stacks, const char *path, uint64_t offset)
{
	uint64_t hash = ((uintptr_t)path ^ offset) * 0x9e3779b97f4a7c15ULL;

	return &stacks->buckets[hash >> 56];
}

static const struct named *find(struct ts_stacks *stacks, const char *path, uint64_t offset)
{
	const struct named *named = *bucket_of(stacks, path, offset);

	while (named && (named->path != path || named->offset != offset))
		named = named->next;
	return named;
}

static void forget(struct ts_stacks *stacks)
{
	ts_pool_release(&stacks->pool);
	memset(stacks->buckets, 0, sizeof(stacks->buckets));
	stacks->n = 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What lies between a throw and the first call that the exception finds: the language's runtime. */
static bool is_throwing(const char *path, const char *symbol)
{
	static const char *const symbols[] = {"_Unwind_",      "__cxa_throw",
					      "__cxa_rethrow", "_ZSt17rethrow_exception",
					      "rust_panic",    "__rust_start_panic"};
	static const char *const objects[] = {"libgcc_s.so", "libunwind.so"};

	for (size_t i = 0; symbol && i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (strncmp(symbol, symbols[i], strlen(symbols[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (strncmp(base_name(path), objects[i], strlen(objects[i])) == 0)
			return true;
	return false;
}

/* "function+0x1c (libagents.so)", "0x5d1 (libagents.so)" or, in no object, "0x7f3c5d1". */
static const char *line_of(struct ts_pool *pool, const char *path, uint64_t offset,
			   const struct ts_place *place)
{
	char *name = place && place->symbol ? ts_demangle_function(place->symbol, true) : NULL;
	const char *function = name ? name : place ? place->symbol : NULL;
	char line[MOST_LINE];
	struct ts_text text = {line, 0};

	if (!*path)
		snprintf(line, sizeof(line), "0x%" PRIx64, offset);
	else if (!function)
		snprintf(line, sizeof(line), "0x%" PRIx64 " (%.200s)", offset, base_name(path));
	else
		snprintf(line, sizeof(line), "%.256s%s+0x%" PRIx64 " (%.200s)", function,
			 strlen(function) > 256 ? "…" : "", offset - place->start, base_name(path));
	free(name);
	text.bytes = strlen(line);
	return ts_text_clean(pool, text, NULL);
}

static int remember(struct ts_stacks *stacks, const char *path, uint64_t offset,
		    const struct ts_place *place)
{
	struct named **bucket = bucket_of(stacks, path, offset);
	struct named *named = ts_pool_alloc(&stacks->pool, sizeof(*named));
	const char *line = named ? line_of(&stacks->pool, path, offset, place) : NULL;

	if (!line)
		return -ENOMEM;
	*named = (struct named){
		.next = *bucket,
		.offset = offset,
		.path = path,
		.line = line,
		.throws = is_throwing(path, place ? place->symbol : NULL),
	};
	*bucket = named;
	stacks->n++;
	return 0;
}

static ts_symbolize_fn *symbolizer(struct ts_stacks *stacks)
{
	char why[256];

	if (!stacks->symbolize && stacks->load)
		stacks->symbolize = (ts_symbolize_fn *)stacks->load(
			"symbolize", TS_SYMBOLIZE_SYMBOL, why, sizeof(why));
	stacks->load = NULL; /* asked once */
	return stacks->symbolize;
}

/* Names the places of the event in one object that have no name yet. */
static int name_in_object(struct ts_stacks *stacks, const struct ts_object *object,
			  const uint64_t *offsets, size_t n)
{
	struct ts_place places[TS_MAX_STACK] = {0};
	ts_symbolize_fn *symbolize = symbolizer(stacks);
	int result = 0;

	/* an address to return to may be the next function's first */
	for (size_t i = 0; i < n; i++)
		places[i].offset = offsets[i] - 1;
	if (symbolize)
		symbolize(object->path, object->build_id, places, n);
	for (size_t i = 0; i < n; i++) {
		if (result == 0)
			result = remember(stacks, object->path, offsets[i], &places[i]);
		free(places[i].symbol);
	}
	return result;
}

static const struct ts_stack_frame *frames_of(const struct ts_event_stack *event)
{
	return (const struct ts_stack_frame *)(event + 1);
}

static const struct ts_object *object_of(const struct ts_dictionary *dictionary,
					 const struct ts_stack_frame *frame)
{
	static const struct ts_object none = {.path = "", .build_id = ""};
	const struct ts_object *object = ts_dictionary_object(dictionary, frame->object);

	return object ? object : &none;
}

static int name_all(struct ts_stacks *stacks, const struct ts_dictionary *dictionary,
		    const struct ts_event_stack *event)
{
	const struct ts_stack_frame *frames = frames_of(event);

	for (uint32_t i = 0; i < event->n_frames; i++) {
		const struct ts_object *object = object_of(dictionary, &frames[i]);
		uint64_t offsets[TS_MAX_STACK];
		size_t n = 0;
		int result;

		if (find(stacks, object->path, frames[i].offset))
			continue;
		for (uint32_t j = i; j < event->n_frames; j++)
			if (object_of(dictionary, &frames[j]) == object &&
			    !find(stacks, object->path, frames[j].offset))
				offsets[n++] = frames[j].offset;
		result = name_in_object(stacks, object, offsets, n);
		if (result < 0)
			return result;
	}
	return 0;
}

int ts_stacks_lines(struct ts_stacks *stacks, const struct ts_dictionary *dictionary,
		    const struct ts_event_stack *event, const struct ts_thunk *thunk,
		    struct ts_pool *pool, const char *const **ret, size_t *ret_n)
{
	const char **lines = ts_pool_alloc(pool, (TS_MAX_STACK + 1) * sizeof(*lines));
	bool throwing = true;
	size_t n = 0;

	if (stacks->n + TS_MAX_STACK > MOST_NAMED)
		forget(stacks);
	if (!lines || name_all(stacks, dictionary, event) < 0)
		return -ENOMEM;
	if (event->event.flags & TS_STACK_OF_CALLER && thunk)
		lines[n++] =
			ts_pool_printf(pool, "%s (%s)", thunk->function, base_name(thunk->object));
	for (uint32_t i = 0; i < event->n_frames && n < TS_MAX_STACK; i++) {
		const struct ts_stack_frame *frame = &frames_of(event)[i];
		const struct named *named =
			find(stacks, object_of(dictionary, frame)->path, frame->offset);

		throwing = throwing && named->throws;
		if (!throwing)
			lines[n++] = ts_pool_strndup(pool, named->line, strlen(named->line));
	}
	for (size_t i = 0; i < n; i++)
		if (!lines[i])
			return -ENOMEM;
	*ret = lines;
	*ret_n = n;
	return 0;
}
