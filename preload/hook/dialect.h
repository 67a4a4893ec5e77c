/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_DIALECT_H
#define TS_DIALECT_H

/* Which C++ library's std::string and std::string_view a function takes. [setup]; pure. */

#include "../demangle.h"
#include "../elf/elf.h"
#include "../prototype/prototype.h"

enum ts_dialect {
	TS_DIALECT_UNKNOWN, /* nothing of std is recorded */
	TS_DIALECT_GNU,     /* libstdc++: {pointer, length, ...}; a view is {length, pointer} */
	TS_DIALECT_GNU_OLD, /* its ABI before gcc 5: a pointer, the length 24 bytes before what it points to */
	TS_DIALECT_LLVM, /* libc++ */
};

/*
 * What the mangled name says: parameters of std::__cxx11 or an ABI tag, of std::__1, or the old Ss.
 * UNKNOWN where it names no type of std.
 */
enum ts_dialect ts_dialect_of_name(const struct ts_demangled *demangled);

/* What the object that defines the function says where the name does not; `c_linkage`: it has no mangled name. */
enum ts_dialect ts_dialect_of_object(const struct ts_object *object, bool c_linkage);

/* Can a value of this type be read? True of all that are not of std. */
bool ts_dialect_reads(enum ts_dialect dialect, enum ts_type type);

#endif
