/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_READER_FIXTURE_H
#define TS_READER_FIXTURE_H

/* A reader that notes what it is handed. Included behind cmocka.h. */

#include <errno.h>
#include <stdbool.h>

#include "runtime/log/reader.h"
#include "spool_builder.h"

/* What a pass delivered. */
struct seen {
	size_t n;
	size_t refuse_at; /* with refusal */
	int refusal;
	uint64_t ticks[100000];
	char thread_name[17];
};

static struct seen seen;

SPOOL_BUILDER int take(void *context, const struct ts_event *event, const char *thread_name)
{
	struct seen *into = context;

	if (into->refusal && into->n == into->refuse_at)
		return into->refusal;
	if (event->type == TS_EVENT_BEGIN)
		into->ticks[into->n] = ((const struct ts_event_begin *)event)->ticks;
	else if (event->type == TS_EVENT_END)
		into->ticks[into->n] = ((const struct ts_event_end *)event)->ticks;
	into->n++;
	snprintf(into->thread_name, sizeof(into->thread_name), "%s",
		 thread_name ? thread_name : "?");
	return 0;
}

SPOOL_BUILDER struct ts_reader *open_reader(const struct spool *spool)
{
	struct ts_reader *reader;

	assert_int_equal(ts_reader_new(&reader, spool->path, NULL, NULL), 0);
	return reader;
}

SPOOL_BUILDER int pass(struct ts_reader *reader)
{
	memset(&seen, 0, sizeof(seen));
	return ts_reader_pass(reader, take, &seen, NULL);
}

SPOOL_BUILDER bool put_begin(struct spool *spool, uint32_t ring, uint64_t ticks)
{
	struct record record;

	record_begin(&record, TS_BEGIN_SPAN, 1, ticks + 1, 0, 0, ticks);
	record_string(&record, 0, "some text");
	return spool_put(spool, ring, &record);
}

SPOOL_BUILDER int lowest_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

SPOOL_BUILDER bool put_end(struct spool *spool, uint32_t ring, uint64_t ticks)
{
	struct record record;

	record_end(&record, 1, ticks + 1, TS_OUTCOME_OK, 0, ticks);
	return spool_put(spool, ring, &record);
}

#endif
