// SPDX-License-Identifier: Apache-2.0
/* The environment of the next program. */

#include "environment.h"

#include <string.h>

#define PRELOAD "LD_PRELOAD="

/* Does `entry` set what `variable`, NAME=VALUE, sets? */
static bool same_name(const char *entry, const char *variable)
{
	size_t bytes = (size_t)(strchr(variable, '=') + 1 - variable);

	return strncmp(entry, variable, bytes) == 0;
}

const char *ts_environment_value(char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (same_name(*list, name))
			return *list + strlen(name);
	return NULL;
}

static const char *base_of(const char *path, size_t bytes)
{
	const char *slash = memrchr(path, '/', bytes);

	return slash ? slash + 1 : path;
}

/* One name in the list; what it names is told by the file's name, for links lead to us, too. */
static bool is_library(const char *name, size_t bytes, const char *library)
{
	const char *base = base_of(name, bytes), *ours = base_of(library, strlen(library));
	size_t left = bytes - (size_t)(base - name);

	return left == strlen(ours) && memcmp(base, ours, left) == 0;
}

/* From the working directory, which the next program may not start in: build/lib.so, ./lib.so */
static bool is_relative(const char *name, size_t bytes)
{
	return name[0] != '/' && name[0] != '$' && memchr(name, '/', bytes);
}

/* A part of what is written, as long as there is room. */
struct text {
	char *at;
	char *end;
};

static void put(struct text *text, const char *bytes, size_t n)
{
	if (n > (size_t)(text->end - text->at))
		n = (size_t)(text->end - text->at);
	memcpy(text->at, bytes, n);
	text->at += n;
}

/* Each name, with what separates it from the next. */
static const char *next_name(const char *list, size_t *ret_bytes, size_t *ret_separators)
{
	*ret_bytes = strcspn(list, ": ");
	*ret_separators = strspn(list + *ret_bytes, ": ");
	return *list ? list : NULL;
}

static void plan_preload(struct ts_environment *plan)
{
	const char *library = plan->wish->library, *name = plan->preload + strlen(PRELOAD);
	size_t bytes, separators;
	bool relative = false;

	plan->preload_bytes = strlen(plan->preload) + 1 + strlen(library) + 1;
	for (; (name = next_name(name, &bytes, &separators)); name += bytes + separators) {
		if (!is_library(name, bytes, library))
			continue;
		plan->preload_named = true;
		plan->preload_bytes += strlen(library);
		relative |= is_relative(name, bytes);
	}
	plan->preload_whole = plan->preload_named && !relative;
}

bool ts_environment_names(const char *preload, const char *library)
{
	size_t bytes, separators;

	for (; (preload = next_name(preload, &bytes, &separators)); preload += bytes + separators)
		if (is_library(preload, bytes, library))
			return true;
	return false;
}

/* The same list, our library by its whole path, and added where it was not. */
static char *make_preload(const struct ts_environment *plan, char *memory)
{
	struct text text = {memory, memory + plan->preload_bytes - 1};
	const char *library = plan->wish->library, *name = "";
	size_t bytes, separators;

	put(&text, PRELOAD, strlen(PRELOAD));
	if (plan->preload)
		name = plan->preload + strlen(PRELOAD);
	for (; (name = next_name(name, &bytes, &separators)); name += bytes + separators) {
		if (is_library(name, bytes, library) && is_relative(name, bytes))
			put(&text, library, strlen(library));
		else
			put(&text, name, bytes);
		put(&text, name + bytes, separators);
	}
	if (!plan->preload_named) {
		if (plan->preload && plan->preload[strlen(PRELOAD)])
			put(&text, ":", 1);
		put(&text, library, strlen(library));
	}
	*text.at = '\0';
	return memory;
}

static bool wants_preload(const struct ts_environment *plan)
{
	return plan->wish->library && !plan->preload_whole;
}

static size_t room(const struct ts_environment *plan)
{
	size_t n = plan->n + (size_t)__builtin_popcount(plan->added) + 2; /* LD_PRELOAD, NULL */

	for (const char *const *ours = plan->wish->ours; *ours; ours++)
		n++;
	return n;
}

size_t ts_environment_plan(struct ts_environment *ret, char *const *from,
			   const struct ts_environment_wish *wish)
{
	*ret = (struct ts_environment){.from = from, .wish = wish};
	for (; from && from[ret->n]; ret->n++)
		if (same_name(from[ret->n], PRELOAD))
			ret->preload = from[ret->n];
	for (size_t i = 0; i < TS_ENVIRONMENT_MISSING && wish->missing[i]; i++) {
		bool there = false;

		for (size_t j = 0; j < ret->n && !there; j++)
			there = same_name(from[j], wish->missing[i]);
		ret->added |= (uint32_t)!there << i;
	}
	if (wish->library && ret->preload)
		plan_preload(ret);
	else if (wish->library)
		ret->preload_bytes = strlen(PRELOAD) + strlen(wish->library) + 1;
	if (!wants_preload(ret) && !ret->added && !wish->ours[0])
		return 0;
	return room(ret) * sizeof(char *) + ret->preload_bytes;
}

static bool is_replaced(const struct ts_environment *plan, const char *entry)
{
	if (wants_preload(plan) && same_name(entry, PRELOAD))
		return true;
	for (const char *const *ours = plan->wish->ours; *ours; ours++)
		if (same_name(entry, *ours))
			return true;
	return false;
}

char **ts_environment_make(const struct ts_environment *plan, void *memory)
{
	char **list = memory, *text = (char *)(list + room(plan));
	size_t n = 0;

	for (size_t i = 0; i < plan->n && plan->from[i]; i++)
		if (!is_replaced(plan, plan->from[i]))
			list[n++] = plan->from[i];
	if (wants_preload(plan))
		list[n++] = make_preload(plan, text);
	for (size_t i = 0; i < TS_ENVIRONMENT_MISSING && plan->added >> i; i++)
		if (plan->added >> i & 1)
			list[n++] = (char *)plan->wish->missing[i];
	for (const char *const *ours = plan->wish->ours; *ours; ours++)
		list[n++] = (char *)*ours;
	list[n] = NULL;
	return list;
}
