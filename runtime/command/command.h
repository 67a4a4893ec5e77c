/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_COMMAND_H
#define TS_COMMAND_COMMAND_H

/* What a subcommand is to main.c. */

#include <stdbool.h>
#include <stddef.h>

#define TS_VERSION "0.1.0"

enum ts_exit { TS_EXIT_DONE = 0, TS_EXIT_FAILED = 1, TS_EXIT_USAGE = 2, TS_EXIT_BLOCKED = 3 };

struct ts_command {
	const char *name;
	const char *summary;
	const char *help;                  /* every option and an example, in 80 columns */
	bool reads;                        /* what is stored, so that it can as one tenant */
	int (*run)(int argc, char **argv); /* argv[0] is the name; answers the exit status */
};

/* Each of those that the overview names, in its order; NULL behind the last. */
const struct ts_command *ts_command_at(size_t index);

/* Its help on stdout, and which manual page has the rest. */
void ts_command_help(const struct ts_command *command);

extern const struct ts_command ts_command_run;
extern const struct ts_command ts_command_check;
extern const struct ts_command ts_command_symbols;
extern const struct ts_command ts_command_list;
extern const struct ts_command ts_command_show;
extern const struct ts_command ts_command_ps;
extern const struct ts_command ts_command_tail;
extern const struct ts_command ts_command_export;
extern const struct ts_command ts_command_report;
extern const struct ts_command ts_command_compare;
extern const struct ts_command ts_command_gate;
extern const struct ts_command ts_command_store;
extern const struct ts_command ts_command_collect;
extern const struct ts_command ts_command_recover;
extern const struct ts_command ts_command_reprice;
extern const struct ts_command ts_command_complete; /* for shells, not in the overview */

#endif
