// SPDX-License-Identifier: Apache-2.0
/* Stores into slots of loaded objects. */

#include <errno.h>
#include <sys/mman.h>

#include "../system/maps.h"
#include "../system/sys.h"
#include "elf.h"

#define PAGE 4096UL

/*
 * Only a page that the dynamic linker has already made read-only is opened and closed again. A
 * RELRO page that can still be written belongs to an object in the making: that would break.
 */
int ts_object_store(const struct ts_object *object, const struct ts_maps *maps, uintptr_t *slot,
		    uintptr_t value)
{
	uintptr_t address = (uintptr_t)slot;
	void *page = (void *)(address & ~(PAGE - 1));
	bool relro = address >= object->relro_low && address < object->relro_high;
	const struct ts_mapping *mapping = ts_maps_find(maps, address);
	int result;

	if (!mapping)
		return -EACCES;
	if (mapping->protection & PROT_WRITE) {
		if (relro)
			return -EAGAIN;
		__atomic_store_n(slot, value, __ATOMIC_RELEASE);
		return 0;
	}
	if (!relro)
		return -EACCES;
	result = ts_sys_mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	if (result < 0)
		return result;
	__atomic_store_n(slot, value, __ATOMIC_RELEASE);
	return ts_sys_mprotect(page, PAGE, mapping->protection);
}
