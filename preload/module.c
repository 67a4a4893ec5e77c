// SPDX-License-Identifier: Apache-2.0
/* Modules: opened RTLD_LOCAL, then bound to their own closure. */

#include "module.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "elf.h"
#include "interpose.h"
#include "maps.h"
#include "program.h"
#include "sys.h"

#define MAX_CLOSURE 64
#define TRIES       200 /* of 1 ms */

static uint32_t taken; /* some thread opens a module */

/* The module, and what it needs, directly or not, but for the C library's own objects. */
struct closure {
	struct ts_object objects[MAX_CLOSURE];
	size_t n;
	struct ts_object seen[512];
	size_t n_seen;
	struct ts_maps maps;
	size_t n_failed;
};

/* Objects that came with modules; both are never closed. */
static struct ts_object brought[MAX_CLOSURE];
static size_t n_brought;

bool ts_module_brought(const struct ts_object *object)
{
	size_t n = __atomic_load_n(&n_brought, __ATOMIC_ACQUIRE);

	for (size_t i = 0; i < n; i++)
		if (brought[i].low == object->low)
			return true;
	return false;
}

static void note_brought(const struct ts_object *object)
{
	if (n_brought == MAX_CLOSURE)
		return;
	brought[n_brought] = *object;
	/* release: who reads the count finds the object */
	__atomic_store_n(&n_brought, n_brought + 1, __ATOMIC_RELEASE);
}

/* What was never written comes from the file again when it is needed again. */
static void rest(const struct ts_object *object)
{
	const uintptr_t page = 4095;

	for (size_t i = 0; i < object->n_segments; i++) {
		const ElfW(Phdr) *segment = &object->segments[i];
		uintptr_t low = (object->base + segment->p_vaddr + page) & ~page;
		uintptr_t high = (object->base + segment->p_vaddr + segment->p_filesz) & ~page;

		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W) && low < high)
			ts_sys_madvise((void *)low, high - low, MADV_DONTNEED);
	}
}

void ts_module_rest(void)
{
	size_t n = __atomic_load_n(&n_brought, __ATOMIC_ACQUIRE);

	for (size_t i = 0; i < n; i++)
		rest(&brought[i]);
}

static int see(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct closure *closure = context;

	(void)bytes;
	if (closure->n_seen < 512 && ts_object_read(info, &closure->seen[closure->n_seen]) == 0)
		closure->n_seen++;
	return 0;
}

static bool is_in(const struct closure *closure, uintptr_t low)
{
	for (size_t i = 0; i < closure->n; i++)
		if (closure->objects[i].low == low)
			return true;
	return false;
}

static void add_needed(struct closure *closure, const struct ts_object *object)
{
	for (const ElfW(Dyn) *entry = object->dynamic; entry->d_tag != DT_NULL; entry++) {
		const char *name = object->strings + entry->d_un.d_val;

		if (entry->d_tag != DT_NEEDED || ts_is_libc(name))
			continue;
		for (size_t i = 0; i < closure->n_seen; i++) {
			const struct ts_object *other = &closure->seen[i];

			if (other->soname && strcmp(other->soname, name) == 0 &&
			    !is_in(closure, other->low) && closure->n < MAX_CLOSURE)
				closure->objects[closure->n++] = *other;
		}
	}
}

static void bind_slot(void *context, const struct ts_object *object, const struct ts_slot *slot)
{
	struct closure *closure = context;

	for (size_t i = 0; i < closure->n; i++) {
		const struct ts_object *other = &closure->objects[i];
		const ElfW(Sym) *symbol = ts_object_definition(other, slot->name, slot->version);
		uintptr_t address;

		if (!symbol || ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
			continue;
		address = other->base + symbol->st_value;
		if (*slot->address != address &&
		    ts_object_store(object, &closure->maps, slot->address, address) < 0)
			closure->n_failed++;
		return;
	}
}

static int bind(void *handle, size_t n_before)
{
	static struct closure closure; /* large; modules are opened one at a time */
	struct link_map *map = handle;

	memset(&closure, 0, sizeof(closure));
	dl_iterate_phdr(see, &closure);
	for (size_t i = 0; i < closure.n_seen; i++)
		if (closure.seen[i].dynamic == map->l_ld)
			closure.objects[closure.n++] = closure.seen[i];
	for (size_t i = 0; i < closure.n; i++)
		add_needed(&closure, &closure.objects[i]);
	if (!closure.n || ts_maps_read(&closure.maps) < 0)
		return -ENOEXEC;
	for (size_t i = 0; i < closure.n; i++) {
		size_t place = 0;

		while (closure.seen[place].low != closure.objects[i].low)
			place++;
		if (place < n_before)
			continue;
		note_brought(&closure.objects[i]);
		ts_object_slots(&closure.objects[i], bind_slot, &closure);
	}
	ts_maps_release(&closure.maps);
	return closure.n_failed ? -EACCES : 0;
}

static int count(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct ts_object object;

	(void)bytes;
	*(size_t *)context += ts_object_read(info, &object) == 0;
	return 0;
}

/*
 * The flusher's thread opens some, the program's may open another. Who waits may hold the dynamic linker's
 * lock, without which the other cannot go on: so nobody waits for long.
 */
static bool take(void)
{
	struct timespec moment = {.tv_nsec = 1000000};

	for (int i = 0; i < TRIES; i++) {
		if (!__atomic_exchange_n(&taken, 1, __ATOMIC_ACQUIRE))
			return true;
		ts_syscall(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
	}
	return false;
}

static void give(void)
{
	__atomic_store_n(&taken, 0, __ATOMIC_RELEASE);
}

static const void *open_symbol(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	char path[4096];
	size_t n_before = 0;
	void *handle;
	const void *found;

	snprintf(path, sizeof(path), "%s%s.so", ts_program_modules(), module);
	dl_iterate_phdr(count, &n_before);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		snprintf(why, why_bytes, "%s", dlerror());
		return NULL;
	}
	if (bind(handle, n_before) < 0) {
		snprintf(why, why_bytes, "%s cannot be bound to its own libraries", path);
		return NULL;
	}
	found = ts_real.dlsym(handle, symbol);
	if (!found)
		snprintf(why, why_bytes, "%s has no %s", path, symbol);
	return found;
}

const void *ts_module_symbol(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	const void *found;

	if (!take()) {
		snprintf(why, why_bytes, "another module is being opened all the time");
		return NULL;
	}
	found = open_symbol(module, symbol, why, why_bytes);
	give();
	return found;
}
