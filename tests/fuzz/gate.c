// SPDX-License-Identifier: Apache-2.0
/* A file of gates of any bytes: gates that are whole, or faults that lie in the file, each in one line. */
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "runtime/command/gate/file.h"

static void check_faults(const struct ts_gate_file *file, unsigned lines)
{
	for (size_t i = 0; i < file->n_faults; i++) {
		const struct ts_gate_fault *fault = &file->faults[i];

		MUST(fault->line >= 1 && fault->line <= lines && fault->column >= 1);
		MUST(fault->text[0] && memchr(fault->text, 0, sizeof(fault->text)));
		MUST(!strchr(fault->text, '\n'));
	}
}

static void check_rule(const struct ts_gate_rule *rule)
{
	const struct ts_requirement *it = &rule->requirement;

	MUST(isfinite(it->limit) && it->limit >= 0);
	MUST(it->metric != TS_METRIC_ERROR_RATE || it->limit <= 1);
	MUST(it->metric != TS_METRIC_PERCENTILE || (it->percent >= 1 && it->percent <= 100));
	MUST(it->metric != TS_METRIC_SPANS || it->span_name);
	MUST(it->metric != TS_METRIC_TRACES || !it->span_name);
	MUST(!it->span_name || strchr(it->span_name, ':'));
	MUST(rule->text[0]);
}

/* What is told again reads as it did before. */
static void check_again(const struct ts_gate_rule *rule)
{
	struct ts_gate_file again;
	char text[8192];
	int n = snprintf(text, sizeof(text), "[gate g]\nrequire = %s\n", rule->text);

	if (n < 0 || (size_t)n >= sizeof(text) || strchr(rule->text, '#'))
		return;
	MUST(ts_gatefile_parse(&again, text, (size_t)n) == 0);
	MUST(again.n_faults == 0 && again.n == 1 && again.sections[0].n == 1);
	MUST(again.sections[0].rules[0].requirement.limit == rule->requirement.limit);
	MUST(again.sections[0].rules[0].requirement.metric == rule->requirement.metric);
	ts_gatefile_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct ts_gate_file file;
	unsigned lines = 1;

	for (size_t i = 0; i < bytes; i++)
		lines += data[i] == '\n';
	MUST(ts_gatefile_parse(&file, (const char *)data, bytes) == 0);
	MUST(file.n || file.n_faults);
	check_faults(&file, lines);
	for (size_t i = 0; i < file.n; i++) {
		MUST(file.sections[i].name[0]);
		MUST(file.n_faults || file.sections[i].n);
		for (size_t k = 0; k < file.sections[i].n; k++) {
			check_rule(&file.sections[i].rules[k]);
			check_again(&file.sections[i].rules[k]);
		}
	}
	ts_gatefile_release(&file);
	return 0;
}
