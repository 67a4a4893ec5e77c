// SPDX-License-Identifier: Apache-2.0
/*
 * Looks into exceptions (Itanium C++ ABI, 2.2.1, 2.9.5). Of struct __cxa_exception, which lies before the
 * unwinder's header, and the object behind it, libstdc++ and libc++abi agree in all that is read here:
 *
 *   header - 88   libc++abi, class "CLNGC++\1": the object that a dependent exception refers to
 *   header - 80   type; in a libstdc++ exception of class "GNUCC++\1": that object
 *   header - 40   int, the handlers it is caught by; negative while it is thrown again
 *   header        struct _Unwind_Exception, 32 bytes; its first word is the class
 *   header + 32   the object
 *
 * Dependent exceptions are what std::rethrow_exception throws.
 */

#include "exception.h"

#include <stddef.h>

#include "context.h"
#include "guarded.h"

#include "hot.h"

#define CLASS_GNU  0x474e5543432b2b00ULL /* "GNUCC++\0" */
#define CLASS_LLVM 0x434c4e47432b2b00ULL /* "CLNGC++\0" */
#define DEPENDENT  1

#define HEADER_BYTES      32
#define TYPE_BEFORE       80
#define DEPENDENT_BEFORE  88
#define HANDLERS_BEFORE   40
#define WHAT_SLOT         2 /* in the table of std::exception, behind two destructors */
#define MOST_LEVELS       16
#define MOST_BASES        64
#define BASE_IS_VIRTUAL   1
#define BASE_IS_PUBLIC    2
#define BASE_OFFSET_SHIFT 8

/* std::type_info; its table tells what kind of type it is about. */
struct type {
	const struct type *const *table;
	const char *name;
};

/* abi::__si_class_type_info: one public base at the start. */
struct derived_type {
	struct type type;
	const struct type *base;
};

/* abi::__vmi_class_type_info */
struct multiple_type {
	struct type type;
	uint32_t flags;
	uint32_t n_bases;
	struct {
		const struct type *type;
		intptr_t offset_flags;
	} bases[];
};

/* gcc marks a name that is to be compared by its address with an asterisk. */
static const char *name_of(const struct type *type)
{
	return type->name + (*type->name == '*');
}

static bool is_named(const struct type *type, const char *name)
{
	const char *own = name_of(type);

	while (*own && *own == *name)
		own++, name++;
	return *own == *name;
}

static uintptr_t find_exception(const struct type *type, uintptr_t object, unsigned level);

/* Where a base lies: virtual ones tell by the object's table. */
static uintptr_t base_at(uintptr_t object, intptr_t offset_flags)
{
	intptr_t offset = offset_flags >> BASE_OFFSET_SHIFT;

	if (offset_flags & BASE_IS_VIRTUAL)
		offset = *(const intptr_t *)(*(const uintptr_t *)object + (uintptr_t)offset);
	return object + (uintptr_t)offset;
}

static uintptr_t find_in_bases(const struct multiple_type *type, uintptr_t object, unsigned level)
{
	for (uint32_t i = 0; i < type->n_bases && i < MOST_BASES; i++) {
		intptr_t offset_flags = type->bases[i].offset_flags;
		uintptr_t found;

		if (!(offset_flags & BASE_IS_PUBLIC))
			continue;
		found = find_exception(type->bases[i].type, base_at(object, offset_flags),
				       level + 1);
		if (found)
			return found;
	}
	return 0;
}

/* Where in `object`, which is a `type`, its std::exception lies; 0: it has none. */
static uintptr_t find_exception(const struct type *type, uintptr_t object, unsigned level)
{
	const struct type *kind = type->table[-1];

	if (is_named(type, "St9exception"))
		return object;
	if (level >= MOST_LEVELS)
		return 0;
	if (is_named(kind, "N10__cxxabiv120__si_class_type_infoE"))
		return find_exception(((const struct derived_type *)type)->base, object, level + 1);
	if (is_named(kind, "N10__cxxabiv121__vmi_class_type_infoE"))
		return find_in_bases((const struct multiple_type *)type, object, level);
	return 0;
}

/* The one place where a function of the program is called that the program did not call. */
static const char *ask_what(uintptr_t object)
{
	typedef const char *what_fn(uintptr_t);
	what_fn *const *table = *(what_fn *const *const *)object;
	int *error_number = ts_context.error_number;
	int before = *error_number;
	const char *what = table[WHAT_SLOT](object);

	if (*error_number != before)
		*error_number = before;
	return what;
}

void ts_exception_describe(const struct _Unwind_Exception *exception, struct ts_thrown *ret)
{
	uintptr_t header = (uintptr_t)exception;
	uintptr_t object = header + HEADER_BYTES;
	const struct type *type;

	*ret = (struct ts_thrown){.class = *(const uint64_t *)header};
	switch (ret->class) {
	case CLASS_GNU | DEPENDENT:
		object = *(const uintptr_t *)(header - TYPE_BEFORE);
		header = object - HEADER_BYTES;
		break;
	case CLASS_LLVM | DEPENDENT:
		object = *(const uintptr_t *)(header - DEPENDENT_BEFORE);
		break;
	case CLASS_GNU:
	case CLASS_LLVM:
		break;
	default:
		return;
	}
	type = *(const struct type *const *)(header - TYPE_BEFORE);
	ret->type = name_of(type);
	object = find_exception(type, object, 0);
	if (object)
		ret->what = ask_what(object);
}

bool ts_exception_is_thrown_again(const struct _Unwind_Exception *exception)
{
	uintptr_t header = (uintptr_t)exception;
	uint64_t class = *(const uint64_t *)header & ~(uint64_t)DEPENDENT;

	return (class == CLASS_GNU || class == CLASS_LLVM) &&
	       *(const int32_t *)(header - HANDLERS_BEFORE) < 0;
}

/* A string, of which TS_MAX_ERROR bytes are kept. 0: unreadable, or no room. */
static uint64_t put_string(uint16_t param, const char *string, char *at, uint64_t room)
{
	struct ts_value *value = (struct ts_value *)at;
	uint64_t most, bytes;

	if (!string || room <= sizeof(*value))
		return 0;
	most = room - sizeof(*value);
	most = most < TS_MAX_ERROR ? most : TS_MAX_ERROR;
	bytes = ts_guarded_string(at + sizeof(*value), string, most);
	if (bytes == TS_UNREADABLE)
		return 0;
	bytes = bytes < most ? bytes : most;
	*value = (struct ts_value){
		.type = TS_VALUE_STRING, .param = param, .bytes = (uint32_t)bytes};
	return sizeof(*value) + TS_ALIGN8(bytes);
}

uint64_t ts_exception_put(const struct ts_thrown *thrown, char *at, uint64_t room)
{
	struct ts_value *value = (struct ts_value *)at;
	uint64_t done;

	if (thrown->type) {
		done = put_string(TS_PARAM_ERROR, thrown->type, at, room);
		return done + put_string(TS_PARAM_WHAT, thrown->what, at + done, room - done);
	}
	if (room < sizeof(*value) + sizeof(thrown->class))
		return 0;
	*value = (struct ts_value){
		.type = TS_VALUE_UINT, .param = TS_PARAM_ERROR, .bytes = sizeof(thrown->class)};
	*(uint64_t *)(value + 1) = thrown->class;
	return sizeof(*value) + sizeof(thrown->class);
}
