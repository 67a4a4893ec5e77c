// SPDX-License-Identifier: Apache-2.0
#include "tracks.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256

/* A stretch of a thread's track on which something is drawn. */
struct stretch {
	int64_t start_us;
	int64_t end_us;
};

struct thread {
	struct ts_track_thread public; /* first */
	uint32_t top;                  /* of its track, in trace `trace` */
	uint64_t trace;
	struct stretch *taken; /* the latest first; none overlaps another */
	size_t n, room;
};

struct ts_tracks {
	ts_tracks_ended_fn *ended;
	void *context;
	void *threads; /* a tree */
	uint64_t trace;
	struct ts_track_call *calls;
	uint32_t n, room;
	uint32_t *
		buckets; /* numbers of calls by id, twice as many as there is room for calls; 0: free */
};

int ts_tracks_new(struct ts_tracks **ret, ts_tracks_ended_fn *ended, void *context)
{
	struct ts_tracks *tracks = calloc(1, sizeof(*tracks));

	if (!tracks)
		return -ENOMEM;
	tracks->ended = ended;
	tracks->context = context;
	*ret = tracks;
	return 0;
}

static void free_thread(void *node)
{
	struct thread *thread = node;

	free(thread->taken);
	free(thread);
}

void ts_tracks_free(struct ts_tracks *tracks)
{
	if (!tracks)
		return;
	tdestroy(tracks->threads, free_thread);
	free(tracks->calls);
	free(tracks->buckets);
	free(tracks);
}

static int compare_threads(const void *a, const void *b)
{
	const struct ts_track_thread *x = a, *y = b;

	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

struct ts_track_thread *ts_tracks_thread(struct ts_tracks *tracks, int64_t process, int64_t number)
{
	struct ts_track_thread key = {.process = process, .number = number};
	struct thread **found = tfind(&key, &tracks->threads, compare_threads), *thread;

	if (found)
		return &(*found)->public;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->public = key;
	if (tsearch(thread, &tracks->threads, compare_threads))
		return &thread->public;
	free(thread);
	return NULL;
}

/* --- calls by their ids ------------------------------------------------------------------------ */

/* Of the low half: the high one holds the time, which calls share. */
static size_t bucket_of(const struct ts_tracks *tracks, const struct ts_uuid *id)
{
	uint64_t low;

	memcpy(&low, id->bytes + 8, sizeof(low));
	low = (low ^ low >> 32) * 0x9e3779b97f4a7c15ULL;
	return (low >> 32) & (2 * (size_t)tracks->room - 1);
}

/* Its bucket, or the free one where it belongs. */
static uint32_t *find(const struct ts_tracks *tracks, const struct ts_uuid *id)
{
	size_t at = bucket_of(tracks, id);

	while (tracks->buckets[at] &&
	       memcmp(&tracks->calls[tracks->buckets[at]].span_id, id, sizeof(*id)) != 0)
		at = (at + 1) & (2 * (size_t)tracks->room - 1);
	return &tracks->buckets[at];
}

/* What comes twice is found as what came first. */
static void note(struct ts_tracks *tracks, uint32_t number)
{
	uint32_t *bucket = find(tracks, &tracks->calls[number].span_id);

	if (!*bucket)
		*bucket = number;
}

/* From where each belongs to the next that is free: that is all of them. */
static void forget_all(struct ts_tracks *tracks)
{
	for (uint32_t i = 1; i < tracks->n; i++) {
		size_t at = bucket_of(tracks, &tracks->calls[i].span_id);

		for (; tracks->buckets[at]; at = (at + 1) & (2 * (size_t)tracks->room - 1))
			tracks->buckets[at] = 0;
	}
}

static int make_room(struct ts_tracks *tracks)
{
	uint32_t room = tracks->room ? 2 * tracks->room : FIRST_ROOM;
	struct ts_track_call *calls;
	uint32_t *buckets;

	if (tracks->n < tracks->room)
		return 0;
	if (room > UINT32_MAX / 4)
		return -ENOMEM;
	calls = reallocarray(tracks->calls, room, sizeof(*calls));
	if (!calls)
		return -ENOMEM;
	tracks->calls = calls;
	buckets = calloc(2 * (size_t)room, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	free(tracks->buckets);
	tracks->buckets = buckets;
	tracks->room = room;
	for (uint32_t i = 1; i < tracks->n; i++)
		note(tracks, i);
	return 0;
}

/* --- what lies in what ------------------------------------------------------------------------- */

/* Is `outer` the call itself, or one that it was made in? What something was made in has the lower number. */
static bool lies_in(const struct ts_tracks *tracks, uint32_t number, uint32_t outer)
{
	while (number > outer && number != TS_TRACKS_NONE)
		number = tracks->calls[number].parent;
	return number == outer;
}

/*
 * Takes from the top of a track what has ended before `call` begins, but for what it was made in, which may end in the
 * same microsecond; answers what is on top then.
 */
static uint32_t uncover(struct ts_tracks *tracks, uint32_t top, const struct ts_track_call *call)
{
	while (top != TS_TRACKS_NONE && tracks->calls[top].end_us <= call->start_us &&
	       !lies_in(tracks, call->parent, top)) {
		if (tracks->calls[top].branch != TS_TRACKS_NONE)
			tracks->ended(tracks->context, &tracks->calls[top]);
		top = tracks->calls[top].below;
	}
	return top;
}

static bool fits_on(const struct ts_tracks *tracks, uint32_t top, const struct ts_track_call *call)
{
	return top != TS_TRACKS_NONE && lies_in(tracks, call->parent, top) &&
	       call->end_us <= tracks->calls[top].end_us;
}

/* --- a thread's track -------------------------------------------------------------------------- */

/* The first of `taken` that begins at `us` or before. */
static size_t place_of(const struct thread *thread, int64_t us)
{
	size_t low = 0, high = thread->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (thread->taken[middle].start_us > us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_free(const struct thread *thread, size_t place, const struct ts_track_call *call)
{
	const struct stretch *taken = thread->taken;

	if (place && taken[place - 1].start_us < call->end_us)
		return false;
	for (size_t i = place; i < thread->n; i++) {
		bool before = taken[i].start_us < call->start_us;

		if (taken[i].end_us > call->start_us && (before || call->end_us > call->start_us))
			return false;
		/* an empty one may stand where another begins */
		if (before && taken[i].end_us > taken[i].start_us)
			break;
	}
	return true;
}

static int take(struct thread *thread, size_t place, const struct ts_track_call *call)
{
	if (thread->n == thread->room) {
		size_t room = thread->room ? 2 * thread->room : 4;
		struct stretch *more = reallocarray(thread->taken, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		thread->taken = more;
		thread->room = room;
	}
	memmove(&thread->taken[place + 1], &thread->taken[place],
		(thread->n++ - place) * sizeof(*thread->taken));
	thread->taken[place] = (struct stretch){call->start_us, call->end_us};
	return 0;
}

/* 1: it is drawn there; 0: it is not; or -ENOMEM. */
static int put_on_thread(struct ts_tracks *tracks, struct ts_track_call *call)
{
	struct thread *thread = (struct thread *)call->thread;
	size_t place;

	if (!thread)
		return 0;
	if (thread->trace != tracks->trace)
		thread->top = TS_TRACKS_NONE;
	thread->trace = tracks->trace;
	thread->top = uncover(tracks, thread->top, call);
	if (thread->top == TS_TRACKS_NONE) {
		place = place_of(thread, call->start_us);
		if (!is_free(thread, place, call))
			return 0;
		if (take(thread, place, call) < 0)
			return -ENOMEM;
	} else if (!fits_on(tracks, thread->top, call)) {
		return 0;
	}
	call->branch = TS_TRACKS_NONE;
	call->below = thread->top;
	thread->top = tracks->n;
	return 1;
}

/* --- a branch -------------------------------------------------------------------------------- */

/* Was it made in a call of a branch, on the same thread? */
static bool is_of_branch(const struct ts_tracks *tracks, const struct ts_track_call *call)
{
	const struct ts_track_call *parent;

	if (call->parent == TS_TRACKS_NONE)
		return false;
	parent = &tracks->calls[call->parent];
	return parent->branch != TS_TRACKS_NONE && parent->thread == call->thread;
}

/* On that of what it was made in, or on a new one. */
static void put_on_branch(struct ts_tracks *tracks, struct ts_track_call *call)
{
	struct ts_track_call *first;

	call->branch = call->top = tracks->n;
	call->below = TS_TRACKS_NONE;
	if (!is_of_branch(tracks, call))
		return;
	first = &tracks->calls[tracks->calls[call->parent].branch];
	first->top = uncover(tracks, first->top, call);
	if (!fits_on(tracks, first->top, call))
		return;
	call->branch = first->branch;
	call->below = first->top;
	first->top = tracks->n;
}

/* --- traces ------------------------------------------------------------------------------------ */

static int put(struct ts_tracks *tracks, struct ts_track_call *call)
{
	int result = make_room(tracks);

	if (result == 0 && !is_of_branch(tracks, call))
		result = put_on_thread(tracks, call);
	if (result < 0)
		return result;
	if (result == 0)
		put_on_branch(tracks, call);
	tracks->calls[tracks->n++] = *call;
	return 0;
}

void ts_tracks_end(struct ts_tracks *tracks)
{
	for (uint32_t i = 0; i < tracks->n; i++) {
		if (tracks->calls[i].branch != i)
			continue;
		for (uint32_t at = tracks->calls[i].top; at != TS_TRACKS_NONE;
		     at = tracks->calls[at].below)
			tracks->ended(tracks->context, &tracks->calls[at]);
	}
	forget_all(tracks);
	tracks->n = 0;
}

int ts_tracks_begin(struct ts_tracks *tracks, const struct ts_track_call *call)
{
	struct ts_track_call first = *call;

	ts_tracks_end(tracks);
	tracks->trace++;
	first.parent = TS_TRACKS_NONE;
	return put(tracks, &first);
}

uint32_t ts_tracks_put(struct ts_tracks *tracks, const struct ts_track_call *call,
		       const struct ts_uuid *parent_id)
{
	struct ts_track_call next = *call;

	next.parent = parent_id ? *find(tracks, parent_id) : 0;
	if (put(tracks, &next) < 0)
		return TS_TRACKS_NONE;
	note(tracks, tracks->n - 1);
	return tracks->n - 1;
}

const struct ts_track_call *ts_tracks_call(const struct ts_tracks *tracks, uint32_t number)
{
	return &tracks->calls[number];
}
