// SPDX-License-Identifier: Apache-2.0
/* This process's spool. */

#include "spool.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../abi.h"
#include "../connection/tls.h"
#include "../hot/call.h"
#include "../stacks/objects.h"
#include "../system/pages.h"
#include "../system/program.h"
#include "dictionary.h"
#include "ticks.h"

static struct {
	const struct ts_conf *conf;
	const char *root;
	const char *store;
	const char *tenant;
	const char *state; /* the folder of backlogs */
	char folder[4096];
	bool made;
	size_t n_published;  /* thunks in the dictionary */
	size_t n_objects;    /* ... and objects */
	size_t n_tls;        /* ... and TLS libraries */
	uint32_t publishing; /* a lock for two writers of the dictionary */
} spool;

static const char *default_root(struct ts_arena *arena)
{
	const char *runtime = ts_program_environment("XDG_RUNTIME_DIR");
	char path[4096];
	long uid = ts_syscall(SYS_geteuid, 0, 0, 0, 0, 0, 0);

	if (runtime)
		snprintf(path, sizeof(path), "%s/traceshim", runtime);
	else
		snprintf(path, sizeof(path), "/dev/shm/traceshim-%ld", uid);
	return ts_program_absolute(path, arena);
}

/* The default store: sqlite:$XDG_DATA_HOME/traceshim/traces.db, empty where no home is known. */
static const char *default_store(struct ts_arena *arena)
{
	const char *data = ts_program_environment("XDG_DATA_HOME");
	const char *home = ts_program_environment("HOME");
	char url[4096];

	if (data && data[0] == '/')
		snprintf(url, sizeof(url), "sqlite:%s/traceshim/traces.db", data);
	else if (home)
		snprintf(url, sizeof(url), "sqlite:%s/.local/share/traceshim/traces.db", home);
	else
		return "";
	return ts_arena_strndup(arena, url, strlen(url));
}

/* Bytes of "sqlite:" or "jsonl:", whose rest is a path; else 0. */
static size_t file_scheme(const char *url)
{
	static const char *const schemes[] = {"sqlite:", "jsonl:"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
			return strlen(schemes[i]);
	return 0;
}

/* SCHEME:PATH with PATH made absolute; other URLs as they are. */
static const char *absolute_store(const char *url, struct ts_arena *arena)
{
	size_t scheme = file_scheme(url);
	const char *path = url + scheme;
	char text[4096];
	char *absolute;

	if (!scheme || path[0] == '/' || path[0] == ':')
		return ts_arena_strndup(arena, url, strlen(url));
	absolute = ts_program_absolute(path, arena);
	if (!absolute)
		return NULL;
	snprintf(text, sizeof(text), "%.*s%s", (int)scheme, url, absolute);
	return ts_arena_strndup(arena, text, strlen(text));
}

/* $XDG_STATE_HOME/traceshim, on disk; empty where no home is known. */
static const char *state_folder(struct ts_arena *arena)
{
	const char *state = ts_program_environment("XDG_STATE_HOME");
	const char *home = ts_program_environment("HOME");
	char path[4096];

	if (state && state[0] == '/')
		snprintf(path, sizeof(path), "%s/traceshim", state);
	else if (home && home[0] == '/')
		snprintf(path, sizeof(path), "%s/.local/state/traceshim", home);
	else
		return "";
	return ts_arena_strndup(arena, path, strlen(path));
}

int ts_own_spool_init(const struct ts_conf *conf, struct ts_arena *arena)
{
	const char *root = ts_program_environment("TRACESHIM_SPOOL");
	const char *store = ts_program_environment("TRACESHIM_STORE");
	const char *tenant = ts_program_environment("TRACESHIM_TENANT");

	spool.conf = conf;
	/* copies: the program may change its environment before the first event */
	spool.tenant = ts_arena_strndup(arena, tenant ? tenant : "", tenant ? strlen(tenant) : 0);
	spool.root = root ? ts_program_absolute(root, arena) : default_root(arena);
	spool.store = store ? absolute_store(store, arena) : default_store(arena);
	spool.state = state_folder(arena);
	return spool.root && spool.store && spool.tenant && spool.state ? 0 : -ENOMEM;
}

const char *ts_own_spool_root(void)
{
	return spool.root;
}

const char *ts_own_spool_store(void)
{
	return spool.store;
}

const char *ts_own_spool_tenant(void)
{
	return spool.tenant;
}

const char *ts_own_spool_folder(void)
{
	return spool.made ? spool.folder : NULL;
}

int ts_own_spool_make_root(void)
{
	char path[4096];
	struct stat status;
	size_t bytes = spool.root ? strlen(spool.root) : sizeof(path);
	int result;

	if (bytes >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, spool.root, bytes + 1);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		ts_sys_mkdir(path, 0700);
		*slash = '/';
	}
	result = ts_sys_mkdir(path, 0700);
	if (result < 0 && result != -EEXIST)
		return result;
	result = ts_sys_lstat(path, &status);
	if (result < 0)
		return result;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	if ((long)status.st_uid != ts_syscall(SYS_geteuid, 0, 0, 0, 0, 0, 0) ||
	    status.st_mode & 022)
		return TS_NOT_OURS;
	return 0;
}

/* <root>/<boot id>-<pid>-<random> */
static int make_folder(void)
{
	char boot[40] = "";
	uint64_t random;
	int fd = ts_sys_open("/proc/sys/kernel/random/boot_id", O_RDONLY, 0);
	int result;

	if (fd >= 0) {
		if (ts_sys_read(fd, boot, 36) != 36)
			memcpy(boot, "unknown", 8);
		ts_sys_close(fd);
	}
	if (ts_sys_random(&random, sizeof(random)) != sizeof(random))
		return -EIO;
	result = snprintf(spool.folder, sizeof(spool.folder), "%s/%s-%d-%016llx", spool.root, boot,
			  ts_sys_getpid(), (unsigned long long)random);
	if (result >= (int)sizeof(spool.folder) - 32)
		return -ENAMETOOLONG;
	return ts_sys_mkdir(spool.folder, 0700);
}

/* Robust locks that other processes see; their layout is glibc's, the same on both sides. */
static void init_locks(struct ts_abi_process *process)
{
	pthread_mutexattr_t attributes;

	_Static_assert(sizeof(pthread_mutex_t) <= sizeof(process->consumer_lock), "fits");
	_Static_assert(sizeof(pthread_mutex_t) <= sizeof(process->life_lock), "fits");
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init((pthread_mutex_t *)process->consumer_lock, &attributes);
	pthread_mutex_init((pthread_mutex_t *)process->life_lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

/* UUID v7 (RFC 9562, section 5.7): the process in the store. */
static void make_run_id(struct ts_abi_process *process)
{
	uint64_t ms = (uint64_t)process->clocks[0].wall_ns / 1000000;

	ts_sys_random(process->run_id, sizeof(process->run_id));
	for (int i = 0; i < 6; i++)
		process->run_id[i] = (uint8_t)(ms >> (40 - 8 * i));
	process->run_id[6] = (process->run_id[6] & 0x0f) | 0x70;
	process->run_id[8] = (process->run_id[8] & 0x3f) | 0x80;
}

static void fill_process(struct ts_abi_process *process)
{
	struct stat namespace;

	process->version = TS_ABI_VERSION;
	process->pid = (uint32_t)ts_sys_getpid();
	if (ts_sys_stat("/proc/self/ns/pid", &namespace) == 0)
		process->pid_namespace = namespace.st_ino;
	ts_ticks_describe(process);
	make_run_id(process);
	init_locks(process);
	/* release: who finds the magic finds the rest */
	__atomic_store_n(&process->magic, TS_ABI_PROCESS_MAGIC, __ATOMIC_RELEASE);
}

/* Room is allocated before the first store: on a full disk that store would be a SIGBUS. */
static int make_process(void)
{
	char path[sizeof(spool.folder) + 16];
	struct ts_abi_process *process;
	int fd, result;

	snprintf(path, sizeof(path), "%s/process", spool.folder);
	fd = ts_sys_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fd;
	result = ts_sys_fallocate(fd, 0, TS_ABI_PAGE);
	if (result < 0)
		goto out;
	process = ts_sys_mmap(NULL, TS_ABI_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	result = -ENOMEM;
	if (ts_sys_failed(process))
		goto out;
	fill_process(process);
	__atomic_store_n(&ts_hot.process, process, __ATOMIC_RELEASE);
	result = 0;
out:
	ts_sys_close(fd);
	return result;
}

static int append(const char *records, size_t bytes)
{
	struct ts_abi_process *process = ts_hot.process;
	char path[sizeof(spool.folder) + 16];
	uint64_t end = process->dictionary_bytes;
	long result;
	int fd;

	snprintf(path, sizeof(path), "%s/process", spool.folder);
	fd = ts_sys_open(path, O_WRONLY, 0);
	if (fd < 0)
		return fd;
	result = ts_sys_fallocate(fd, (long)(TS_ABI_PAGE + end), (long)bytes);
	if (result == 0)
		result = ts_sys_pwrite(fd, records, bytes, (long)(TS_ABI_PAGE + end));
	ts_sys_close(fd);
	if (result != (long)bytes)
		return result < 0 ? (int)result : -ENOSPC;
	/* release: the reader finds whole records up to here */
	__atomic_store_n(&process->dictionary_bytes, end + bytes, __ATOMIC_RELEASE);
	return 0;
}

static int append_settings(void)
{
	size_t bytes = ts_dictionary_put_settings(spool.conf, spool.store, spool.tenant,
						  spool.state, NULL);
	char *record = ts_pages_new(bytes);
	int result = -ENOMEM;

	if (record) {
		ts_dictionary_put_settings(spool.conf, spool.store, spool.tenant, spool.state,
					   record);
		result = append(record, bytes);
		ts_pages_free(record, bytes);
	}
	return result;
}

static int append_thunks(size_t first, size_t last)
{
	size_t bytes = 0, done = 0;
	char *records;
	int result;

	for (size_t i = first; i < last; i++)
		bytes += ts_dictionary_put_thunk(i, ts_definition_at(i), NULL);
	records = ts_pages_new(bytes);
	if (!records)
		return -ENOMEM;
	for (size_t i = first; i < last; i++)
		done += ts_dictionary_put_thunk(i, ts_definition_at(i), records + done);
	result = append(records, bytes);
	ts_pages_free(records, bytes);
	return result;
}

static int append_objects(size_t first, size_t last)
{
	char records[8192];

	for (size_t i = first; i < last; i++) {
		size_t bytes = ts_dictionary_put_object(i, ts_objects_get(i), NULL);
		int result = -ENAMETOOLONG;

		if (bytes <= sizeof(records)) {
			ts_dictionary_put_object(i, ts_objects_get(i), records);
			result = append(records, bytes);
		}
		if (result < 0)
			return result;
		spool.n_objects = i + 1;
	}
	return 0;
}

static int append_tls(size_t first, size_t last)
{
	char records[8192];

	for (size_t i = first; i < last; i++) {
		size_t bytes = ts_dictionary_put_tls(ts_tls_get(i), NULL);
		int result = -ENAMETOOLONG;

		if (bytes <= sizeof(records)) {
			ts_dictionary_put_tls(ts_tls_get(i), records);
			result = append(records, bytes);
		}
		if (result < 0)
			return result;
		spool.n_tls = i + 1;
	}
	return 0;
}

/* A child's, until it has one, is its parent's: not to be written to, and its lock may have been copied as it was held. */
static bool is_own(void)
{
	return ts_hot.process && ts_hot.process->pid == (uint32_t)ts_sys_getpid();
}

int ts_own_spool_publish(void)
{
	size_t n = ts_definition_count(), n_objects = ts_objects_count(), n_tls = ts_tls_count();
	int result = 0;

	if (!__atomic_load_n(&spool.made, __ATOMIC_ACQUIRE) || !is_own())
		return 0;
	for (unsigned int turn = 0; __atomic_exchange_n(&spool.publishing, 1, __ATOMIC_ACQUIRE);
	     turn++)
		ts_sys_give_way(turn);
	if (spool.n_published < n) {
		result = append_thunks(spool.n_published, n);
		if (result == 0)
			spool.n_published = n;
	}
	if (result == 0 && spool.n_objects < n_objects)
		result = append_objects(spool.n_objects, n_objects);
	if (result == 0 && spool.n_tls < n_tls)
		result = append_tls(spool.n_tls, n_tls);
	__atomic_store_n(&spool.publishing, 0, __ATOMIC_RELEASE);
	return result;
}

void ts_own_spool_count_missed(void)
{
	uint64_t missed = __atomic_exchange_n(&ts_hot.missed, 0, __ATOMIC_RELAXED);

	if (missed)
		__atomic_fetch_add(&ts_hot.process->lost[TS_LOST_NO_RING], missed,
				   __ATOMIC_RELAXED);
}

/* What was begun holds nothing that anybody could recover. */
static int give_up(int result)
{
	char path[sizeof(spool.folder) + 16];

	snprintf(path, sizeof(path), "%s/process", spool.folder);
	ts_sys_unlink(path);
	ts_sys_rmdir(spool.folder);
	return result;
}

int ts_own_spool_create(void)
{
	int result = ts_program_root_changed() ? -EXDEV : ts_own_spool_make_root();

	if (result == 0)
		result = make_folder();
	if (result < 0)
		return result;
	result = make_process();
	if (result == 0)
		result = append_settings();
	if (result < 0)
		return give_up(result);
	__atomic_store_n(&spool.made, true, __ATOMIC_RELEASE);
	return ts_own_spool_publish();
}

/* False: it is still there. */
static bool remove_file(const char *name)
{
	char path[sizeof(spool.folder) + 16];
	int result;

	snprintf(path, sizeof(path), "%s/%s", spool.folder, name);
	result = ts_sys_unlink(path);
	return result == 0 || result == -ENOENT;
}

/* The process file last: while it is there, who finds the rest can tell what it is. */
void ts_own_spool_remove(void)
{
	uint32_t n_rings = ts_hot.process->n_rings;
	bool removed = true;
	char name[16];

	/* killed half-way, this must not look like a spool whose rings were lost */
	__atomic_store_n(&ts_hot.process->n_rings, 0, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < n_rings; i++) {
		snprintf(name, sizeof(name), "ring-%u", i);
		removed &= remove_file(name);
	}
	removed &= remove_file("open");
	if (removed && remove_file("process"))
		ts_sys_rmdir(spool.folder);
}

void ts_own_spool_forget(void)
{
	spool.made = false;
	spool.n_published = 0;
	spool.n_objects = 0;
	spool.n_tls = 0;
	spool.publishing = 0;
	ts_hot.process = NULL;
}
