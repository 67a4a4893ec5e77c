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

#include "../elf/elf.h"
#include "../elf/iterate.h"
#include "../hook/interpose.h"
#include "../system/maps.h"
#include "../system/pages.h"
#include "../system/program.h"
#include "../system/sys.h"

#define MAX_CLOSURE 64
#define MAX_BEFORE  512
#define YIELDS      1000
#define TURN_MS \
	2000 /* that one waits for another's opening, which may have to come from a slow disk */
#define HOLD_MS 50 /* that a fork does */

/* The module, and what it needs, directly or not, but for the C library's own objects; all of it held by us. */
struct closure {
	struct ts_object objects[MAX_CLOSURE];
	size_t n;
	uintptr_t before[MAX_BEFORE]; /* the bases of what was loaded before it */
	size_t n_before;
	struct ts_maps maps;
	size_t n_failed;
};

/* Objects that came with modules; they stay, as modules do. */
static struct {
	struct ts_object objects[MAX_CLOSURE];
	size_t n;
	bool opening;
} brought;

enum ts_brought ts_module_brought(uintptr_t low)
{
	bool opening = __atomic_load_n(&brought.opening, __ATOMIC_ACQUIRE);
	size_t n = __atomic_load_n(&brought.n, __ATOMIC_ACQUIRE);

	for (size_t i = 0; i < n; i++)
		if (brought.objects[i].low == low)
			return TS_BROUGHT;
	return opening ? TS_BEING_BROUGHT : TS_NOT_BROUGHT;
}

static void note_brought(const struct ts_object *object)
{
	if (brought.n == MAX_CLOSURE)
		return;
	brought.objects[brought.n] = *object;
	/* release: who reads the count finds the object */
	__atomic_store_n(&brought.n, brought.n + 1, __ATOMIC_RELEASE);
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
	size_t n = __atomic_load_n(&brought.n, __ATOMIC_ACQUIRE);

	for (size_t i = 0; i < n; i++)
		rest(&brought.objects[i]);
}

struct search {
	const struct link_map *map;
	struct ts_object *ret;
};

static int read_found(struct dl_phdr_info *info, size_t bytes, void *context)
{
	const struct search *search = context;

	(void)bytes;
	if (info->dlpi_name != search->map->l_name) /* the same bytes, not only the same text */
		return 0;
	return ts_object_read(info, search->ret) == 0 ? 1 : -ENOEXEC;
}

static bool is_in(const struct closure *closure, const ElfW(Dyn) * dynamic)
{
	for (size_t i = 0; i < closure->n; i++)
		if (closure->objects[i].dynamic == dynamic)
			return true;
	return false;
}

static bool was_there(const struct closure *closure, const struct ts_object *object)
{
	for (size_t i = 0; i < closure->n_before; i++)
		if (closure->before[i] == object->base)
			return true;
	return false;
}

static bool find(const struct link_map *map, struct ts_object *ret)
{
	struct search search = {.map = map, .ret = ret};

	return ts_iterate_phdr(read_found, &search) == 1;
}

static void add(struct closure *closure, const struct link_map *map)
{
	if (closure->n < MAX_CLOSURE && !is_in(closure, map->l_ld) &&
	    find(map, &closure->objects[closure->n]))
		closure->n++;
}

/* Of the C library, libm may have come with the module; it stays bound as it is. */
static void rest_libc(const struct closure *closure, const struct link_map *map)
{
	struct ts_object object;

	if (find(map, &object) && !was_there(closure, &object))
		rest(&object);
}

/*
 * What a needed name stands for, the dynamic linker is asked: it takes the first loaded object of that name, as it
 * did for the module. Whatever else is loaded may be gone again at any moment, and is not looked at.
 */
static void add_needed(struct closure *closure, const struct ts_object *object)
{
	for (size_t entry = 0; entry < object->n_dynamic; entry++) {
		const char *name = ts_object_string(object, object->dynamic[entry].d_un.d_val);
		const struct link_map *needed;

		if (object->dynamic[entry].d_tag != DT_NEEDED || !name)
			continue;
		needed = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
		if (needed && ts_is_libc(name))
			rest_libc(closure, needed);
		else if (needed)
			add(closure, needed);
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

/*
 * The thread that opens a module; 0: none. Held while nothing of ours is. One that a fork could not wait for is not
 * there in the child, which then opens none: it would find the dynamic linker's locks taken, too.
 */
static uint32_t opener;
static uint32_t opener_pid;

static bool take_turn(int most_ms)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	uint32_t tid = (uint32_t)ts_sys_gettid();
	uint32_t pid = (uint32_t)ts_sys_getpid();

	for (int i = 0; i < YIELDS + most_ms; i++) {
		uint32_t nobody = 0;

		if (__atomic_compare_exchange_n(&opener, &nobody, tid, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			__atomic_store_n(&opener_pid, pid, __ATOMIC_RELAXED);
			return true;
		}
		if (nobody == tid || __atomic_load_n(&opener_pid, __ATOMIC_RELAXED) != pid)
			return false;
		if (i < YIELDS)
			ts_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
		else
			ts_syscall(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
	}
	return false;
}

static void give_turn(void)
{
	__atomic_store_n(&opener, 0, __ATOMIC_RELEASE);
}

bool ts_module_hold(void)
{
	return take_turn(HOLD_MS);
}

void ts_module_go_on(bool held)
{
	if (held)
		give_turn();
}

/* Binds those of the closure that came with the module. 0 or a negative errno. */
static int bind(struct closure *closure, const struct link_map *module)
{
	add(closure, module);
	for (size_t i = 0; i < closure->n; i++)
		add_needed(closure, &closure->objects[i]);
	if (!closure->n || ts_maps_read(&closure->maps) < 0)
		return -ENOEXEC;
	for (size_t i = 0; i < closure->n; i++) {
		if (was_there(closure, &closure->objects[i]))
			continue;
		ts_object_slots(&closure->objects[i], bind_slot, closure);
		rest(&closure->objects[i]);
		note_brought(&closure->objects[i]); /* from now on walks write into it, too */
	}
	ts_maps_release(&closure->maps);
	return closure->n_failed ? -EACCES : 0;
}

static int note_before(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct closure *closure = context;

	(void)bytes;
	if (closure->n_before == MAX_BEFORE)
		return 1;
	closure->before[closure->n_before++] = info->dlpi_addr;
	return 0;
}

static void *open_into(struct closure *closure, const char *path, char *why, size_t why_bytes)
{
	void *handle;

	ts_iterate_phdr(note_before, closure);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		snprintf(why, why_bytes, "%s", dlerror());
		return NULL;
	}
	if (bind(closure, handle) < 0) {
		snprintf(why, why_bytes, "%s cannot be bound to its own libraries", path);
		return NULL;
	}
	return handle;
}

/* The module's handle, bound; NULL with a sentence in `why`. */
static void *open_module(const char *path, char *why, size_t why_bytes)
{
	struct closure *closure = ts_pages_new(sizeof(*closure));
	void *handle = NULL;

	if (closure)
		handle = open_into(closure, path, why, why_bytes);
	else
		snprintf(why, why_bytes, "there is no memory for %s", path);
	ts_pages_free(closure, sizeof(*closure));
	return handle;
}

static const void *find_symbol(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	char path[4096];
	const void *found;
	void *handle;

	snprintf(path, sizeof(path), "%s%s.so", ts_program_modules(), module);
	__atomic_store_n(&brought.opening, true, __ATOMIC_RELEASE);
	handle = open_module(path, why, why_bytes);
	__atomic_store_n(&brought.opening, false, __ATOMIC_RELEASE);
	if (!handle)
		return NULL;
	found = ts_real.dlsym(handle, symbol);
	if (!found)
		snprintf(why, why_bytes, "%s has no %s", path, symbol);
	return found;
}

const void *ts_module_symbol(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	const void *found;

	if (!take_turn(TURN_MS)) {
		snprintf(why, why_bytes, "another module is being opened");
		return NULL;
	}
	found = find_symbol(module, symbol, why, why_bytes);
	give_turn();
	return found;
}

const struct link_map *ts_module_keep(const char *path)
{
	const struct link_map *library;

	if (!take_turn(0))
		return NULL;
	library = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
	give_turn();
	return library;
}
