// SPDX-License-Identifier: Apache-2.0
/*
 * How others' rings are read without a lock. A round:
 *
 *     tails      as they are
 *     `open`     what the consumer remembers of places before the tails [L5]
 *     the moment ticks, now
 *     heads      as they are, then what lies between tails and heads
 *     tails      as they were? Else another round
 *
 * Tails that did not move prove that nothing of what was read had been given back and written anew, and that `open` fits
 * them. Where they did move, what lies behind the new ones is still whole in memory, for a producer writes no place that
 * the tail has not passed: so the next round only reads what is new, and is soon quicker than any consumer.
 *
 * Events from behind the moment do not count. A call ends after those inside it: if its end lies before the moment, so do
 * theirs, and they were committed before the heads were looked at, whatever ring they are in.
 */
#include "inside.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "../assemble/calls.h"
#include "../bytes.h"
#include "../file.h"
#include "../log/clock.h"
#include "../log/event.h"
#include "../log/ringfile.h"
#include "../log/segment.h"
#include "exchanges.h"

#define MAX_ROUNDS 200
#define QUICK      20 /* rounds without a rest between them */
#define REST_NS    200000
#define MOST_BYTES ((size_t)256 << 20) /* of events: four times what a program's rings hold */

struct ring {
	const struct ts_abi_ring *header; /* mapped; NULL: it cannot be read */
	uint64_t bytes;
	uint64_t tail;        /* as it is in this round */
	uint64_t head;        /* what was read ends there */
	struct ts_bytes data; /* what was read */
};

struct ts_inside {
	char *spool;
	const struct ts_abi_process *page;
	struct ts_dictionary *dictionary;
	struct ring *rings;
	uint32_t n_rings;
	size_t read;          /* bytes, of all rings */
	struct ts_bytes open; /* events of the segment */
	uint64_t ticks;
	struct ts_calls table;
	struct ts_inside_call *calls;
	size_t n;
	struct ts_exchanges exchanges;
	size_t damaged; /* rings */
};

/* --- life -------------------------------------------------------------------------------------- */

static int open_spool(struct ts_inside *inside, const char *spool)
{
	const void *page;
	int result = ts_file_view(spool, "process", TS_ABI_PAGE, &page);

	if (result < 0)
		return result;
	inside->page = page;
	if (inside->page->magic != TS_ABI_PROCESS_MAGIC || inside->page->version != TS_ABI_VERSION)
		return -EBADMSG;
	inside->spool = strdup(spool);
	if (!inside->spool || ts_calls_init(&inside->table) < 0)
		return -ENOMEM;
	return ts_dictionary_new(&inside->dictionary, spool, inside->page);
}

int ts_inside_new(struct ts_inside **ret, const char *spool, struct ts_error *err)
{
	struct ts_inside *inside = calloc(1, sizeof(*inside));
	int result = inside ? open_spool(inside, spool) : -ENOMEM;

	if (result < 0) {
		ts_inside_free(inside);
		return ts_error_set(err, result, "%s: %s", spool,
				    result == -EBADMSG ? "not a spool of this version"
						       : strerrordesc_np(-result));
	}
	*ret = inside;
	return 0;
}

static void close_ring(struct ring *ring)
{
	if (ring->header)
		munmap((void *)ring->header, TS_ABI_PAGE);
	ts_bytes_release(&ring->data);
	*ring = (struct ring){.header = NULL};
}

void ts_inside_free(struct ts_inside *inside)
{
	if (!inside)
		return;
	for (uint32_t i = 0; i < inside->n_rings; i++)
		close_ring(&inside->rings[i]);
	if (inside->page)
		munmap((void *)inside->page, TS_ABI_PAGE);
	ts_calls_release(&inside->table);
	ts_bytes_release(&inside->open);
	ts_dictionary_free(inside->dictionary);
	ts_exchanges_release(&inside->exchanges);
	free(inside->calls);
	free(inside->rings);
	free(inside->spool);
	free(inside);
}

const struct ts_abi_process *ts_inside_process(const struct ts_inside *inside)
{
	return inside->page;
}

const struct ts_settings *ts_inside_settings(const struct ts_inside *inside)
{
	return ts_dictionary_settings(inside->dictionary);
}

const struct ts_tls *ts_inside_tls(const struct ts_inside *inside, size_t *ret_n)
{
	return ts_dictionary_tls(inside->dictionary, ret_n);
}

/* --- a round ----------------------------------------------------------------------------------- */

static uint32_t count_rings(const struct ts_inside *inside)
{
	uint32_t n = __atomic_load_n(&inside->page->n_rings, __ATOMIC_ACQUIRE);

	return n < TS_ABI_MAX_RINGS ? n : TS_ABI_MAX_RINGS;
}

static void give_up(struct ts_inside *inside, struct ring *ring)
{
	inside->damaged++;
	close_ring(ring);
}

static void open_ring(struct ts_inside *inside, uint32_t index, struct ring *ret)
{
	char name[TS_RINGFILE_NAME];
	const void *header;

	*ret = (struct ring){.header = NULL};
	ts_ringfile_name(index, name);
	if (ts_file_view(inside->spool, name, TS_ABI_PAGE, &header) < 0) {
		inside->damaged++;
		return;
	}
	ret->header = header;
	ret->bytes = ret->header->bytes;
	ret->head = ret->tail = __atomic_load_n(&ret->header->tail, __ATOMIC_ACQUIRE);
	if (!ts_ringfile_is_sound(ret->header) || ret->tail % 8)
		give_up(inside, ret);
}

static int open_rings(struct ts_inside *inside)
{
	uint32_t n = count_rings(inside);
	struct ring *grown;

	if (n <= inside->n_rings)
		return 0;
	grown = reallocarray(inside->rings, n, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	inside->rings = grown;
	while (inside->n_rings < n) {
		open_ring(inside, inside->n_rings, &grown[inside->n_rings]);
		inside->n_rings++;
	}
	return 0;
}

/* What was read and lies before the tail has been given back. */
static void note_tail(struct ring *ring)
{
	if (!ring->header)
		return;
	ring->tail = __atomic_load_n(&ring->header->tail, __ATOMIC_ACQUIRE);
	if (ring->tail > ring->head || ring->head - ring->tail > ring->data.bytes) {
		ring->data.bytes = 0;
		ring->head = ring->tail;
	}
}

static int keep_event(void *context, const struct ts_event *event, const char *thread_name)
{
	struct ts_bytes *open = context;

	(void)thread_name;
	if (open->bytes > MOST_BYTES)
		return -EFBIG;
	ts_bytes_add(open, event, event->bytes);
	return open->failed ? -ENOMEM : 0;
}

static int read_open(struct ts_inside *inside)
{
	int64_t result;

	inside->open.bytes = 0;
	result = ts_segment_read(inside->spool, keep_event, &inside->open, NULL);
	return result < 0 ? (int)result : 0;
}

static bool has_moved(const struct ring *ring)
{
	return __atomic_load_n(&ring->header->tail, __ATOMIC_ACQUIRE) != ring->tail;
}

/* On to `head`. 0, a ring that is damaged being closed; -EAGAIN: its tail has moved; or another negative errno. */
static int read_on(struct ts_inside *inside, uint32_t index, uint64_t head)
{
	struct ring *ring = &inside->rings[index];
	uint64_t want = head - ring->head;
	ssize_t n;

	if (head % 8 || head < ring->head || head - ring->tail > ring->bytes ||
	    ring->header->bytes != ring->bytes) {
		if (has_moved(ring))
			return -EAGAIN;
		give_up(inside, ring);
		return 0;
	}
	if (!want)
		return 0;
	inside->read += want;
	if (inside->read > MOST_BYTES)
		return -EFBIG;
	if (ts_bytes_reserve(&ring->data, want) < 0)
		return -ENOMEM;
	n = ts_ringfile_read(inside->spool, index, ring->bytes, ring->head,
			     ring->data.data + ring->data.bytes, want);
	if (n != (ssize_t)want) {
		give_up(inside, ring);
		return n == -EMFILE || n == -ENFILE ? (int)n : 0;
	}
	ring->data.bytes += want;
	ring->head = head;
	return 0;
}

/* 1: done; 0: another round is needed; or a negative errno. `heads` has room for one of each ring. */
static int read_rings(struct ts_inside *inside, uint64_t *heads)
{
	int result = 0;

	inside->ticks = ts_clock_now(inside->page);
	for (uint32_t i = 0; i < inside->n_rings; i++)
		if (inside->rings[i].header)
			heads[i] =
				__atomic_load_n(&inside->rings[i].header->head, __ATOMIC_ACQUIRE);
	if (count_rings(inside) > inside->n_rings)
		return 0;
	for (uint32_t i = 0; i < inside->n_rings && result == 0; i++)
		if (inside->rings[i].header)
			result = read_on(inside, i, heads[i]);
	/* the tails are loaded behind what was read */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (uint32_t i = 0; i < inside->n_rings && result == 0; i++)
		if (inside->rings[i].header && has_moved(&inside->rings[i]))
			result = -EAGAIN;
	return result == -EAGAIN ? 0 : result < 0 ? result : 1;
}

static int round_of(struct ts_inside *inside)
{
	int result = open_rings(inside);
	uint64_t *heads;

	if (result < 0)
		return result;
	for (uint32_t i = 0; i < inside->n_rings; i++)
		note_tail(&inside->rings[i]);
	result = read_open(inside);
	if (result < 0)
		return result;
	heads = calloc(inside->n_rings + 1, sizeof(*heads));
	if (!heads)
		return -ENOMEM;
	result = read_rings(inside, heads);
	free(heads);
	return result;
}

/* --- from events to calls ---------------------------------------------------------------------- */

/* What a walk does with an event of a thread of that name. 0 or -ENOMEM. */
typedef int take_fn(struct ts_inside *inside, const struct ts_event *event,
		    const char *thread_name);

static int take_begin(struct ts_inside *inside, const struct ts_event *event,
		      const char *thread_name)
{
	if (event->type != TS_EVENT_BEGIN ||
	    ((const struct ts_event_begin *)event)->ticks > inside->ticks ||
	    ts_calls_find(&inside->table, event))
		return 0;
	return ts_calls_add(&inside->table, event, thread_name) ? 0 : -ENOMEM;
}

static int take_end(struct ts_inside *inside, const struct ts_event *event, const char *thread_name)
{
	struct ts_call *call = NULL;

	(void)thread_name;
	if (event->type == TS_EVENT_END &&
	    ((const struct ts_event_end *)event)->ticks <= inside->ticks)
		call = ts_calls_find(&inside->table, event);
	if (call)
		ts_calls_remove(&inside->table, call);
	return 0;
}

/* Up to its end. 0; -EBADMSG: up to what is no event; or -ENOMEM. */
static int walk(struct ts_inside *inside, const char *data, size_t bytes, take_fn *take)
{
	char name[sizeof(((struct ts_event_thread *)0)->name) + 1] = "";
	int result = 0;
	long whole;

	for (size_t at = 0; at < bytes && result == 0; at += (size_t)whole) {
		const struct ts_event *event = (const void *)(data + at);

		whole = ts_event_check(event, bytes - at);
		if (whole <= 0)
			return -EBADMSG;
		if (event->type == TS_EVENT_THREAD)
			memcpy(name, ((const struct ts_event_thread *)event)->name,
			       sizeof(name) - 1);
		result = take(inside, event, name);
	}
	return result;
}

/* What `open` has, then what the rings have. 0 or -ENOMEM. */
static int walk_all(struct ts_inside *inside, take_fn *take_open, take_fn *take)
{
	int result = walk(inside, inside->open.data, inside->open.bytes, take_open);

	for (uint32_t i = 0; i < inside->n_rings && result != -ENOMEM; i++) {
		const struct ring *ring = &inside->rings[i];
		size_t live = ring->head - ring->tail;

		if (!ring->header || !live)
			continue;
		result = walk(inside, ring->data.data + ring->data.bytes - live, live, take);
		/* each walk meets the damage; one counts it */
		inside->damaged += result == -EBADMSG && take == take_begin;
	}
	return result == -ENOMEM ? result : 0;
}

/* All begins before the first end: an end may lie in another ring, and a begin in both a ring and `open`. */
static int read_calls(struct ts_inside *inside)
{
	int result = walk_all(inside, take_begin, take_begin);

	return result < 0 ? result : walk_all(inside, take_end, take_end);
}

static int list_calls(struct ts_inside *inside)
{
	const struct ts_call *call = NULL;

	inside->calls = calloc(inside->table.n + 1, sizeof(*inside->calls));
	if (!inside->calls)
		return -ENOMEM;
	while ((call = ts_calls_next(&inside->table, call))) {
		const struct ts_event_begin *begin = (const void *)call->event;

		inside->calls[inside->n++] = (struct ts_inside_call){
			.begin = begin,
			.thunk = ts_dictionary_thunk(inside->dictionary, begin->thunk),
			.thread_name = call->thread_name,
		};
	}
	return 0;
}

/* --- from messages to calls -------------------------------------------------------------------- */

static int load_message(struct ts_inside *inside, const struct ts_event *event,
			const char *thread_name)
{
	(void)thread_name;
	if (event->type != TS_EVENT_TOLD && event->type != TS_EVENT_MESSAGE)
		return 0;
	return ts_exchanges_load(&inside->exchanges, event);
}

static int take_message(struct ts_inside *inside, const struct ts_event *event,
			const char *thread_name)
{
	(void)thread_name;
	if (event->type != TS_EVENT_MESSAGE)
		return 0;
	return ts_exchanges_take(&inside->exchanges, (const void *)event, inside->ticks);
}

static int read_exchanges(struct ts_inside *inside)
{
	int result = ts_exchanges_begin(&inside->exchanges, inside->dictionary, inside->page);

	if (result == 0)
		result = walk_all(inside, load_message, take_message);
	return result < 0 ? result : ts_exchanges_end(&inside->exchanges);
}

int ts_inside_look(struct ts_inside *inside, struct ts_error *err)
{
	const struct timespec rest = {.tv_nsec = REST_NS};
	int done = 0, result = 0;

	for (int i = 0; i < MAX_ROUNDS && done == 0; i++) {
		if (i >= QUICK)
			nanosleep(&rest, NULL);
		done = round_of(inside);
	}
	if (done <= 0)
		result = done < 0 ? done : -EAGAIN;
	if (result == 0)
		result = read_calls(inside);
	/* behind the events, for a thunk is written down before it is called; what is damaged is unknown */
	if (result == 0)
		ts_dictionary_update(inside->dictionary, NULL);
	if (result == 0)
		result = list_calls(inside);
	if (result == 0)
		result = read_exchanges(inside);
	if (result == -EAGAIN)
		return ts_error_set(err, result, "%s: its calls come and go too fast to be read",
				    inside->spool);
	if (result < 0)
		return ts_error_set(err, result, "%s: %s", inside->spool, strerrordesc_np(-result));
	return 0;
}

const struct ts_inside_call *ts_inside_calls(const struct ts_inside *inside, size_t *ret_n)
{
	*ret_n = inside->n;
	return inside->calls;
}

const struct ts_inside_exchange *ts_inside_exchanges(const struct ts_inside *inside, size_t *ret_n)
{
	*ret_n = inside->exchanges.n;
	return inside->exchanges.all;
}

uint64_t ts_inside_ticks(const struct ts_inside *inside)
{
	return inside->ticks;
}

size_t ts_inside_damaged(const struct ts_inside *inside)
{
	return inside->damaged;
}
