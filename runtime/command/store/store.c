// SPDX-License-Identifier: Apache-2.0
/* traceshim store: what a store needs besides rows. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "../../store.h"
#include "../command.h"
#include "../module.h"
#include "../options.h"
#include "../terminal/amount.h"
#include "../terminal/display.h"
#include "../terminal/guess.h"
#include "../terminal/print.h"
#include "../terminal/when.h"
#include "document.h"

static const char help[] =
	"usage: traceshim store init    [--grant USER] [--json] [URL]\n"
	"       traceshim store migrate [--json] [URL]\n"
	"       traceshim store status  [--json] [URL]\n"
	"       traceshim store prune   --older-than WHEN [--dry-run] [--json] [URL]\n\n"
	"Looks after a store: $TRACESHIM_STORE, unless a URL names another.\n\n"
	"  init     makes what is missing: the file; or roles, tables, today's partitions\n"
	"  migrate  brings the tables of an older traceshim up to date\n"
	"  status   its schema, how much it holds, and since when\n"
	"  prune    removes what is older, and gives the space back\n\n"
	"  --grant USER       let this database user write and read everything (who asks)\n"
	"  --older-than WHEN  started before so long ago (30d, 12h), or before a date\n"
	"  --dry-run          only count\n"
	"  --json             one object instead of text\n"
	"  -h, --help         this text\n\n"
	"exit status: 0 done, 1 failed (status: not the schema of this traceshim), 2 for\n"
	"wrong usage\n\n"
	"example: traceshim store prune --older-than 30d\n";

struct options {
	char *url;
	const char *grant;
	const char *older_than;
	bool dry_run;
	bool json;
};

/* --- what is printed ----------------------------------------------------------------------- */

/* Statements to be run by somebody are lines to paste. */
static void tell(void *context, const char *sentence)
{
	(void)context;
	if (*sentence != ' ') {
		ts_say("%s", sentence);
		return;
	}
	ts_display_put(stderr, sentence, SIZE_MAX / 2, "");
	fputc('\n', stderr);
}

static int fail(int result, const struct ts_error *err)
{
	ts_say("%s", err->text[0] ? err->text : strerrordesc_np(-result));
	return TS_EXIT_FAILED;
}

static void format_bytes(int64_t bytes, char *ret, size_t size)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	double value = (double)bytes;
	size_t i = 0;

	for (; value >= 999.5 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		value /= 1000;
	snprintf(ret, size, "%.*f %s", i == 0 || value >= 99.95 ? 0 : 1, value, units[i]);
}

static void print_when(const char *label, int64_t us)
{
	char when[64] = "-";

	if (us)
		ts_when_long(us, when, sizeof(when));
	printf("%-11s %s\n", label, when);
}

static void print_status(const struct ts_store_status *status)
{
	char size[32];

	format_bytes(status->bytes, size, sizeof(size));
	printf("server      %s\n", status->server);
	printf("schema      %d of %d\n", status->schema, status->newest);
	printf("traces      %s\n", ts_amount_count((uint64_t)status->traces).text);
	printf("spans       %s\n", ts_amount_count((uint64_t)status->spans).text);
	printf("runs        %s\n", ts_amount_count((uint64_t)status->runs).text);
	printf("size        %s\n", size);
	print_when("oldest", status->oldest_us);
	print_when("newest", status->newest_us);
	if (status->partitions)
		printf("partitions  %" PRId64 "\n", status->partitions);
	if (status->partitions || status->strays)
		printf("strays      %" PRId64 "\n", status->strays);
	if (status->compression[0])
		printf("compression %s\n", status->compression);
}

static void print_number(int64_t n, const char *what)
{
	printf("%s %s%s", ts_amount_count((uint64_t)n).text, what, n == 1 ? "" : "s");
}

static void print_pruned(const struct ts_pruned *pruned, bool dry)
{
	char freed[32];

	format_bytes(pruned->freed_bytes, freed, sizeof(freed));
	print_number(pruned->traces, "trace");
	printf(", ");
	print_number(pruned->spans, "span");
	printf(" and ");
	print_number(pruned->runs, "run");
	printf(" %s", dry ? "would go" : "removed");
	if (pruned->partitions) {
		printf(", ");
		print_number(pruned->partitions, "partition");
		printf(" %s", dry ? "would be dropped" : "dropped");
	}
	if (pruned->freed_bytes)
		printf(", %s %s", freed, dry ? "would come back" : "given back");
	putchar('\n');
}

/* --- what is done ---------------------------------------------------------------------------- */

static int end_with_schema(int result, const struct options *options, const struct ts_error *err)
{
	if (result < 0)
		return fail(result, err);
	if (options->json)
		return ts_print_document(ts_document_schema(result));
	printf("schema %d\n", result);
	return TS_EXIT_DONE;
}

static int init(const struct ts_admin *admin, const struct options *options)
{
	struct ts_error err = {.text = ""};

	return end_with_schema(admin->init(options->url, options->grant, tell, NULL, &err), options,
			       &err);
}

static int migrate(const struct ts_admin *admin, const struct options *options)
{
	struct ts_error err = {.text = ""};

	return end_with_schema(admin->migrate(options->url, tell, NULL, &err), options, &err);
}

static int status(const struct ts_admin *admin, const struct options *options)
{
	struct ts_store_status answer = {.schema = 0};
	struct ts_error err = {.text = ""};
	int result = admin->status(options->url, &answer, &err), exit = TS_EXIT_DONE;

	if (result < 0)
		return fail(result, &err);
	if (options->json)
		exit = ts_print_document(ts_document_status(&answer));
	else if (answer.schema)
		print_status(&answer);
	fflush(stdout);
	if (!answer.schema)
		ts_say(TS_NO_STORE_YET);
	else if (answer.schema > answer.newest)
		ts_say("the store is of a newer traceshim");
	else if (answer.schema < answer.newest)
		ts_say("the store is of an older traceshim; traceshim store migrate brings it up "
		       "to date");
	return answer.schema == answer.newest ? exit : TS_EXIT_FAILED;
}

static int64_t now_us(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return now.tv_sec * 1000000LL + now.tv_usec;
}

static bool is_nothing(const struct ts_pruned *pruned)
{
	return !pruned->traces && !pruned->spans && !pruned->runs && !pruned->partitions;
}

/* Also where it failed half-way: what went is gone. */
static int prune(const struct ts_admin *admin, const struct options *options)
{
	struct ts_pruned pruned = {.traces = 0};
	struct ts_error err = {.text = ""};
	int64_t before, now = now_us();
	int result, exit = TS_EXIT_DONE;

	if (!options->older_than) {
		ts_say("prune needs --older-than, as in --older-than 30d");
		return TS_EXIT_USAGE;
	}
	if (ts_when_parse(options->older_than, now, &before) || before > now) {
		ts_say("--older-than %s: neither a time ago (30d, 12h, 4w) nor a date in the past",
		       options->older_than);
		return TS_EXIT_USAGE;
	}
	result = admin->prune(options->url, before, options->dry_run, &pruned, &err);
	if (result < 0 && is_nothing(&pruned))
		return fail(result, &err);
	if (options->json)
		exit = ts_print_document(ts_document_pruned(&pruned));
	else
		print_pruned(&pruned, options->dry_run);
	fflush(stdout);
	return result < 0 ? fail(result, &err) : exit;
}

/* --- what was asked -------------------------------------------------------------------------- */

static const struct deed {
	const char *name;
	int (*run)(const struct ts_admin *admin, const struct options *options);
	bool grants;
	bool prunes;
} deeds[] = {
	{.name = "init", .run = init, .grants = true},
	{.name = "migrate", .run = migrate},
	{.name = "status", .run = status},
	{.name = "prune", .run = prune, .prunes = true},
};
#define N_DEEDS (sizeof(deeds) / sizeof(deeds[0]))

static const struct deed *find_deed(const char *name)
{
	const char *names[N_DEEDS], *guess;

	for (size_t i = 0; i < N_DEEDS; i++) {
		if (!strcmp(deeds[i].name, name))
			return &deeds[i];
		names[i] = deeds[i].name;
	}
	guess = ts_guess(name, names, N_DEEDS);
	if (guess)
		ts_say("unknown: store %s (did you mean store %s?)", name, guess);
	else
		ts_say("unknown: store %s; there are store init, migrate, status and prune", name);
	return NULL;
}

static int take_options(struct options *options, int argc, char **argv)
{
	const struct ts_option known[] = {{"grant", .text = &options->grant},
					  {"older-than", .text = &options->older_than},
					  {"dry-run", .flag = &options->dry_run},
					  {"json", .flag = &options->json},
					  {NULL}};

	return ts_options_take(&ts_command_store, known, argc, argv);
}

static int check_options(const struct deed *deed, const struct options *options, int n_words)
{
	if (options->grant && !deed->grants)
		ts_say("store %s takes no --grant, which is for init", deed->name);
	else if ((options->older_than || options->dry_run) && !deed->prunes)
		ts_say("store %s takes neither --older-than nor --dry-run, which are for prune",
		       deed->name);
	else if (n_words > 2)
		ts_say("store %s takes one URL", deed->name);
	else
		return 0;
	return -EINVAL;
}

static int run_deed(const struct deed *deed, struct options *options, const char *url)
{
	struct ts_error err = {.text = ""};
	const struct ts_admin *admin;
	int status;

	options->url = url ? ts_store_absolute_url(url, &err) : ts_store_default_url(&err);
	admin = options->url ? ts_admin_find(options->url, ts_module_symbol, &err) : NULL;
	status = admin ? deed->run(admin, options) : fail(-ENOMEM, &err);
	free(options->url);
	return status;
}

static int run(int argc, char **argv)
{
	struct options options = {.url = NULL};
	const struct deed *deed;
	int result = take_options(&options, argc, argv);

	if (result)
		return result < 0 ? TS_EXIT_USAGE : TS_EXIT_DONE;
	if (optind == argc) {
		ts_say("store what? init, migrate, status or prune; see traceshim help store");
		return TS_EXIT_USAGE;
	}
	deed = find_deed(argv[optind]);
	if (!deed || check_options(deed, &options, argc - optind) < 0)
		return TS_EXIT_USAGE;
	return run_deed(deed, &options, argv[optind + 1]);
}

const struct ts_command ts_command_store = {
	.name = "store",
	.summary = "look after a store: init, migrate, status, prune",
	.help = help,
	.run = run,
};
