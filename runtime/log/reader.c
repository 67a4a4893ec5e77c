// SPDX-License-Identifier: Apache-2.0
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "event.h"
#include "../file.h"
#include "rest.h"
#include "ringfile.h"
#include "../assemble/tally.h"

#define KEPT_BUFFER_BYTES ((size_t)1 << 18)

struct ring {
	struct ts_abi_ring *header; /* mapped; NULL: not yet, or never */
	bool dead;                  /* it can never be read */
	uint64_t bytes;             /* as the header said when it was mapped */
	uint64_t next;              /* tail <= next <= head: delivered up to here */
	uint64_t head;              /* in this pass: as seen at its beginning */
	size_t want;                /* in this pass: bytes to read from next on */
	char *data;                 /* in this pass: what was read */
	size_t got;
	char thread_name[sizeof(((struct ts_event_thread *)0)->name) + 1];
	uint64_t lost_seen[TS_LOST_COUNT];
	struct ts_ring_tally tally;
	struct ts_rest rest;
};

struct ts_reader {
	char *spool;
	struct ts_abi_process *page;
	bool page_is_ours;
	struct ring *rings;
	uint32_t n_rings;
	uint32_t turn; /* the ring that the next pass begins with */
	char *buffer;
	size_t buffer_bytes;
	uint64_t lost_seen[TS_LOST_COUNT];
	struct ts_damage damage;
};

/* --- opening ---------------------------------------------------------------------------------- */

static int adopt_page(struct ts_reader *reader, struct ts_abi_process *page)
{
	void *map;
	int result;

	if (!page) {
		result = ts_file_map(reader->spool, "process", TS_ABI_PAGE, &map);
		if (result < 0)
			return result;
		reader->page_is_ours = true;
		page = map;
	}
	reader->page = page;
	if (page->magic != TS_ABI_PROCESS_MAGIC || page->version != TS_ABI_VERSION)
		return -EBADMSG;
	return 0;
}

int ts_reader_new(struct ts_reader **ret, const char *spool, struct ts_abi_process *page,
		  struct ts_error *err)
{
	struct ts_reader *reader = calloc(1, sizeof(*reader));
	int result = -ENOMEM;

	if (reader)
		reader->spool = strdup(spool);
	if (reader && reader->spool)
		result = adopt_page(reader, page);
	if (result < 0) {
		ts_reader_free(reader);
		return ts_error_set(err, result, "%s: %s", spool,
				    result == -EBADMSG ? "not a spool of this version"
						       : strerrordesc_np(-result));
	}
	*ret = reader;
	return 0;
}

static void drop_buffer(struct ts_reader *reader)
{
	if (reader->buffer)
		munmap(reader->buffer, reader->buffer_bytes);
	reader->buffer = NULL;
	reader->buffer_bytes = 0;
}

void ts_reader_free(struct ts_reader *reader)
{
	if (!reader)
		return;
	for (uint32_t i = 0; i < reader->n_rings; i++) {
		if (reader->rings[i].header)
			munmap(reader->rings[i].header, TS_ABI_PAGE);
	}
	if (reader->page_is_ours)
		munmap(reader->page, TS_ABI_PAGE);
	free(reader->rings);
	drop_buffer(reader);
	free(reader->spool);
	free(reader);
}

const char *ts_reader_spool(const struct ts_reader *reader)
{
	return reader->spool;
}

struct ts_abi_process *ts_reader_process(const struct ts_reader *reader)
{
	return reader->page;
}

/* --- rings ------------------------------------------------------------------------------------ */

static int add_rings(struct ts_reader *reader)
{
	/* acquire: ring-0 .. ring-(n-1) exist */
	uint32_t n = __atomic_load_n(&reader->page->n_rings, __ATOMIC_ACQUIRE);
	struct ring *grown;

	if (n > TS_ABI_MAX_RINGS)
		n = TS_ABI_MAX_RINGS;
	if (n <= reader->n_rings)
		return 0;
	grown = reallocarray(reader->rings, n, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + reader->n_rings, 0, (n - reader->n_rings) * sizeof(*grown));
	reader->rings = grown;
	reader->n_rings = n;
	return 0;
}

static void kill_ring(struct ts_reader *reader, struct ring *ring)
{
	ring->dead = true;
	reader->damage.rings++;
	ring->tally.damaged = true;
	ts_ring_tally_at_head(&ring->tally);
}

static void fault(struct ts_reader *reader, struct ring *ring, uint64_t bytes)
{
	reader->damage.faults++;
	reader->damage.bytes += bytes;
	ring->next = ring->head;
	ring->tally.damaged = true;
}

/* Maps the header if it is not. 0, or a negative errno: not now. */
static int open_ring(struct ts_reader *reader, uint32_t index)
{
	struct ring *ring = &reader->rings[index];
	char name[TS_RINGFILE_NAME];
	void *map;
	int result;

	if (ring->header || ring->dead)
		return 0;
	ts_ringfile_name(index, name);
	result = ts_file_map(reader->spool, name, TS_ABI_PAGE, &map);
	if (result == -ENOENT || result == -EBADMSG || result == -ELOOP) {
		kill_ring(reader, ring);
		return 0;
	}
	if (result < 0)
		return result;
	ring->header = map;
	ring->bytes = ring->header->bytes;
	ring->next = ring->header->tail;
	ts_ring_tally_open(&ring->tally, ring->header);
	return 0;
}

/* Bytes that wait in a ring that is open; 0 if there are none, or none that can be read. */
static uint64_t look(struct ts_reader *reader, struct ring *ring)
{
	struct ts_abi_ring *header = ring->header;

	if (ring->dead || !header)
		return 0;
	ts_ring_tally_look(&ring->tally, header);
	/* acquire: pairs with the release behind each event [L2] */
	ring->head = __atomic_load_n(&header->head, __ATOMIC_ACQUIRE);
	if (!ts_ringfile_is_sound(header) || header->bytes != ring->bytes || ring->head % 8 ||
	    ring->next % 8) {
		kill_ring(reader, ring);
		return 0;
	}
	if (ring->head - ring->next > ring->bytes) {
		fault(reader, ring, ring->head < ring->next ? 0 : ring->bytes);
		return 0;
	}
	return ring->head - ring->next;
}

/*
 * Gives ring `index` its part of the pass; false if the pass is full. Then the next one begins with what is left here, for a
 * thread may have gone on in the next ring; but with that one where the whole pass was this ring's.
 */
static bool plan_ring(struct ts_reader *reader, uint32_t index, size_t *total, bool *ret_more)
{
	struct ring *ring = &reader->rings[index];
	size_t room = TS_READER_PASS_BYTES - *total;
	uint64_t waiting = look(reader, ring);
	bool fits = waiting <= room;

	if (!fits) {
		*ret_more = true;
		waiting = room < TS_EVENT_MAX_BYTES ? 0 : room;
		reader->turn = *total ? index : (index + 1) % reader->n_rings;
	}
	ring->want = waiting;
	*total += waiting;
	return fits;
}

static void plan_nothing(struct ts_reader *reader)
{
	for (uint32_t i = 0; i < reader->n_rings; i++)
		reader->rings[i].want = 0;
}

/* Decides what each ring may read in this pass; what all have is to be told. 0, or a negative errno: one did not open. */
static int plan(struct ts_reader *reader, size_t *ret_total, bool *ret_more)
{
	uint32_t first = reader->turn;
	bool going = true;
	int result = 0;

	for (uint32_t i = 0; i < reader->n_rings; i++) {
		uint32_t index = (first + i) % reader->n_rings;
		int opened = open_ring(reader, index);

		result = opened < 0 ? opened : result;
		if (going)
			going = plan_ring(reader, index, ret_total, ret_more);
		else
			look(reader, &reader->rings[index]);
	}
	return result;
}

/* --- a pass ----------------------------------------------------------------------------------- */

/* Reads what was planned. 0, or a negative errno. */
static int read_ring(const struct ts_reader *reader, uint32_t index, char *data)
{
	struct ring *ring = &reader->rings[index];
	ssize_t n =
		ts_ringfile_read(reader->spool, index, ring->bytes, ring->next, data, ring->want);

	if (n < 0)
		return (int)n;
	ring->data = data;
	ring->got = (size_t)n;
	return 0;
}

/* Pages of our own: malloc would keep them in the traced program. */
static int reserve(struct ts_reader *reader, size_t bytes)
{
	char *buffer;

	if (bytes <= reader->buffer_bytes)
		return 0;
	drop_buffer(reader);
	buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED)
		return -ENOMEM;
	reader->buffer = buffer;
	reader->buffer_bytes = bytes;
	return 0;
}

/* 0, or the errno of the last ring that could not be read; it takes no part in the pass. */
static int read_all(struct ts_reader *reader)
{
	size_t at = 0;
	int result = 0;

	for (uint32_t i = 0; i < reader->n_rings; i++) {
		struct ring *ring = &reader->rings[i];
		size_t want = ring->want;
		int one = want ? read_ring(reader, i, reader->buffer + at) : 0;

		at += want;
		if (one < 0) {
			ring->want = 0;
			result = one;
		}
	}
	return result;
}

static void note_thread(struct ring *ring, const struct ts_event_thread *thread)
{
	memcpy(ring->thread_name, thread->name, sizeof(thread->name));
}

/* Hands a ring's events over, until the end, the damage, or a refusal, which is the answer. */
static int deliver(struct ts_reader *reader, struct ring *ring, ts_reader_fn *take, void *context,
		   size_t *n_taken)
{
	bool cut = ring->want < ring->head - ring->next;
	size_t at = 0;

	while (at < ring->want) {
		const struct ts_event *event = (const void *)(ring->data + at);
		long whole = ts_event_check(event, ring->got - at);
		int result;

		if (whole == 0 && cut && ring->got == ring->want)
			return 0;
		if (whole <= 0) {
			fault(reader, ring, ring->head - ring->next);
			return 0;
		}
		if (event->type == TS_EVENT_THREAD)
			note_thread(ring, (const void *)event);
		result = take(context, event, *ring->thread_name ? ring->thread_name : NULL);
		if (result < 0)
			return result;
		++*n_taken;
		at += (size_t)whole;
		ring->next += (uint64_t)whole;
		ring->tally.read += ts_event_rows(event);
	}
	return 0;
}

/* Reads into memory what is to be delivered. 0, or a negative errno for what could not be read. */
static int gather(struct ts_reader *reader, bool *ret_more)
{
	size_t total = 0;
	int planned, result;

	plan_nothing(reader);
	result = add_rings(reader);
	if (result < 0)
		return result;
	planned = plan(reader, &total, ret_more);
	result = reserve(reader, total);
	if (result < 0) {
		plan_nothing(reader);
		return result;
	}
	result = read_all(reader);
	return result < 0 ? result : planned;
}

int ts_reader_pass(struct ts_reader *reader, ts_reader_fn *take, void *context,
		   struct ts_error *err)
{
	size_t n_taken = 0;
	bool more = false;
	int refused = 0, result = gather(reader, &more);

	for (uint32_t i = 0; i < reader->n_rings && !refused; i++) {
		struct ring *ring = &reader->rings[i];

		refused = deliver(reader, ring, take, context, &n_taken);
		if (ring->next == ring->head)
			ts_ring_tally_at_head(&ring->tally);
	}
	if (refused < 0)
		result = refused;
	if (result < 0 && !n_taken)
		return ts_error_set(err, result, "%s: %s", reader->spool, strerrordesc_np(-result));
	return more || result < 0;
}

void ts_reader_commit(struct ts_reader *reader)
{
	for (uint32_t i = 0; i < reader->n_rings; i++) {
		struct ring *ring = &reader->rings[i];

		if (ring->header && !ring->dead && ring->header->tail != ring->next)
			ts_ring_tally_settle(&ring->tally, ring->header, ring->next);
	}
	if (reader->buffer_bytes > KEPT_BUFFER_BYTES)
		drop_buffer(reader);
}

void ts_reader_rest(struct ts_reader *reader)
{
	char name[TS_RINGFILE_NAME];

	for (uint32_t i = 0; i < reader->n_rings; i++) {
		struct ring *ring = &reader->rings[i];

		if (!ring->header || ring->dead || !ts_rest_is_due(&ring->rest, ring->header))
			continue;
		ts_ringfile_name(i, name);
		ts_rest_begin(&ring->rest, ring->header, reader->spool, name);
	}
}

/* --- counters --------------------------------------------------------------------------------- */

/* Notes what stands in `lost` and adds what of it was not told to `sum`. */
static bool add_lost(const uint64_t *lost, const uint64_t *told, uint64_t *seen, uint64_t *sum)
{
	bool any = false;

	for (int i = 0; i < TS_LOST_COUNT; i++) {
		seen[i] = __atomic_load_n(&lost[i], __ATOMIC_RELAXED);
		if (seen[i] > told[i]) {
			sum[i] += seen[i] - told[i];
			any = true;
		}
	}
	return any;
}

bool ts_reader_lost(struct ts_reader *reader, uint64_t ret[TS_LOST_COUNT])
{
	bool any;

	memset(ret, 0, TS_LOST_COUNT * sizeof(*ret));
	any = add_lost(reader->page->lost, reader->page->lost_told, reader->lost_seen, ret);
	for (uint32_t i = 0; i < reader->n_rings; i++) {
		struct ring *ring = &reader->rings[i];

		if (ring->header && !ring->dead)
			any |= add_lost(ring->header->lost, ring->header->lost_told,
					ring->lost_seen, ret);
	}
	return any;
}

void ts_reader_lost_told(struct ts_reader *reader)
{
	memcpy(reader->page->lost_told, reader->lost_seen, sizeof(reader->lost_seen));
	for (uint32_t i = 0; i < reader->n_rings; i++) {
		struct ring *ring = &reader->rings[i];

		if (ring->header && !ring->dead)
			memcpy(ring->header->lost_told, ring->lost_seen, sizeof(ring->lost_seen));
	}
}

bool ts_reader_tally(const struct ts_reader *reader, bool ended, struct ts_tally *ret)
{
	bool known = reader->n_rings || !reader->page->n_rings;

	*ret = (struct ts_tally){0};
	ts_tally_add_lost(ret, reader->page->lost);
	for (uint32_t i = 0; i < reader->n_rings; i++) {
		const struct ring *ring = &reader->rings[i];

		known &= ring->header || ring->dead;
		ts_tally_add_ring(ret, &ring->tally, ended);
		if (ring->header && !ring->dead)
			ts_tally_add_lost(ret, ring->header->lost);
	}
	return known;
}

struct ts_damage ts_reader_damage(const struct ts_reader *reader)
{
	return reader->damage;
}
