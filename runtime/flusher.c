// SPDX-License-Identifier: Apache-2.0
/* The loop that carries a live program's events to its store. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "backoff.h"
#include "consumer.h"
#include "descriptors.h"
#include "flusher.h"
#include "log/frequency.h"
#include "gate.h"
#include "log/held.h"
#include "outlet.h"
#include "log/presence.h"
#include "log/spool.h"

#define MS               1000000LL /* in ns */
#define PERIOD_NS        (200 * MS)
#define SHORTEST_BASE_NS (20 * MS) /* to measure the frequency over; a few millionths off */

enum { LOG_ERROR = 1, LOG_INFO = 2 };

struct flusher {
	const struct ts_flusher_args *args;
	struct ts_abi_process *process;
	bool separated; /* a descriptor table of our own */
	bool locked;    /* we are the consumer */
	char root[PATH_MAX];
	struct ts_presence collector;
	bool collected;             /* a collector consumes, or is about to */
	struct ts_outlets *outlets; /* NULL until there is something to consume */
	struct ts_consumer *consumer;
	struct ts_gate gate;
	struct ts_backoff backoff; /* of the event log */
	bool complained;
};

static void log_line(const struct flusher *f, uint32_t level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void log_line(const struct flusher *f, uint32_t level, const char *format, ...)
{
	static const char prefix[] = "traceshim: ";
	char line[1536];
	size_t n = sizeof(prefix) - 1;
	va_list args;
	int written;

	if (f->args->log_level < level)
		return;
	memcpy(line, prefix, n);
	va_start(args, format);
	written = vsnprintf(line + n, sizeof(line) - n, format, args);
	va_end(args);
	if (written < 0)
		return;
	n += (size_t)written < sizeof(line) - n ? (size_t)written : sizeof(line) - n - 1;
	if (n == sizeof(line))
		n--;
	line[n++] = '\n';
	/* One write, so that lines of several threads do not mix; if it fails, nobody is told. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

/* Sleeps while *word is `value`, at most `ns`. Not FUTEX_PRIVATE: the page is a shared file. */
static void futex_wait(uint32_t *word, uint32_t value, int64_t ns)
{
	struct timespec timeout = {ns / (1000 * MS), ns % (1000 * MS)};

	if (ns > 0)
		syscall(SYS_futex, word, FUTEX_WAIT, value, &timeout, NULL, 0);
}

static void futex_wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static bool stopping(const struct flusher *f)
{
	/* acquire: what the program wrote before it asked us to stop is in our last pass */
	return __atomic_load_n(&f->process->stop, __ATOMIC_ACQUIRE);
}

static void end_batch(struct flusher *f)
{
	__atomic_store_n(f->args->inside, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&f->process->busy, 0, __ATOMIC_SEQ_CST);
	futex_wake(&f->process->busy);
}

/*
 * Enters what must not overlap a fork. Either we see its hold, or it sees our busy: both sides
 * store their own word before they load the other's, sequentially consistent.
 */
static void begin_batch(struct flusher *f)
{
	uint32_t held;

	for (;;) {
		__atomic_store_n(&f->process->busy, 1, __ATOMIC_SEQ_CST);
		held = __atomic_load_n(&f->process->hold, __ATOMIC_SEQ_CST);
		if (!held)
			break;
		end_batch(f);
		futex_wait(&f->process->hold, held, PERIOD_NS);
	}
	/* seq_cst: before anything that a fork must not fall into */
	__atomic_store_n(f->args->inside, 1, __ATOMIC_SEQ_CST);
}

static void open_gate(void *context)
{
	end_batch(context);
}

static void close_gate(void *context)
{
	begin_batch(context);
}

/* Failures of the event log itself; those of stores the outlets tell. */
static int put_off(struct flusher *f, int result, const struct ts_error *err)
{
	ts_backoff_failed(&f->backoff);
	if (!f->complained) {
		f->complained = true;
		log_line(f, LOG_ERROR, "cannot read the event log: %s; events stay in %s",
			 err->text, f->args->spool);
	}
	return result;
}

/* What became of a store. Where rows stay: a folder for each spool would be no news to people. */
static void tell(void *context, bool bad, const char *sentence)
{
	const struct flusher *f = context;
	const char *place = f->consumer ? ts_consumer_place(f->consumer) : f->args->spool;
	const char *slash = strrchr(place, '/');

	if (bad)
		log_line(f, LOG_ERROR, "%s; they stay in %.*s", sentence,
			 slash ? (int)(slash - place) : (int)strlen(place), place);
	else
		log_line(f, LOG_INFO, "%s", sentence);
}

/* What became of rows. */
static void note(void *context, const char *sentence)
{
	log_line(context, LOG_ERROR, "%s", sentence);
}

/* 0, or -EBUSY: another process, a collector, consumes this spool [L3]. */
static int become_consumer(struct flusher *f)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)f->process->consumer_lock;
	int result = pthread_mutex_trylock(lock);

	if (result == EOWNERDEAD)
		result = pthread_mutex_consistent(lock);
	f->locked = result == 0;
	return -result;
}

static int open_outlets(struct flusher *f)
{
	const struct ts_outlets_options options = {
		.modules = f->args->module_symbol,
		.gate = &f->gate,
		.trying = f->args->opened,
		.say = tell,
		.note = note,
		.context = f,
	};

	return f->outlets ? 0 : ts_outlets_new(&f->outlets, &options);
}

static int open_consumer(struct flusher *f, struct ts_error *err)
{
	if (f->consumer)
		return 0;
	if (open_outlets(f) < 0)
		return ts_error_set(err, -ENOMEM, "no memory");
	return ts_consumer_new(&f->consumer, f->args->spool, f->process, f->outlets,
			       f->args->module_symbol, err);
}

/* One batch. 1: there is more; 0: nothing more now; or a negative errno: later. `insist`: try what failed, too. */
static int flush_once(struct flusher *f, bool insist)
{
	struct ts_error err = {""};
	int result;

	if (!f->locked && become_consumer(f) < 0)
		return 0;
	if (!insist && !ts_backoff_is_due(&f->backoff))
		return 0;
	result = open_consumer(f, &err);
	if (result == 0)
		result = ts_consumer_step(f->consumer, insist, &err);
	if (result < 0 && result != TS_AWAY)
		return put_off(f, result, &err);
	if (result >= 0) {
		ts_backoff_worked(&f->backoff);
		f->complained = false;
	}
	return result;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 * MS + now.tv_nsec;
}

/*
 * All there is, a batch at a time, so that a fork waits for one batch at most; or what a period has time for, so that a
 * program that is faster than its store does not keep us from the ticks. True: there is more.
 */
static bool flush(struct flusher *f, bool last)
{
	int64_t until_ns = now_ns() + PERIOD_NS;
	bool insist = last;
	int more;

	do {
		begin_batch(f);
		more = flush_once(f, insist);
		end_batch(f);
		insist = false;
	} while (more > 0 && (last || now_ns() < until_ns));
	return more > 0;
}

/* Nobody else finds a spool that was removed. */
static void look_for_collector(struct flusher *f)
{
	/* acquire: the rings are there */
	uint32_t n_rings = __atomic_load_n(&f->process->n_rings, __ATOMIC_ACQUIRE);

	f->collected = ts_held_follow(n_rings) && ts_presence_look(&f->collector);
}

static void tick(struct flusher *f)
{
	begin_batch(f);
	if (f->separated)
		ts_descriptors_follow_stderr();
	ts_frequency_measure(f->process);
	ts_frequency_note(f->process);
	ts_frequency_seen(f->process);
	f->args->tick();
	look_for_collector(f);
	if (f->outlets)
		ts_outlets_rest(f->outlets);
	end_batch(f);
}

/* What others left may be a lot: meanwhile our own rings must not fill, nor the program's exit wait. */
static bool see_to_own(void *context)
{
	struct flusher *f = context;

	flush_once(f, false);
	return !stopping(f);
}

static void tell_postponed(void *context, const char *sentence)
{
	log_line(context, LOG_INFO, "%s", sentence);
}

/* What programs that have ended left behind in the folder that holds our spool. */
static void recover_others(struct flusher *f)
{
	struct ts_recovered recovered = {.tell = tell_postponed, .context = f};
	struct ts_error err = {""};

	if (!f->root[0])
		return;
	begin_batch(f);
	if (ts_spool_recover(f->root, f->args->module_symbol, &f->gate, &recovered, &err) < 0)
		log_line(f, LOG_INFO, "%s", err.text);
	if (f->consumer &&
	    ts_backlog_recover(ts_consumer_state(f->consumer), f->args->module_symbol, &f->gate,
			       &recovered, &err) < 0)
		log_line(f, LOG_INFO, "%s", err.text);
	end_batch(f);
	if (recovered.spools + recovered.backlogs)
		log_line(f, LOG_INFO, "recovered %zu traces, %zu spans of %zu ended programs",
			 recovered.traces, recovered.spans, recovered.spools + recovered.backlogs);
}

/* Between two batches: nothing is lost, the next consumer reads on from the tails. */
static void give_up_spool(struct flusher *f)
{
	begin_batch(f);
	ts_consumer_free(f->consumer);
	ts_outlets_free(f->outlets);
	f->consumer = NULL;
	f->outlets = NULL;
	if (f->locked)
		pthread_mutex_unlock((pthread_mutex_t *)f->process->consumer_lock);
	f->locked = false;
	end_batch(f);
}

/* The collector waits for it at the word that it watches anyway. */
static void hand_over(struct flusher *f)
{
	if (!f->locked)
		return;
	give_up_spool(f);
	__atomic_fetch_add(&f->process->wake, 1, __ATOMIC_RELEASE);
	futex_wake(&f->process->wake);
}

/* A wake is for one waiter: at `wake` that is the consumer. */
static void idle(const struct flusher *f, uint32_t wake)
{
	if (f->collected)
		futex_wait(&f->process->stop, 0, PERIOD_NS);
	else
		futex_wait(&f->process->wake, wake, PERIOD_NS);
}

/*
 * The first pass waits until the frequency can be told well, for start times are counted with it
 * for as long as the program runs; unless the program ends before.
 */
static void wait_for_base(const struct flusher *f)
{
	int64_t missing;

	while (!stopping(f) && (missing = SHORTEST_BASE_NS - ts_frequency_base_ns(f->process)) > 0)
		futex_wait(&f->process->stop, 0, missing < MS ? MS : missing);
}

static void run(struct flusher *f)
{
	uint32_t wake = __atomic_load_n(&f->process->wake, __ATOMIC_ACQUIRE);
	bool recovered = false, last = stopping(f), more = false;

	f->collected = ts_presence_look(&f->collector);
	if (!last && ts_frequency_base_ns(f->process) < PERIOD_NS)
		idle(f, wake);
	wait_for_base(f);
	do {
		/* Both before the pass: what comes during it makes another one. */
		wake = __atomic_load_n(&f->process->wake, __ATOMIC_ACQUIRE);
		last = stopping(f);
		tick(f);
		if (f->collected)
			hand_over(f);
		more = !f->collected && flush(f, last);
		if (!recovered && !last && !f->collected) {
			recovered = true;
			recover_others(f);
		}
		if (!last && !more && !stopping(f))
			idle(f, wake);
	} while (!last);
}

/* The segment now, for whoever the program becomes may not make it later. */
static void hold_files(const struct flusher *f)
{
	int fd;

	ts_held_begin(f->separated ? f->args->spool : NULL);
	if (f->separated && (fd = ts_held_open("open", O_CREAT)) >= 0)
		close(fd);
}

static void find_root(struct flusher *f)
{
	char *slash;

	snprintf(f->root, sizeof(f->root), "%s", f->args->spool);
	slash = strrchr(f->root, '/');
	*(slash ? slash : f->root) = '\0';
	f->collector = (struct ts_presence){.root = f->root, .keep = f->separated, .fd = -1};
}

int ts_flusher_run(const struct ts_flusher_args *args)
{
	struct flusher f = {.args = args, .process = args->process};
	uint32_t stopped;

	if (args->version != TS_ABI_VERSION)
		return -EPROTONOSUPPORT;
	f.separated = !args->shares && ts_descriptors_separate();
	f.gate = (struct ts_gate){
		.open = open_gate,
		.close = close_gate,
		.between = see_to_own,
		.context = &f,
		.keeps = f.separated,
	};
	find_root(&f);
	hold_files(&f);
	run(&f);
	stopped = f.locked ? TS_STOPPED_DONE : TS_STOPPED_LEFT;
	give_up_spool(&f);
	/* release: nothing of ours comes behind it; the program may unload and unmap */
	__atomic_store_n(&args->process->stopped, stopped, __ATOMIC_RELEASE);
	futex_wake(&args->process->stopped);
	return 0;
}
