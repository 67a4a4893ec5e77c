// SPDX-License-Identifier: Apache-2.0
/* `dead ROOT STORE MB`: a spool of an earlier boot in ROOT, its rings full of calls with 100 bytes of text. Prints spans. */

#include <stdbool.h>

#include "tests/unit/spool_builder.h"

#define RING_MB 64
#define PARTS   3

static uint64_t numbers, ticks;
static struct record record;

/* A call that takes a microsecond; false: there is no room for it. */
static bool put_part(struct spool *spool, uint32_t ring, uint64_t trace)
{
	static const char text[] =
		"some hundred bytes of text, as somebody may have written them to a "
		"bot that coaches him, or her, ...";
	uint64_t span = ++numbers;

	record_begin(&record, TS_BEGIN_SPAN, trace, span, 0, 1, ++ticks * 1000);
	record_string(&record, 0, text);
	if (!spool_put(spool, ring, &record))
		return false;
	record_end(&record, trace, span, TS_OUTCOME_OK, 0, ++ticks * 1000);
	record_string(&record, TS_PARAM_RESULT, text);
	return spool_put(spool, ring, &record);
}

static unsigned long fill(struct spool *spool, uint32_t ring)
{
	unsigned long spans = 0;

	for (;;) {
		uint64_t trace = ++numbers;
		int parts = 0;

		record_begin(&record, TS_BEGIN_TRACE, trace, 0, 0, 0, ++ticks * 1000);
		if (!spool_put(spool, ring, &record))
			return spans;
		while (parts < PARTS && put_part(spool, ring, trace))
			parts++;
		spans += (unsigned long)parts;
		record_end(&record, trace, 0, TS_OUTCOME_OK, 0, ++ticks * 1000);
		if (!spool_put(spool, ring, &record) || parts < PARTS)
			return spans;
	}
}

int main(int argc, char **argv)
{
	unsigned long spans = 0;
	struct spool spool;

	if (argc != 4)
		return 2;
	spool_new_at(&spool, argv[1], "00000000-0000-0000-0000-000000000000-1-0", 1);
	spool_settings(&spool, argv[2], "", "password");
	spool_thunk(&spool, 0, TS_KIND_PIPELINE, "answer", "answer", "", NULL);
	spool_thunk(&spool, 1, TS_KIND_TOOL, "part", "part", "", "text");
	for (int mb = atoi(argv[3]); mb > 0; mb -= RING_MB)
		spans += fill(&spool, spool_ring(&spool, RING_MB << 20));
	printf("%lu\n", spans);
	return 0;
}
