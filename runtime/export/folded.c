// SPDX-License-Identifier: Apache-2.0
/*
 * Flame graphs' folded stacks: "learn;agent:trainer;llm:claude 61200", a line for each path of names that there is, with the
 * sum over all traces: microseconds in which none of a call's own calls ran, nano-dollars, or calls.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "paths.h"

#define NONE     UINT32_MAX       /* no such call; no path yet */
#define OPEN     (UINT32_MAX - 1) /* its path is being looked for */
#define MOST     (UINT32_MAX - 2)
#define NS_IN_US 1000

/* A call of the trace that is read; the first is the trace itself. As small as can be: a trace may have a million. */
struct call {
	struct ts_uuid id;
	union {
		struct ts_uuid parent_id; /* until all have come */
		struct {
			uint32_t parent;
			uint32_t path;
			int64_t covered_ns; /* so far its calls have covered it, or what it cost */
		};
	};
	int64_t start_ns;
	int64_t end_ns; /* or what it weighs, where that is no time */
	uint32_t name;
	bool has_parent;
};

struct folded {
	FILE *out;
	enum ts_weight weight;
	struct ts_paths paths;
	struct call *calls;
	uint32_t n, room;
	uint32_t *by_id; /* places of calls */
};

/* --- a trace is read --------------------------------------------------------------------------- */

static int64_t weigh(const struct folded *folded, const struct ts_span *span)
{
	if (folded->weight == TS_WEIGHT_CALLS)
		return 1;
	return span->cost_nano_usd.known ? span->cost_nano_usd.value : 0;
}

static int64_t duration_ns(double ms)
{
	return isfinite(ms) && ms > 0 && ms < 1e12 ? llround(ms * 1e6) : 0;
}

static struct call *push(struct folded *folded)
{
	if (folded->n == folded->room) {
		uint32_t room = folded->room ? 2 * folded->room : 256;
		struct call *more = reallocarray(folded->calls, room, sizeof(*more));

		if (!more)
			return NULL;
		folded->calls = more;
		folded->room = room;
	}
	return &folded->calls[folded->n++];
}

static int add(struct folded *folded, const char *name, int64_t started_us, double duration_ms,
	       struct call **ret)
{
	struct call *call = folded->n < MOST ? push(folded) : NULL;

	if (!call)
		return -ENOMEM;
	memset(call, 0, sizeof(*call));
	call->name = ts_paths_name(&folded->paths, name);
	call->start_ns = started_us * NS_IN_US;
	call->end_ns = call->start_ns + duration_ns(duration_ms);
	*ret = call;
	return call->name == TS_PATHS_NONE ? -ENOMEM : 0;
}

/* --- and folded -------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b, void *calls)
{
	const struct call *x = (struct call *)calls + *(const uint32_t *)a;
	const struct call *y = (struct call *)calls + *(const uint32_t *)b;

	return memcmp(&x->id, &y->id, sizeof(x->id));
}

/* The call of that id; the trace where there is none. */
static uint32_t find(const struct folded *folded, const struct ts_uuid *id)
{
	uint32_t low = 1, high = folded->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = memcmp(&folded->calls[folded->by_id[middle]].id, id, sizeof(*id));

		if (order == 0)
			return folded->by_id[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

static int link_calls(struct folded *folded)
{
	uint32_t *by_id = reallocarray(folded->by_id, folded->n, sizeof(*by_id));

	if (!by_id)
		return -ENOMEM;
	folded->by_id = by_id;
	for (uint32_t i = 0; i < folded->n; i++)
		by_id[i] = i;
	qsort_r(by_id + 1, folded->n - 1, sizeof(*by_id), compare_ids, folded->calls);
	for (uint32_t i = 1; i < folded->n; i++) {
		struct call *call = &folded->calls[i];

		call->parent = call->has_parent ? find(folded, &call->parent_id) : 0;
		call->path = NONE;
		call->covered_ns = folded->weight == TS_WEIGHT_TIME ? call->start_ns : 0;
	}
	folded->calls[0].parent = NONE;
	folded->calls[0].path =
		ts_paths_below(&folded->paths, TS_PATHS_NONE, folded->calls[0].name);
	folded->calls[0].covered_ns = folded->calls[0].start_ns;
	return folded->calls[0].path == TS_PATHS_NONE ? -ENOMEM : 0;
}

/*
 * From the call up to one whose path is known, and back; `chain` has room for all calls. One that would lie in itself lies
 * in the trace.
 */
static int find_path(struct folded *folded, uint32_t at, uint32_t *chain)
{
	struct call *calls = folded->calls;
	uint32_t n = 0, path;

	for (; calls[at].path == NONE; at = calls[at].parent) {
		calls[at].path = OPEN;
		chain[n++] = at;
		if (calls[calls[at].parent].path == OPEN)
			calls[at].parent = 0;
	}
	path = calls[at].path;
	while (n--) {
		path = ts_paths_below(&folded->paths, path, calls[chain[n]].name);
		if (path == TS_PATHS_NONE)
			return -ENOMEM;
		calls[chain[n]].path = path;
	}
	return 0;
}

/* Takes what the call covers of its parent from that one's own time; calls come as they began. */
static void cover(struct folded *folded, const struct call *call)
{
	struct call *parent = &folded->calls[call->parent];
	int64_t start = call->start_ns, end = call->end_ns;

	start = start > parent->covered_ns ? start : parent->covered_ns;
	end = end < parent->end_ns ? end : parent->end_ns;
	if (end <= start)
		return;
	ts_paths_add(&folded->paths, parent->path, start - end);
	parent->covered_ns = end;
}

/* What a call and one inside it both tell of was paid once: it is the inner one's. */
static void pay(struct folded *folded, const struct call *call)
{
	struct call *around = NULL;
	int64_t left;

	for (uint32_t i = call->parent; i != NONE && !around; i = folded->calls[i].parent)
		around = folded->calls[i].end_ns > 0 ? &folded->calls[i] : NULL;
	if (!around)
		return;
	left = around->end_ns - around->covered_ns;
	left = left < call->end_ns ? left : call->end_ns;
	around->covered_ns += left;
	ts_paths_add(&folded->paths, around->path, -left);
}

static int fold(struct folded *folded)
{
	uint32_t *chain;
	int result = link_calls(folded);

	chain = calloc(folded->n, sizeof(*chain));
	if (!chain)
		return -ENOMEM;
	for (uint32_t i = 0; i < folded->n && result == 0; i++)
		result = find_path(folded, i, chain);
	free(chain);
	for (uint32_t i = 0; i < folded->n && result == 0; i++) {
		const struct call *call = &folded->calls[i];
		bool time = folded->weight == TS_WEIGHT_TIME;

		ts_paths_add(&folded->paths, call->path,
			     time ? call->end_ns - call->start_ns : call->end_ns);
		if (time && i)
			cover(folded, call);
		else if (folded->weight == TS_WEIGHT_COST && call->end_ns > 0)
			pay(folded, call);
	}
	return result;
}

/* --- the format ------------------------------------------------------------------------------ */

static int begin(void **ret, FILE *out, enum ts_weight weight)
{
	struct folded *folded = calloc(1, sizeof(*folded));

	if (!folded)
		return -ENOMEM;
	folded->out = out;
	folded->weight = weight;
	*ret = folded;
	return 0;
}

static int trace(void *format, const struct ts_trace *row)
{
	struct folded *folded = format;
	struct call *call;
	int result = folded->n ? fold(folded) : 0;

	folded->n = 0;
	if (result == 0)
		result = add(folded, row->pipeline_name, row->started_us, row->duration_ms, &call);
	if (result == 0 && folded->weight != TS_WEIGHT_TIME)
		call->end_ns = folded->weight == TS_WEIGHT_CALLS;
	return result;
}

static int span(void *format, const struct ts_span *row)
{
	struct folded *folded = format;
	struct call *call;
	int result = add(folded, row->span_name, row->started_us, row->duration_ms, &call);

	if (result < 0)
		return result;
	call->id = row->span_id;
	call->parent_id = row->parent_span_id;
	call->has_parent = row->has_parent;
	if (folded->weight != TS_WEIGHT_TIME)
		call->end_ns = weigh(folded, row);
	return 0;
}

static int put_path(void *context, const char *path, int64_t weight)
{
	struct folded *folded = context;

	if (folded->weight == TS_WEIGHT_TIME)
		weight = (weight + NS_IN_US / 2) / NS_IN_US;
	if (weight > 0)
		fprintf(folded->out, "%s %" PRId64 "\n", path, weight);
	return 0;
}

static int end(void *format)
{
	struct folded *folded = format;
	int result = folded->n ? fold(folded) : 0;

	return result == 0 ? ts_paths_each(&folded->paths, put_path, folded) : result;
}

static void free_folded(void *format)
{
	struct folded *folded = format;

	ts_paths_release(&folded->paths);
	free(folded->calls);
	free(folded->by_id);
	free(folded);
}

const struct ts_format ts_format_folded = {
	.name = "folded",
	.shape = TS_SPANS_SHAPE,
	.begin = begin,
	.trace = trace,
	.span = span,
	.end = end,
	.free = free_folded,
};
