// SPDX-License-Identifier: Apache-2.0
/* Which unwinders are in the process. */

#include "unwinders.h"

#include <dlfcn.h>
#include <string.h>

#include "../hot/unwind.h"
#include "../life/module.h"

static bool is_programs[TS_UNWINDERS]; /* and not only there because our modules need it */
static int (*find_object)(void *, struct dl_find_object *); /* the loader's, since glibc 2.35 */

enum { FREE, WANTED, HOLDING };

/* Libraries that would have gone with others. `path` belongs to the walk while FREE, and while HOLDING to who holds it. */
static struct {
	int state;
	char path[4096];
	const ElfW(Dyn) * held[TS_UNWINDERS]; /* for good */
	size_t n;
} hold;

static uintptr_t exported(const struct ts_object *object, const char *name)
{
	const ElfW(Sym) *symbol = ts_object_definition(object, name, NULL);

	return symbol ? object->base + symbol->st_value : 0;
}

static int ignore(struct _Unwind_Context *context, void *unused)
{
	(void)context, (void)unused;
	return 5; /* _URC_END_OF_STACK */
}

/*
 * libgcc's accessors abort until its first unwinding has filled a table (dwarf_reg_size_table in
 * unwind-dw2.c). They may be needed before it has raised anything, so let it walk nothing once.
 */
static void note_libgcc(const struct ts_object *object, const struct ts_unwinder *unwinder)
{
	uintptr_t backtrace = exported(object, "_Unwind_Backtrace");

	if (ts_unwinder_libgcc || !backtrace || !exported(object, "_Unwind_Find_FDE") ||
	    exported(object, "unw_set_reg")) /* LLVM's, which is nothing like it */
		return;
	((int (*)(int (*)(struct _Unwind_Context *, void *), void *))backtrace)(ignore, NULL);
	__atomic_store_n(&ts_unwinder_libgcc, unwinder, __ATOMIC_RELEASE);
}

/* The object's entry, or one that is free; NULL: there is none. */
static struct ts_unwinder *entry_for(uintptr_t low)
{
	struct ts_unwinder *free_one = NULL;

	for (int i = TS_UNWINDERS - 1; i >= 0; i--) {
		if (ts_unwinders[i].low == low)
			return &ts_unwinders[i];
		if (!ts_unwinders[i].low)
			free_one = &ts_unwinders[i];
	}
	return free_one;
}

/*
 * An object that is being opened is listed and may be relocated, but its unwind data is not to be found before all that
 * comes with it is: libgcc aborts where it does not find its own.
 */
bool ts_unwinders_is_open(const struct ts_object *object)
{
	struct dl_find_object found;

	return !find_object || find_object((void *)object->low, &found) == 0;
}

/* Or a plugin with an unwinder in it, which has to go when the program closes it. */
static bool is_library_of_unwinder(const struct ts_object *object)
{
	return object->soname && (strncmp(object->soname, "libgcc_s.", 9) == 0 ||
				  strncmp(object->soname, "libunwind.", 10) == 0);
}

bool ts_unwinders_note(const struct ts_object *object)
{
	uintptr_t set_gr = exported(object, "_Unwind_SetGR");
	uintptr_t set_ip = exported(object, "_Unwind_SetIP");
	uintptr_t resume = exported(object, "_Unwind_Resume");
	enum ts_brought brought = ts_module_brought(object->low);
	struct ts_unwinder *entry = entry_for(object->low);

	if (!set_gr || !set_ip || !resume || !entry)
		return true;
	if (brought == TS_BEING_BROUGHT || !ts_unwinders_is_open(object))
		return false;
	entry->high = object->high;
	entry->set_gr = (void (*)(struct _Unwind_Context *, int, uintptr_t))set_gr;
	entry->set_ip = (void (*)(struct _Unwind_Context *, uintptr_t))set_ip;
	entry->resume = (void (*)(struct _Unwind_Exception *))resume;
	entry->stays =
		is_library_of_unwinder(object); /* which was there from the start, or is held */
	__atomic_store_n(&entry->low, object->low, __ATOMIC_RELEASE);
	is_programs[entry - ts_unwinders] = brought == TS_NOT_BROUGHT;
	note_libgcc(object, entry);
	return true;
}

static bool is_held(const struct ts_object *object)
{
	size_t n = __atomic_load_n(&hold.n, __ATOMIC_ACQUIRE);

	for (size_t i = 0; i < n; i++)
		if (hold.held[i] == object->dynamic)
			return true;
	return n == TS_UNWINDERS;
}

bool ts_unwinders_may_go(const struct ts_object *object)
{
	size_t bytes = strlen(object->path) + 1;

	if (!is_library_of_unwinder(object) || is_held(object) ||
	    ts_module_brought(object->low) != TS_NOT_BROUGHT || bytes > sizeof(hold.path))
		return false;
	/* acquire: who held the last one is done with the path */
	if (__atomic_load_n(&hold.state, __ATOMIC_ACQUIRE) == FREE) {
		memcpy(hold.path, object->path, bytes);
		__atomic_store_n(&hold.state, WANTED, __ATOMIC_RELEASE);
	}
	return true;
}

bool ts_unwinders_hold(void)
{
	int wanted = WANTED;
	const struct link_map *library;

	if (!__atomic_compare_exchange_n(&hold.state, &wanted, HOLDING, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return false;
	library = ts_module_keep(hold.path);
	if (library) {
		hold.held[hold.n] = library->l_ld;
		/* release: who reads the count finds the library */
		__atomic_store_n(&hold.n, hold.n + 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&hold.state, FREE, __ATOMIC_RELEASE);
	return library;
}

/* Its headers are what its first page holds, as linkers lay it out. */
static bool ask(uintptr_t address, struct ts_unwinder *ret)
{
	struct dl_find_object found;
	const ElfW(Ehdr) * header;
	struct dl_phdr_info info;
	struct ts_object object;

	if (find_object((void *)address, &found) != 0)
		return false;
	header = found.dlfo_map_start;
	if (header->e_ident[EI_MAG0] != ELFMAG0 || header->e_ident[EI_MAG1] != ELFMAG1)
		return false;
	info = (struct dl_phdr_info){
		.dlpi_addr = found.dlfo_link_map->l_addr,
		.dlpi_name = found.dlfo_link_map->l_name,
		.dlpi_phdr = (const void *)((const char *)header + header->e_phoff),
		.dlpi_phnum = header->e_phnum,
	};
	if (ts_object_read(&info, &object) < 0)
		return false;
	ret->set_gr = (void (*)(struct _Unwind_Context *, int, uintptr_t))exported(&object,
										   "_Unwind_SetGR");
	ret->set_ip =
		(void (*)(struct _Unwind_Context *, uintptr_t))exported(&object, "_Unwind_SetIP");
	ret->resume = (void (*)(struct _Unwind_Exception *))exported(&object, "_Unwind_Resume");
	return ret->set_gr && ret->set_ip && ret->resume;
}

static void find_loader(const struct ts_object *objects, size_t n)
{
	for (size_t i = 0; !find_object && i < n; i++)
		find_object = (int (*)(void *, struct dl_find_object *))exported(&objects[i],
										 "_dl_find_object");
	if (find_object)
		__atomic_store_n(&ts_unwinder_ask, ask, __ATOMIC_RELEASE);
}

/* Or is it another object that came to lie in its place? */
static bool is_of(const struct ts_unwinder *entry, const struct ts_object *object)
{
	return object->low == entry->low && object->high == entry->high &&
	       exported(object, "_Unwind_Resume") == (uintptr_t)entry->resume;
}

void ts_unwinders_keep(const struct ts_object *objects, size_t n)
{
	find_loader(objects, n);
	for (struct ts_unwinder *entry = ts_unwinders; entry < ts_unwinders + TS_UNWINDERS;
	     entry++) {
		size_t i = 0;

		while (i < n && !is_of(entry, &objects[i]))
			i++;
		if (!entry->low || i < n)
			continue;
		if (ts_unwinder_libgcc == entry)
			__atomic_store_n(&ts_unwinder_libgcc, NULL, __ATOMIC_RELEASE);
		is_programs[entry - ts_unwinders] = false;
		/* nothing lies below 0: from now on no place is found in it */
		__atomic_store_n(&entry->high, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&entry->low, 0, __ATOMIC_RELEASE);
	}
}

bool ts_unwinders_is_one(const struct ts_object *object)
{
	return exported(object, "_Unwind_RaiseException") != 0;
}

bool ts_unwinders_any(void)
{
	for (int i = 0; i < TS_UNWINDERS; i++)
		if (is_programs[i])
			return true;
	return false;
}
