/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_TRACES_CHOSEN_H
#define TS_COMMAND_TRACES_CHOSEN_H

/* Which traces are meant: the options that list, tail and export have in common. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../query/query.h"

/* As they were typed. */
struct ts_chosen {
	const char *pipeline;
	const char *user;
	const char *program;
	const char *since;
	const char *until;
	const char *min_ms;
	bool failed;
};

/* For a table of struct ts_option: of all of them, and of those that are no period. */
#define TS_CHOSEN_OPTIONS(chosen)                                       \
	TS_CHOSEN_LASTING(chosen), {"since", .text = &(chosen)->since}, \
	{                                                               \
		"until", .text = &(chosen)->until                       \
	}
#define TS_CHOSEN_LASTING(chosen)                                                           \
	{"pipeline", .text = &(chosen)->pipeline}, {"failed", .flag = &(chosen)->failed},   \
		{"user", .text = &(chosen)->user}, {"program", .text = &(chosen)->program}, \
	{                                                                                   \
		"min-ms", .text = &(chosen)->min_ms                                         \
	}

/* Their lines in a help text. */
#define TS_CHOSEN_HELP                                                         \
	"  --pipeline NAME  only this pipeline's\n"                            \
	"  --failed         only those that failed\n"                          \
	"  --user ID        of this user_id or telegram_id\n"                  \
	"  --program NAME   of programs whose path is that, or ends with it\n" \
	"  --min-ms N       that took at least so many milliseconds\n"
#define TS_CHOSEN_PERIOD_HELP                                                            \
	"  --since WHEN     started within the last 10m, 2h, 3d, or since a date or a\n" \
	"                   date-time (2026-11-20, 2026-11-20T23:07:31Z)\n"              \
	"  --until WHEN     started before then, told the same way\n"

/* Fills in what was chosen, and leaves the rest of *ret alone. 0, or -EINVAL with the sentence printed. */
int ts_chosen_filter(const struct ts_chosen *chosen, int64_t now_us, struct ts_query_filter *ret);

/* --limit, from 1 to `most`. 0, or -EINVAL with the sentence printed. */
int ts_chosen_limit(const char *text, long most, size_t *ret);

#endif
