/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_FIXTURE_H
#define REPORT_FIXTURE_H

/* Traces by hand: spans of one-digit ids, times in milliseconds since the trace began. */

#include <stdint.h>
#include <string.h>

#include "runtime/report/tree.h"

#define START 1795129651000000LL

static inline struct ts_span span(uint8_t id, uint8_t parent, const char *name, double at_ms,
				  double duration_ms)
{
	return (struct ts_span){.span_id = {{id}},
				.has_parent = parent != 0,
				.parent_span_id = {{parent}},
				.span_name = name,
				.kind = !strncmp(name, "llm:", 4) ? "llm" : "agent",
				.started_us = START + (int64_t)(at_ms * 1000),
				.duration_ms = duration_ms,
				.success = true};
}

static inline struct ts_span failing(struct ts_span it, const char *error)
{
	it.success = false;
	it.error = error;
	return it;
}

/* A trace of 100 ms, and its tree. */
static const struct ts_trace whole = {
	.pipeline_name = "p", .started_us = START, .duration_ms = 100, .success = true};

static inline struct ts_tree tree_of(const struct ts_trace *trace, const struct ts_span *spans,
				     size_t n)
{
	struct ts_tree tree = {.n = 0};

	assert_int_equal(ts_tree_init(&tree, trace, spans, n), 0);
	return tree;
}

#endif
