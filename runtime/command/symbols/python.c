// SPDX-License-Identifier: Apache-2.0
/*
 * The shim is asked what becomes of rules for all functions (*) of the modules in question, in a Python that is given
 * nothing to run.
 */
#include "python.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../functions/names.h"
#include "../program/ask.h"
#include "../program/rules.h"
#include "../program/target.h"
#include "../terminal/print.h"

#define SYSTEM_PYTHON "/usr/bin/python3"

/* Where modules are looked for, and what they are called from there. */
struct place {
	char folder[PATH_MAX];
	char module[PATH_MAX]; /* "": all in the folder */
	bool package;
};

bool ts_python_is_source(const char *name)
{
	size_t n = strlen(name);
	struct stat st;

	if (stat(name, &st) < 0)
		return false;
	return S_ISDIR(st.st_mode) || (n > 3 && strcmp(name + n - 3, ".py") == 0);
}

/* --- names ------------------------------------------------------------------------------------ */

static bool has_init(const char *folder)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/__init__.py", folder);
	return access(path, F_OK) == 0;
}

/* The last part of the folder's path becomes the first of the module's name. */
static void climb(struct place *place)
{
	char *slash = strrchr(place->folder, '/');
	char below[PATH_MAX];

	strcpy(below, place->module);
	snprintf(place->module, PATH_MAX, "%s%s%s", slash + 1, *below ? "." : "", below);
	*slash = '\0';
}

/* As it is imported from the folder above its outermost package. */
static int find_place(struct place *ret, const char *name)
{
	struct stat st;

	*ret = (struct place){.package = false};
	if (!realpath(name, ret->folder) || stat(ret->folder, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode)) {
		ret->package = has_init(ret->folder);
	} else {
		climb(ret);
		ret->module[strlen(ret->module) - 3] = '\0'; /* ".py" */
		if (strcmp(ret->module, "__init__") == 0)
			*ret->module = '\0';
	}
	while (*ret->folder && has_init(ret->folder))
		climb(ret);
	if (!*ret->folder)
		strcpy(ret->folder, "/");
	return 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

static int write_conf(const struct place *place, const char *path)
{
	FILE *file = fopen(path, "we");
	int result = 0;

	if (!file)
		return -errno;
	fputs("[trace]\norphans = drop\n[step]\n", file);
	if (*place->module)
		fprintf(file, "* = python %s:*\n", place->module);
	if (place->package || !*place->module)
		fprintf(file, "* = python %s%s*:*\n", place->module, *place->module ? "." : "");
	if (ferror(file))
		result = -EIO;
	if (fclose(file))
		result = -EIO;
	return result;
}

/* The one on PATH, unless that is a script which starts another. */
static int find_python(char ret[PATH_MAX])
{
	char program[PATH_MAX];

	if (ts_target_find("python3", ret) == 0) {
		strcpy(program, ret);
		ts_target_program(program);
		if (strcmp(program, ret) == 0)
			return 0;
	}
	strcpy(ret, SYSTEM_PYTHON);
	return ts_target_find(ret, ret) == 0 ? 0 : -ENOENT;
}

static int ask(const struct place *place, struct ts_rules *ret)
{
	static char *nothing[] = {"python3", "-S", "-c", "", NULL};
	char folder[PATH_MAX], conf[PATH_MAX + 8], python[PATH_MAX];
	int here, result = ts_ask_folder(folder);

	if (result < 0)
		return result;
	here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(conf, sizeof(conf), "%s/conf", folder);
	result = write_conf(place, conf);
	if (result < 0)
		ts_say("%s: %s", conf, strerror(-result));
	else if ((result = find_python(python)) < 0)
		ts_say("there is no python3 to read Python with");
	else if (chdir(place->folder) < 0)
		ts_say("%s: %s", place->folder, strerror(-(result = -errno)));
	else
		result = ts_ask(python, nothing, conf, ret);
	unlink(conf);
	rmdir(folder);
	if (fchdir(here) < 0)
		ts_say("the folder we were in: %s", strerror(errno));
	if (here >= 0)
		close(here);
	return result;
}

/* --- functions -------------------------------------------------------------------------------- */

static bool is_wanted(const char *function, const char *glob)
{
	const char *name = strchr(function, ':') + 1;
	const char *last = strrchr(name, '.');
	size_t n = strlen(name);

	last = last ? last + 1 : name;
	if (glob)
		return ts_name_matches(glob, last) || ts_name_matches(glob, name) ||
		       ts_name_matches(glob, function);
	return *last != '<' &&
	       !(strncmp(last, "__", 2) == 0 && n > 4 && !strcmp(name + n - 2, "__"));
}

/* "Trainer.run"; what no key can have becomes '_'. */
static const char *key_of(const char *name, struct ts_pool *pool)
{
	char *key = ts_pool_strndup(pool, name, strlen(name));

	for (char *c = key; c && *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '.')
			*c = '_';
	return key;
}

static const char *keep(struct ts_catalogue *catalogue, const char *text)
{
	return ts_pool_strndup(&catalogue->pool, text, strlen(text));
}

static struct ts_catalogue_object *object_of(struct ts_catalogue *catalogue, const char *file,
					     const char *function)
{
	struct ts_catalogue_object *larger, *object = catalogue->objects;

	for (size_t i = 0; i < catalogue->n_objects; i++, object++)
		if (strcmp(object->path, file) == 0)
			return object;
	larger = reallocarray(catalogue->objects, catalogue->n_objects + 1, sizeof(*larger));
	if (!larger)
		return NULL;
	catalogue->objects = larger;
	object = &larger[catalogue->n_objects++];
	*object = (struct ts_catalogue_object){
		.path = keep(catalogue, file),
		.name = ts_pool_strndup(&catalogue->pool, function, strcspn(function, ":")),
	};
	return object->path && object->name ? object : NULL;
}

static int add_function(struct ts_catalogue *catalogue, const struct ts_rules_hook *hook)
{
	const char *name = strchr(hook->function, ':') + 1;
	struct ts_catalogue_object *object = object_of(catalogue, hook->object, hook->function);
	struct ts_catalogue_function *larger, *function;

	if (!object)
		return -ENOMEM;
	larger = reallocarray(object->functions, object->n_functions + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	object->functions = larger;
	function = &larger[object->n_functions++];
	*function = (struct ts_catalogue_function){
		.name = keep(catalogue, name),
		.key = key_of(name, &catalogue->pool),
		.prototype = ts_pool_printf(&catalogue->pool, "python %s", hook->function),
		.type = keep(catalogue, hook->type),
		.n = 1,
		.reached = true,
	};
	return function->name && function->key && function->prototype && function->type ? 0
											: -ENOMEM;
}

/* A module whose source does not compile. */
static int add_unread(struct ts_catalogue *catalogue, const struct ts_rules_unseen *unseen)
{
	struct ts_catalogue_object *object = object_of(catalogue, unseen->object, unseen->function);

	if (!object)
		return -ENOMEM;
	object->error = keep(catalogue, unseen->reason);
	return object->error ? 0 : -ENOMEM;
}

static bool is_compiled(const struct ts_rules_unseen *unseen)
{
	size_t n = strlen(unseen->object);

	return n > 3 && !strcmp(unseen->object + n - 3, ".so");
}

static int fill(struct ts_catalogue *catalogue, const struct ts_rules *report, const char *glob)
{
	size_t n_compiled = 0;
	int result = 0;

	for (size_t i = 0; i < report->n_rules; i++) {
		const struct ts_rule_report *rule = &report->rules[i];

		for (size_t j = 0; !result && j < rule->n_hooks; j++)
			if (is_wanted(rule->hooks[j].function, glob))
				result = add_function(catalogue, &rule->hooks[j]);
		for (size_t j = 0; !result && !glob && j < rule->n_unseen; j++)
			if (is_compiled(&rule->unseen[j]))
				n_compiled++;
			else
				result = add_unread(catalogue, &rule->unseen[j]);
	}
	if (n_compiled)
		ts_say("%zu module%s compiled and left out: only functions written in Python can "
		       "be traced as such",
		       n_compiled, n_compiled == 1 ? " is" : "s are");
	return result;
}

/* Of a Python that cannot look, all rules say why. */
static bool has_looked(const struct ts_rules *report)
{
	for (size_t i = 0; i < report->n_rules; i++)
		for (size_t j = 0; j < report->rules[i].n_misses; j++)
			if (strncmp(report->rules[i].misses[j], "this is Python ", 15) == 0) {
				ts_say("%s", report->rules[i].misses[j]);
				return false;
			}
	return true;
}

int ts_python_catalogue(struct ts_catalogue *ret, const char *name, const char *glob)
{
	struct place place;
	struct ts_rules report;
	int result = find_place(&place, name);

	*ret = (struct ts_catalogue){.n_objects = 0};
	if (result < 0) {
		ts_say("%s: %s", name, strerror(-result));
		return result;
	}
	result = ask(&place, &report);
	if (result < 0)
		return result;
	result = has_looked(&report) ? fill(ret, &report, glob) : -ENOTSUP;
	ts_rules_release(&report);
	if (result == -ENOMEM)
		ts_say("out of memory");
	if (result < 0)
		ts_catalogue_release(ret);
	return result;
}
