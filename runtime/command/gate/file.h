/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_GATE_FILE_H
#define TS_COMMAND_GATE_FILE_H

/*
 * The file of `traceshim gate`: sections of requirements. Its grammar stands in traceshim-gate(1).
 *
 *	[gate learn-is-fast]
 *	pipeline = learn
 *	require  = p95_ms <= 1500        # any number of them
 *	action   = block-deploy          # warn, fail (unless said) or block-deploy
 */

#include "../../pool.h"
#include "../../report/requirement.h"

enum ts_gate_action { TS_GATE_WARN, TS_GATE_FAIL, TS_GATE_BLOCK };

struct ts_gate_rule {
	struct ts_requirement requirement;
	const char *text; /* as written, spaces made one each */
	unsigned line;
};

struct ts_gate_section {
	const char *name;
	const char *pipeline; /* NULL: all */
	enum ts_gate_action action;
	unsigned line;
	struct ts_gate_rule *rules;
	size_t n;
};

struct ts_gate_fault {
	unsigned line;
	unsigned column; /* in bytes, from 1 */
	char text[256];
};

struct ts_gate_file {
	struct ts_gate_section *sections;
	size_t n;
	struct ts_gate_fault *
		faults; /* in the order of the lines; where there is any, nothing is to be judged by it */
	size_t n_faults;
	struct ts_pool pool; /* of all texts */
};

/* The name of an action as it is written. */
const char *ts_gate_action_name(enum ts_gate_action action);

/* Of text that need not end in NUL. 0, also where there are faults, or -ENOMEM. */
int ts_gatefile_parse(struct ts_gate_file *ret, const char *text, size_t bytes);

/* Of a file. -EINVAL: there are faults, or it cannot be read; each is said. -ENOMEM. Released in any case. */
int ts_gatefile_read(struct ts_gate_file *ret, const char *path);

void ts_gatefile_release(struct ts_gate_file *file);

#endif
