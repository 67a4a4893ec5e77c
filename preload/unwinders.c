// SPDX-License-Identifier: Apache-2.0
/* Which unwinders are in the process. */

#include "unwinders.h"

#include "hot/unwind.h"
#include "module.h"

static bool any; /* unwinders of the program's, and not only what our modules brought */

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

void ts_unwinders_note(const struct ts_object *object)
{
	uintptr_t set_gr = exported(object, "_Unwind_SetGR");
	uintptr_t set_ip = exported(object, "_Unwind_SetIP");
	uintptr_t resume = exported(object, "_Unwind_Resume");
	enum ts_brought brought = ts_module_brought(object->low);
	int i;

	if (!set_gr || !set_ip || !resume || brought == TS_BEING_BROUGHT)
		return;
	for (i = 0; i < TS_UNWINDERS && ts_unwinders[i].low; i++)
		if (ts_unwinders[i].low == object->low)
			break;
	if (i == TS_UNWINDERS)
		return;
	ts_unwinders[i].high = object->high;
	ts_unwinders[i].set_gr = (void (*)(struct _Unwind_Context *, int, uintptr_t))set_gr;
	ts_unwinders[i].set_ip = (void (*)(struct _Unwind_Context *, uintptr_t))set_ip;
	ts_unwinders[i].resume = (void (*)(struct _Unwind_Exception *))resume;
	__atomic_store_n(&ts_unwinders[i].low, object->low, __ATOMIC_RELEASE);
	any = any || brought == TS_NOT_BROUGHT;
	note_libgcc(object, &ts_unwinders[i]);
}

bool ts_unwinders_is_one(const struct ts_object *object)
{
	return exported(object, "_Unwind_RaiseException") != 0;
}

bool ts_unwinders_any(void)
{
	return any;
}
