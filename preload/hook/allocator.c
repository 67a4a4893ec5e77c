// SPDX-License-Identifier: Apache-2.0
/* The allocator of an interpreter's audit hooks. */

#include "allocator.h"

#include <string.h>

#include "../elf/scope.h"

#define RAW 0 /* PYMEM_DOMAIN_RAW */

/* PyMemAllocatorEx: the same since 3.5. */
struct allocator {
	void *ctx;
	void *(*malloc)(void *ctx, size_t bytes);
	void *(*calloc)(void *ctx, size_t n, size_t bytes);
	void *(*realloc)(void *ctx, void *memory, size_t bytes);
	void (*free)(void *ctx, void *memory);
};

/* _Py_AuditHookEntry: the same since 3.8. */
struct entry {
	struct entry *next;
	void *hook;
	void *data;
};

static struct allocator first, last;
static void *own_data;
static void (*get)(int domain, struct allocator *ret);
static void (*set)(int domain, struct allocator *allocator);

static void free_with_its_own(void *ctx, void *memory)
{
	(void)ctx;
	if (memory && ((struct entry *)memory)->data == own_data)
		first.free(first.ctx, memory);
	else
		last.free(last.ctx, memory);
}

void ts_allocator_find(const struct ts_object *object)
{
	void *getter = ts_scope_function(object, "PyMem_GetAllocator");
	void *setter = ts_scope_function(object, "PyMem_SetAllocator");

	memcpy(&get, &getter, sizeof(get));
	memcpy(&set, &setter, sizeof(set));
}

void ts_allocator_before_hook(void *data)
{
	own_data = data;
	if (get)
		get(RAW, &first);
}

void ts_allocator_before_clear(void)
{
	struct allocator mended;

	if (!get || !set || !first.free)
		return;
	get(RAW, &last);
	if (memcmp(&first, &last, sizeof(first)) == 0 || last.free == free_with_its_own)
		return;
	mended = last;
	mended.free = free_with_its_own;
	set(RAW, &mended);
}
