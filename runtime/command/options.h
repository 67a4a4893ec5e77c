/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_OPTIONS_H
#define TS_COMMAND_OPTIONS_H

/* getopt_long, and what it finds wrong in our words. */

#include <getopt.h>
#include <stdbool.h>

struct ts_command;

/* A long option: given or not, or given with a value. The last of an array has no name. */
struct ts_option {
	const char *name;
	bool *flag;        /* becomes true; or */
	const char **text; /* points into argv */
	char letter;       /* that stands for it, too; 0: none */
};

/*
 * Takes all options of a command, -h and --help besides. `optind` is then at the first word; of an option given twice
 * the last value holds. 1 once the help is printed, -EINVAL once the sentence about a wrong option is.
 */
int ts_options_take(const struct ts_command *command, const struct ts_option *known, int argc,
		    char **argv);

/* The same for a command that takes no words. */
int ts_options_only(const struct ts_command *command, const struct ts_option *known, int argc,
		    char **argv);

/* --- by hand, where options take values or not, or end at the first word ------------------- */

/* Values of long options begin here, above those of the letters. */
#define TS_OPTION_LONG 256

struct ts_options {
	const char *command; /* "list", for `traceshim help list` */
	const char *shorts;  /* as for getopt; must begin with ':' or "+:" */
	const struct option *longs;
};

/* getopt_long's answer; '?' once the sentence about a wrong option is printed. */
int ts_options_next(const struct ts_options *options, int argc, char **argv);

#endif
