// SPDX-License-Identifier: Apache-2.0
/* Lines for the command. */

#include "report.h"

#include <stdio.h>
#include <string.h>

#include "../elf/elf.h"
#include "../elf/iterate.h"
#include "../hook/hook.h"
#include "../hook/interpreter.h"
#include "../life/spool.h"
#include "../reach/reach.h"
#include "../system/program.h"
#include "../system/sys.h"

#define MOST_NOTE 4096 /* bytes; a job may start any number of programs */

static const char *const kinds[] = {
	[TS_KIND_PIPELINE] = "pipeline", [TS_KIND_AGENT] = "agent", [TS_KIND_LLM] = "llm",
	[TS_KIND_TOOL] = "tool",         [TS_KIND_STEP] = "step",
};

/* A buffer of lines for one file. */
struct lines {
	int fd;
	size_t held;
	char text[8192];
};

static void flush(struct lines *lines)
{
	if (lines->held)
		ts_sys_write(lines->fd, lines->text, lines->held);
	lines->held = 0;
}

static void put_char(struct lines *lines, char c)
{
	if (lines->held == sizeof(lines->text))
		flush(lines);
	lines->text[lines->held++] = c;
}

/* One field and what ends it; tabs, line ends and backslashes are escaped. */
static void put(struct lines *lines, const char *field, char end)
{
	for (; *field; field++) {
		const char *special = strchr("\t\n\\", *field);

		if (special)
			put_char(lines, '\\');
		put_char(lines, !special ? *field : "tn\\"[special - (const char *)"\t\n\\"]);
	}
	put_char(lines, end);
}

static void put_number(struct lines *lines, unsigned long long number, char end)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", number);
	put(lines, text, end);
}

bool ts_report_wanted(void)
{
	return ts_program_environment(TS_REPORT_ENV);
}

static void put_settings(struct lines *lines, const struct ts_conf *conf)
{
	static const char *const orphans[] = {"auto", "drop", "trace"};

	put(lines, "setting", '\t');
	put(lines, "capture", '\t');
	put_number(lines, conf->capture_bytes, '\n');
	put(lines, "setting", '\t');
	put(lines, "redact", '\t');
	for (size_t i = 0; i < conf->n_redact; i++)
		put(lines, conf->redact[i], i + 1 < conf->n_redact ? ',' : '\n');
	if (!conf->n_redact)
		put_char(lines, '\n');
	put(lines, "setting", '\t');
	put(lines, "orphans", '\t');
	put(lines, orphans[conf->orphans], '\n');
	put(lines, "setting", '\t');
	put(lines, "stacks", '\t');
	put(lines, conf->stacks ? "on" : "off", '\n');
	put(lines, "setting", '\t');
	put(lines, "backlog", '\t');
	put_number(lines, conf->backlog_bytes, '\n');
	put(lines, "setting", '\t');
	put(lines, "prices", '\t');
	put(lines, conf->prices, '\n');
}

static void put_param(struct lines *lines, const struct ts_rule *rule, const char *name,
		      const char *type, const char *place)
{
	put(lines, "param", '\t');
	put_number(lines, rule->line, '\t');
	put(lines, name, '\t');
	put(lines, type, '\t');
	put(lines, place, '\n');
}

/* "n8i0": a number (s: text, f: floating point) of 8 bytes, in the first integer register (v: vector, s: on the stack, r: result). */
static void write_place(const struct ts_param *param, bool result, char *ret, size_t bytes)
{
	static const char letters[] = {
		[TS_TYPE_SIGNED] = 'n', [TS_TYPE_UNSIGNED] = 'n', [TS_TYPE_BOOL] = 'n',
		[TS_TYPE_CHAR] = 'n',   [TS_TYPE_FLOAT] = 'f',    [TS_TYPE_DOUBLE] = 'f',
		[TS_TYPE_STRING] = 's', [TS_TYPE_BYTES] = 's',    [TS_TYPE_OPAQUE] = 0,
	};
	char where = result                          ? 'r'
		     : param->where == TS_IN_INTEGER ? 'i'
		     : param->where == TS_IN_VECTOR  ? 'v'
						     : 's';

	*ret = '\0';
	if (letters[param->type])
		snprintf(ret, bytes, "%c%u%c%u", letters[param->type], param->bytes, where,
			 result         ? 0U
			 : where == 's' ? param->offset
					: param->index);
}

/* The type, and why a value of it is not recorded where that is so. */
static void put_value(struct lines *lines, const struct ts_rule *rule, const char *name,
		      const struct ts_param *param)
{
	bool of_std = param->type == TS_TYPE_STD_STRING || param->type == TS_TYPE_STD_VIEW;
	bool unread = false;
	char type[256], place[32];

	for (size_t i = 0; i < ts_definition_count() && of_std; i++)
		unread |= ts_definition_at(i)->rule == rule && ts_definition_at(i)->unread;
	snprintf(type, sizeof(type), "%s%s", param->spelling,
		 unread ? "; not recorded: which C++ library it is of cannot be told" : "");
	write_place(param, param == &rule->prototype.result, place, sizeof(place));
	put_param(lines, rule, name, type, place);
}

/* The parameters that are recorded, as the hot path was told (thunk.c). */
static void put_params(struct lines *lines, const struct ts_conf *conf, const struct ts_rule *rule)
{
	const struct ts_prototype *prototype = &rule->prototype;

	if (!conf->capture_bytes || prototype->times_only || rule->python.module)
		return;
	for (size_t i = 0; i < prototype->n_params; i++) {
		const struct ts_param *param = &prototype->params[i];

		if (param->name && rule->redacted[i])
			put_param(lines, rule, param->name, "redacted", "");
		else if (param->name && param->type != TS_TYPE_OPAQUE)
			put_value(lines, rule, param->name, param);
	}
	if (prototype->result.type != TS_TYPE_VOID && prototype->result.type != TS_TYPE_OPAQUE)
		put_value(lines, rule, "result", &prototype->result);
}

static void put_address(struct lines *lines, uintptr_t address, char end)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)address);
	put(lines, text, end);
}

static int put_object(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct lines *lines = context;
	struct ts_object object;

	(void)bytes;
	if (ts_object_read(info, &object) < 0 || ts_object_holds(&object, (uintptr_t)&put_object))
		return 0;
	put(lines, "object", '\t');
	put(lines, object.path[0] ? object.path : ts_program_path(), '\t');
	put_address(lines, object.base, '\n');
	return 0;
}

static void put_hook(struct lines *lines, const struct ts_definition *definition)
{
	put(lines, "hook", '\t');
	put_number(lines, definition->rule->line, '\t');
	put(lines, definition->function, '\t');
	put(lines, definition->object, '\t');
	put_address(lines, definition->address, '\t');
	put(lines, definition->how == TS_BY_ENTRY ? "entry" : "slots", '\t');
	put_number(lines, definition->n_slots, '\n');
}

static size_t put_hooks(struct lines *lines, const struct ts_rule *rule)
{
	size_t n = 0;

	for (size_t i = 0; i < ts_definition_count(); i++) {
		const struct ts_definition *definition = ts_definition_at(i);

		if (definition->rule != rule ||
		    (definition->how == TS_BY_ENTRY && !definition->reached))
			continue;
		put_hook(lines, definition);
		n++;
	}
	return n;
}

/* Functions that slots lead to, and that are called past them as well. */
static void put_unseen(struct lines *lines, const struct ts_rule *rule)
{
	const struct ts_reach_refusal *refusal = ts_reach_refusals();

	for (; refusal; refusal = refusal->next) {
		if (refusal->rule != rule)
			continue;
		put(lines, "unseen", '\t');
		put_number(lines, rule->line, '\t');
		put(lines, refusal->function, '\t');
		put(lines, refusal->object, '\t');
		put(lines, refusal->why, '\n');
	}
}

static void put_miss(struct lines *lines, const struct ts_rule *rule)
{
	const char *refusal = ts_hook_refusal(rule->prototype.function);
	char reason[2048]; /* it may hold two mangled names, and a path */

	if (rule->python.module)
		ts_interpreter_miss(reason, sizeof(reason));
	else if (refusal)
		snprintf(reason, sizeof(reason), "refused: %s", refusal);
	else
		ts_hook_miss(rule, reason, sizeof(reason));
	put(lines, "miss", '\t');
	put_number(lines, rule->line, '\t');
	put(lines, reason, '\n');
}

static void put_rule(struct lines *lines, const struct ts_conf *conf, const struct ts_rule *rule)
{
	put(lines, "rule", '\t');
	put_number(lines, rule->line, '\t');
	put(lines, kinds[rule->kind], '\t');
	put(lines, rule->key, '\t');
	put(lines, rule->prototype.function, '\t');
	put(lines, rule->python.module ? "python" : "native", '\t');
	put(lines, rule->prototype.object ? rule->prototype.object : "", '\n');
	put_params(lines, conf, rule);
	if (put_hooks(lines, rule))
		put_unseen(lines, rule);
	else
		put_miss(lines, rule);
}

/* Stays open until the process ends. */
static struct lines report = {.fd = -1};

void ts_report_write(const struct ts_conf *conf)
{
	report.fd = ts_sys_open(ts_program_environment(TS_REPORT_ENV), O_WRONLY | O_CREAT | O_TRUNC,
				0600);
	if (report.fd < 0)
		return;
	put(&report, "conf", '\t');
	put(&report, conf ? conf->path : "", '\n');
	put(&report, "program", '\t');
	put(&report, ts_program_path(), '\n');
	ts_iterate_phdr(put_object, &report);
	for (size_t i = 0; conf && i < conf->n_faults; i++) {
		put(&report, "fault", '\t');
		put_number(&report, conf->faults[i].line, '\t');
		put_number(&report, conf->faults[i].column, '\t');
		put(&report, conf->faults[i].message, '\n');
	}
	if (conf)
		put_settings(&report, conf);
	for (size_t i = 0; conf && i < conf->n_written; i++)
		put_rule(&report, conf, &conf->rules[i]);
	if (conf)
		ts_report_wire(conf);
	flush(&report);
}

void ts_report_line(const char *const *fields, size_t n)
{
	if (report.fd < 0)
		return;
	for (size_t i = 0; i < n; i++)
		put(&report, fields[i], i + 1 < n ? '\t' : '\n');
}

void ts_report_end(void)
{
	if (report.fd >= 0)
		flush(&report);
	for (;;)
		ts_syscall(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}

/* Writes a line to `fd`, if that is one, and closes it. */
static void put_line(int fd, const char *what, const char *first, const char *second,
		     const char *third)
{
	struct lines lines = {.fd = fd};

	if (fd < 0)
		return;
	put(&lines, what, '\t');
	put_number(&lines, (unsigned long long)ts_sys_getpid(), '\t');
	put(&lines, first, second ? '\t' : '\n');
	if (second)
		put(&lines, second, third ? '\t' : '\n');
	if (third)
		put(&lines, third, '\n');
	flush(&lines);
	ts_sys_close(fd);
}

/* $TRACESHIM_RUN as it was at the start, or "". A copy: programs write titles over environ. */
static char run_path[4096];

/* The note of the last program that ran; false: its path is too long. */
static bool note_path(char ret[4096])
{
	return snprintf(ret, 4096, "%s/" TS_LAST_RUN, ts_own_spool_root()) < 4096;
}

/*
 * Does the note begin with the process that leads our group, a shell's job? Then we are one of those that the program
 * meant has started, as Python asks uname, and stand behind it.
 */
static bool is_of_our_job(void)
{
	long leader = ts_syscall(SYS_getpgrp, 0, 0, 0, 0, 0, 0);
	char path[4096], expected[40], found[40];
	int n = snprintf(expected, sizeof(expected), "start\t%ld\t", leader), fd;
	struct stat status;
	bool is;

	if (leader == ts_sys_getpid() || !note_path(path))
		return false;
	fd = ts_sys_open(path, O_RDONLY | O_NOFOLLOW, 0);
	if (fd < 0)
		return false;
	is = ts_sys_pread(fd, found, (size_t)n, 0) == n && !memcmp(found, expected, (size_t)n) &&
	     ts_sys_fstat(fd, &status) == 0 && status.st_size < MOST_NOTE;
	ts_sys_close(fd);
	return is;
}

/* To the note, and to what `traceshim run` reads. */
static void tell(int how, const char *what, const char *first, const char *second,
		 const char *third)
{
	char path[4096];

	if (note_path(path))
		put_line(ts_sys_open(path, O_WRONLY | O_NOFOLLOW | how, 0600), what, first, second,
			 third);
	if (*run_path)
		put_line(ts_sys_open(run_path, O_WRONLY | O_APPEND, 0), what, first, second, third);
}

static struct {
	const struct ts_conf *conf;
	size_t told; /* how many rules had found a function when that was told last */
} run;

/* As text, and from now on told. */
static const char *n_hooked(char *ret, size_t bytes)
{
	size_t i = run.conf->n_written;

	while (i < run.conf->n_rules && !ts_definition_is_made_for(&run.conf->rules[i]))
		i++;
	run.told = i < run.conf->n_rules; /* [wire] is one */
	for (i = 0; i < run.conf->n_written; i++)
		run.told += ts_definition_is_made_for(&run.conf->rules[i]);
	snprintf(ret, bytes, "%zu", run.told);
	return ret;
}

void ts_report_start(const struct ts_conf *conf)
{
	const char *path = ts_program_environment(TS_RUN_ENV);
	bool wire = conf->n_rules > conf->n_written;
	char rules[32], hooked[24];

	if (!path || snprintf(run_path, sizeof(run_path), "%s", path) >= (int)sizeof(run_path))
		*run_path = '\0';
	if (ts_own_spool_make_root() < 0)
		return;
	run.conf = conf;
	snprintf(rules, sizeof(rules), "%zu%s", conf->n_written + wire, wire ? "+wire" : "");
	tell(is_of_our_job() ? O_APPEND : O_CREAT | O_TRUNC, "start", rules,
	     n_hooked(hooked, sizeof(hooked)), ts_program_path());
}

void ts_report_reached(const uint8_t run_id[16])
{
	static const char digits[] = "0123456789abcdef";
	char id[33] = "", hooked[24];

	for (int i = 0; i < 16; i++) {
		id[2 * i] = digits[run_id[i] >> 4];
		id[2 * i + 1] = digits[run_id[i] & 15];
	}
	if (run.conf)
		tell(O_APPEND, "reached", n_hooked(hooked, sizeof(hooked)), id, NULL);
}

void ts_report_hooked(void)
{
	size_t before = run.told;
	char hooked[24];

	if (run.conf && n_hooked(hooked, sizeof(hooked)) && run.told > before)
		tell(O_APPEND, "hooked", hooked, NULL, NULL);
}

void ts_report_passive(const char *why)
{
	tell(O_APPEND, "passive", why, NULL, NULL);
}
