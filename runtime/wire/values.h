/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_VALUES_H
#define TS_VALUES_H

/*
 * A body of JSON, in pieces, into its values: one; one a line (NDJSON), or else one behind the other; or the elements of
 * one list, which some APIs send as they come. A line feed within a string, where JSON has none, means that the line was torn:
 * its value is given up, and the next line begins a new one.
 */

#include <stdbool.h>
#include <stddef.h>

struct ts_values_target {
	void (*data)(void *user, const char *data, size_t bytes);
	void (*value)(void *user); /* all its data was passed */
	void *user;
};

struct ts_json_values { /* zeroed: before the body */
	size_t depth;
	bool listed; /* the body is a list */
	bool began;
	bool lost; /* until the next line */
	bool in_string, escaped;
};

void ts_json_values_add(struct ts_json_values *values, const struct ts_values_target *target,
			const char *data, size_t bytes);

/* Bytes were not seen: the open value is given up, and what follows is passed over up to the next line. */
void ts_json_values_miss(struct ts_json_values *values, const struct ts_values_target *target);

#endif
