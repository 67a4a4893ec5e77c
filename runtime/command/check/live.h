/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_CHECK_LIVE_H
#define TS_COMMAND_CHECK_LIVE_H

/* What `check --live` tells: the rules that a program which runs is traced by, as its spool has them. */

#include <stdbool.h>
#include <stdint.h>

#include "../../../preload/abi.h"
#include "../program/rules.h"
#include "../program/wired.h"

struct ts_checklive {
	int64_t pid;
	int64_t started_us;
	bool changed; /* symbols.conf is not what the program read: only rules that have functions are known */
	bool has_wire;
	struct ts_wired wired;        /* without libraries, which the rules have */
	uint64_t lost[TS_LOST_COUNT]; /* calls, by enum ts_lost */
};

/*
 * Of the program `pid` of this pid namespace. In *ret the rules, whose functions have neither address nor way. 0, or a
 * negative errno once the reason is printed. Changes our environment.
 */
int ts_checklive_look(int64_t pid, struct ts_rules *ret, struct ts_checklive *ret_live);

/* "ring_full 3, too_deep 1", from malloc; NULL: nothing was lost, or no memory. */
char *ts_checklive_lost(const struct ts_checklive *live);

#endif
