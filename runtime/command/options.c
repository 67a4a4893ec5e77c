// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <stdio.h>
#include <string.h>

#include "guess.h"
#include "print.h"

#define MOST 16

static void say_unknown(const struct ts_options *options, const char *typed)
{
	const char *names[MOST];
	const char *guess;
	size_t n = 0;

	for (; n < MOST && options->longs[n].name; n++)
		names[n] = options->longs[n].name;
	guess = ts_guess(typed + 2, names, n);
	if (guess)
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
	if (optopt && optopt < TS_OPTION_LONG)
		ts_say("unknown option -%c; see traceshim help %s", optopt, options->command);
	else if (found == ':')
		ts_say("option %s needs a value; see traceshim help %s", name, options->command);
	else if (optopt)
		ts_say("option %s takes no value; see traceshim help %s", name, options->command);
	else
		say_unknown(options, name);
	return '?';
}
