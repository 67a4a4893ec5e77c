/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SPOOL_BUILDER_H
#define TS_SPOOL_BUILDER_H

/*
 * Writes spool folders as libtraceshim.so would, for tests of what reads them:
 *
 *     struct spool spool;
 *     struct record record;
 *     spool_new(&spool);
 *     spool_settings(&spool, "sqlite:/tmp/x.db", "acme", "password");
 *     spool_thunk(&spool, 0, TS_KIND_PIPELINE, "learn", "handle_learn", "< 0", "telegram_id,text");
 *     spool_ring(&spool, 4096);
 *     record_begin(&record, TS_BEGIN_TRACE, 1, 0, 0, 0, 1000);   trace 1, no span, thunk 0
 *     record_int(&record, 0, 4711);
 *     spool_put(&spool, 0, &record);
 *     record_end(&record, 1, 0, TS_OUTCOME_OK, 0, 2000);
 *     spool_put(&spool, 0, &record);
 *     ...
 *     spool_remove(&spool);
 *
 * Ids are made of small numbers. A tick is 1 ns; tick 0 is SPOOL_EPOCH_US.
 */

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../preload/abi.h"

#define SPOOL_EPOCH_US 1700000000000000LL
#define SPOOL_BUILDER  __attribute__((unused)) static

struct spool {
	char path[256];
	struct ts_abi_process *process;
	struct ts_abi_ring *rings[TS_ABI_MAX_RINGS];
	uint64_t ring_bytes[TS_ABI_MAX_RINGS];
};

struct record {
	union {
		struct ts_event event;
		struct ts_event_begin begin;
		struct ts_event_end end;
		struct ts_event_thread thread;
		struct ts_event_message message;
		unsigned char bytes[TS_ABI_MAX_CAPTURE * 2];
	};
};

/* --- events ----------------------------------------------------------------------------------- */

SPOOL_BUILDER void record_id(uint8_t id[16], uint64_t number)
{
	memset(id, 0, 16);
	for (int i = 0; number && i < 8; i++)
		id[15 - i] = (uint8_t)(number >> (8 * i));
	id[0] = number ? 0x01 : 0;
}

/* span 0: none; parent 0: none, else TS_BEGIN_PARENT is set. */
SPOOL_BUILDER void record_begin(struct record *record, uint16_t flags, uint64_t trace,
				uint64_t span, uint64_t parent, uint32_t thunk, uint64_t ticks)
{
	memset(record, 0, sizeof(record->begin));
	record->event.type = TS_EVENT_BEGIN;
	record->event.flags = (uint16_t)(flags | (parent ? TS_BEGIN_PARENT : 0));
	record->event.bytes = sizeof(record->begin);
	record->begin.ticks = ticks;
	record_id(record->begin.trace_id, trace);
	record_id(record->begin.span_id, span);
	record_id(record->begin.parent_id, parent);
	record->begin.thunk = thunk;
	record->begin.tid = 42;
}

SPOOL_BUILDER void record_end(struct record *record, uint64_t trace, uint64_t span,
			      enum ts_outcome outcome, int error_number, uint64_t ticks)
{
	memset(record, 0, sizeof(record->end));
	record->event.type = TS_EVENT_END;
	record->event.bytes = sizeof(record->end);
	record->end.ticks = ticks;
	record_id(record->end.trace_id, trace);
	record_id(record->end.span_id, span);
	record->end.outcome = outcome;
	record->end.error_number = error_number;
}

SPOOL_BUILDER void record_thread(struct record *record, uint32_t tid, const char *name)
{
	memset(record, 0, sizeof(record->thread));
	record->event.type = TS_EVENT_THREAD;
	record->event.bytes = sizeof(record->thread);
	record->thread.tid = tid;
	memcpy(record->thread.name, name, strnlen(name, 16));
}

SPOOL_BUILDER void record_append(struct record *record, const void *data, size_t bytes)
{
	size_t padded = TS_ALIGN8(bytes);

	assert(record->event.bytes + padded <= sizeof(record->bytes));
	memset(record->bytes + record->event.bytes, 0, padded);
	if (bytes)
		memcpy(record->bytes + record->event.bytes, data, bytes);
	record->event.bytes += (uint32_t)padded;
}

/* Right after record_begin. */
SPOOL_BUILDER void record_tenant(struct record *record, const char *tenant)
{
	record->event.flags |= TS_BEGIN_TENANT;
	record->begin.tenant_bytes = (uint32_t)strlen(tenant);
	record_append(record, tenant, strlen(tenant));
}

/* Behind it comes its tenant, if it has one, and then its text: record_append. */
SPOOL_BUILDER void record_message(struct record *record, uint16_t flags, uint64_t connection,
				  uint32_t sequence, uint64_t offset, uint64_t ticks)
{
	memset(record, 0, sizeof(record->message));
	record->event.type = TS_EVENT_MESSAGE;
	record->event.flags = flags;
	record->event.bytes = sizeof(record->message);
	record->message.ticks = ticks;
	record->message.connection = connection;
	record->message.offset = offset;
	record->message.sequence = sequence;
	record->message.tid = 42;
	record->message.ending = flags & TS_MESSAGE_LAST ? TS_ENDING_CLIENT : 0;
}

/* For param, TS_PARAM_RESULT makes it the result of an end. */
SPOOL_BUILDER void record_value(struct record *record, uint16_t param, enum ts_value_type type,
				const void *payload, size_t bytes)
{
	struct ts_value value = {.type = (uint8_t)type, .param = param, .bytes = (uint32_t)bytes};

	record_append(record, &value, sizeof(value));
	record_append(record, payload, bytes);
}

SPOOL_BUILDER void record_int(struct record *record, uint16_t param, int64_t value)
{
	record_value(record, param, TS_VALUE_INT, &value, sizeof(value));
}

SPOOL_BUILDER void record_string(struct record *record, uint16_t param, const char *text)
{
	record_value(record, param, TS_VALUE_STRING, text, strlen(text));
}

SPOOL_BUILDER void record_cut(struct record *record, uint16_t param, const char *head,
			      size_t head_bytes, const char *tail, size_t tail_bytes,
			      uint64_t full_bytes)
{
	struct ts_value_cut cut = {full_bytes, (uint32_t)head_bytes, (uint32_t)tail_bytes};
	char *payload = malloc(sizeof(cut) + head_bytes + tail_bytes);

	assert(payload);
	memcpy(payload, &cut, sizeof(cut));
	memcpy(payload + sizeof(cut), head, head_bytes);
	memcpy(payload + sizeof(cut) + head_bytes, tail, tail_bytes);
	record_value(record, param, TS_VALUE_CUT, payload, sizeof(cut) + head_bytes + tail_bytes);
	free(payload);
}

/* What is put until record_close, to which the answer goes, stands in the list or object; param 0. */
SPOOL_BUILDER uint32_t record_open(struct record *record, uint16_t param, enum ts_value_type type)
{
	uint32_t at = record->event.bytes;

	record_value(record, param, type, NULL, 0);
	return at;
}

SPOOL_BUILDER void record_close(struct record *record, uint32_t at)
{
	struct ts_value *value = (void *)(record->bytes + at);

	value->bytes = record->event.bytes - at - (uint32_t)sizeof(*value);
}

/* --- files ------------------------------------------------------------------------------------ */

SPOOL_BUILDER void spool_file(const struct spool *spool, const char *name, char ret[512])
{
	snprintf(ret, 512, "%s/%s", spool->path, name);
}

SPOOL_BUILDER void *spool_map(const struct spool *spool, const char *name, size_t file_bytes,
			      size_t map_bytes)
{
	char path[512];
	void *map;
	int fd;

	spool_file(spool, name, path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert(fd >= 0 && !ftruncate(fd, (off_t)file_bytes));
	map = mmap(NULL, map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert(map != MAP_FAILED);
	close(fd);
	return map;
}

/* The folder `name` in `root` (which exists), with a process page for `pid`. */
SPOOL_BUILDER void spool_new_at(struct spool *spool, const char *root, const char *name,
				uint32_t pid)
{
	struct ts_abi_process *process;

	memset(spool, 0, sizeof(*spool));
	snprintf(spool->path, sizeof(spool->path), "%s/%s", root, name);
	assert(!mkdir(spool->path, 0700));
	process = spool_map(spool, "process", TS_ABI_PAGE, TS_ABI_PAGE);
	process->magic = TS_ABI_PROCESS_MAGIC;
	process->version = TS_ABI_VERSION;
	process->pid = pid;
	process->clock_source = TS_CLOCK_MONOTONIC;
	process->ticks_per_second = 1000000000;
	process->clocks[0] = (struct ts_abi_clock){0, 0, SPOOL_EPOCH_US * 1000};
	process->n_clocks = 1;
	spool->process = process;
}

/* A folder of its own under /tmp. */
SPOOL_BUILDER void spool_new(struct spool *spool)
{
	char root[] = "/tmp/ts-spool-XXXXXX";

	assert(mkdtemp(root) && !rmdir(root));
	spool_new_at(spool, "/tmp", root + strlen("/tmp/"), 4242);
}

SPOOL_BUILDER void spool_dictionary(struct spool *spool, const void *record, size_t bytes)
{
	char path[512];
	int fd;

	spool_file(spool, "process", path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert(fd >= 0);
	assert(pwrite(fd, record, bytes, (off_t)(TS_ABI_PAGE + spool->process->dictionary_bytes)) ==
	       (ssize_t)bytes);
	close(fd);
	__atomic_store_n(&spool->process->dictionary_bytes,
			 spool->process->dictionary_bytes + bytes, __ATOMIC_RELEASE);
}

SPOOL_BUILDER size_t spool_text(char *record, size_t at, const char *text)
{
	strcpy(record + at, text);
	return at + strlen(text) + 1;
}

/* What a program's settings say besides. */
struct settings {
	const char *state; /* the folder of backlogs */
	uint64_t backlog_bytes;
	const char *gateways;
	uint32_t flags; /* enum ts_settings_flags */
	uint32_t capture_bytes;
};

SPOOL_BUILDER void spool_settings_with(struct spool *spool, const char *store, const char *tenant,
				       const char *redact, const struct settings *more)
{
	char record[4096] = {0};
	struct ts_dictionary_settings *settings = (void *)record;
	size_t at = sizeof(*settings);

	at = spool_text(record, at, "/usr/bin/bot");
	at = spool_text(record, at, "host.example");
	at = spool_text(record, at, "/etc/traceshim/symbols.conf");
	at = spool_text(record, at, store);
	at = spool_text(record, at, tenant);
	at = spool_text(record, at, redact);
	at = spool_text(record, at, more->state);
	at = spool_text(record, at, ""); /* no prices of one's own */
	at = spool_text(record, at, more->gateways);
	settings->backlog_bytes = more->backlog_bytes;
	settings->flags = more->flags;
	settings->capture_bytes = more->capture_bytes;
	settings->record.type = TS_DICTIONARY_SETTINGS;
	settings->record.bytes = (uint32_t)TS_ALIGN8(at);
	spool_dictionary(spool, record, settings->record.bytes);
}

/* `state`: the folder of backlogs. */
SPOOL_BUILDER void spool_settings_backlog(struct spool *spool, const char *store,
					  const char *tenant, const char *redact, const char *state,
					  uint64_t backlog_bytes)
{
	const struct settings more = {
		.state = state, .backlog_bytes = backlog_bytes, .gateways = ""};

	spool_settings_with(spool, store, tenant, redact, &more);
}

SPOOL_BUILDER void spool_settings(struct spool *spool, const char *store, const char *tenant,
				  const char *redact)
{
	spool_settings_backlog(spool, store, tenant, redact, "", 0);
}

/* params: names separated by ','; NULL: no parameters. */
SPOOL_BUILDER void spool_thunk_of(struct spool *spool, enum ts_language language,
				  const char *object, uint32_t index, enum ts_kind kind,
				  const char *name, const char *function, const char *fails,
				  const char *params)
{
	char record[4096] = {0};
	struct ts_dictionary_thunk *thunk = (void *)record;
	size_t at = sizeof(*thunk);

	at = spool_text(record, at, name);
	at = spool_text(record, at, function);
	at = spool_text(record, at, object);
	at = spool_text(record, at, fails);
	thunk->n_params = 0;
	if (params) {
		size_t first = at;

		at = spool_text(record, at, params);
		thunk->n_params = 1;
		for (size_t i = first; i < at; i++) {
			if (record[i] == ',') {
				record[i] = 0;
				thunk->n_params++;
			}
		}
	}
	thunk->record.type = TS_DICTIONARY_THUNK;
	thunk->record.bytes = (uint32_t)TS_ALIGN8(at);
	thunk->index = index;
	thunk->line = index + 1;
	thunk->kind = (uint8_t)kind;
	thunk->language = (uint8_t)language;
	spool_dictionary(spool, record, thunk->record.bytes);
}

SPOOL_BUILDER void spool_thunk(struct spool *spool, uint32_t index, enum ts_kind kind,
			       const char *name, const char *function, const char *fails,
			       const char *params)
{
	spool_thunk_of(spool, TS_LANGUAGE_NATIVE, "/usr/bin/bot", index, kind, name, function,
		       fails, params);
}

SPOOL_BUILDER void spool_tls(struct spool *spool, const char *path, const char *library,
			     const char *unseen)
{
	char record[4096] = {0};
	struct ts_dictionary_tls *tls = (void *)record;
	size_t at = sizeof(*tls);

	at = spool_text(record, at, path);
	at = spool_text(record, at, library);
	at = spool_text(record, at, unseen);
	tls->record.type = TS_DICTIONARY_TLS;
	tls->record.bytes = (uint32_t)TS_ALIGN8(at);
	spool_dictionary(spool, record, tls->record.bytes);
}

/* Adds ring-N with `bytes` (a power of two) of data; answers N. */
SPOOL_BUILDER uint32_t spool_ring(struct spool *spool, uint64_t bytes)
{
	uint32_t n = spool->process->n_rings;
	struct ts_abi_ring *ring;
	char name[32];

	snprintf(name, sizeof(name), "ring-%u", n);
	ring = spool_map(spool, name, TS_ABI_PAGE + bytes, TS_ABI_PAGE + bytes);
	ring->magic = TS_ABI_RING_MAGIC;
	ring->version = TS_ABI_VERSION;
	ring->index = n;
	ring->bytes = bytes;
	ring->state = TS_RING_OWNED;
	spool->rings[n] = ring;
	spool->ring_bytes[n] = bytes;
	__atomic_store_n(&spool->process->n_rings, n + 1, __ATOMIC_RELEASE);
	return n;
}

/* Appends bytes as they are and commits them; false if the ring has no room. */
SPOOL_BUILDER int spool_put_bytes(struct spool *spool, uint32_t n, const void *data, size_t bytes)
{
	struct ts_abi_ring *ring = spool->rings[n];
	char *ring_data = (char *)ring + TS_ABI_PAGE;
	uint64_t head = ring->head;

	if (head + bytes - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) > spool->ring_bytes[n])
		return 0;
	for (size_t i = 0; i < bytes; i++)
		ring_data[(head + i) & (spool->ring_bytes[n] - 1)] = ((const char *)data)[i];
	__atomic_store_n(&ring->head, head + bytes, __ATOMIC_RELEASE);
	return 1;
}

/* The same of an event, a begin counted as its producer would. */
SPOOL_BUILDER int spool_put(struct spool *spool, uint32_t n, const struct record *record)
{
	if (record->event.type == TS_EVENT_BEGIN)
		spool->rings[n]->begun += (record->event.flags & TS_BEGIN_TRACE) +
					  (record->event.flags / TS_BEGIN_SPAN & 1);
	return spool_put_bytes(spool, n, record, record->event.bytes);
}

/* The locks; who wants them makes them, as the program would. */
SPOOL_BUILDER pthread_mutex_t *spool_lock_of(const struct spool *spool)
{
	return (pthread_mutex_t *)spool->process->consumer_lock;
}

SPOOL_BUILDER pthread_mutex_t *spool_life_of(const struct spool *spool)
{
	return (pthread_mutex_t *)spool->process->life_lock;
}

SPOOL_BUILDER void spool_init_lock(const struct spool *spool)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(spool_lock_of(spool), &attributes);
	pthread_mutex_init(spool_life_of(spool), &attributes);
	pthread_mutexattr_destroy(&attributes);
}

SPOOL_BUILDER void spool_unmap(struct spool *spool)
{
	for (uint32_t i = 0; i < TS_ABI_MAX_RINGS && spool->rings[i]; i++) {
		munmap(spool->rings[i], TS_ABI_PAGE + spool->ring_bytes[i]);
		spool->rings[i] = NULL;
	}
	munmap(spool->process, TS_ABI_PAGE);
}

SPOOL_BUILDER void spool_remove(struct spool *spool)
{
	struct dirent *entry;
	char path[512];
	DIR *dir;

	spool_unmap(spool);
	dir = opendir(spool->path);
	while (dir && (entry = readdir(dir))) {
		spool_file(spool, entry->d_name, path);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(spool->path);
}

#endif
