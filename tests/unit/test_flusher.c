// SPDX-License-Identifier: Apache-2.0
/* The flusher on a thread of this program, over a process page made by hand. */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "runtime/flusher.h"
#include "runtime/log/presence.h"
#include "runtime/store.h"
#include "tests/unit/spool_builder.h"

extern const struct ts_store ts_store;

struct place {
	char folder[64];
	char root[80];
	char db[96];
	char url[112];
	char log[96];
	struct spool spool;
	struct ts_flusher_args args;
	uint32_t inside;
	pthread_t thread;
	int kept_stderr;
};

/* What the flusher's callbacks count and obey; they know no context. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int ticks, opened, begun, writes, failures;
	int fail_with;          /* negative errno for each write, or 0 */
	void (*in_write)(void); /* called in each write */
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void count(int *counter)
{
	pthread_mutex_lock(&seen.lock);
	++*counter;
	pthread_cond_broadcast(&seen.changed);
	pthread_mutex_unlock(&seen.lock);
}

static int now(const int *counter)
{
	int value;

	pthread_mutex_lock(&seen.lock);
	value = *counter;
	pthread_mutex_unlock(&seen.lock);
	return value;
}

static void wait_for(const int *counter, int value)
{
	pthread_mutex_lock(&seen.lock);
	while (*counter < value)
		pthread_cond_wait(&seen.changed, &seen.lock);
	pthread_mutex_unlock(&seen.lock);
}

static void on_opened(void)
{
	count(&seen.opened);
}

static void on_tick(void)
{
	count(&seen.ticks);
}

static int fragile_write(struct ts_store_handle *handle, const struct ts_batch *batch,
			 struct ts_error *err)
{
	int failure = now(&seen.fail_with), result;

	if (failure) {
		result = ts_error_set(err, failure, "it is broken on purpose");
		count(&seen.failures);
		return result;
	}
	if (seen.in_write)
		seen.in_write();
	count(&seen.begun);
	result = ts_store.write(handle, batch, err);
	count(&seen.writes);
	return result;
}

static int fragile_open(struct ts_store_handle **ret, const char *url, const struct ts_gate *gate,
			struct ts_error *err)
{
	return ts_store.open(ret, url, gate, err);
}

static void fragile_close(struct ts_store_handle *handle)
{
	ts_store.close(handle);
}

static const struct ts_store fragile = {
	.scheme = "sqlite",
	.open = fragile_open,
	.write = fragile_write,
	.close = fragile_close,
};

static const void *load(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	if (strcmp(module, "store_sqlite") == 0 && strcmp(symbol, "ts_store") == 0)
		return &fragile;
	snprintf(why, why_bytes, "not in this test");
	return NULL;
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

/* All at one time: this thread was not interrupted in between. */
static struct ts_abi_clock clocks_now(uint32_t source)
{
	struct ts_abi_clock clock;

	do {
		clock.monotonic_ns = clock_ns(CLOCK_MONOTONIC);
		clock.wall_ns = clock_ns(CLOCK_REALTIME);
		clock.ticks = __builtin_ia32_rdtsc();
	} while (clock_ns(CLOCK_MONOTONIC) - clock.monotonic_ns > 50000);
	if (source == TS_CLOCK_MONOTONIC)
		clock.ticks = (uint64_t)clock.monotonic_ns;
	return clock;
}

static void make_spool(struct place *place, struct spool *spool, const char *name, pid_t pid)
{
	struct stat st;

	spool_new_at(spool, place->root, name, (uint32_t)pid);
	assert_int_equal(stat("/proc/self/ns/pid", &st), 0);
	spool->process->pid_namespace = st.st_ino;
	spool->process->clocks[0] = clocks_now(TS_CLOCK_MONOTONIC);
	/* A second ago, so that the flusher needs not wait for a base to measure over. */
	spool->process->clocks[0].ticks -= 1000000000;
	spool->process->clocks[0].monotonic_ns -= 1000000000;
	spool->process->clocks[0].wall_ns -= 1000000000;
	spool_init_lock(spool);
	spool_settings(spool, place->url, "", "");
	spool_thunk(spool, 0, TS_KIND_PIPELINE, "learn", "handle_learn", "", NULL);
	spool_ring(spool, 4096);
}

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->folder, "/dev/shm/test_flusher-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->root, sizeof(place->root), "%s/root", place->folder);
	snprintf(place->db, sizeof(place->db), "%s/traces.db", place->folder);
	snprintf(place->url, sizeof(place->url), "sqlite:%s", place->db);
	snprintf(place->log, sizeof(place->log), "%s/log", place->folder);
	assert_int_equal(mkdir(place->root, 0700), 0);
	make_spool(place, &place->spool, "b-1-own", getpid());
	seen.ticks = seen.opened = seen.writes = seen.failures = seen.fail_with = 0;
	seen.in_write = NULL;
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	char command[96];
	int status;

	spool_unmap(&place->spool);
	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	status = system(command);
	free(place);
	return status;
}

static void put_trace(struct spool *spool, uint64_t id)
{
	uint64_t ticks = spool->process->clocks[0].ticks;
	struct record record;

	record_begin(&record, TS_BEGIN_TRACE, id, 0, 0, 0, ticks + 1000);
	assert_true(spool_put(spool, 0, &record));
	record_end(&record, id, 0, TS_OUTCOME_OK, 0, ticks + 2000);
	assert_true(spool_put(spool, 0, &record));
}

static void futex_wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void wake(struct place *place)
{
	__atomic_fetch_add(&place->spool.process->wake, 1, __ATOMIC_RELEASE);
	futex_wake(&place->spool.process->wake);
}

/* Has the flusher pass `n` times more, without waiting for its period. */
static void pass(struct place *place, int n)
{
	int ticks = now(&seen.ticks);

	for (int i = 1; i <= n; i++) {
		wake(place);
		wait_for(&seen.ticks, ticks + i);
	}
}

static void *run_flusher(void *context)
{
	struct place *place = context;

	assert_int_equal(ts_flusher_run(&place->args), 0);
	return NULL;
}

/* With its stderr going to place->log. */
static void start_flusher(struct place *place)
{
	int log;

	place->kept_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	log = open(place->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dup2(log, STDERR_FILENO);
	close(log);
	place->args = (struct ts_flusher_args){
		.version = TS_ABI_VERSION,
		.log_level = 2,
		.spool = place->spool.path,
		.process = place->spool.process,
		.module_symbol = load,
		.opened = on_opened,
		.tick = on_tick,
		.inside = &place->inside,
	};
	place->spool.process->stopped = 0;
	assert_int_equal(pthread_create(&place->thread, NULL, run_flusher, place), 0);
}

static void stop_flusher(struct place *place)
{
	__atomic_store_n(&place->spool.process->stop, 1, __ATOMIC_RELEASE);
	wake(place);
	pthread_join(place->thread, NULL);
	assert_int_equal(place->spool.process->stopped, 1);
	assert_int_equal(place->spool.process->busy, 0);
	assert_int_equal(pthread_mutex_trylock(spool_lock_of(&place->spool)), 0);
	pthread_mutex_unlock(spool_lock_of(&place->spool));
	place->spool.process->stop = 0;
	dup2(place->kept_stderr, STDERR_FILENO);
	close(place->kept_stderr);
}

static int64_t ask(const struct place *place, const char *sql)
{
	sqlite3_stmt *statement;
	int64_t answer;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(place->db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) ||
	    sqlite3_step(statement) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return answer;
}

static int64_t stored(const struct place *place)
{
	return ask(place, "SELECT count(*) FROM pipeline_traces");
}

/* The flusher's lines; their number is the answer. */
static int read_log(const struct place *place, char ret[4096])
{
	FILE *file = fopen(place->log, "r");
	size_t n = fread(ret, 1, 4095, file);
	int lines = 0;

	fclose(file);
	ret[n] = '\0';
	for (size_t i = 0; i < n; i++)
		lines += ret[i] == '\n';
	return lines;
}

static void events_are_stored_while_it_runs(void **state)
{
	struct place *place = *state;
	char log[4096];

	put_trace(&place->spool, 1);
	start_flusher(place);
	wait_for(&seen.writes, 1);
	assert_int_equal(stored(place), 1);
	assert_int_equal(now(&seen.opened), 2); /* before and after */
	for (int i = 2; i <= 20; i++) {
		put_trace(&place->spool, (uint64_t)i);
		wake(place);
		wait_for(&seen.writes, i);
	}
	assert_int_equal(stored(place), 20);
	stop_flusher(place);
	assert_int_equal(now(&seen.opened), 2); /* before and after */
	assert_int_equal(place->spool.rings[0]->head, place->spool.rings[0]->tail);
	if (read_log(place, log))
		fail_msg("%s", log);
}

static void last_pass_comes_after_stop(void **state)
{
	struct place *place = *state;

	put_trace(&place->spool, 1);
	place->spool.process->stop = 1;
	start_flusher(place);
	stop_flusher(place);
	assert_int_equal(stored(place), 1);
	start_flusher(place);
	pass(place, 2);
	put_trace(&place->spool, 2);
	stop_flusher(place);
	assert_int_equal(stored(place), 2);
}

static void nothing_to_store_opens_nothing(void **state)
{
	struct place *place = *state;

	start_flusher(place);
	wait_for(&seen.ticks, 2);
	stop_flusher(place);
	assert_int_equal(now(&seen.opened), 0);
	assert_int_not_equal(access(place->db, F_OK), 0);
}

static void failing_store_is_retried(void **state)
{
	struct place *place = *state;
	char log[4096], expected[512];

	seen.fail_with = -ENOSPC;
	put_trace(&place->spool, 1);
	start_flusher(place);
	wait_for(&seen.failures, 2);
	assert_int_equal(place->spool.rings[0]->tail, 0);
	put_trace(&place->spool, 2);
	pthread_mutex_lock(&seen.lock);
	seen.fail_with = 0;
	pthread_mutex_unlock(&seen.lock);
	wait_for(&seen.writes, 1);
	stop_flusher(place);
	assert_int_equal(stored(place), 2);
	assert_int_equal(read_log(place, log), 2);
	snprintf(expected, sizeof(expected),
		 "traceshim: cannot write traces to %s: it is broken on purpose; they stay in %s\n",
		 place->url, place->root);
	assert_memory_equal(log, expected, strlen(expected));
	assert_non_null(strstr(log, "stored again"));
}

static void back_off_is_not_cut_short_by_wakes(void **state)
{
	struct place *place = *state;

	seen.fail_with = -ENOSPC;
	put_trace(&place->spool, 1);
	start_flusher(place);
	wait_for(&seen.failures, 2);
	/* The next try is at least 200 ms away; 20 ticks by wakes take no time. */
	pass(place, 20);
	assert_in_range(now(&seen.failures), 2, 8);
	stop_flusher(place);
}

static void unstored_events_stay_for_the_next(void **state)
{
	struct place *place = *state;
	char log[4096];

	seen.fail_with = -EIO;
	put_trace(&place->spool, 1);
	start_flusher(place);
	stop_flusher(place);
	/* once, and once more at its end; as often as its back-off allows if that takes us a minute to ask for */
	assert_in_range(now(&seen.failures), 1, 11);
	assert_int_equal(read_log(place, log), 1);
	assert_int_equal(place->spool.rings[0]->tail, 0);
	seen.fail_with = 0;
	start_flusher(place);
	stop_flusher(place);
	assert_int_equal(stored(place), 1);
}

static void password_is_not_shown(void **state)
{
	struct place *place = *state;
	char log[4096];

	spool_remove(&place->spool);
	strcpy(place->url, "postgresql://me:secret@host/db");
	make_spool(place, &place->spool, "b-1-own", getpid());
	put_trace(&place->spool, 1);
	start_flusher(place);
	stop_flusher(place);
	assert_int_equal(read_log(place, log), 1);
	assert_non_null(strstr(log, "postgresql"));
	assert_null(strstr(log, "secret"));
}

/* As before a fork: once nobody is busy, nobody gets busy. */
static void hold_keeps_batches_away(void **state)
{
	struct place *place = *state;
	struct ts_abi_process *process = place->spool.process;
	int writes, ticks;

	start_flusher(place);
	for (int i = 1; i <= 50; i++) {
		__atomic_store_n(&process->hold, 1, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&process->busy, __ATOMIC_SEQ_CST))
			syscall(SYS_futex, &process->busy, FUTEX_WAIT, 1, NULL, NULL, 0);
		ticks = now(&seen.ticks);
		writes = now(&seen.writes);
		put_trace(&place->spool, (uint64_t)i);
		wake(place);
		sched_yield();
		assert_int_equal(now(&seen.ticks), ticks);
		assert_int_equal(now(&seen.writes), writes);
		__atomic_store_n(&process->hold, 0, __ATOMIC_SEQ_CST);
		futex_wake(&process->hold);
		wait_for(&seen.writes, writes + 1);
	}
	stop_flusher(place);
	assert_int_equal(stored(place), 50);
}

/* Somebody else has the database: that is no reason for a fork to wait. */
static void waiting_for_the_lock_is_not_busy(void **state)
{
	struct place *place = *state;
	struct ts_abi_process *process = place->spool.process;
	char path[PATH_MAX];
	int lock, writes;

	start_flusher(place);
	put_trace(&place->spool, 1);
	wake(place);
	wait_for(&seen.writes, 1);
	snprintf(path, sizeof(path), "%s.lock", place->url + strlen("sqlite:"));
	lock = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	writes = now(&seen.begun);
	put_trace(&place->spool, 2);
	wake(place);
	wait_for(&seen.begun, writes + 1);
	writes = now(&seen.writes);
	__atomic_store_n(&process->hold, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&process->busy, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &process->busy, FUTEX_WAIT, 1, NULL, NULL, 0);
	assert_int_equal(__atomic_load_n(&place->inside, __ATOMIC_SEQ_CST), 0);
	assert_int_equal(now(&seen.writes), writes); /* it is still waiting */
	close(lock);
	__atomic_store_n(&process->hold, 0, __ATOMIC_SEQ_CST);
	futex_wake(&process->hold);
	wait_for(&seen.writes, writes + 1);
	stop_flusher(place);
	assert_int_equal(stored(place), 2);
}

static void frequency_is_measured_once(void **state)
{
	struct place *place = *state;
	struct ts_abi_process *process = place->spool.process;
	struct ts_abi_clock before, after;
	double rate;

	process->clock_source = TS_CLOCK_TSC;
	process->ticks_per_second = 0;
	before = process->clocks[0] = clocks_now(TS_CLOCK_TSC);
	start_flusher(place);
	wait_for(&seen.ticks, 1);
	after = clocks_now(TS_CLOCK_TSC);
	rate = (double)(after.ticks - before.ticks) * 1e9 /
	       (double)(after.monotonic_ns - before.monotonic_ns);
	assert_true((double)process->ticks_per_second > rate * 0.99 &&
		    (double)process->ticks_per_second < rate * 1.01);
	stop_flusher(place);
	process->ticks_per_second = 12345;
	start_flusher(place);
	stop_flusher(place);
	assert_int_equal(process->ticks_per_second, 12345);
}

static void clock_without_tsc_counts_nanoseconds(void **state)
{
	struct place *place = *state;
	struct ts_abi_process *process = place->spool.process;

	process->ticks_per_second = 0;
	start_flusher(place);
	stop_flusher(place);
	assert_int_equal(process->ticks_per_second, 1000000000);
}

static void triples_are_noted_now_and_then(void **state)
{
	struct place *place = *state;
	struct ts_abi_process *process = place->spool.process;

	process->clocks[0].monotonic_ns -= 90000000000L;
	start_flusher(place);
	pass(place, 3);
	stop_flusher(place);
	assert_int_equal(process->n_clocks, 2);
	assert_true(process->clocks[1].monotonic_ns >
		    process->clocks[0].monotonic_ns + 90000000000L);
}

/* Holds the lock until told; then dies with it. */
static void *hold_lock(void *context)
{
	struct place *place = context;
	pthread_mutex_t *lock = spool_lock_of(&place->spool);

	pthread_mutex_lock(lock);
	count(&seen.opened);
	wait_for(&seen.failures, 1);
	return NULL;
}

static void collector_goes_first(void **state)
{
	struct place *place = *state;
	pthread_t collector;

	assert_int_equal(pthread_create(&collector, NULL, hold_lock, place), 0);
	wait_for(&seen.opened, 1);
	put_trace(&place->spool, 1);
	start_flusher(place);
	pass(place, 3);
	assert_int_equal(now(&seen.writes), 0);
	count(&seen.failures);
	pthread_join(collector, NULL);
	wake(place);
	wait_for(&seen.writes, 1);
	stop_flusher(place);
	assert_int_equal(stored(place), 1);
}

/* Between two passes, with all that it has; and it takes nothing back before the collector is gone. */
static void spool_is_handed_over_and_back(void **state)
{
	struct place *place = *state;
	struct ts_abi_process *process = place->spool.process;
	uint32_t wakes;
	int collector;

	start_flusher(place);
	put_trace(&place->spool, 1);
	wake(place);
	wait_for(&seen.writes, 1);
	wakes = __atomic_load_n(&process->wake, __ATOMIC_ACQUIRE);
	collector = ts_presence_take(place->root, NULL);
	assert_true(collector >= 0);
	assert_int_equal(ts_presence_take(place->root, NULL), -EBUSY);
	syscall(SYS_futex, &process->wake, FUTEX_WAIT, wakes, NULL, NULL, 0);
	assert_int_equal(pthread_mutex_trylock(spool_lock_of(&place->spool)), 0);
	put_trace(&place->spool, 2);
	futex_wake(&process->stop); /* a tick */
	wait_for(&seen.ticks, now(&seen.ticks) + 2);
	assert_int_equal(now(&seen.writes), 1);
	pthread_mutex_unlock(spool_lock_of(&place->spool));
	wait_for(&seen.ticks, now(&seen.ticks) + 2);
	assert_int_equal(now(&seen.writes), 1);
	close(collector);
	futex_wake(&process->stop);
	wait_for(&seen.writes, 2);
	stop_flusher(place);
	assert_int_equal(stored(place), 2);
	assert_int_equal(now(&seen.opened), 4); /* before each opening, and after it */
}

static void program_with_a_collector_ends_at_once(void **state)
{
	struct place *place = *state;
	struct ts_abi_process *process = place->spool.process;
	int collector = ts_presence_take(place->root, NULL);

	start_flusher(place);
	put_trace(&place->spool, 1);
	wait_for(&seen.ticks, 2);
	assert_true(process->seen_ticks > process->clocks[0].ticks);
	__atomic_store_n(&process->stop, 1, __ATOMIC_RELEASE);
	futex_wake(&process->stop);
	pthread_join(place->thread, NULL);
	assert_int_equal(process->stopped, TS_STOPPED_LEFT);
	assert_int_equal(now(&seen.opened), 0);
	assert_int_equal(place->spool.rings[0]->tail, 0);
	dup2(place->kept_stderr, STDERR_FILENO);
	close(place->kept_stderr);
	close(collector);
	process->stop = 0;
	start_flusher(place);
	stop_flusher(place);
	assert_int_equal(stored(place), 1);
}

static void make_ended(struct place *place, struct spool *ret, const char *suffix)
{
	pid_t pid = fork();
	char name[64];

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	snprintf(name, sizeof(name), "b-%d-%s", pid, suffix);
	make_spool(place, ret, name, pid);
	put_trace(ret, 7);
	spool_unmap(ret);
}

static void others_are_recovered(void **state)
{
	struct place *place = *state;
	struct spool other;
	char log[4096];

	make_ended(place, &other, "other");
	put_trace(&place->spool, 1);
	start_flusher(place);
	wait_for(&seen.writes, 2);
	pass(place, 2);
	stop_flusher(place);
	assert_int_equal(stored(place), 2);
	assert_int_not_equal(access(other.path, F_OK), 0);
	assert_int_equal(read_log(place, log), 1);
	assert_non_null(strstr(log, "recovered 1 traces"));
}

/* A trace of our own that comes while others are recovered, and the writes before its places are given back. */
static struct {
	struct spool *own;
	int writes;
	int until_settled;
} meanwhile;

static void come_meanwhile(void)
{
	const struct ts_abi_ring *ring = meanwhile.own->rings[0];

	if (++meanwhile.writes == 2)
		put_trace(meanwhile.own, 2);
	else if (meanwhile.writes > 2 && ring->tail != ring->head)
		meanwhile.until_settled++;
}

static void own_come_before_others(void **state)
{
	struct place *place = *state;
	struct spool others[3];

	make_ended(place, &others[0], "one");
	make_ended(place, &others[1], "another");
	make_ended(place, &others[2], "third");
	put_trace(&place->spool, 1);
	meanwhile.own = &place->spool;
	meanwhile.writes = meanwhile.until_settled = 0;
	seen.in_write = come_meanwhile;
	start_flusher(place);
	wait_for(&seen.writes, 5);
	pass(place, 2);
	stop_flusher(place);
	assert_int_equal(meanwhile.until_settled, 1);
}

/* What the flusher's thread finds in its table. */
static bool kept_open;
static char standard_output[64];

static void look_at_descriptors(void)
{
	ssize_t n = readlink("/proc/thread-self/fd/1", standard_output, 63);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct stat st;

	standard_output[n > 0 ? n : 0] = '\0';
	count(&seen.failures);
	/* Meanwhile the test's thread closes all it has. */
	wait_for(&seen.opened, 2);
	kept_open = fstat(fd, &st) == 0;
	close(fd);
}

static void descriptors_are_apart(void **state)
{
	struct place *place = *state;
	struct pollfd pipe_end;
	int ends[2], kept;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	seen.in_write = look_at_descriptors;
	put_trace(&place->spool, 1);
	start_flusher(place);
	wait_for(&seen.failures, 1);
	/* Were the table shared, the flusher's descriptor would be among these; */
	kept = place->kept_stderr;
	close_range((unsigned int)kept + 1, ~0U, 0);
	count(&seen.opened);
	wait_for(&seen.writes, 1);
	stop_flusher(place);
	assert_int_equal(stored(place), 1);
	assert_true(kept_open);
	assert_string_equal(standard_output, "/");
	/* and were it a copy, the pipe would still have a writer. */
	seen.in_write = NULL;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	start_flusher(place);
	pass(place, 3);
	close(ends[1]);
	pipe_end = (struct pollfd){.fd = ends[0], .events = POLLIN};
	assert_int_equal(poll(&pipe_end, 1, -1), 1);
	assert_true(pipe_end.revents & POLLHUP);
	stop_flusher(place);
	close(ends[0]);
}

static void replaced_stderr_is_let_go(void **state)
{
	struct place *place = *state;
	int ends[2], ticks;
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	start_flusher(place);
	stop_flusher(place);
	place->kept_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	ticks = now(&seen.ticks);
	assert_int_equal(pthread_create(&place->thread, NULL, run_flusher, place), 0);
	wait_for(&seen.ticks, ticks + 1);
	dup2(place->kept_stderr, STDERR_FILENO);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	stop_flusher(place);
	close(ends[0]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_are_stored_while_it_runs),
		TEST(last_pass_comes_after_stop),
		TEST(nothing_to_store_opens_nothing),
		TEST(failing_store_is_retried),
		TEST(back_off_is_not_cut_short_by_wakes),
		TEST(unstored_events_stay_for_the_next),
		TEST(password_is_not_shown),
		TEST(hold_keeps_batches_away),
		TEST(waiting_for_the_lock_is_not_busy),
		TEST(frequency_is_measured_once),
		TEST(clock_without_tsc_counts_nanoseconds),
		TEST(triples_are_noted_now_and_then),
		TEST(collector_goes_first),
		TEST(spool_is_handed_over_and_back),
		TEST(program_with_a_collector_ends_at_once),
		TEST(others_are_recovered),
		TEST(own_come_before_others),
		TEST(descriptors_are_apart),
		TEST(replaced_stderr_is_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
