/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_OPTIONS_H
#define TS_COMMAND_OPTIONS_H

/* getopt_long, and what it finds wrong in our words. */

#include <getopt.h>

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
