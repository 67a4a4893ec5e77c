// SPDX-License-Identifier: Apache-2.0
#include "catalogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "prototype.h"

/* --- objects ----------------------------------------------------------------------------------- */

static bool is_system_path(const char *path)
{
	static const char *const folders[] = {"/lib/",     "/lib64/",     "/lib32/",
					      "/usr/lib/", "/usr/lib64/", "/usr/lib32/"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (strncmp(path, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

static int open_object(struct ts_catalogue *catalogue, const char *path, const char *folder)
{
	struct ts_catalogue_object *object = &catalogue->objects[catalogue->n_objects];
	struct ts_error err = {.text = ""};
	const char *slash = strrchr(path, '/');
	int result;

	/* the vDSO, which is no file */
	if (!slash)
		return 0;
	*object = (struct ts_catalogue_object){
		.path = ts_pool_strndup(&catalogue->pool, path, strlen(path)),
		.system = catalogue->n_objects && is_system_path(path),
	};
	if (!object->path)
		return -ENOMEM;
	object->name = object->path + (slash - path) + 1;
	catalogue->n_objects++;
	result = ts_debuginfo_open(&object->info, path, folder, &err);
	if (result < 0 && result != -ENOMEM) {
		object->error = ts_pool_strndup(&catalogue->pool, err.text, strlen(err.text));
		result = object->error ? 0 : -ENOMEM;
	}
	return result;
}

static int by_object_name(const void *a, const void *b)
{
	const struct ts_catalogue_object *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : strcmp(left->path, right->path);
}

int ts_catalogue_open(struct ts_catalogue *ret, const struct ts_rules *report, const char *folder)
{
	int result = 0;

	*ret = (struct ts_catalogue){.n_objects = 0};
	ret->objects = calloc(report->n_objects + 1, sizeof(*ret->objects));
	if (!ret->objects)
		return -ENOMEM;
	for (size_t i = 0; !result && i < report->n_objects; i++)
		result = open_object(ret, report->objects[i].path, folder);
	if (ret->n_objects > 2)
		qsort(ret->objects + 1, ret->n_objects - 1, sizeof(*ret->objects), by_object_name);
	if (result < 0)
		ts_catalogue_release(ret);
	return result;
}

void ts_catalogue_release(struct ts_catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue->n_objects; i++) {
		ts_debuginfo_free(catalogue->objects[i].info);
		free(catalogue->objects[i].functions);
	}
	free(catalogue->objects);
	ts_pool_release(&catalogue->pool);
	catalogue->objects = NULL;
	catalogue->n_objects = 0;
}

/* --- symbols ----------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_function(struct ts_debuginfo *info, const char *name)
{
	size_t n;
	const struct ts_symbol *symbols = ts_debuginfo_symbols(info, &n);
	const struct ts_symbol *found;

	if (!n)
		return false;
	found = bsearch(&name, symbols, n, sizeof(*symbols), by_text);
	return found && found->function;
}

/* --- which functions --------------------------------------------------------------------------- */

/* "NAME@OBJECT" apart; an '@' at the start or end is none. */
static bool fits_object(const char *glob, const char *name, const char *object)
{
	const char *at = strrchr(glob, '@');
	char *alone;
	bool fits;

	if (!at || at == glob || !ts_name_matches(at + 1, object))
		return false;
	alone = strndup(glob, (size_t)(at - glob));
	fits = alone && ts_name_matches(alone, name);
	free(alone);
	return fits;
}

static bool fits_name(const char *glob, const char *name, const char *object)
{
	return ts_name_matches(glob, name) || fits_object(glob, name, object);
}

static bool fits(const char *glob, const struct ts_catalogue_object *object, const char *name)
{
	bool found = fits_name(glob, name, object->name);

	for (int parameters = 0; !found && parameters < 2; parameters++) {
		char *demangled = ts_name_of_symbol(name, parameters);

		found = demangled && fits_name(glob, demangled, object->name);
		free(demangled);
	}
	return found;
}

/* Of the C++ library, which lies in headers and so in every program. */
static bool is_standard(const char *name)
{
	char *demangled = ts_name_of_symbol(name, false);
	bool standard = demangled && ts_name_is_standard(demangled);

	free(demangled);
	return standard;
}

static bool is_wanted(const struct ts_catalogue_object *object, const struct ts_symbol *symbol,
		      const char *glob)
{
	if (!symbol->function || ts_name_is_internal(symbol->name))
		return false;
	if (glob)
		return fits(glob, object, symbol->name);
	return !is_standard(symbol->name) && !ts_debuginfo_is_system(object->info, symbol);
}

/* --- one function ------------------------------------------------------------------------------ */

static const char *keep(struct ts_catalogue *catalogue, char *text)
{
	const char *kept = text ? ts_pool_strndup(&catalogue->pool, text, strlen(text)) : NULL;

	free(text);
	return kept;
}

/* The prototype of one of the functions of a name, with the note that goes with it. */
static const char *write(struct ts_catalogue *catalogue, struct ts_debuginfo *info,
			 const struct ts_catalogue_function *function,
			 const struct ts_symbol *symbol, const char **ret_note)
{
	const struct ts_signature *signature;
	struct ts_signature plain;
	const char *name = function->qualified ? function->qualified : function->name;

	if (symbol->resolver) {
		*ret_note = "chosen when the program starts";
		return NULL;
	}
	signature = ts_debuginfo_signature(info, symbol);
	if (!signature) {
		*ret_note = ts_debuginfo_bytes(info) ? "no debug information for it"
						     : TS_CATALOGUE_NO_DEBUG;
		return NULL;
	}
	/* extern "C" */
	if (!function->qualified && signature->language == TS_LANGUAGE_CPLUSPLUS) {
		plain = *signature;
		plain.language = TS_LANGUAGE_C;
		signature = &plain;
	}
	if (!ts_name_is_writable(name)) {
		*ret_note = "a name that no rule can spell";
		return NULL;
	}
	return ts_prototype_write(signature, name, &catalogue->pool, ret_note);
}

/* Of several functions of one name the types must agree: a rule is for all of them. */
static void describe(struct ts_catalogue *catalogue, struct ts_debuginfo *info,
		     struct ts_catalogue_function *function, const struct ts_symbol *symbols)
{
	function->prototype = write(catalogue, info, function, &symbols[0], &function->note);
	for (size_t i = 1; function->prototype && i < function->n; i++) {
		const char *note;
		const char *other = write(catalogue, info, function, &symbols[i], &note);

		if (other && strcmp(other, function->prototype) == 0)
			continue;
		function->prototype = NULL;
		function->note =
			ts_pool_printf(&catalogue->pool,
				       "%zu functions of this name, which may differ", function->n);
	}
}

/* How many of `symbols`, which are in order of name, are functions called as the first is. */
static size_t count_same(const struct ts_symbol *symbols, size_t n)
{
	size_t same = 1;

	while (same < n && strcmp(symbols[same].name, symbols[0].name) == 0)
		same++;
	return same;
}

static int add(struct ts_catalogue *catalogue, struct ts_catalogue_object *object,
	       const struct ts_symbol *symbols, size_t n)
{
	struct ts_catalogue_function *function = &object->functions[object->n_functions++];
	const char *name = symbols[0].name;

	*function = (struct ts_catalogue_function){
		.name = name,
		.qualified = keep(catalogue, ts_name_of_symbol(name, false)),
		.address = symbols[0].address,
		.bytes = symbols[0].bytes,
		.n = n,
	};
	for (size_t i = 0; i < n; i++)
		function->exported |= symbols[i].exported;
	function->key =
		ts_name_key(function->qualified ? function->qualified : name, &catalogue->pool);
	describe(catalogue, object->info, function, symbols);
	return function->key ? 0 : -ENOMEM;
}

/* By what people call them. */
static int by_shown_name(const void *a, const void *b)
{
	const struct ts_catalogue_function *left = a, *right = b;
	int order = strcmp(left->qualified ? left->qualified : left->name,
			   right->qualified ? right->qualified : right->name);

	return order ? order : strcmp(left->name, right->name);
}

/* What became of an inlined function; NULL: it is there all the same, or nobody asks. */
static const char *why_inlined(const struct ts_catalogue_object *object,
			       const struct ts_inlined *inlined, const char *glob)
{
	bool wanted;

	if (ts_name_is_internal(inlined->name) || has_function(object->info, inlined->name))
		return NULL;
	wanted = glob ? fits(glob, object, inlined->name)
		      : !inlined->system && !is_standard(inlined->name);
	if (!wanted)
		return NULL;
	return inlined->address ? "only a changed copy is left" : "inlined everywhere";
}

/* Those of which no function of that name is left. */
static int add_inlined(struct ts_catalogue *catalogue, struct ts_catalogue_object *object,
		       const char *glob)
{
	size_t n;
	const struct ts_inlined *inlined = ts_debuginfo_inlined(object->info, &n);
	struct ts_catalogue_function *larger =
		reallocarray(object->functions, object->n_functions + n + 1, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	object->functions = larger;
	for (size_t i = 0; i < n; i++) {
		struct ts_catalogue_function *function = &larger[object->n_functions];
		const char *name = inlined[i].name;
		const char *why = why_inlined(object, &inlined[i], glob);

		if (!why || (i && strcmp(inlined[i - 1].name, name) == 0))
			continue;
		*function = (struct ts_catalogue_function){
			.name = name,
			.qualified = keep(catalogue, ts_name_of_symbol(name, false)),
			.address = inlined[i].address,
			/* whether a copy is reached by the function's name, the shim knows */
			.note = inlined[i].address ? why : NULL,
			.reason = inlined[i].address ? NULL : why,
		};
		function->key = ts_name_key(function->qualified ? function->qualified : name,
					    &catalogue->pool);
		if (!function->key)
			return -ENOMEM;
		object->n_functions++;
	}
	return 0;
}

static int select_of(struct ts_catalogue *catalogue, struct ts_catalogue_object *object,
		     const char *glob)
{
	size_t n;
	const struct ts_symbol *symbols = ts_debuginfo_symbols(object->info, &n);
	int result = 0;

	free(object->functions);
	object->n_functions = 0;
	object->functions = calloc(n + 1, sizeof(*object->functions));
	if (!object->functions)
		return -ENOMEM;
	for (size_t i = 0, same; !result && i < n; i += same) {
		same = count_same(&symbols[i], n - i);
		if (is_wanted(object, &symbols[i], glob))
			result = add(catalogue, object, &symbols[i], same);
	}
	/* libraries of the system have debug information of their own, and nobody asks for that */
	if (!result && !object->system)
		result = add_inlined(catalogue, object, glob);
	qsort(object->functions, object->n_functions, sizeof(*object->functions), by_shown_name);
	return result;
}

/* --- all of them ------------------------------------------------------------------------------- */

static void mark_shared(struct ts_catalogue *catalogue, struct ts_catalogue_object *object)
{
	for (size_t i = 0; i < object->n_functions; i++)
		for (size_t j = 0; j < catalogue->n_objects; j++) {
			const struct ts_catalogue_object *other = &catalogue->objects[j];

			if (other != object && other->info &&
			    has_function(other->info, object->functions[i].name))
				object->functions[i].shared = true;
		}
}

int ts_catalogue_select(struct ts_catalogue *catalogue, const char *glob)
{
	for (size_t i = 0; i < catalogue->n_objects; i++) {
		struct ts_catalogue_object *object = &catalogue->objects[i];
		int result = 0;

		if (object->info && (glob || !object->system))
			result = select_of(catalogue, object, glob);
		if (result < 0)
			return result;
	}
	for (size_t i = 0; i < catalogue->n_objects; i++)
		mark_shared(catalogue, &catalogue->objects[i]);
	return 0;
}

void ts_catalogue_names(struct ts_catalogue *catalogue, ts_catalogue_name_fn *fn, void *context)
{
	for (size_t i = 0; i < catalogue->n_objects; i++) {
		const struct ts_catalogue_object *object = &catalogue->objects[i];
		const struct ts_symbol *symbols;
		size_t n = 0;

		symbols = object->info ? ts_debuginfo_symbols(object->info, &n) : NULL;
		for (size_t j = 0; j < n; j++) {
			char *demangled;

			if (!symbols[j].function || ts_name_is_internal(symbols[j].name))
				continue;
			fn(context, symbols[j].name, object->name);
			demangled = ts_name_of_symbol(symbols[j].name, false);
			if (demangled)
				fn(context, demangled, object->name);
			free(demangled);
		}
	}
}
