/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_TRACKS_H
#define TS_TRACKS_H

/*
 * Where calls are drawn so that none overlaps another that it does not lie in: on the track of their thread, or beside it.
 *
 * The track of a thread takes a call where nothing is drawn at that time, or where what is drawn innermost is something it
 * was made in. What goes on beside that, as tasks and coroutines do that take turns on a thread, opens a branch: a track of
 * its own, which takes what is made in it on the same thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../span.h"

struct ts_tracks;

#define TS_TRACKS_NONE UINT32_MAX

struct ts_track_thread {
	int64_t process; /* whatever number the caller gave it */
	int64_t number;
	bool named; /* the caller's: has its name been told? */
};

/* A call of the trace that is being drawn; a trace may have a million of them. */
struct ts_track_call {
	struct ts_uuid span_id;
	int64_t start_us;
	int64_t end_us;
	struct ts_track_thread *thread; /* NULL: unknown */
	uint32_t name;                  /* the caller's */
	uint32_t
		parent; /* the call it was made in: its number; of the trace itself TS_TRACKS_NONE */
	uint32_t
		branch; /* the number of the first call of the branch; TS_TRACKS_NONE: on its thread's track */
	uint32_t below; /* what stands under it on its track */
	uint32_t top;   /* of a branch's first call: what stands on top */
};

/* `call` of a branch has ended before what is drawn next begins; innermost first. */
typedef void ts_tracks_ended_fn(void *context, const struct ts_track_call *call);

/* 0 or -ENOMEM. */
int ts_tracks_new(struct ts_tracks **ret, ts_tracks_ended_fn *ended, void *context);
void ts_tracks_free(struct ts_tracks *tracks); /* NULL is fine; tells of nothing */

/* The thread of that number in a process; it lives as long as the tracks. NULL: no memory. */
struct ts_track_thread *ts_tracks_thread(struct ts_tracks *tracks, int64_t process, int64_t number);

/*
 * Ends the last trace, if any, and begins the next; its own call is number 0. Traces may come in any order, newest first
 * is quickest. `call` says when, and on which thread. 0 or -ENOMEM.
 */
int ts_tracks_begin(struct ts_tracks *tracks, const struct ts_track_call *call);

/* Ends the last trace. */
void ts_tracks_end(struct ts_tracks *tracks);

/*
 * The next call of the trace, in the order they began, what lies in another behind it. `parent_id` is NULL where it lies
 * in the trace itself, and so does one whose parent has not come. Answers its number; TS_TRACKS_NONE: no memory.
 */
uint32_t ts_tracks_put(struct ts_tracks *tracks, const struct ts_track_call *call,
		       const struct ts_uuid *parent_id);

/* By its number; valid until the next is put. */
const struct ts_track_call *ts_tracks_call(const struct ts_tracks *tracks, uint32_t number);

#endif
