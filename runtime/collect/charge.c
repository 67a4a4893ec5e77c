// SPDX-License-Identifier: Apache-2.0
#include "charge.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../log/alive.h"
#include "../backoff.h"
#include "../consumer.h"
#include "../file.h"
#include "../log/frequency.h"
#include "../log/spool.h"
#include "holds.h"
#include "leftovers.h"

#define MS           1000000LL /* in ns */
#define MAX_STEPS    8         /* batches a turn: others wait */
#define MOST_WARM    256       /* consumers that are kept; each keeps up to 400 KB */
#define MOST_BUSY    1024      /* the same, while they have more to read */
#define YOUNG_NS     (1000 * MS)
#define LOOK_NS      (1000 * MS) /* how often at a process without a flusher */
#define PARENT_NS    (500 * MS)  /* for a parent to say what ended its child */
#define BASE_NS      (20 * MS)   /* to measure the frequency over, in a hurry */
#define LONG_BASE_NS (400 * MS)

struct ts_charge {
	struct ts_charges *charges;
	char *name;
	char path[PATH_MAX];
	enum ts_charge_state state;
	struct ts_abi_process *page;
	struct stat file; /* the process file */
	int hold;         /* of its consumer_lock; -1 */
	struct ts_consumer *consumer;
	struct ts_consumed told; /* of the consumer: what is in the sums */
	bool drained;
	bool waits;
	bool gone;
	uint64_t backlog; /* rows */
	bool complained;
	uint32_t wake_seen;
	int64_t born_ns;
	int64_t ended_ns; /* when that was seen; 0: it was not */
	int64_t look_ns;  /* when to look closely at the process */
	struct ts_backoff backoff;
};

struct ts_charge *ts_charge_new(struct ts_charges *charges, const char *name)
{
	struct ts_charge *charge = calloc(1, sizeof(*charge));

	if (!charge || !(charge->name = strdup(name)) ||
	    snprintf(charge->path, sizeof(charge->path), "%s/%s", charges->root, name) >=
		    (int)sizeof(charge->path)) {
		if (charge)
			free(charge->name);
		free(charge);
		return NULL;
	}
	charge->charges = charges;
	charge->hold = -1;
	charge->born_ns = ts_backoff_now_ns();
	/* a program in another pid namespace may still be at making it */
	charge->look_ns = charge->born_ns + LOOK_NS;
	return charge;
}

/* --- the consumer ------------------------------------------------------------------------------ */

static void say(const struct ts_charge *charge, const char *sentence)
{
	charge->charges->say(charge->charges->context, sentence);
}

/* What the consumer has stored since it was last asked. */
static void add_up(struct ts_charge *charge)
{
	struct ts_consumed now = ts_consumer_consumed(charge->consumer);
	struct ts_charges *charges = charge->charges;
	size_t traces = now.traces - charge->told.traces, spans = now.spans - charge->told.spans;

	charges->batches += traces + spans > 0;
	charges->traces += traces;
	charges->spans += spans;
	charge->told = now;
}

static void drop_consumer(struct ts_charge *charge)
{
	if (!charge->consumer)
		return;
	ts_consumer_free(charge->consumer);
	charge->consumer = NULL;
	charge->told = (struct ts_consumed){0};
	charge->charges->warm--;
}

static int make_consumer(struct ts_charge *charge, struct ts_error *err)
{
	const struct ts_charges *charges = charge->charges;
	int result;

	if (charge->consumer)
		return 0;
	result = ts_consumer_new(&charge->consumer, charge->path, charge->page, charges->outlets,
				 charges->modules, err);
	if (result < 0)
		return result;
	charge->charges->warm++;
	ts_leftovers_note(charges->leftovers, ts_consumer_state(charge->consumer));
	return 0;
}

/* False: its own flusher has it, or a recoverer. */
static bool take(struct ts_charge *charge)
{
	if (charge->hold < 0)
		charge->hold = ts_holds_take(charge->charges->holds, charge->page);
	return charge->hold >= 0;
}

void ts_charge_give_back(struct ts_charge *charge)
{
	drop_consumer(charge);
	if (charge->hold >= 0)
		ts_holds_give(charge->charges->holds, charge->hold);
	charge->hold = -1;
}

/* Its flusher sleeps there while there is a collector. */
void ts_charge_tell_program(struct ts_charge *charge)
{
	if (charge->page)
		syscall(SYS_futex, &charge->page->stop, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void ts_charge_free(struct ts_charge *charge)
{
	if (!charge)
		return;
	ts_charge_give_back(charge);
	if (charge->page)
		munmap(charge->page, TS_ABI_PAGE);
	free(charge->name);
	free(charge);
}

/* --- turns ------------------------------------------------------------------------------------- */

/* Maps the page, once its program has made it. */
static bool map_page(struct ts_charge *charge)
{
	int fd = ts_file_open(charge->path, "process", O_RDWR);
	struct ts_abi_process *page = MAP_FAILED;
	bool made;

	if (fd < 0)
		return false;
	if (fstat(fd, &charge->file) == 0 && charge->file.st_size >= TS_ABI_PAGE)
		page = mmap(NULL, TS_ABI_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (page == MAP_FAILED)
		return false;
	/* acquire: pairs with the release behind all else on the page */
	made = __atomic_load_n(&page->magic, __ATOMIC_ACQUIRE) == TS_ABI_PROCESS_MAGIC &&
	       page->version == TS_ABI_VERSION;
	if (!made) {
		munmap(page, TS_ABI_PAGE);
		return false;
	}
	charge->page = page;
	charge->state = TS_CHARGE_CONTESTED;
	charge->look_ns = 0;
	charge->backoff = (struct ts_backoff){0};
	return true;
}

/* As anybody would, for its program has ended, or never got so far. */
static enum ts_charge_turn recover(struct ts_charge *charge)
{
	struct ts_charges *charges = charge->charges;
	struct ts_recovered recovered = {0};
	bool gone;

	if (!ts_backoff_is_due(&charge->backoff))
		return TS_CHARGE_REST;
	ts_charge_give_back(charge);
	gone = ts_spool_recover_one(charges->root, charge->name, charges->modules, charges->outlets,
				    &recovered);
	charges->batches += recovered.traces + recovered.spans > 0;
	charges->traces += recovered.traces;
	charges->spans += recovered.spans;
	charges->damaged += recovered.damaged;
	charges->recovered += gone && charge->ended_ns;
	charge->drained = charge->waits = recovered.postponed;
	if (gone) {
		/* it may have left a backlog */
		ts_leftovers_hurry(charges->leftovers);
		return TS_CHARGE_GONE;
	}
	ts_backoff_failed(&charge->backoff);
	return TS_CHARGE_REST;
}

/* Once a second: what never becomes a spool costs little. */
static enum ts_charge_turn turn_newborn(struct ts_charge *charge, int64_t now_ns)
{
	if (now_ns >= charge->look_ns) {
		charge->look_ns = now_ns + LOOK_NS;
		if (recover(charge) == TS_CHARGE_GONE)
			return TS_CHARGE_GONE;
	}
	return now_ns - charge->born_ns < YOUNG_NS ? TS_CHARGE_SOON : TS_CHARGE_REST;
}

static bool has_ended(struct ts_charge *charge, int64_t now_ns)
{
	if (charge->ended_ns)
		return true;
	if (ts_alive_surely(charge->page) || now_ns < charge->look_ns)
		return false;
	charge->look_ns = now_ns + LOOK_NS;
	if (!ts_alive_ended(charge->page, &charge->file, charge->name))
		return false;
	charge->ended_ns = now_ns;
	return true;
}

/*
 * A child that a signal ended is a zombie until its parent looks; if that is traceshim, it notes the signal first.
 * After an exec we wait in vain, for as long.
 */
static bool awaits_parent(const struct ts_charge *charge, int64_t now_ns)
{
	const struct ts_abi_process *page = charge->page;

	return now_ns - charge->ended_ns < PARENT_NS && !page->signal && !page->stopped &&
	       ts_alive_here(page) && kill((pid_t)page->pid, 0) == 0;
}

/*
 * All start times are counted with the frequency that is noted first. The program's flusher measures it; where it
 * has none, or is in a hurry, we do.
 */
static bool knows_frequency(const struct ts_charge *charge)
{
	struct ts_abi_process *page = charge->page;
	int64_t base_ns;

	if (__atomic_load_n(&page->ticks_per_second, __ATOMIC_ACQUIRE))
		return true;
	base_ns = ts_frequency_base_ns(page);
	if (base_ns < BASE_NS || (base_ns < LONG_BASE_NS && !ts_charge_rang(charge)))
		return false;
	ts_frequency_measure(page);
	return true;
}

static void complain(struct ts_charge *charge, const struct ts_error *err)
{
	char sentence[sizeof(err->text) + 64];

	ts_backoff_failed(&charge->backoff);
	if (charge->complained)
		return;
	charge->complained = true;
	snprintf(sentence, sizeof(sentence), "cannot read the event log: %s", err->text);
	say(charge, sentence);
}

/* Whether a ring holds anything: a tenth of what a new consumer costs. */
static bool has_news(const struct ts_charge *charge)
{
	uint32_t n = __atomic_load_n(&charge->page->n_rings, __ATOMIC_ACQUIRE);
	struct ts_abi_ring ring;
	bool news = false;
	char name[32];
	int fd;

	for (uint32_t i = 0; i < n && !news; i++) {
		snprintf(name, sizeof(name), "ring-%u", i);
		fd = ts_file_open(charge->path, name, O_RDONLY);
		news = fd < 0 || ts_file_read(fd, &ring, sizeof(ring), 0) != sizeof(ring) ||
		       ring.head != ring.tail;
		if (fd >= 0)
			close(fd);
	}
	return news;
}

static void note_waiting(struct ts_charge *charge, int result)
{
	charge->backlog = charge->consumer ? ts_consumer_backlog(charge->consumer).waiting : 0;
	charge->waits = result == TS_AWAY || charge->backlog;
	charge->drained = result == 0 && !charge->backlog;
}

/* One that has to be made again for each attempt at a store attempts it less often. */
static void cool(struct ts_charge *charge)
{
	drop_consumer(charge);
	if (charge->waits)
		ts_backoff_failed(&charge->backoff);
}

static enum ts_charge_turn drain(struct ts_charge *charge)
{
	struct ts_error err = {""};
	int result;

	charge->wake_seen = __atomic_load_n(&charge->page->wake, __ATOMIC_ACQUIRE);
	if (!ts_backoff_is_due(&charge->backoff))
		return TS_CHARGE_REST;
	if (!charge->consumer && charge->drained && !has_news(charge))
		return TS_CHARGE_REST;
	result = make_consumer(charge, &err);
	for (int i = 0; result >= 0 && i < MAX_STEPS; i++) {
		result = ts_consumer_step(charge->consumer, false, &err);
		add_up(charge);
		if (result == 0)
			break;
	}
	note_waiting(charge, result);
	if (result < 0 && result != TS_AWAY)
		complain(charge, &err);
	else
		ts_backoff_worked(&charge->backoff);
	if (charge->charges->warm > (result > 0 ? MOST_BUSY : MOST_WARM))
		cool(charge);
	return result > 0 ? TS_CHARGE_MORE : TS_CHARGE_REST;
}

static bool is_there(const struct ts_charge *charge)
{
	char page[PATH_MAX + 16];

	snprintf(page, sizeof(page), "%s/process", charge->path);
	return access(page, F_OK) == 0;
}

static enum ts_charge_turn turn(struct ts_charge *charge, int64_t now_ns)
{
	enum ts_charge_turn result;

	if (!charge->page && !map_page(charge))
		return turn_newborn(charge, now_ns);
	if (has_ended(charge, now_ns) && !awaits_parent(charge, now_ns)) {
		charge->state = TS_CHARGE_ENDED;
		return recover(charge);
	}
	charge->state = take(charge) ? TS_CHARGE_HELD : TS_CHARGE_CONTESTED;
	if (charge->state == TS_CHARGE_CONTESTED) {
		charge->wake_seen = __atomic_load_n(&charge->page->wake, __ATOMIC_ACQUIRE);
		return charge->ended_ns ? TS_CHARGE_SOON : TS_CHARGE_REST;
	}
	/* it may be removed while its program lives: that has the files open, and we have not */
	if (!is_there(charge))
		return TS_CHARGE_GONE;
	if (!knows_frequency(charge))
		return TS_CHARGE_SOON;
	result = drain(charge);
	return charge->ended_ns && result == TS_CHARGE_REST ? TS_CHARGE_SOON : result;
}

enum ts_charge_turn ts_charge_turn(struct ts_charge *charge, int64_t now_ns)
{
	enum ts_charge_turn result = charge->gone ? TS_CHARGE_GONE : turn(charge, now_ns);

	/*
	 * Nobody else wants it while there is a collector, and of the locks of a thread that is killed the kernel
	 * orphans 2,048 (ROBUST_LIST_LIMIT): the others would be held for ever.
	 */
	if (!charge->consumer)
		ts_charge_give_back(charge);
	charge->gone = result == TS_CHARGE_GONE;
	return result;
}

/* --- what others ask --------------------------------------------------------------------------- */

const char *ts_charge_name(const struct ts_charge *charge)
{
	return charge->name;
}

enum ts_charge_state ts_charge_state(const struct ts_charge *charge)
{
	return charge->state;
}

bool ts_charge_is_drained(const struct ts_charge *charge)
{
	return charge->drained;
}

bool ts_charge_is_gone(const struct ts_charge *charge)
{
	return charge->gone;
}

bool ts_charge_waits(const struct ts_charge *charge)
{
	return charge->waits;
}

uint64_t ts_charge_backlog(const struct ts_charge *charge)
{
	return charge->backlog;
}

const uint32_t *ts_charge_bell(const struct ts_charge *charge)
{
	return charge->page ? &charge->page->wake : NULL;
}

bool ts_charge_rang(const struct ts_charge *charge)
{
	return charge->page &&
	       __atomic_load_n(&charge->page->wake, __ATOMIC_ACQUIRE) != charge->wake_seen;
}

int ts_charge_pid(const struct ts_charge *charge)
{
	return charge->page && ts_alive_here(charge->page) ? (int)charge->page->pid : 0;
}

void ts_charge_look(struct ts_charge *charge)
{
	charge->look_ns = 0;
}
