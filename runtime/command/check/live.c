// SPDX-License-Identifier: Apache-2.0
#include "live.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../../assemble/json.h"
#include "../../file.h"
#include "../../live/inside.h"
#include "../../live/programs.h"
#include "../../log/dictionary.h"
#include "../../log/ringfile.h"
#include "../../log/spool.h"
#include "../program/ask.h"
#include "../program/lines.h"
#include "../terminal/print.h"

/* --- which program ----------------------------------------------------------------------------- */

/* Is the shim in it, as far as we may see? */
static bool has_shim(int64_t pid)
{
	char path[64], line[PATH_MAX + 128];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/maps", pid);
	maps = fopen(path, "re");
	while (maps && !found && fgets(line, sizeof(line), maps))
		found = strstr(line, "/libtraceshim.so");
	if (maps)
		fclose(maps);
	return found;
}

static int not_there(int64_t pid)
{
	if (has_shim(pid))
		ts_say("%" PRId64 " has not recorded anything yet, and so has no spool that could "
		       "be read; try traceshim check -- CMD",
		       pid);
	else
		ts_say("%" PRId64 " is no program that runs under the shim; traceshim ps shows "
		       "those that have recorded anything",
		       pid);
	return -ESRCH;
}

/* An exec leaves the pid to another spool: the youngest counts. */
static const struct ts_live_program *find(const struct ts_programs *programs, int64_t pid)
{
	const struct ts_live_program *found = NULL;

	for (size_t i = 0; i < programs->n; i++) {
		const struct ts_live_program *program = &programs->all[i];

		if (program->pid == pid && program->here && program->inside &&
		    (!found || program->started_us >= found->started_us))
			found = program;
	}
	return found;
}

/* --- what its spool says ----------------------------------------------------------------------- */

static int put(struct ts_rules *rules, const char *what, const char *first, const char *second,
	       const char *third)
{
	char *const fields[TS_LINES_FIELDS] = {(char *)what,  (char *)first, (char *)second,
					       (char *)third, (char *)"",    (char *)"",
					       (char *)""};

	return ts_rules_take(rules, fields);
}

/* The file may have been changed since, or have gone. */
static bool is_as_it_was(const struct ts_live_program *program, const struct ts_settings *settings)
{
	struct stat st;

	return settings->known && stat(settings->conf, &st) == 0 && program->started_us &&
	       (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000 <
		       program->started_us;
}

/* A rule that only its functions tell of. */
static int put_rule(struct ts_rules *rules, const char *line, const struct ts_thunk *thunk)
{
	char *const fields[TS_LINES_FIELDS] = {
		(char *)"rule",
		(char *)line,
		(char *)thunk->kind_name,
		(char *)thunk->name,
		(char *)thunk->function,
		(char *)(thunk->language == TS_LANGUAGE_PYTHON ? "python" : "native"),
		(char *)"",
	};

	return ts_rules_take(rules, fields);
}

/* Rules of [wire] stand in no line of their own, and are called as their functions. */
static bool is_of_wire(const struct ts_settings *settings, const struct ts_thunk *thunk)
{
	return settings->wire && thunk->kind == TS_KIND_LLM &&
	       !strcmp(thunk->name, thunk->function);
}

static int put_thunk(struct ts_rules *rules, const struct ts_settings *settings,
		     const struct ts_thunk *thunk, bool changed)
{
	char line[16];
	int result = 0;

	snprintf(line, sizeof(line), "%u", thunk->line);
	if (!ts_rules_has(rules, thunk->line)) {
		if (is_of_wire(settings, thunk))
			return put(rules, "wire", thunk->function, thunk->object, "");
		if (!changed)
			return 0;
		result = put_rule(rules, line, thunk);
	}
	return result < 0 ? result : put(rules, "hook", line, thunk->function, thunk->object);
}

static int put_missing(struct ts_rules *rules)
{
	int result = 0;

	for (size_t i = 0; i < rules->n_rules && result == 0; i++) {
		char line[16];

		snprintf(line, sizeof(line), "%ld", rules->rules[i].line);
		if (!rules->rules[i].n_hooks)
			result = put(rules, "miss", line,
				     "none that it means was met; it may come with a library or a "
				     "module that is loaded later",
				     "");
	}
	return result;
}

static int put_libraries(struct ts_rules *rules, const struct ts_dictionary *dictionary)
{
	size_t n;
	const struct ts_tls *tls = ts_dictionary_tls(dictionary, &n);
	int result = 0;

	for (size_t i = 0; i < n && result == 0; i++)
		result = put(rules, "tls", tls[i].path, tls[i].library, tls[i].unseen);
	return result;
}

/* Those of the program; the report's are of our own environment. */
static int put_settings(struct ts_rules *rules, const struct ts_settings *settings)
{
	char capture[24], backlog[24];
	int result;

	snprintf(capture, sizeof(capture), "%u", settings->capture_bytes);
	snprintf(backlog, sizeof(backlog), "%" PRIu64, settings->backlog_bytes);
	ts_rules_forget_settings(rules);
	result = put(rules, "setting", "capture", capture, "");
	if (result == 0)
		result = put(rules, "setting", "redact", settings->redact, "");
	if (result == 0)
		result = put(rules, "setting", "orphans", settings->orphans ? "trace" : "drop", "");
	if (result == 0)
		result = put(rules, "setting", "backlog", backlog, "");
	return result < 0 ? result : put(rules, "setting", "prices", settings->prices, "");
}

static int fill(struct ts_rules *rules, const struct ts_dictionary *dictionary, bool changed)
{
	const struct ts_settings *settings = ts_dictionary_settings(dictionary);
	uint32_t n = ts_dictionary_thunks(dictionary);
	int result = put(rules, "program", settings->program, "", "");

	if (result == 0)
		result = put(rules, "conf", settings->conf, "", "");
	if (result == 0)
		result = put_settings(rules, settings);
	for (uint32_t i = 0; i < n && result == 0; i++) {
		const struct ts_thunk *thunk = ts_dictionary_thunk(dictionary, i);

		if (thunk)
			result = put_thunk(rules, settings, thunk, changed);
	}
	if (result == 0 && !changed)
		result = put_missing(rules);
	return result < 0 ? result : put_libraries(rules, dictionary);
}

static void add_lost(struct ts_checklive *live, const uint64_t *lost)
{
	for (int i = 0; i < TS_LOST_COUNT; i++)
		live->lost[i] += __atomic_load_n(&lost[i], __ATOMIC_RELAXED);
}

static void count_lost(const char *spool, const struct ts_abi_process *page,
		       struct ts_checklive *live)
{
	uint32_t n = __atomic_load_n(&page->n_rings, __ATOMIC_ACQUIRE);

	add_lost(live, page->lost);
	for (uint32_t i = 0; i < n && i < TS_ABI_MAX_RINGS; i++) {
		char name[TS_RINGFILE_NAME];
		const void *header;

		ts_ringfile_name(i, name);
		if (ts_file_view(spool, name, TS_ABI_PAGE, &header) < 0)
			continue;
		add_lost(live, ((const struct ts_abi_ring *)header)->lost);
		munmap((void *)header, TS_ABI_PAGE);
	}
}

/* --- all of it --------------------------------------------------------------------------------- */

static int look(const struct ts_live_program *program, const char *spool, struct ts_rules *ret,
		struct ts_checklive *live)
{
	const struct ts_abi_process *page = ts_inside_process(program->inside);
	struct ts_dictionary *dictionary;
	const struct ts_settings *settings;
	int result = ts_dictionary_new(&dictionary, spool, page);

	if (result < 0)
		return result;
	/* what is damaged is not known */
	ts_dictionary_update(dictionary, NULL);
	settings = ts_dictionary_settings(dictionary);
	live->started_us = program->started_us;
	live->changed = !is_as_it_was(program, settings);
	live->has_wire = settings->wire;
	ts_wired_count(page, &live->wired);
	count_lost(spool, page, live);
	if (!live->changed)
		result = ts_ask_nobody(settings->conf, ret);
	if (result == 0 && !live->changed && ret->n_rules != settings->n_rules) {
		live->changed = true;
		ts_rules_release(ret);
	}
	if (result == 0) {
		result = fill(ret, dictionary, live->changed);
		ts_rules_sort(ret);
		if (result < 0)
			ts_rules_release(ret);
	}
	ts_dictionary_free(dictionary);
	return result;
}

int ts_checklive_look(int64_t pid, struct ts_rules *ret, struct ts_checklive *ret_live)
{
	struct ts_error err = {.text = ""};
	const struct ts_live_program *program;
	struct ts_programs programs;
	char *root = ts_spool_root(), *spool = NULL;
	int result = root ? ts_programs_look(&programs, root, &err) : -ENOMEM;

	if (result == -ENOENT)
		result = not_there(pid);
	else if (result < 0)
		ts_say("%s", root ? err.text : "out of memory");
	if (result < 0)
		goto out;
	*ret = (struct ts_rules){.conf = NULL};
	*ret_live = (struct ts_checklive){.pid = pid};
	program = find(&programs, pid);
	if (!program) {
		result = not_there(pid);
	} else if (asprintf(&spool, "%s/%s", root, program->spool) < 0) {
		spool = NULL;
		result = -ENOMEM;
	} else {
		result = look(program, spool, ret, ret_live);
	}
	if (result == -ENOMEM)
		ts_say("out of memory");
	ts_programs_release(&programs);
out:
	free(spool);
	free(root);
	return result;
}

char *ts_checklive_lost(const struct ts_checklive *live)
{
	const char *between = "";
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return NULL;
	for (int i = 0; i < TS_LOST_COUNT; i++) {
		if (!live->lost[i])
			continue;
		fprintf(to, "%s%s %" PRIu64, between, ts_json_lost_names[i], live->lost[i]);
		between = ", ";
	}
	if (fclose(to) || !*between) {
		free(text);
		return NULL;
	}
	return text;
}
