// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../price.h"
#include "../command.h"
#include "../options.h"
#include "../program/ask.h"
#include "../program/config.h"
#include "../terminal/display.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "document.h"
#include "explain.h"
#include "item.h"
#include "live.h"
#include "wire.h"

#define MOST_SHOWN 8 /* functions of one rule */

static const char help[] =
	"usage: traceshim check [--debug-dir DIR] [--json] [CONF] [-- CMD [ARG ...]]\n"
	"       traceshim check --live PID [--json]\n\n"
	"Reads symbols.conf (CONF, or the one a program started here would find) and says\n"
	"what is wrong with it and with its price file, and for every rule which\n"
	"parameters it records. With CMD also what became of each rule in that program:\n"
	"which objects define its function and how it is reached, through slots or by its\n"
	"entry, which calls are not seen, or why it is not reached; of Python functions\n"
	"where they begin, and their kind. CMD is loaded, but ends before its main, and\n"
	"before the first line of Python.\n\n"
	"Of [wire] it says what is read, by which functions, and which TLS libraries CMD\n"
	"has; with --live also what became of the connections of a program that runs.\n\n"
	"  --debug-dir DIR  look for separate debug files there, too\n"
	"  --live PID       of a program that runs: what it has met of its rules so far\n"
	"  --json           one JSON document instead\n"
	"  -h, --help       this text\n\n"
	"exit status: 0 no fault, 1 a fault or nothing to check, 2 wrong usage\n\n"
	"example: traceshim check symbols.conf -- ./bot\n";

struct options {
	bool json;
	const char *folder; /* of debug files, or NULL */
	const char *conf;   /* NULL: wherever it is found */
	char **command;     /* NULL: none */
	const char *live;   /* a pid, or NULL */
	int64_t pid;
};

/* --- telling ----------------------------------------------------------------------------- */

static const char *find_setting(const struct ts_rules *rules, const char *key)
{
	for (size_t i = 0; i < rules->n_settings; i++)
		if (strcmp(rules->settings[i].key, key) == 0)
			return rules->settings[i].value;
	return "";
}

/* Of a glob of Python functions the parameters are not listed. */
static void print_params(const struct ts_rule_report *rule, const struct ts_rules *rules)
{
	bool captures = rule->python && strcmp(find_setting(rules, "capture"), "0") != 0;
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return;
	for (size_t i = 0; i < rule->n_params; i++) {
		fprintf(to, "%s%s", i ? ", " : "", rule->params[i].key);
		if (*rule->params[i].value)
			fprintf(to, " (%s)", rule->params[i].value);
	}
	if (!rule->n_params)
		fputs(captures ? "what it takes and returns" : "times only", to);
	if (!fclose(to))
		ts_check_item("records", text);
	free(text);
}

/* How a definition is reached. */
static void put_way(FILE *to, const struct ts_rules_hook *hook)
{
	if (hook->entry)
		fputs("by its entry", to);
	if (hook->slots || !hook->entry)
		fprintf(to, "%s%ld slot%s", hook->entry ? " and " : "", hook->slots,
			hook->slots == 1 ? "" : "s");
}

/* "bot.agents.trainer, /bot/agents/trainer.py:12, a coroutine" */
static void put_def(FILE *to, const struct ts_rules_hook *hook, bool same)
{
	const char *colon = strchr(hook->function, ':');

	if (!same && colon)
		fprintf(to, "%s in ", colon + 1);
	fprintf(to, "%.*s, %s:%ld, %s %s", (int)strcspn(hook->function, ":"), hook->function,
		hook->object, hook->line, *hook->type == 'a' ? "an" : "a", hook->type);
}

static void print_hook(const struct ts_rule_report *rule, const struct ts_rules_hook *hook)
{
	bool same = !strcmp(rule->function, hook->function);
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (!to)
		return;
	if (hook->type) {
		put_def(to, hook, same);
	} else if (hook->live) {
		fprintf(to, "%s%s%s", same ? "" : hook->function, same ? "" : " in ", hook->object);
	} else {
		fprintf(to, "%s%s%s at %s, ", same ? "" : hook->function, same ? "" : " in ",
			hook->object, hook->address);
		put_way(to, hook);
	}
	if (!fclose(to))
		ts_check_item("in", text);
	free(text);
}

/* Of `n` lines those that were not shown. */
static void print_rest(size_t n)
{
	char text[64];

	if (n <= MOST_SHOWN)
		return;
	snprintf(text, sizeof(text), "%zu more; --json lists them", n - MOST_SHOWN);
	ts_check_item("and", text);
}

/* A glob may wrap thousands, a name that overloads share several. */
static void print_hooks(const struct ts_rule_report *rule)
{
	char text[64];

	if ((strpbrk(rule->function, "*?") && rule->n_hooks) || rule->n_hooks > 1) {
		snprintf(text, sizeof(text), "%zu function%s", rule->n_hooks,
			 rule->n_hooks == 1 ? "" : "s");
		ts_check_item("wraps", text);
	}
	for (size_t i = 0; i < rule->n_hooks && i < MOST_SHOWN; i++)
		print_hook(rule, &rule->hooks[i]);
	print_rest(rule->n_hooks);
}

static void print_unseen(const struct ts_rules_unseen *unseen)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s%s: %s", unseen->function, *unseen->object ? " in " : "",
		     unseen->object, unseen->reason) < 0)
		return;
	ts_check_item("unseen", text);
	free(text);
}

static void print_rule(const struct ts_rule_report *rule, const struct ts_rules *rules)
{
	char *head = NULL;

	if (asprintf(&head, "%s:%s = %s%s%s  (line %ld)", rule->kind, rule->name, rule->function,
		     *rule->object ? "@" : "", rule->object, rule->line) < 0)
		return;
	fputs(ts_style(TS_STYLE_BOLD), stdout);
	ts_display_wrap(stdout, head, "  ", ts_terminal()->columns);
	fputs(ts_style(TS_STYLE_PLAIN), stdout);
	free(head);
	if (!rule->python || rule->n_hooks || !*rules->program)
		print_params(rule, rules);
	print_hooks(rule);
	for (size_t i = 0; i < rule->n_unseen && i < MOST_SHOWN; i++)
		print_unseen(&rule->unseen[i]);
	print_rest(rule->n_unseen);
	for (size_t i = 0; i < rule->n_misses; i++)
		ts_check_item("missing", rule->misses[i]);
	for (size_t i = 0; i < rule->n_hints; i++)
		ts_check_item("hint", rule->hints[i]);
}

static void print_fault(const struct ts_rules *rules, const struct ts_rules_fault *fault)
{
	char *text = NULL;
	int n;

	if (fault->line)
		n = asprintf(&text, "%s:%ld:%ld: %s", rules->conf, fault->line, fault->column,
			     fault->message);
	else
		n = asprintf(&text, "%s: %s", rules->conf, fault->message);
	if (n < 0)
		return;
	fputs(ts_style(TS_STYLE_BAD), stdout);
	ts_display_wrap(stdout, text, "  ", ts_terminal()->columns);
	fputs(ts_style(TS_STYLE_PLAIN), stdout);
	free(text);
}

/* Are rules bound here whose calls nobody records, since no pipeline that they could lie in is here? */
static bool all_lies_outside(const struct ts_rules *rules)
{
	const char *orphans = find_setting(rules, "orphans");
	size_t n_pipelines = 0, n_bound = rules->wire.n_functions;

	for (size_t i = 0; i < rules->n_rules; i++) {
		const struct ts_rule_report *rule = &rules->rules[i];
		bool pipeline = strcmp(rule->kind, "pipeline") == 0;

		if (pipeline && rule->n_hooks)
			return false;
		n_pipelines += pipeline;
		n_bound += rule->n_hooks > 0;
	}
	if (strcmp(orphans, "trace") == 0 || (strcmp(orphans, "auto") == 0 && !n_pipelines))
		return false;
	return n_bound > 0;
}

static bool has_inlined(const struct ts_rule_report *rule)
{
	for (size_t i = 0; i < rule->n_unseen; i++)
		if (!strncmp(rule->unseen[i].reason, "inlined", 7))
			return true;
	for (size_t i = 0; i < rule->n_hints; i++)
		if (!strncmp(rule->hints[i], "inlined", 7))
			return true;
	return false;
}

static void print_inlined(const struct ts_rules *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n_rules; i++)
		n += has_inlined(&rules->rules[i]);
	if (!n)
		return;
	putchar('\n');
	ts_display_wrap(
		stdout,
		"What was inlined is not called, and not seen: take a rule for a function that "
		"it was inlined into, or build the program with -fno-inline.",
		"", ts_terminal()->columns);
}

static void print_lost(const struct ts_checklive *live)
{
	char *lost = ts_checklive_lost(live);

	if (lost) {
		putchar('\n');
		ts_check_item("lost", lost);
	}
	free(lost);
}

/* "symbols.conf: 3 rules, 0 faults; in /usr/bin/bot, pid 123 since 14:02:11" */
static void print_head(const struct ts_rules *rules, const struct ts_checklive *live)
{
	char *text = NULL, process[96] = "", since[64] = "";

	if (live && live->started_us)
		ts_when_long(live->started_us, since, sizeof(since));
	if (live)
		snprintf(process, sizeof(process), ", pid %" PRId64 "%s%s", live->pid,
			 *since ? " since " : "", since);
	if (asprintf(&text, "%s: %zu rule%s, %zu fault%s%s%s%s", rules->conf, rules->n_rules,
		     rules->n_rules == 1 ? "" : "s", rules->n_faults,
		     rules->n_faults == 1 ? "" : "s", *rules->program ? "; in " : "",
		     rules->program, process) >= 0)
		ts_display_wrap(stdout, text, "  ", ts_terminal()->columns);
	free(text);
	if (live && live->changed)
		ts_display_wrap(
			stdout,
			"The file is not what this program has read: of its rules only those "
			"that have met a function are known.",
			"", ts_terminal()->columns);
}

static void print_rules(const struct ts_rules *rules, const struct ts_checklive *live)
{
	print_head(rules, live);
	for (size_t i = 0; i < rules->n_faults; i++)
		print_fault(rules, &rules->faults[i]);
	for (size_t i = 0; i < rules->n_rules; i++) {
		putchar('\n');
		print_rule(&rules->rules[i], rules);
	}
	if (rules->wire.n_asks || (live && live->has_wire))
		ts_check_wire(rules, live);
	if (live)
		print_lost(live);
	print_inlined(rules);
	if (all_lies_outside(rules)) {
		putchar('\n');
		ts_display_wrap(
			stdout,
			"No pipeline of this file is in this program, and what is called outside "
			"every pipeline is not recorded. With `orphans = trace` under [trace] each "
			"outermost call is a trace.",
			"", ts_terminal()->columns);
	}
}

static int tell(const struct ts_rules *rules, const struct ts_checklive *live,
		const struct options *options)
{
	char places[3 * PATH_MAX];
	int status = TS_EXIT_DONE;

	if (!*rules->conf) {
		ts_config_places(places, sizeof(places));
		ts_say("there is no symbols.conf; looked for %s", places);
	}
	if (options->json)
		status = ts_print_document(ts_document_check(rules, live));
	else if (*rules->conf)
		print_rules(rules, live);
	return *rules->conf && !rules->n_faults ? status : TS_EXIT_FAILED;
}

/* --- the command ------------------------------------------------------------------------- */

/* What follows "--" is CMD's. */
static int split_command(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--")) {
			options->command = argv + i + 1;
			return i;
		}
	return argc;
}

static int take_live(struct options *options)
{
	char *end;

	errno = 0;
	options->pid = strtoll(options->live, &end, 10);
	if (errno || *end || options->pid <= 0) {
		ts_say("--live %s: expected the pid of a program that runs; traceshim ps shows "
		       "them",
		       options->live);
		return -EINVAL;
	}
	if (options->conf || options->command || options->folder) {
		ts_say("--live asks a program that runs: neither CONF nor CMD nor --debug-dir goes "
		       "with it");
		return -EINVAL;
	}
	return 0;
}

static int take_options(struct options *options, int argc, char **argv)
{
	const struct ts_option known[] = {{"debug-dir", .text = &options->folder},
					  {"live", .text = &options->live},
					  {"json", .flag = &options->json},
					  {NULL}};
	int result;

	argc = split_command(argc, argv, options);
	result = ts_options_take(&ts_command_check, known, argc, argv);
	if (result)
		return result;
	if (options->command && !options->command[0]) {
		ts_say("check what? traceshim check -- CMD");
		return -EINVAL;
	}
	if (argc - optind > 1) {
		ts_say("one symbols.conf, and the program behind --: traceshim check CONF -- CMD");
		return -EINVAL;
	}
	options->conf = optind < argc ? argv[optind] : NULL;
	return options->live ? take_live(options) : 0;
}

static int ask(const struct options *options, struct ts_rules *ret, struct ts_checklive *live)
{
	char path[PATH_MAX];
	int result;

	if (options->live)
		return ts_checklive_look(options->pid, ret, live);
	if (!options->command)
		return ts_ask_nobody(options->conf, ret);
	result = ts_ask_find(options->command[0], path);
	if (!result)
		result = ts_ask(path, options->command, options->conf, ret);
	if (!result && ts_explain(ret, options->folder) < 0)
		ts_say("out of memory: not everything is explained");
	return result;
}

/* The shim hands its path on and reads it not. */
static void check_prices(struct ts_rules *rules)
{
	const char *path = find_setting(rules, "prices");
	struct ts_error err = {.text = ""};
	struct ts_prices *prices;
	char *message = NULL;

	if (ts_prices_open(&prices, path, &err) < 0 &&
	    (asprintf(&message, "prices: %s", err.text) < 0 ||
	     ts_rules_add_fault(rules, message) < 0))
		ts_say("out of memory");
	free(message);
	ts_prices_close(prices);
}

/* Somebody left the "--" out. */
static bool is_program(const char *path)
{
	char begin[4] = "";
	size_t n = strlen(path);
	FILE *file = fopen(path, "re");
	bool is;

	if (!file)
		return false;
	is = fread(begin, 1, sizeof(begin), file) == sizeof(begin) &&
	     (!memcmp(begin, "\177ELF", 4) || (!memcmp(begin, "#!", 2) && !access(path, X_OK)));
	fclose(file);
	return is || (n > 3 && !strcmp(path + n - 3, ".py"));
}

static int run(int argc, char **argv)
{
	struct options options = {.json = false};
	struct ts_checklive live;
	struct ts_rules rules;
	int status = take_options(&options, argc, argv);

	if (status)
		return status < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	if (options.conf && access(options.conf, R_OK) < 0) {
		ts_say("%s: %s", options.conf, strerror(errno));
		return TS_EXIT_FAILED;
	}
	if (options.conf && is_program(options.conf)) {
		ts_say("%s is a program, no symbols.conf: traceshim check -- CMD, as it is started",
		       options.conf);
		return TS_EXIT_USAGE;
	}
	if (ask(&options, &rules, &live) < 0)
		return TS_EXIT_FAILED;
	check_prices(&rules);
	status = tell(&rules, options.live ? &live : NULL, &options);
	ts_rules_release(&rules);
	return status;
}

const struct ts_command ts_command_check = {
	.name = "check",
	.summary = "say what is wrong with symbols.conf, and what each rule became",
	.help = help,
	.run = run,
};
