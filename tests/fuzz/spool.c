// SPDX-License-Identifier: Apache-2.0
/*
 * A spool of any bytes, looked into and recovered. The input is a row of parts, each with a head of 8 bytes: what it is,
 * its number, flags, its length (struct part); seeds.py makes them of real spools. A CALL's bytes make events (calls.h), a
 * TALK's messages (talk.h).
 * Unless a part's flag says RAW, what a hostile file would hardly get past is mended: magic, version, counts, the lock.
 *
 * What comes of it has to be rows that any store can take: text is UTF-8, JSON is JSON, a row needs an event.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"
#include "folder.h"
#include "fuzz.h"
#include "preload/abi.h"
#include "rows.h"
#include "runtime/live/inside.h"
#include "runtime/log/spool.h"
#include "store.h"
#include "talk.h"

#define EARLIER_BOOT  "00000000-0000-0000-0000-000000000000-1-0"
#define THIS_BOOT     "0-4194305-0"
#define NO_PID        4194305 /* that there cannot be */
#define MAX_RINGS     4
#define MOST_OF_RING  (1u << 17)
#define LEAST_OF_RING 128

enum part_type { PROCESS, DICTIONARY, RING, EVENTS, OPEN, CALL, TALK, PART_TYPES };

enum part_flags {
	RAW = 1,      /* as it is, wrong or not */
	CUT = 2,      /* the file ends where the part does */
	NOW = 4,      /* of a process: of this boot, so that its lock counts */
	REFUSES = 8,  /* of a process: its store takes nothing */
	HICCUPS = 16, /* ... or takes nothing at first */
	DAMAGED = 32, /* ... or says that a row is to blame */
};

struct part {
	uint8_t type;
	uint8_t number; /* of a ring */
	uint16_t flags;
	uint32_t bytes;
};

struct spool {
	struct ts_abi_process process;
	struct ts_abi_ring rings[MAX_RINGS];
	uint16_t process_flags, ring_flags[MAX_RINGS], events_flags[MAX_RINGS];
	const uint8_t *events[MAX_RINGS], *dictionary, *open;
	uint32_t events_bytes[MAX_RINGS], dictionary_bytes, open_bytes, n_rings;
	bool talks;
};

static uint8_t calls[MAX_RINGS][MOST_OF_RING];
static char root[64], folder[128];
static int root_fd = -1;
static size_t input_bytes; /* what calls were made of counts as what was made */

/* --- from input to spool --------------------------------------------------------------------------- */

/* Behind the calls that the ring has; its other events are forgotten. */
static void take_call(struct spool *spool, uint32_t ring, const uint8_t *data, uint32_t bytes,
		      bool talks)
{
	uint32_t at = spool->events[ring] == calls[ring] ? spool->events_bytes[ring] : 0;

	if (at > MOST_OF_RING - MOST_OF_CALL)
		return;
	at += talks ? make_talk(data, bytes, calls[ring] + at, MOST_OF_CALL)
		    : make_call(data, bytes, calls[ring] + at);
	spool->talks |= talks;
	spool->events_flags[ring] = 0;
	spool->events[ring] = calls[ring];
	spool->events_bytes[ring] = at;
	spool->rings[ring].tail = 0;
	spool->rings[ring].head = at;
	spool->n_rings = spool->n_rings > ring ? spool->n_rings : ring + 1;
	input_bytes += at;
}

static void take_part(struct spool *spool, const struct part *part, const uint8_t *data)
{
	uint32_t ring = part->number % MAX_RINGS, bytes = part->bytes;

	switch (part->type % PART_TYPES) {
	case PROCESS:
		spool->process_flags = part->flags;
		memcpy(&spool->process, data,
		       bytes < sizeof(spool->process) ? bytes : sizeof(spool->process));
		break;
	case DICTIONARY:
		spool->dictionary = data;
		spool->dictionary_bytes = bytes;
		break;
	case RING:
		spool->ring_flags[ring] = part->flags;
		memcpy(&spool->rings[ring], data,
		       bytes < sizeof(spool->rings[0]) ? bytes : sizeof(spool->rings[0]));
		spool->n_rings = spool->n_rings > ring ? spool->n_rings : ring + 1;
		break;
	case EVENTS:
		spool->events_flags[ring] = part->flags;
		spool->events[ring] = data;
		spool->events_bytes[ring] = bytes;
		spool->n_rings = spool->n_rings > ring ? spool->n_rings : ring + 1;
		break;
	case CALL:
	case TALK:
		take_call(spool, ring, data, bytes, part->type % PART_TYPES == TALK);
		break;
	default:
		spool->open = data;
		spool->open_bytes = bytes;
	}
}

static void take_parts(struct spool *spool, const uint8_t *data, size_t bytes)
{
	struct part part;

	while (bytes >= sizeof(part)) {
		memcpy(&part, data, sizeof(part));
		data += sizeof(part);
		bytes -= sizeof(part);
		part.bytes = part.bytes < bytes ? part.bytes : (uint32_t)bytes;
		take_part(spool, &part, data);
		data += part.bytes;
		bytes -= part.bytes;
	}
}

static void mend_process(struct spool *spool)
{
	struct ts_abi_process *process = &spool->process;
	pthread_mutexattr_t attributes;
	struct stat namespace;

	if (spool->process_flags & RAW)
		return;
	process->magic = TS_ABI_PROCESS_MAGIC;
	process->version = TS_ABI_VERSION;
	process->dictionary_bytes = spool->dictionary_bytes;
	process->n_rings = spool->n_rings;
	process->pid = NO_PID;
	if (stat("/proc/self/ns/pid", &namespace) == 0)
		process->pid_namespace = namespace.st_ino;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	memset(process->consumer_lock, 0, sizeof(process->consumer_lock));
	pthread_mutex_init((pthread_mutex_t *)process->consumer_lock, &attributes);
	memset(process->life_lock, 0, sizeof(process->life_lock));
	pthread_mutex_init((pthread_mutex_t *)process->life_lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

static void mend_ring(struct spool *spool, uint32_t i)
{
	struct ts_abi_ring *ring = &spool->rings[i];
	uint64_t bytes = LEAST_OF_RING;

	if (spool->ring_flags[i] & RAW)
		return;
	ring->magic = TS_ABI_RING_MAGIC;
	ring->version = TS_ABI_VERSION;
	while (bytes < spool->events_bytes[i] && bytes < MOST_OF_RING)
		bytes *= 2;
	ring->bytes = bytes;
	ring->head &= ~7ULL;
	ring->tail &= ~7ULL;
	if (ring->head - ring->tail > bytes)
		ring->tail = ring->head - bytes;
}

static int make(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	MUST(fd >= 0);
	return fd;
}

static void put(int fd, const void *data, size_t bytes, off_t at)
{
	MUST(!bytes || pwrite(fd, data, bytes, at) == (ssize_t)bytes);
}

static void write_ring(const struct spool *spool, uint32_t i)
{
	uint64_t bytes = spool->rings[i].bytes < MOST_OF_RING ? spool->rings[i].bytes : 0;
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "ring-%u", i);
	fd = make(name);
	put(fd, &spool->rings[i], sizeof(spool->rings[i]), 0);
	put(fd, spool->events[i], spool->events_bytes[i], TS_ABI_PAGE);
	if (!(spool->events_flags[i] & CUT))
		MUST(!ftruncate(fd, (off_t)(TS_ABI_PAGE + bytes)));
	close(fd);
}

/* What a dictionary names lies below our folder: no path of it leads out. */
static void write_dictionary(const struct spool *spool, int fd)
{
	static char data[65536];
	size_t bytes =
		spool->dictionary_bytes < sizeof(data) ? spool->dictionary_bytes : sizeof(data);

	if (bytes)
		memcpy(data, spool->dictionary, bytes);
	/* so that calls outside of every trace are some */
	if (spool->talks && bytes >= sizeof(struct ts_dictionary_settings))
		((struct ts_dictionary_settings *)data)->flags |=
			TS_SETTINGS_ORPHANS | TS_SETTINGS_WIRE;
	for (size_t i = sizeof(struct ts_dictionary_settings); i < bytes; i++)
		data[i] = data[i] == '/' || data[i] == '.' ? '_' : data[i];
	put(fd, data, bytes, TS_ABI_PAGE);
}

static void write_spool(const struct spool *spool)
{
	int fd;

	snprintf(folder, sizeof(folder), "%s/%s", root,
		 spool->process_flags & NOW ? THIS_BOOT : EARLIER_BOOT);
	MUST(!mkdir(folder, 0700));
	fd = make("process");
	put(fd, &spool->process, sizeof(spool->process), 0);
	if (!(spool->process_flags & CUT))
		MUST(!ftruncate(fd, TS_ABI_PAGE));
	write_dictionary(spool, fd);
	close(fd);
	for (uint32_t i = 0; i < spool->n_rings; i++)
		write_ring(spool, i);
	if (spool->open_bytes) {
		fd = make("open");
		put(fd, spool->open, spool->open_bytes, 0);
		close(fd);
	}
}

/* --- a run ------------------------------------------------------------------------------------------- */

static void remove_root(void)
{
	empty(AT_FDCWD, root);
}

static void make_root(void)
{
	snprintf(root, sizeof(root), "/dev/shm/traceshim-fuzz.XXXXXX");
	MUST(mkdtemp(root));
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(root_fd >= 0 && !fchdir(root_fd));
	atexit(remove_root);
}

/* A look writes nothing: what is recovered afterwards is the same. */
static void look(void)
{
	const struct ts_inside_call *calls;
	struct ts_inside *inside;
	size_t n;

	if (ts_inside_new(&inside, folder, NULL) < 0)
		return;
	if (ts_inside_look(inside, NULL) == 0) {
		calls = ts_inside_calls(inside, &n);
		MUST(n * sizeof(struct ts_event_begin) <= input_bytes);
		for (size_t i = 0; i < n; i++)
			MUST(calls[i].begin->ticks <= ts_inside_ticks(inside));
	}
	ts_inside_free(inside);
}

static bool is_there(void)
{
	return access(folder, F_OK) == 0;
}

static void tell_store(uint16_t flags)
{
	memset(&fake, 0, sizeof(fake));
	fake.look = check_row;
	fake.refuses = flags & REFUSES;
	if (flags & (HICCUPS | DAMAGED))
		fake.trouble = flags & DAMAGED ? -EILSEQ : -EAGAIN;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct spool spool = {0};
	struct ts_recovered recovered = {0};
	struct ts_error err;
	bool refuses;

	if (root_fd < 0)
		make_root();
	input_bytes = bytes;
	memset(talk_of, 0, sizeof(talk_of));
	take_parts(&spool, data, bytes);
	mend_process(&spool);
	for (uint32_t i = 0; i < spool.n_rings; i++)
		mend_ring(&spool, i);
	tell_store(spool.process_flags);
	write_spool(&spool);
	look();
	MUST(ts_spool_recover(root, load_fake, NULL, &recovered, &err) == 0);
	/* a row needs an event, or the frame of a request, which make two at most; they come twice where the first write fails */
	MUST(fake.n_rows * 9 <= (fake.trouble ? 4 : 2) * input_bytes);
	/* sound or not, it is dealt with, unless its store refuses, names none, or its lock is held */
	refuses = spool.process_flags & (REFUSES | HICCUPS | DAMAGED) || !fake.n_asked;
	if (!(spool.process_flags & (RAW | CUT)))
		MUST(!is_there() || (refuses && recovered.postponed));
	if (is_there())
		empty(AT_FDCWD, folder);
	strcat(folder, ".damaged");
	empty(AT_FDCWD, folder);
	return 0;
}
