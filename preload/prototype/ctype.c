// SPDX-License-Identifier: Apache-2.0
/* The table of C's types. Enough is known of libc's own names that few have to be spelled out. */

#include "ctype.h"

enum part {
	PART_VOID = 1,
	PART_CHAR = 2,
	PART_SHORT = 4,
	PART_INT = 8,
	PART_LONG = 16,
	PART_LONG_LONG = 32, /* in place of PART_LONG */
	PART_FLOAT = 64,
	PART_DOUBLE = 128,
	PART_SIGNED = 256,
	PART_UNSIGNED = 512,
	PART_BOOL = 1024,
	PART_COMPLEX = 2048,
	PART_INT128 = 4096,
	PART_INT8 = 8192,
	PART_INTEGERS =
		PART_SHORT | PART_INT | PART_LONG | PART_LONG_LONG | PART_SIGNED | PART_UNSIGNED,
};

enum scalar {
	VOID,
	BOOL,
	CHAR,
	S1,
	U1,
	S2,
	U2,
	S4,
	U4,
	S8,
	U8,
	INT128,
	FLOAT,
	DOUBLE,
	FLOAT128,
	LONG_DOUBLE,
	COMPLEX_FLOAT,
	COMPLEX_DOUBLE,
	COMPLEX_LONG_DOUBLE,
	POINTER,
	STRING,
	STD_STRING,
	STD_VIEW,
	OBJECT,
};

static const struct ts_ctype scalars[] = {
	[VOID] = {TS_TYPE_VOID, 0, TS_CLASS_INTEGER, 0, 8},
	[BOOL] = {TS_TYPE_BOOL, 1, TS_CLASS_INTEGER, 1, 8},
	[CHAR] = {TS_TYPE_CHAR, 1, TS_CLASS_INTEGER, 1, 8},
	[S1] = {TS_TYPE_SIGNED, 1, TS_CLASS_INTEGER, 1, 8},
	[U1] = {TS_TYPE_UNSIGNED, 1, TS_CLASS_INTEGER, 1, 8},
	[S2] = {TS_TYPE_SIGNED, 2, TS_CLASS_INTEGER, 1, 8},
	[U2] = {TS_TYPE_UNSIGNED, 2, TS_CLASS_INTEGER, 1, 8},
	[S4] = {TS_TYPE_SIGNED, 4, TS_CLASS_INTEGER, 1, 8},
	[U4] = {TS_TYPE_UNSIGNED, 4, TS_CLASS_INTEGER, 1, 8},
	[S8] = {TS_TYPE_SIGNED, 8, TS_CLASS_INTEGER, 1, 8},
	[U8] = {TS_TYPE_UNSIGNED, 8, TS_CLASS_INTEGER, 1, 8},
	[INT128] = {TS_TYPE_OPAQUE, 16, TS_CLASS_INTEGER, 2, 16},
	[FLOAT] = {TS_TYPE_FLOAT, 4, TS_CLASS_VECTOR, 1, 8},
	[DOUBLE] = {TS_TYPE_DOUBLE, 8, TS_CLASS_VECTOR, 1, 8},
	[FLOAT128] = {TS_TYPE_OPAQUE, 16, TS_CLASS_VECTOR, 1, 16},
	[LONG_DOUBLE] = {TS_TYPE_OPAQUE, 16, TS_CLASS_MEMORY, 0, 16},
	[COMPLEX_FLOAT] = {TS_TYPE_OPAQUE, 8, TS_CLASS_VECTOR, 1, 8},
	[COMPLEX_DOUBLE] = {TS_TYPE_OPAQUE, 16, TS_CLASS_VECTOR, 2, 8},
	[COMPLEX_LONG_DOUBLE] = {TS_TYPE_OPAQUE, 32, TS_CLASS_MEMORY, 0, 16},
	[POINTER] = {TS_TYPE_OPAQUE, 8, TS_CLASS_INTEGER, 1, 8},
	[STRING] = {TS_TYPE_STRING, 8, TS_CLASS_INTEGER, 1, 8},
	[STD_STRING] = {TS_TYPE_STD_STRING, 8, TS_CLASS_ADDRESS, 1, 8},
	[STD_VIEW] = {TS_TYPE_STD_VIEW, 16, TS_CLASS_INTEGER, 2, 8},
	[OBJECT] = {TS_TYPE_OPAQUE, 0, TS_CLASS_ADDRESS, 1, 8},
};

/* `signed` is left out where it changes nothing, `int` where another word already says integer. */
static const struct {
	uint32_t parts;
	enum scalar scalar;
	const char *text; /* as C++ has it */
} spellings[] = {
	{PART_VOID, VOID, "void"},
	{PART_BOOL, BOOL, "bool"},
	{PART_CHAR, CHAR, "char"},
	{PART_CHAR | PART_SIGNED, S1, "signed char"},
	{PART_CHAR | PART_UNSIGNED, U1, "unsigned char"},
	{PART_INT8, S1, "signed char"},
	{PART_INT8 | PART_UNSIGNED, U1, "unsigned char"},
	{PART_SHORT, S2, "short"},
	{PART_SHORT | PART_UNSIGNED, U2, "unsigned short"},
	{PART_INT, S4, "int"},
	{PART_UNSIGNED, U4, "unsigned int"},
	{PART_LONG, S8, "long"},
	{PART_LONG | PART_UNSIGNED, U8, "unsigned long"},
	{PART_LONG_LONG, S8, "long long"},
	{PART_LONG_LONG | PART_UNSIGNED, U8, "unsigned long long"},
	{PART_INT128, INT128, "__int128"},
	{PART_INT128 | PART_UNSIGNED, INT128, "unsigned __int128"},
	{PART_FLOAT, FLOAT, "float"},
	{PART_DOUBLE, DOUBLE, "double"},
	{PART_LONG | PART_DOUBLE, LONG_DOUBLE, "long double"},
	{PART_COMPLEX | PART_FLOAT, COMPLEX_FLOAT, "float _Complex"},
	{PART_COMPLEX | PART_DOUBLE, COMPLEX_DOUBLE, "double _Complex"},
	{PART_COMPLEX | PART_LONG | PART_DOUBLE, COMPLEX_LONG_DOUBLE, "long double _Complex"},
};

static const struct ts_word words[] = {
	/* in order of strcmp */
	{"_Atomic", TS_WORD_QUALIFIER, 0},
	{"_Bool", TS_WORD_PART, PART_BOOL},
	{"_Complex", TS_WORD_PART, PART_COMPLEX},
	{"_Float128", TS_WORD_TYPE, FLOAT128},
	{"_Float32", TS_WORD_TYPE, FLOAT},
	{"_Float32x", TS_WORD_TYPE, DOUBLE},
	{"_Float64", TS_WORD_TYPE, DOUBLE},
	{"_Float64x", TS_WORD_TYPE, LONG_DOUBLE},
	{"_Noreturn", TS_WORD_STORAGE, 0},
	{"__attribute", TS_WORD_ATTRIBUTE, 0},
	{"__attribute__", TS_WORD_ATTRIBUTE, 0},
	{"__builtin_va_list", TS_WORD_TYPE, POINTER},
	{"__complex__", TS_WORD_PART, PART_COMPLEX},
	{"__const", TS_WORD_QUALIFIER, 0},
	{"__const__", TS_WORD_QUALIFIER, 0},
	{"__extension__", TS_WORD_STORAGE, 0},
	{"__float128", TS_WORD_TYPE, FLOAT128},
	{"__gnuc_va_list", TS_WORD_TYPE, POINTER},
	{"__inline", TS_WORD_STORAGE, 0},
	{"__inline__", TS_WORD_STORAGE, 0},
	{"__int128", TS_WORD_PART, PART_INT128},
	{"__int128_t", TS_WORD_TYPE, INT128},
	{"__int16", TS_WORD_PART, PART_SHORT},
	{"__int32", TS_WORD_PART, PART_INT},
	{"__int64", TS_WORD_PART, PART_LONG},
	{"__int8", TS_WORD_PART, PART_INT8},
	{"__restrict", TS_WORD_QUALIFIER, 0},
	{"__restrict__", TS_WORD_QUALIFIER, 0},
	{"__s16", TS_WORD_TYPE, S2},
	{"__s32", TS_WORD_TYPE, S4},
	{"__s64", TS_WORD_TYPE, S8},
	{"__s8", TS_WORD_TYPE, S1},
	{"__signed__", TS_WORD_PART, PART_SIGNED},
	{"__u16", TS_WORD_TYPE, U2},
	{"__u32", TS_WORD_TYPE, U4},
	{"__u64", TS_WORD_TYPE, U8},
	{"__u8", TS_WORD_TYPE, U1},
	{"__uint128_t", TS_WORD_TYPE, INT128},
	{"__volatile__", TS_WORD_QUALIFIER, 0},
	{"blkcnt_t", TS_WORD_TYPE, S8},
	{"blksize_t", TS_WORD_TYPE, S8},
	{"bool", TS_WORD_PART, PART_BOOL},
	{"caddr_t", TS_WORD_TYPE, POINTER},
	{"cc_t", TS_WORD_TYPE, U1},
	{"char", TS_WORD_PART, PART_CHAR},
	{"char16_t", TS_WORD_TYPE, U2},
	{"char32_t", TS_WORD_TYPE, U4},
	{"char8_t", TS_WORD_TYPE, U1},
	{"clock_t", TS_WORD_TYPE, S8},
	{"clockid_t", TS_WORD_TYPE, S4},
	{"complex", TS_WORD_PART, PART_COMPLEX},
	{"const", TS_WORD_QUALIFIER, 0},
	{"dev_t", TS_WORD_TYPE, U8},
	{"double", TS_WORD_PART, PART_DOUBLE},
	{"double_t", TS_WORD_TYPE, DOUBLE},
	{"enum", TS_WORD_ENUM, 0},
	{"extern", TS_WORD_STORAGE, 0},
	{"float", TS_WORD_PART, PART_FLOAT},
	{"float_t", TS_WORD_TYPE, FLOAT},
	{"fsblkcnt_t", TS_WORD_TYPE, U8},
	{"fsfilcnt_t", TS_WORD_TYPE, U8},
	{"gid_t", TS_WORD_TYPE, U4},
	{"iconv_t", TS_WORD_TYPE, POINTER},
	{"id_t", TS_WORD_TYPE, U4},
	{"in_addr_t", TS_WORD_TYPE, U4},
	{"in_port_t", TS_WORD_TYPE, U2},
	{"inline", TS_WORD_STORAGE, 0},
	{"ino64_t", TS_WORD_TYPE, U8},
	{"ino_t", TS_WORD_TYPE, U8},
	{"int", TS_WORD_PART, PART_INT},
	{"int16_t", TS_WORD_TYPE, S2},
	{"int32_t", TS_WORD_TYPE, S4},
	{"int64_t", TS_WORD_TYPE, S8},
	{"int8_t", TS_WORD_TYPE, S1},
	{"int_fast16_t", TS_WORD_TYPE, S8},
	{"int_fast32_t", TS_WORD_TYPE, S8},
	{"int_fast64_t", TS_WORD_TYPE, S8},
	{"int_fast8_t", TS_WORD_TYPE, S1},
	{"int_least16_t", TS_WORD_TYPE, S2},
	{"int_least32_t", TS_WORD_TYPE, S4},
	{"int_least64_t", TS_WORD_TYPE, S8},
	{"int_least8_t", TS_WORD_TYPE, S1},
	{"intmax_t", TS_WORD_TYPE, S8},
	{"intptr_t", TS_WORD_TYPE, S8},
	{"key_t", TS_WORD_TYPE, S4},
	{"locale_t", TS_WORD_TYPE, POINTER},
	{"loff_t", TS_WORD_TYPE, S8},
	{"long", TS_WORD_PART, PART_LONG},
	{"mode_t", TS_WORD_TYPE, U4},
	{"nfds_t", TS_WORD_TYPE, U8},
	{"nlink_t", TS_WORD_TYPE, U8},
	{"off64_t", TS_WORD_TYPE, S8},
	{"off_t", TS_WORD_TYPE, S8},
	{"pid_t", TS_WORD_TYPE, S4},
	{"pthread_key_t", TS_WORD_TYPE, U4},
	{"pthread_once_t", TS_WORD_TYPE, S4},
	{"pthread_t", TS_WORD_TYPE, U8},
	{"ptrdiff_t", TS_WORD_TYPE, S8},
	{"register", TS_WORD_QUALIFIER, 0},
	{"register_t", TS_WORD_TYPE, S8},
	{"regoff_t", TS_WORD_TYPE, S4},
	{"restrict", TS_WORD_QUALIFIER, 0},
	{"rlim_t", TS_WORD_TYPE, U8},
	{"rsize_t", TS_WORD_TYPE, U8},
	{"sa_family_t", TS_WORD_TYPE, U2},
	{"short", TS_WORD_PART, PART_SHORT},
	{"sig_atomic_t", TS_WORD_TYPE, S4},
	{"sighandler_t", TS_WORD_TYPE, POINTER},
	{"signed", TS_WORD_PART, PART_SIGNED},
	{"size_t", TS_WORD_TYPE, U8},
	{"socklen_t", TS_WORD_TYPE, U4},
	{"speed_t", TS_WORD_TYPE, U4},
	{"ssize_t", TS_WORD_TYPE, S8},
	{"static", TS_WORD_STORAGE, 0},
	{"string", TS_WORD_TYPE, STRING},
	{"struct", TS_WORD_AGGREGATE, 0},
	{"suseconds_t", TS_WORD_TYPE, S8},
	{"tcflag_t", TS_WORD_TYPE, U4},
	{"time_t", TS_WORD_TYPE, S8},
	{"timer_t", TS_WORD_TYPE, POINTER},
	{"u_char", TS_WORD_TYPE, U1},
	{"u_int", TS_WORD_TYPE, U4},
	{"u_int16_t", TS_WORD_TYPE, U2},
	{"u_int32_t", TS_WORD_TYPE, U4},
	{"u_int64_t", TS_WORD_TYPE, U8},
	{"u_int8_t", TS_WORD_TYPE, U1},
	{"u_long", TS_WORD_TYPE, U8},
	{"u_short", TS_WORD_TYPE, U2},
	{"uchar", TS_WORD_TYPE, U1},
	{"uid_t", TS_WORD_TYPE, U4},
	{"uint", TS_WORD_TYPE, U4},
	{"uint16_t", TS_WORD_TYPE, U2},
	{"uint32_t", TS_WORD_TYPE, U4},
	{"uint64_t", TS_WORD_TYPE, U8},
	{"uint8_t", TS_WORD_TYPE, U1},
	{"uint_fast16_t", TS_WORD_TYPE, U8},
	{"uint_fast32_t", TS_WORD_TYPE, U8},
	{"uint_fast64_t", TS_WORD_TYPE, U8},
	{"uint_fast8_t", TS_WORD_TYPE, U1},
	{"uint_least16_t", TS_WORD_TYPE, U2},
	{"uint_least32_t", TS_WORD_TYPE, U4},
	{"uint_least64_t", TS_WORD_TYPE, U8},
	{"uint_least8_t", TS_WORD_TYPE, U1},
	{"uintmax_t", TS_WORD_TYPE, U8},
	{"uintptr_t", TS_WORD_TYPE, U8},
	{"ulong", TS_WORD_TYPE, U8},
	{"union", TS_WORD_AGGREGATE, 0},
	{"unsigned", TS_WORD_PART, PART_UNSIGNED},
	{"useconds_t", TS_WORD_TYPE, U4},
	{"ushort", TS_WORD_TYPE, U2},
	{"va_list", TS_WORD_TYPE, POINTER},
	{"void", TS_WORD_PART, PART_VOID},
	{"volatile", TS_WORD_QUALIFIER, 0},
	{"wchar_t", TS_WORD_TYPE, S4},
	{"wint_t", TS_WORD_TYPE, U4},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* By hand: nearly all differ in their first letters, and most of reading a rule is this. */
static int compare(struct ts_slice word, const char *known)
{
	size_t i = 0;

	while (i < word.bytes && word.text[i] == known[i])
		i++;
	if (i < word.bytes)
		return (unsigned char)word.text[i] - (unsigned char)known[i];
	return known[i] ? -1 : 0;
}

const struct ts_word *ts_word_find(struct ts_slice word)
{
	size_t low = 0, high = LENGTH(words);

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = compare(word, words[middle].text);

		if (order == 0)
			return &words[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

struct ts_hint ts_word_hint(struct ts_slice word)
{
	struct ts_spelling spelling = ts_spelling_of(word);

	for (size_t i = 0; i < LENGTH(words); i++)
		ts_spelling_offer(&spelling, words[i].text);
	return ts_spelling_hint(&spelling);
}

uint32_t ts_parts_add(uint32_t parts, const struct ts_word *word)
{
	if (word->value == PART_LONG) {
		if (parts & PART_LONG_LONG)
			return 0;
		if (parts & PART_LONG)
			return (parts & ~(uint32_t)PART_LONG) | PART_LONG_LONG;
	}
	if (parts & word->value)
		return 0;
	return parts | word->value;
}

/* So that each integer type is left with one spelling. */
static uint32_t normal(uint32_t parts)
{
	if (parts & PART_SIGNED && parts & PART_UNSIGNED)
		return 0;
	if (parts == PART_SIGNED)
		return PART_INT;
	if (parts & (PART_INT8 | PART_INT128) || !(parts & ~(uint32_t)PART_INTEGERS))
		parts &= ~(uint32_t)PART_SIGNED;
	if (parts != PART_INT && !(parts & ~(uint32_t)PART_INTEGERS))
		parts &= ~(uint32_t)PART_INT;
	return parts;
}

/* Its place in `spellings`, or their number. */
static size_t find_spelling(uint32_t parts)
{
	uint32_t wanted = normal(parts);
	size_t i = 0;

	while (i < LENGTH(spellings) && spellings[i].parts != wanted)
		i++;
	return i;
}

const struct ts_ctype *ts_ctype_of_parts(uint32_t parts)
{
	size_t i = find_spelling(parts);

	return i < LENGTH(spellings) ? &scalars[spellings[i].scalar] : NULL;
}

const char *ts_parts_spelling(uint32_t parts)
{
	size_t i = find_spelling(parts);

	return i < LENGTH(spellings) ? spellings[i].text : NULL;
}

/* Types of their own, and those that a kernel's headers or libc make of something else. */
static const struct {
	const char *word, *text;
} typedefs[] = {
	{"__s64", "long long"},
	{"__u64", "unsigned long long"},
	{"char16_t", "char16_t"},
	{"char32_t", "char32_t"},
	{"char8_t", "char8_t"},
	{"wchar_t", "wchar_t"},
	{"__builtin_va_list", "__va_list_tag*"},
	{"__gnuc_va_list", "__va_list_tag*"},
	{"va_list", "__va_list_tag*"},
	{"locale_t", "__locale_struct*"},
	{"iconv_t", "void*"},
	{"timer_t", "void*"},
	{"caddr_t", "char*"},
	{"sighandler_t", "void(*)(int)"},
	{"string", "char const*"},
};

const char *ts_word_spelling(const struct ts_word *word)
{
	for (size_t i = 0; i < LENGTH(typedefs); i++)
		if (strcmp(typedefs[i].word, word->text) == 0)
			return typedefs[i].text;
	for (size_t i = 0; i < LENGTH(spellings); i++)
		if (spellings[i].scalar == word->value)
			return spellings[i].text;
	return word->text;
}

bool ts_parts_are_char(uint32_t parts)
{
	return parts == PART_CHAR;
}

const struct ts_ctype *ts_ctype_of_word(const struct ts_word *word)
{
	return &scalars[word->value];
}

struct ts_ctype ts_ctype_pointer(enum ts_type type)
{
	struct ts_ctype pointer = scalars[POINTER];

	pointer.type = type;
	return pointer;
}

struct ts_ctype ts_ctype_std_string(void)
{
	return scalars[STD_STRING];
}

struct ts_ctype ts_ctype_std_view(void)
{
	return scalars[STD_VIEW];
}

struct ts_ctype ts_ctype_object(void)
{
	return scalars[OBJECT];
}

struct ts_ctype ts_ctype_enum(void)
{
	return scalars[S4];
}
