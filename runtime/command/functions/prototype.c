// SPDX-License-Identifier: Apache-2.0
#include "prototype.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

#define MOST_PARAMS 32 /* that a rule may have */
#define DEEPEST     64 /* chain of pointers and typedefs; damaged debug information may be a ring */

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct writer {
	const struct ts_signature *signature;
	struct ts_pool *pool;
	const char *note;
};

/* --- base types ------------------------------------------------------------------------------ */

/* Compilers' names -> the short ones; whatever is here can stand in a rule. */
static const struct {
	const char *name;
	const char *written;
} bases[] = {
	{"_Bool", "bool"},
	{"bool", "bool"},
	{"char", "char"},
	{"signed char", "signed char"},
	{"unsigned char", "unsigned char"},
	{"short int", "short"},
	{"short", "short"},
	{"short unsigned int", "unsigned short"},
	{"unsigned short", "unsigned short"},
	{"int", "int"},
	{"unsigned int", "unsigned"},
	{"long int", "long"},
	{"long", "long"},
	{"long unsigned int", "unsigned long"},
	{"unsigned long", "unsigned long"},
	{"long long int", "long long"},
	{"long long", "long long"},
	{"long long unsigned int", "unsigned long long"},
	{"unsigned long long", "unsigned long long"},
	{"__int128", "__int128"},
	{"__int128 unsigned", "unsigned __int128"},
	{"unsigned __int128", "unsigned __int128"},
	{"float", "float"},
	{"_Float32", "float"},
	{"double", "double"},
	{"_Float64", "double"},
	{"_Float32x", "double"},
	{"long double", "long double"},
	{"_Float64x", "long double"},
	{"_Float128", "_Float128"},
	{"__float128", "__float128"},
	{"complex float", "_Complex float"},
	{"complex double", "_Complex double"},
	{"complex long double", "_Complex long double"},
	{"wchar_t", "wchar_t"},
	{"char8_t", "char8_t"},
	{"char16_t", "char16_t"},
	{"char32_t", "char32_t"},
};

/* Typedefs that symbols.conf knows and that say more than what they stand for. */
static const struct {
	const char *name;
	uint8_t bytes;
	uint8_t encoding;
} typedefs[] = {
	{"int8_t", 1, TS_ENCODING_SIGNED},       {"uint8_t", 1, TS_ENCODING_UNSIGNED},
	{"int16_t", 2, TS_ENCODING_SIGNED},      {"uint16_t", 2, TS_ENCODING_UNSIGNED},
	{"int32_t", 4, TS_ENCODING_SIGNED},      {"uint32_t", 4, TS_ENCODING_UNSIGNED},
	{"int64_t", 8, TS_ENCODING_SIGNED},      {"uint64_t", 8, TS_ENCODING_UNSIGNED},
	{"intptr_t", 8, TS_ENCODING_SIGNED},     {"uintptr_t", 8, TS_ENCODING_UNSIGNED},
	{"intmax_t", 8, TS_ENCODING_SIGNED},     {"uintmax_t", 8, TS_ENCODING_UNSIGNED},
	{"ssize_t", 8, TS_ENCODING_SIGNED},      {"size_t", 8, TS_ENCODING_UNSIGNED},
	{"ptrdiff_t", 8, TS_ENCODING_SIGNED},    {"off_t", 8, TS_ENCODING_SIGNED},
	{"off64_t", 8, TS_ENCODING_SIGNED},      {"time_t", 8, TS_ENCODING_SIGNED},
	{"clock_t", 8, TS_ENCODING_SIGNED},      {"clockid_t", 4, TS_ENCODING_SIGNED},
	{"pid_t", 4, TS_ENCODING_SIGNED},        {"uid_t", 4, TS_ENCODING_UNSIGNED},
	{"gid_t", 4, TS_ENCODING_UNSIGNED},      {"mode_t", 4, TS_ENCODING_UNSIGNED},
	{"dev_t", 8, TS_ENCODING_UNSIGNED},      {"ino_t", 8, TS_ENCODING_UNSIGNED},
	{"socklen_t", 4, TS_ENCODING_UNSIGNED},  {"pthread_t", 8, TS_ENCODING_UNSIGNED},
	{"useconds_t", 4, TS_ENCODING_UNSIGNED},
};

/* A base type without a name of C, or an enum without one: by what it is stored as. */
static const char *by_size(enum ts_encoding encoding, uint32_t bytes)
{
	static const char *const names[2][4] = {
		{"int8_t", "int16_t", "int", "long"},
		{"uint8_t", "uint16_t", "unsigned", "unsigned long"},
	};
	size_t power = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : bytes == 8 ? 3 : 4;

	if (power < 4 && encoding == TS_ENCODING_SIGNED)
		return names[0][power];
	if (power < 4 && encoding == TS_ENCODING_UNSIGNED)
		return names[1][power];
	if (bytes == 1 && encoding == TS_ENCODING_BOOL)
		return "bool";
	return NULL;
}

static const char *base_name(const struct ts_shape *shape)
{
	for (size_t i = 0; shape->name && i < LENGTH(bases); i++)
		if (strcmp(bases[i].name, shape->name) == 0)
			return bases[i].written;
	return by_size(shape->encoding, shape->bytes);
}

/* --- names ----------------------------------------------------------------------------------- */

/* A name that C can spell, or C++ with '::' between; templates are none. */
static bool is_plain(const char *name, bool qualified)
{
	size_t n = 0;

	if (!name || !*name || (*name >= '0' && *name <= '9'))
		return false;
	for (; name[n]; n++)
		if (!ts_name_is_word(name[n]) && !(qualified && name[n] == ':'))
			return false;
	return true;
}

/* What C++ can have for a type's name: templates, too, and nothing that stands in no source. */
static bool is_type_name(const char *name)
{
	return name && *name && !strpbrk(name, "(){}*\"");
}

/* Names of parameters that would be read as a part of the type before them. */
static bool is_part_of_type(const char *name)
{
	static const char *const parts[] = {"complex", "bool",    "__int8",  "__int16",
					    "__int32", "__int64", "register"};

	for (size_t i = 0; i < LENGTH(parts); i++)
		if (strcmp(parts[i], name) == 0)
			return true;
	return false;
}

static bool is_cplusplus(const struct writer *writer)
{
	return writer->signature->language == TS_LANGUAGE_CPLUSPLUS;
}

/* The classes whose values symbols.conf knows. */
static const char *standard_class(const struct ts_shape *shape)
{
	static const char *const classes[] = {"std::string", "std::string_view"};

	for (size_t i = 0; shape->name && i < LENGTH(classes); i++)
		if (strcmp(classes[i], shape->name) == 0)
			return classes[i];
	return NULL;
}

/* --- types ----------------------------------------------------------------------------------- */

const struct ts_shape *ts_shape_bare(const struct ts_shape *shape)
{
	for (int i = 0; shape && i < DEEPEST; i++) {
		if (shape->form != TS_FORM_CONST && shape->form != TS_FORM_QUALIFIED &&
		    shape->form != TS_FORM_TYPEDEF)
			break;
		shape = shape->of;
	}
	return shape;
}

/* Is there a const on the way from `shape` to `end`? */
static bool has_const(const struct ts_shape *shape, const struct ts_shape *end)
{
	for (int i = 0; shape && shape != end && i < DEEPEST; i++, shape = shape->of)
		if (shape->form == TS_FORM_CONST)
			return true;
	return false;
}

static bool is_const(const struct ts_shape *shape)
{
	return has_const(shape, ts_shape_bare(shape));
}

static const struct ts_shape *unqualified(const struct ts_shape *shape)
{
	for (int i = 0; shape && i < DEEPEST; i++) {
		if (shape->form != TS_FORM_CONST && shape->form != TS_FORM_QUALIFIED)
			break;
		shape = shape->of;
	}
	return shape;
}

static bool is_char(const struct ts_shape *shape)
{
	return shape && shape->form == TS_FORM_BASE && shape->name &&
	       strcmp(shape->name, "char") == 0;
}

static const char *pointee(struct writer *writer, const struct ts_shape *shape, int depth);

/* "const char *", to which a name is put without a space. */
static const char *pointer(struct writer *writer, const struct ts_shape *to, const char *mark,
			   int depth)
{
	const char *inner = pointee(writer, to, depth + 1);
	size_t n = inner ? strlen(inner) : 0;

	if (!inner)
		return NULL;
	return ts_pool_printf(writer->pool, "%s%s%s", inner, strchr("* ", inner[n - 1]) ? "" : " ",
			      mark);
}

/*
 * A struct, union, enum or class behind a pointer. In C a pointer is a pointer, whatever it leads to; C++
 * knows functions by such types, so that they have to be right: NULL where one cannot be written.
 */
static const char *tagged(struct writer *writer, const struct ts_shape *shape)
{
	const char *tag = shape->form == TS_FORM_ENUM    ? "enum"
			  : shape->form == TS_FORM_UNION ? "union"
							 : "struct";

	if (!is_cplusplus(writer))
		return is_plain(shape->name, false)
			       ? ts_pool_printf(writer->pool, "%s %s", tag, shape->name)
			       : "void";
	return is_type_name(shape->name) ? shape->name : NULL;
}

static const char *pointee_alone(struct writer *writer, const struct ts_shape *shape, int depth)
{
	const char *other = is_cplusplus(writer) ? NULL : "void";
	const char *name;

	if (!shape)
		return "void";
	if (depth > DEEPEST)
		return other;
	switch (shape->form) {
	case TS_FORM_BASE:
		name = base_name(shape);
		return name ? name : other;
	case TS_FORM_TYPEDEF:
		return is_plain(shape->name, false) ? shape->name : "void";
	case TS_FORM_ENUM:
	case TS_FORM_STRUCT:
	case TS_FORM_UNION:
		return tagged(writer, shape);
	case TS_FORM_POINTER:
		return pointer(writer, shape->of, "*", depth);
	default:
		return other;
	}
}

/* What a typedef stands for counts where that makes a string, and in C++, which looks through it. */
static bool looks_through(const struct writer *writer, const struct ts_shape *shape)
{
	return is_cplusplus(writer) || is_char(ts_shape_bare(shape));
}

/* What stands before the '*'. NULL: it cannot be written, or there is no memory. */
static const char *pointee(struct writer *writer, const struct ts_shape *shape, int depth)
{
	bool through = looks_through(writer, shape);
	const struct ts_shape *alone = through ? ts_shape_bare(shape) : unqualified(shape);
	const char *name = pointee_alone(writer, alone, depth);
	bool constant = through ? is_const(shape) : shape != alone && has_const(shape, alone);

	if (!constant || !name)
		return name;
	if (alone && alone->form == TS_FORM_POINTER)
		return ts_pool_printf(writer->pool, "%sconst ", name);
	return ts_pool_printf(writer->pool, "const %s", name);
}

static const char *known_typedef(const struct ts_shape *shape)
{
	const struct ts_shape *is = ts_shape_bare(shape);

	for (shape = unqualified(shape); is && is->form == TS_FORM_BASE && shape != is;
	     shape = unqualified(shape->of)) {
		const char *name = shape->name ? shape->name : "";

		name += strncmp(name, "std::", 5) == 0 ? 5 : 0;
		for (size_t i = 0; i < LENGTH(typedefs); i++)
			if (strcmp(typedefs[i].name, name) == 0 && typedefs[i].bytes == is->bytes &&
			    typedefs[i].encoding == is->encoding)
				return typedefs[i].name;
	}
	return NULL;
}

static const char *enumeration(struct writer *writer, const struct ts_shape *shape)
{
	bool plain = is_plain(shape->name, is_cplusplus(writer));

	if (shape->bytes == 4 && plain)
		return ts_pool_printf(writer->pool, "enum %s", shape->name);
	return is_cplusplus(writer) ? NULL : by_size(shape->encoding, shape->bytes);
}

/* The type of a value that is passed itself. NULL: it cannot be written, or there is no memory. */
static const char *value(struct writer *writer, const struct ts_shape *shape)
{
	const struct ts_shape *is = ts_shape_bare(shape);
	const char *known = known_typedef(shape);

	if (!is)
		return "void";
	if (known)
		return known;
	switch (is->form) {
	case TS_FORM_BASE:
		return base_name(is);
	case TS_FORM_POINTER:
		return pointer(writer, is->of, "*", 0);
	case TS_FORM_REFERENCE:
	case TS_FORM_RVALUE:
		/* extern "C": an address, and of no string, though it may be of a char */
		if (!is_cplusplus(writer))
			return "void *";
		return pointer(writer, is->of, is->form == TS_FORM_RVALUE ? "&&" : "&", 0);
	case TS_FORM_ENUM:
		return enumeration(writer, is);
	case TS_FORM_STRUCT:
		return is_cplusplus(writer) ? standard_class(is) : NULL;
	default:
		return NULL;
	}
}

/* "struct point by value": why value() has nothing to write. */
static const char *refusal(struct writer *writer, const struct ts_shape *shape)
{
	const struct ts_shape *is = ts_shape_bare(shape);
	const char *name = is && is->name ? is->name : shape && shape->name ? shape->name : "";
	const char *what = "type";

	if (is && (is->form == TS_FORM_POINTER || is->form == TS_FORM_REFERENCE ||
		   is->form == TS_FORM_RVALUE))
		return "type that no rule can spell";
	if (is && is->form == TS_FORM_STRUCT)
		what = is_cplusplus(writer) ? "class" : "struct";
	else if (is && is->form == TS_FORM_UNION)
		what = "union";
	else if (is && is->form == TS_FORM_ENUM)
		what = "enum";
	return ts_pool_printf(writer->pool, "%s%s%.64s by value", what, *name ? " " : "", name);
}

/* --- functions ------------------------------------------------------------------------------- */

/* A type and what follows it, apart unless the type ends with a mark. */
static void put(FILE *to, const char *type, const char *name)
{
	char last = type[strlen(type) - 1];

	fprintf(to, "%s%s%s", type, *name && ts_name_is_word(last) ? " " : "", name);
}

/*
 * The parameters that can be written; those behind one that cannot have no known place. False: a list
 * that ends there would not do.
 */
static bool put_params(FILE *to, struct writer *writer)
{
	const struct ts_signature *signature = writer->signature;

	for (size_t i = 0; i < signature->n_params; i++) {
		const struct ts_signature_param *param = &signature->params[i];
		const char *name = is_plain(param->name, false) && !is_part_of_type(param->name)
					   ? param->name
					   : "";
		const char *type;

		if (i == MOST_PARAMS) {
			writer->note = "the first 32 parameters";
			return !is_cplusplus(writer);
		}
		if (!i && signature->method) {
			fputs("this", to);
			continue;
		}
		type = value(writer, param->shape);
		if (!type) {
			/* C++ knows its functions by their parameters, and one without any says nothing */
			if (is_cplusplus(writer) || (!i && !signature->result)) {
				writer->note = ts_pool_printf(writer->pool, "it takes a %s",
							      refusal(writer, param->shape));
				return false;
			}
			writer->note = ts_pool_printf(writer->pool, "up to %s, a %s",
						      *name ? name : "a parameter",
						      refusal(writer, param->shape));
			return true;
		}
		fputs(i ? ", " : "", to);
		put(to, type, name);
	}
	if (signature->variadic)
		fputs(signature->n_params ? ", ..." : "...", to);
	else if (!signature->n_params && !is_cplusplus(writer))
		fputs("void", to);
	return true;
}

/* Why there can be no prototype at all, or NULL. */
static const char *impossible(struct writer *writer)
{
	const struct ts_signature *signature = writer->signature;

	if (signature->language == TS_LANGUAGE_OTHER)
		return "neither C nor C++";
	if (signature->hidden)
		return "hidden parameters";
	for (size_t i = 0; signature->old_style && i < signature->n_params; i++) {
		const struct ts_shape *is = ts_shape_bare(signature->params[i].shape);

		if (is && is->form == TS_FORM_BASE && is->encoding == TS_ENCODING_FLOAT)
			return "old-style parameters";
	}
	return NULL;
}

const char *ts_prototype_write(const struct ts_signature *signature, const char *name,
			       struct ts_pool *pool, const char **ret_note)
{
	struct writer writer = {.signature = signature, .pool = pool};
	const char *result;
	const char *written = NULL;
	char *text = NULL;
	size_t bytes;
	bool whole;
	FILE *to;

	*ret_note = impossible(&writer);
	if (*ret_note)
		return NULL;
	result = value(&writer, signature->result);
	if (!result) {
		const char *why = refusal(&writer, signature->result);

		*ret_note = why ? ts_pool_printf(pool, "it returns a %s", why) : NULL;
		return NULL;
	}
	to = open_memstream(&text, &bytes);
	if (!to)
		return NULL;
	put(to, result, name);
	fputc('(', to);
	whole = put_params(to, &writer);
	fputc(')', to);
	if (!fclose(to) && whole)
		written = ts_pool_strndup(pool, text, bytes);
	free(text);
	*ret_note = written || !whole ? writer.note : NULL;
	return written;
}
