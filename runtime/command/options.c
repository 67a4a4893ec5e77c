// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "terminal/guess.h"
#include "terminal/print.h"

#define MOST 16

static void say_unknown(const struct ts_options *options, const char *typed)
{
	const char *names[MOST + 1];
	const char *guess;
	size_t n = 0;

	for (; n <= MOST && options->longs[n].name; n++)
		names[n] = options->longs[n].name;
	guess = ts_guess(typed + 2, names, n);
	if (!strcmp(typed, "--tenant"))
		ts_say("--tenant stands before the command: traceshim --tenant T %s",
		       options->command);
	else if (guess)
		ts_say("unknown option %s (did you mean --%s?); see traceshim help %s", typed,
		       guess, options->command);
	else
		ts_say("unknown option %s; see traceshim help %s", typed, options->command);
}

int ts_options_next(const struct ts_options *options, int argc, char **argv)
{
	int found = getopt_long(argc, argv, options->shorts, options->longs, NULL);
	char name[128];

	if (found != '?' && found != ':')
		return found;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(argv[optind - 1], "="), argv[optind - 1]);
	if (found == ':')
		ts_say("option %s needs a value; see traceshim help %s", name, options->command);
	else if (optopt && optopt < TS_OPTION_LONG)
		ts_say("unknown option -%c; see traceshim help %s", optopt, options->command);
	else if (optopt)
		ts_say("option %s takes no value; see traceshim help %s", name, options->command);
	else
		say_unknown(options, name);
	return '?';
}

/* In getopt's shape: the n-th is TS_OPTION_LONG + n. */
static void fill_longs(const struct ts_option *known, struct option longs[MOST + 2],
		       char shorts[2 * MOST + 3])
{
	size_t n = 0;

	shorts = stpcpy(shorts, ":h");
	for (; n < MOST && known[n].name; n++) {
		longs[n] = (struct option){known[n].name,
					   known[n].text ? required_argument : no_argument, NULL,
					   TS_OPTION_LONG + (int)n};
		if (known[n].letter)
			shorts +=
				sprintf(shorts, "%c%s", known[n].letter, known[n].text ? ":" : "");
	}
	longs[n] = (struct option){"help", no_argument, NULL, 'h'};
	longs[n + 1] = (struct option){NULL, 0, NULL, 0};
}

int ts_options_take(const struct ts_command *command, const struct ts_option *known, int argc,
		    char **argv)
{
	char shorts[2 * MOST + 3];
	struct option longs[MOST + 2];
	const struct ts_options options = {
		.command = command->name, .shorts = shorts, .longs = longs};
	const struct ts_option *taken;
	int found;

	fill_longs(known, longs, shorts);
	while ((found = ts_options_next(&options, argc, argv)) != -1) {
		if (found == '?')
			return -EINVAL;
		if (found == 'h') {
			ts_command_help(command);
			return 1;
		}
		taken = found >= TS_OPTION_LONG ? &known[found - TS_OPTION_LONG] : known;
		while (found < TS_OPTION_LONG && taken->letter != found)
			taken++;
		if (taken->text)
			*taken->text = optarg;
		else
			*taken->flag = true;
	}
	return 0;
}

int ts_options_only(const struct ts_command *command, const struct ts_option *known, int argc,
		    char **argv)
{
	int result = ts_options_take(command, known, argc, argv);

	if (result || optind == argc)
		return result;
	ts_say("%s takes options only, not %s; see traceshim help %s", command->name, argv[optind],
	       command->name);
	return -EINVAL;
}
