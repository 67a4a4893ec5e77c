// SPDX-License-Identifier: Apache-2.0
#include "marks.h"

struct ts_mark *ts_marks_find(struct ts_marks *marks, const struct ts_event_exec *event)
{
	for (size_t i = 0; i < marks->n; i++)
		if (marks->marks[i].ticks == event->ticks)
			return &marks->marks[i];
	return NULL;
}

static struct ts_mark *oldest(struct ts_marks *marks)
{
	struct ts_mark *found = &marks->marks[0];

	for (size_t i = 1; i < marks->n; i++)
		if (marks->marks[i].ticks < found->ticks)
			found = &marks->marks[i];
	return found;
}

void ts_marks_take(struct ts_marks *marks, const struct ts_event_exec *event, bool in_open)
{
	struct ts_mark *mark = ts_marks_find(marks, event);

	if (event->event.flags & TS_EXEC_FAILED) {
		if (mark)
			*mark = marks->marks[--marks->n];
		return;
	}
	if (mark)
		return;
	mark = marks->n < TS_MARKS ? &marks->marks[marks->n++] : oldest(marks);
	*mark = (struct ts_mark){event->ticks, in_open};
}

uint64_t ts_marks_last(const struct ts_marks *marks)
{
	uint64_t last = 0;

	for (size_t i = 0; i < marks->n; i++)
		if (marks->marks[i].ticks > last)
			last = marks->marks[i].ticks;
	return last;
}
