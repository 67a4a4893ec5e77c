// SPDX-License-Identifier: Apache-2.0
/* The types of a function: DWARF -> signature.h. */

#include "debuginfo.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "debugimpl.h"

/* --- types ----------------------------------------------------------------------------------- */

static enum ts_form form_of(int tag)
{
	switch (tag) {
	case DW_TAG_base_type:
		return TS_FORM_BASE;
	case DW_TAG_pointer_type:
		return TS_FORM_POINTER;
	case DW_TAG_reference_type:
		return TS_FORM_REFERENCE;
	case DW_TAG_rvalue_reference_type:
		return TS_FORM_RVALUE;
	case DW_TAG_const_type:
		return TS_FORM_CONST;
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		return TS_FORM_QUALIFIED;
	case DW_TAG_typedef:
		return TS_FORM_TYPEDEF;
	case DW_TAG_enumeration_type:
		return TS_FORM_ENUM;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return TS_FORM_STRUCT;
	case DW_TAG_union_type:
		return TS_FORM_UNION;
	default:
		return TS_FORM_OTHER;
	}
}

static enum ts_encoding encoding_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Word encoding = 0;

	if (!dwarf_attr(die, DW_AT_encoding, &attribute) ||
	    dwarf_formudata(&attribute, &encoding) != 0)
		return TS_ENCODING_OTHER;
	switch (encoding) {
	case DW_ATE_boolean:
		return TS_ENCODING_BOOL;
	case DW_ATE_signed:
	case DW_ATE_signed_char:
		return TS_ENCODING_SIGNED;
	case DW_ATE_unsigned:
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
		return TS_ENCODING_UNSIGNED;
	case DW_ATE_float:
		return TS_ENCODING_FLOAT;
	default:
		return TS_ENCODING_OTHER;
	}
}

static const struct ts_shape *shape_of(struct ts_debuginfo *info, Dwarf_Die *die, int depth);

/* What `die` says its type is: NULL is void. */
static const struct ts_shape *shape_behind(struct ts_debuginfo *info, Dwarf_Die *die, int depth)
{
	Dwarf_Die type;

	return depth < TS_DEBUG_DEEPEST && ts_debug_follow(die, DW_AT_type, &type)
		       ? shape_of(info, &type, depth + 1)
		       : NULL;
}

static const struct ts_shape *shape_of(struct ts_debuginfo *info, Dwarf_Die *die, int depth)
{
	struct ts_shape *shape = ts_pool_alloc(&info->pool, sizeof(*shape));
	int bytes = dwarf_bytesize(die);
	const struct ts_shape *of = NULL;

	if (!shape) {
		info->no_memory = true;
		return NULL;
	}
	*shape = (struct ts_shape){
		.form = form_of(dwarf_tag(die)),
		.encoding = encoding_of(die),
		.bytes = bytes < 0 ? 0 : (uint32_t)bytes,
		.name = ts_debug_type_name(info, die),
	};
	if (shape->form != TS_FORM_STRUCT && shape->form != TS_FORM_UNION &&
	    shape->form != TS_FORM_OTHER && shape->form != TS_FORM_BASE)
		of = shape_behind(info, die, depth);
	shape->of = of;
	if (shape->form != TS_FORM_ENUM)
		return shape;
	/* an enum is what it is stored as; compilers for C do not always say it */
	while (of && of->form == TS_FORM_TYPEDEF)
		of = of->of;
	shape->encoding = of ? of->encoding : TS_ENCODING_SIGNED;
	return shape;
}

/* --- signatures ------------------------------------------------------------------------------ */

static bool has_flag(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	bool flag = false;

	return dwarf_attr_integrate(die, name, &attribute) &&
	       dwarf_formflag(&attribute, &flag) == 0 && flag;
}

/* What was declared: a body's own list lacks what the compiler optimised away. */
static Dwarf_Die declaration_of(const Dwarf_Die *body)
{
	Dwarf_Die die = *body, origin;

	for (int i = 0;
	     i < TS_DEBUG_DEEPEST && ts_debug_follow(&die, DW_AT_abstract_origin, &origin); i++)
		die = origin;
	return die;
}

struct collector {
	struct ts_debuginfo *info;
	struct ts_signature *signature;
	struct ts_debug_vector params; /* struct ts_signature_param */
};

static void take_param(struct collector *collector, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	bool artificial = has_flag(die, DW_AT_artificial);
	struct ts_signature_param *param;

	if (artificial && !collector->params.n) {
		collector->signature->method = true;
	} else if (artificial) {
		/* constructors and destructors: this one is only told of, the table of virtual bases
		 * is passed */
		collector->signature->hidden |= !name || strcmp(name, "__in_chrg") != 0;
		return;
	}
	param = ts_debug_push(collector->info, &collector->params, sizeof(*param));
	if (!param)
		return;
	param->name = name;
	param->shape = shape_behind(collector->info, die, 0);
}

static void take_params(struct collector *collector, Dwarf_Die *function)
{
	Dwarf_Die die;

	if (dwarf_child(function, &die) != 0)
		return;
	do {
		int tag = dwarf_tag(&die);

		if (tag == DW_TAG_formal_parameter)
			take_param(collector, &die);
		else if (tag == DW_TAG_unspecified_parameters)
			collector->signature->variadic = true;
		else if (tag == DW_TAG_GNU_formal_parameter_pack)
			collector->signature->hidden = true;
	} while (dwarf_siblingof(&die, &die) == 0);
}

static const struct ts_shape *result_of(struct ts_debuginfo *info, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Die type;

	if (!dwarf_attr_integrate(die, DW_AT_type, &attribute) ||
	    !dwarf_formref_die(&attribute, &type))
		return NULL;
	return shape_of(info, &type, 0);
}

const struct ts_signature *ts_debuginfo_signature(struct ts_debuginfo *info,
						  const struct ts_symbol *symbol)
{
	const struct ts_debug_body *body = ts_debug_find_body(info, symbol->address, symbol->name);
	struct ts_signature *signature;
	struct collector collector = {.info = info};
	Dwarf_Die die;

	if (!body)
		return NULL;
	signature = ts_pool_alloc(&info->pool, sizeof(*signature));
	if (!signature)
		return NULL;
	die = declaration_of(&body->die);
	*signature = (struct ts_signature){
		.language = body->language,
		.old_style = body->language == TS_LANGUAGE_C && !has_flag(&die, DW_AT_prototyped),
		.result = result_of(info, &die),
	};
	collector.signature = signature;
	take_params(&collector, &die);
	signature->n_params = collector.params.n;
	if (collector.params.n) {
		size_t bytes = collector.params.n * sizeof(struct ts_signature_param);
		void *params = ts_pool_alloc(&info->pool, bytes);

		if (params)
			memcpy(params, collector.params.items, bytes);
		signature->params = params;
	}
	free(collector.params.items);
	return info->no_memory || (signature->n_params && !signature->params) ? NULL : signature;
}
