// SPDX-License-Identifier: Apache-2.0
/* Which unwinders are in the process. */

#include "unwinders.h"

#include <dlfcn.h>

#include "hot/unwind.h"
#include "module.h"

static bool is_programs[TS_UNWINDERS]; /* and not only there because our modules need it */
static int (*find_object)(void *, struct dl_find_object *); /* the loader's, since glibc 2.35 */

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

	if (ts_unwinder_libgcc || !backtrace || !exported(object, "_Unwind_Find_FDE"))
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
static bool is_open(const struct ts_object *object)
{
	struct dl_find_object found;

	return !find_object || find_object((void *)object->low, &found) == 0;
}

bool ts_unwinders_note(const struct ts_object *object)
{
	uintptr_t set_gr = exported(object, "_Unwind_SetGR");
	uintptr_t set_ip = exported(object, "_Unwind_SetIP");
	uintptr_t resume = exported(object, "_Unwind_Resume");
	enum ts_brought brought = ts_module_brought(object->low);
	struct ts_unwinder *entry = entry_for(object->low);

	if (!set_gr || !set_ip || !resume || !entry || brought == TS_BEING_BROUGHT)
		return true;
	if (!is_open(object))
		return false;
	entry->high = object->high;
	entry->set_gr = (void (*)(struct _Unwind_Context *, int, uintptr_t))set_gr;
	entry->set_ip = (void (*)(struct _Unwind_Context *, uintptr_t))set_ip;
	entry->resume = (void (*)(struct _Unwind_Exception *))resume;
	__atomic_store_n(&entry->low, object->low, __ATOMIC_RELEASE);
	is_programs[entry - ts_unwinders] = brought == TS_NOT_BROUGHT;
	note_libgcc(object, entry);
	return true;
}

static void find_loader(const struct ts_object *objects, size_t n)
{
	for (size_t i = 0; !find_object && i < n; i++)
		find_object = (int (*)(void *, struct dl_find_object *))exported(&objects[i],
										 "_dl_find_object");
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
