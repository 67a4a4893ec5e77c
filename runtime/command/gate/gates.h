/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COMMAND_GATE_GATES_H
#define TS_COMMAND_GATE_GATES_H

/* The gates of a file, traces that go through them, and what is said of it: for `gate` and `run --gate`. */

#include <stdio.h>

#include "file.h"

struct ts_gates {
	struct ts_gate_file file;
	struct ts_finding *findings; /* of all rules, gate by gate */
	size_t n_findings;
};

/* The file at `path`. -EINVAL: it has faults, which are said; -ENOMEM. Released in any case. */
int ts_gates_init(struct ts_gates *gates, const char *path);
void ts_gates_release(struct ts_gates *gates);

/* A ts_query_scan_fn: one more trace. */
int ts_gates_add(void *gates, const struct ts_trace *trace, const struct ts_span *spans, size_t n);

/* All traces are in: does each rule hold? */
struct ts_gate_result {
	enum ts_holds holds;
	double value; /* NaN: there is none */
	char sentence[192];
	bool has_trace; /* one that it fails in */
	struct ts_uuid trace;
};

struct ts_gate_result ts_gates_judge(struct ts_gates *gates, const struct ts_gate_section *section,
				     size_t rule);

/* How many traces a gate was of. */
uint64_t ts_gates_traces(const struct ts_gates *gates, const struct ts_gate_section *section);

/* Does all of a gate hold? */
bool ts_gates_passes(struct ts_gates *gates, const struct ts_gate_section *section);

/* TS_EXIT_DONE; TS_EXIT_FAILED where a gate fails; TS_EXIT_BLOCKED where one does that blocks a deployment. */
int ts_gates_status(struct ts_gates *gates);

/* For people. */
void ts_gates_print(struct ts_gates *gates, FILE *out);

/* For programs: an object with `gates`, `passed` and `exit_status`, to be deleted by the caller; or its text, from malloc. NULL
 * where memory ran out. */
struct cJSON *ts_gates_json(struct ts_gates *gates);
char *ts_document_gates(struct ts_gates *gates);

/* JUnit's XML into a file: a suite a gate, a case a rule. 0, or -EIO with the reason said. */
int ts_gates_write_junit(struct ts_gates *gates, const char *path);

#endif
