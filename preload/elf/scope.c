// SPDX-License-Identifier: Apache-2.0
/* Look-ups in an object's scope. */

#include "scope.h"

#include <string.h>

#define MAX_NEEDED 256 /* objects in one local scope */

const struct ts_object *ts_scope_holder(const struct ts_scope *scope, uintptr_t address)
{
	for (size_t i = 0; i < scope->n; i++)
		if (ts_object_holds(&scope->objects[i], address))
			return &scope->objects[i];
	return NULL;
}

static bool is_code(const ElfW(Sym) * symbol)
{
	return symbol && symbol->st_value && symbol->st_shndx != SHN_UNDEF;
}

/* The definition in `object` alone. */
static const ElfW(Sym) *
	defined_in(const struct ts_object *object, const char *name, const char *version)
{
	const ElfW(Sym) *symbol = ts_object_definition(object, name, version);

	return is_code(symbol) ? symbol : NULL;
}

static bool is_named(const struct ts_object *object, const char *needed)
{
	const char *slash = strrchr(object->path, '/');
	const char *base = slash ? slash + 1 : object->path;

	return strcmp(base, needed) == 0 || (object->soname && strcmp(object->soname, needed) == 0);
}

bool ts_scope_needs(const struct ts_object *object, const struct ts_object *other)
{
	for (size_t i = 0; i < object->n_dynamic; i++) {
		const char *name = ts_object_string(object, object->dynamic[i].d_un.d_val);

		if (object->dynamic[i].d_tag == DT_NEEDED && name && is_named(other, name))
			return true;
	}
	return false;
}

/* Appends what `object` needs to the queue of a breadth-first walk. */
static size_t add_needed(const struct ts_scope *scope, const struct ts_object *object,
			 const struct ts_object **queue, size_t n)
{
	for (size_t entry = 0; entry < object->n_dynamic; entry++) {
		const char *name = ts_object_string(object, object->dynamic[entry].d_un.d_val);

		if (object->dynamic[entry].d_tag != DT_NEEDED || !name)
			continue;
		for (size_t i = 0; i < scope->n && n < MAX_NEEDED; i++) {
			const struct ts_object *other = &scope->objects[i];
			bool queued = false;

			if (!is_named(other, name))
				continue;
			for (size_t j = 0; j < n && !queued; j++)
				queued = queue[j] == other;
			if (!queued)
				queue[n++] = other;
			break;
		}
	}
	return n;
}

static const struct ts_object *look_up_local(const struct ts_scope *scope,
					     const struct ts_object *from, const char *name,
					     const char *version, const ElfW(Sym) * *ret)
{
	const struct ts_object *queue[MAX_NEEDED] = {from};
	size_t n = 1;

	for (size_t i = 0; i < n; i++) {
		*ret = defined_in(queue[i], name, version);
		if (*ret)
			return queue[i];
		n = add_needed(scope, queue[i], queue, n);
	}
	return NULL;
}

/*
 * RTLD_DEEPBIND puts the local scope before the global one, and leaves no trace that may be read: what is
 * `found` in the global one counts if both say the same.
 */
static const struct ts_object *unless_bound_deeply(const struct ts_scope *scope,
						   const struct ts_object *from,
						   const struct ts_object *found, const char *name,
						   const char *version, const ElfW(Sym) * *ret)
{
	const ElfW(Sym) * local;
	const struct ts_object *other = look_up_local(scope, from, name, version, &local);

	if (!other || (other == found && local == *ret))
		return found;
	*ret = NULL;
	return NULL;
}

static const struct ts_object *look_up_range(const struct ts_scope *scope, size_t first,
					     size_t last, const char *name, const char *version,
					     const ElfW(Sym) * *ret)
{
	for (size_t i = first; i < last; i++) {
		*ret = defined_in(&scope->objects[i], name, version);
		if (*ret)
			return &scope->objects[i];
	}
	return NULL;
}

const struct ts_object *ts_scope_look_up(const struct ts_scope *scope, const struct ts_object *from,
					 const char *name, const char *version,
					 const ElfW(Sym) * *ret)
{
	const struct ts_object *found;

	if (from && from->symbolic) {
		*ret = defined_in(from, name, version);
		if (*ret)
			return from;
	}
	found = look_up_range(scope, 0, scope->n_initial, name, version, ret);
	if (!found && from)
		found = look_up_local(scope, from, name, version, ret);
	else if (found && from && from >= scope->objects + scope->n_initial)
		found = unless_bound_deeply(scope, from, found, name, version, ret);
	return found;
}

uintptr_t ts_scope_address(const struct ts_object *object, const ElfW(Sym) * symbol)
{
	uintptr_t address = object->base + symbol->st_value;
	uintptr_t (*resolver)(void);

	if (ELF64_ST_TYPE(symbol->st_info) != STT_GNU_IFUNC)
		return address;
	resolver = (uintptr_t(*)(void))address;
	return resolver();
}

void *ts_scope_function(const struct ts_object *object, const char *name)
{
	const ElfW(Sym) *symbol = ts_object_definition(object, name, NULL);

	return symbol ? (void *)ts_scope_address(object, symbol) : NULL;
}
