// SPDX-License-Identifier: Apache-2.0
/* The collector's loop: who gets a turn, and when the next one is due. */
#include "collector.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../backoff.h"
#include "../outlet.h"
#include "../shown.h"
#include "../log/presence.h"
#include "../log/spool.h"
#include "bells.h"
#include "holds.h"
#include "leftovers.h"
#include "members.h"
#include "notify.h"
#include "watch.h"

#define MS           1000000LL /* in ns */
#define PERIOD_NS    (200 * MS)
#define SOON_NS      (20 * MS)
#define SCAN_NS      (10000 * MS)
#define IDLE_NS      (10000 * MS) /* without a batch: connections are given back */
#define ONCE_NS      (5000 * MS)  /* for programs to hand over */
#define MOST_REST_NS (2000 * MS)
#define SHARE        4 /* a round that finds nothing is followed by so many times as long a rest */
#define MAX_EVENTS   64
#define SPARE_FDS    64 /* for stores, rings that are being read, the socket */

struct collector {
	const struct ts_collector_options *options;
	struct ts_charges charges;
	struct ts_watch *watch;
	struct ts_health_server *health;
	int presence, rang;
	struct ts_members members;
	struct ts_leftovers leftovers;
	int64_t began_ns, passed_ns, next_ns, scan_ns, watchdog_ns, told_ns, health_ns;
	uint64_t done;   /* batches and recovered spools, at the end of the last period */
	int64_t idle_ns; /* from when it counts as idle; 0: it does */
	bool lost_root;
};

/* Signals: a flag, and a byte for the epoll. */
static volatile sig_atomic_t stopping;
static int stop_event;

static void on_signal(int number)
{
	int before = errno;
	uint64_t one = 1;

	(void)number;
	stopping = 1;
	(void)!write(stop_event, &one, sizeof(one));
	errno = before;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

static void add(void *context, const char *name)
{
	struct collector *c = context;

	ts_members_add(&c->members, name);
}

/* --- what is told ------------------------------------------------------------------------------ */

static void take_store(void *context, const char *url, const char *failure)
{
	struct ts_health *health = context;
	struct ts_health_store *store = &health->stores[health->n_stores];

	if (health->n_stores == TS_HEALTH_STORES)
		return;
	health->n_stores++;
	snprintf(store->url, sizeof(store->url), "%s", ts_shown(url).text);
	snprintf(store->error, sizeof(store->error), "%s", failure);
}

static void tell_health(struct collector *c, int64_t now_ns)
{
	struct ts_health health = {
		.up_ns = now_ns - c->began_ns,
		.passed_ns = now_ns - c->passed_ns,
		.spools = c->members.n,
		.batches = c->charges.batches,
		.traces = c->charges.traces,
		.spans = c->charges.spans,
		.recovered = c->charges.recovered,
		.damaged = c->charges.damaged,
	};

	snprintf(health.root, sizeof(health.root), "%s", c->options->root);
	for (const struct ts_member *member = c->members.first; member; member = member->next) {
		health.held += ts_charge_state(member->charge) == TS_CHARGE_HELD;
		health.waiting += ts_charge_waits(member->charge);
		health.backlog += ts_charge_backlog(member->charge);
	}
	health.waiting += c->leftovers.postponed;
	ts_outlets_each(c->charges.outlets, take_store, &health);
	ts_health_set(c->health, &health);
	c->health_ns = now_ns;
}

static void feed_watchdog(struct collector *c, int64_t now_ns)
{
	if (!c->watchdog_ns || now_ns - c->told_ns < c->watchdog_ns)
		return;
	c->told_ns = now_ns;
	ts_notify("WATCHDOG=1");
}

static void say(void *context, const char *sentence)
{
	const struct collector *c = context;

	c->options->say(sentence);
}

static void say_of_store(void *context, bool bad, const char *sentence)
{
	(void)bad;
	say(context, sentence);
}

/* --- rounds ------------------------------------------------------------------------------------ */

/* When the next turn is due; INT64_MAX: in the next period. */
static int64_t take_turn(struct collector *c, struct ts_member *member)
{
	enum ts_charge_turn turn = ts_charge_turn(member->charge, ts_backoff_now_ns());
	int64_t now_ns = ts_backoff_now_ns();

	c->passed_ns = now_ns;
	feed_watchdog(c, now_ns);
	if (now_ns - c->health_ns >= PERIOD_NS)
		tell_health(c, now_ns);
	member->due = turn != TS_CHARGE_REST;
	ts_members_attach(&c->members, member);
	return turn == TS_CHARGE_REST ? INT64_MAX : turn == TS_CHARGE_SOON ? now_ns + SOON_NS : 0;
}

static bool read_counter(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n);
}

/* Rings that fill do not wait for the end of a round, which many stores' commits may make long. */
static void serve_rings(struct collector *c)
{
	if (!read_counter(c->rang))
		return;
	for (struct ts_member *member = c->members.first; member; member = member->next)
		if (ts_charge_rang(member->charge))
			take_turn(c, member);
}

/* One turn for each that is due. When the next round is due, at the latest. */
static int64_t take_turns(struct collector *c)
{
	struct ts_member **link = &c->members.first, *member;
	int64_t next_ns = INT64_MAX, one_ns;

	while ((member = *link) && !stopping) {
		if (member->due) {
			one_ns = take_turn(c, member);
			next_ns = one_ns < next_ns ? one_ns : next_ns;
			serve_rings(c);
		}
		if (ts_charge_is_gone(member->charge))
			ts_members_drop(&c->members, link);
		else
			link = &member->next;
	}
	return next_ns;
}

/* Everybody's turn comes each period; or later, where so many make a round take long. */
static void begin_period(struct collector *c, int64_t now_ns)
{
	for (struct ts_member *member = c->members.first; member; member = member->next)
		member->due = true;
	c->lost_root |= ts_presence_lost(c->presence);
	if (now_ns >= c->scan_ns) {
		c->scan_ns = now_ns + SCAN_NS;
		ts_watch_scan(c->watch, add, c);
	}
}

static void bring_leftovers(struct collector *c)
{
	struct ts_recovered recovered = {0};

	ts_leftovers_turn(&c->leftovers, c->charges.outlets, &recovered);
	c->charges.traces += recovered.traces;
	c->charges.spans += recovered.spans;
	c->charges.batches += recovered.traces + recovered.spans > 0;
}

static void end_period(struct collector *c, int64_t began_ns)
{
	int64_t now_ns = ts_backoff_now_ns(), rest_ns = SHARE * (now_ns - began_ns);
	uint64_t done = c->charges.batches + c->charges.recovered;
	bool idle = done == c->done;

	c->passed_ns = now_ns; /* there may have been no turn */
	rest_ns = rest_ns < MOST_REST_NS ? rest_ns : MOST_REST_NS;
	c->next_ns = now_ns + (idle && rest_ns > PERIOD_NS ? rest_ns : PERIOD_NS);
	if (!idle) {
		c->done = done;
		c->idle_ns = now_ns + IDLE_NS;
	} else if (c->idle_ns && now_ns >= c->idle_ns) {
		c->idle_ns = 0;
		ts_outlets_rest(c->charges.outlets);
	}
	tell_health(c, now_ns);
}

static int64_t take_round(struct collector *c)
{
	int64_t began_ns = ts_backoff_now_ns(), next_ns;
	bool period = began_ns >= c->next_ns;

	feed_watchdog(c, began_ns);
	if (period)
		begin_period(c, began_ns);
	next_ns = take_turns(c);
	bring_leftovers(c);
	if (period)
		end_period(c, began_ns);
	if (next_ns > c->next_ns)
		next_ns = c->next_ns;
	return next_ns;
}

static void take_news(struct collector *c)
{
	switch (ts_watch_read(c->watch, add, c)) {
	case TS_WATCH_ALL:
		break;
	case TS_WATCH_SCAN:
		ts_watch_scan(c->watch, add, c);
		break;
	case TS_WATCH_GONE:
		c->lost_root = true;
		break;
	}
}

static void take_event(struct collector *c, const struct epoll_event *event)
{
	struct ts_member *member = event->data.ptr;

	if (event->data.ptr == &c->rang) {
		serve_rings(c);
	} else if (event->data.ptr == &c->watch) {
		take_news(c);
	} else if (event->data.ptr != &stop_event) {
		ts_members_ended(&c->members, member);
	}
}

static void wait_for_news(struct collector *c, int64_t until_ns)
{
	struct epoll_event events[MAX_EVENTS];
	int64_t left_ns = until_ns - ts_backoff_now_ns();
	int n;

	n = epoll_wait(c->members.epoll, events, MAX_EVENTS,
		       left_ns <= 0 ? 0 : (int)((left_ns + MS - 1) / MS));
	for (int i = 0; i < n; i++)
		take_event(c, &events[i]);
}

static void serve(struct collector *c)
{
	while (!stopping && !c->lost_root)
		wait_for_news(c, take_round(c));
}

/* --- once -------------------------------------------------------------------------------------- */

static bool is_settled(const struct ts_member *member)
{
	return ts_charge_is_drained(member->charge) || ts_charge_waits(member->charge);
}

static void count(const struct collector *c, struct ts_collected *ret)
{
	*ret = (struct ts_collected){0};
	for (const struct ts_member *member = c->members.first; member; member = member->next) {
		ret->waiting += ts_charge_waits(member->charge);
		ret->contested += ts_charge_state(member->charge) == TS_CHARGE_CONTESTED;
	}
	ret->waiting += c->leftovers.postponed;
}

static void serve_once(struct collector *c)
{
	int64_t until_ns = c->began_ns + ONCE_NS, next_ns;
	bool settled = false;

	while (!stopping && !c->lost_root && !settled && ts_backoff_now_ns() < until_ns) {
		next_ns = take_round(c);
		settled = true;
		for (const struct ts_member *member = c->members.first; member;
		     member = member->next)
			settled &= is_settled(member);
		if (!settled)
			wait_for_news(c, next_ns);
	}
}

/* --- from start to end ------------------------------------------------------------------------- */

/* A descriptor for each process, as far as the limit goes. */
static void raise_limit(struct collector *c)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > SPARE_FDS)
		c->members.max_pidfds = limit.rlim_cur - SPARE_FDS;
}

static int watch_fd(struct collector *c, int fd, void *who)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = who};

	return epoll_ctl(c->members.epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_events(struct collector *c, struct ts_error *err)
{
	int result = 0;

	c->members.epoll = epoll_create1(EPOLL_CLOEXEC);
	c->rang = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	stop_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->members.epoll < 0 || c->rang < 0 || stop_event < 0)
		result = -errno;
	if (result == 0)
		result = watch_fd(c, c->rang, &c->rang);
	if (result == 0)
		result = watch_fd(c, stop_event, &stop_event);
	if (result == 0)
		result = watch_fd(c, ts_watch_fd(c->watch), &c->watch);
	if (result == 0)
		result = ts_bells_new(&c->members.bells, c->rang);
	return result < 0
		       ? ts_error_set(err, result, "no descriptors: %s", strerrordesc_np(-result))
		       : 0;
}

static int open_charges(struct collector *c, struct ts_error *err)
{
	const struct ts_outlets_options options = {
		.modules = c->options->modules,
		.say = say_of_store,
		.note = say,
		.context = c,
	};

	if (ts_outlets_new(&c->charges.outlets, &options) < 0 ||
	    ts_holds_new(&c->charges.holds) < 0)
		return ts_error_set(err, -ENOMEM, "no memory");
	return 0;
}

static int open_socket(struct collector *c, struct ts_error *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" TS_HEALTH_SOCKET, c->options->root);
	return ts_health_new(&c->health, c->options->socket ? c->options->socket : path,
			     c->options->format, err);
}

static int start(struct collector *c, struct ts_error *err)
{
	int result = ts_spool_make_root(c->options->root, err);

	if (result < 0)
		return result;
	c->presence = ts_presence_take(c->options->root, err);
	if (c->presence < 0)
		return c->presence;
	raise_limit(c);
	/* the watch first: what the first scan does not find is news */
	result = ts_watch_new(&c->watch, c->options->root, err);
	if (result == 0)
		result = open_events(c, err);
	if (result == 0)
		result = open_charges(c, err);
	if (result == 0)
		result = open_socket(c, err);
	return result;
}

/*
 * Spools first, then the presence, then word to the programs: a flusher that wakes finds no collector, and the
 * spool free.
 */
static void hand_back(struct collector *c)
{
	for (struct ts_member *member = c->members.first; member; member = member->next) {
		ts_members_unring(&c->members, member);
		ts_charge_give_back(member->charge);
	}
	if (c->presence >= 0)
		close(c->presence);
	for (struct ts_member *member = c->members.first; member; member = member->next)
		ts_charge_tell_program(member->charge);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void stop(struct collector *c)
{
	hand_back(c);
	ts_health_free(c->health);
	while (c->members.first)
		ts_members_drop(&c->members, &c->members.first);
	ts_holds_free(c->charges.holds);
	ts_outlets_free(c->charges.outlets);
	ts_bells_free(c->members.bells);
	ts_leftovers_release(&c->leftovers);
	ts_watch_free(c->watch);
	close_fd(c->members.epoll);
	close_fd(c->rang);
	close_fd(stop_event);
}

static void serve_as_told(struct collector *c)
{
	catch_signals();
	ts_notify("READY=1");
	if (c->options->once)
		serve_once(c);
	else
		serve(c);
	ts_notify("STOPPING=1");
}

int ts_collector_run(const struct ts_collector_options *options, struct ts_collected *ret,
		     struct ts_error *err)
{
	struct collector c = {
		.options = options,
		.charges = {.root = options->root, .modules = options->modules, .say = say},
		.presence = -1,
		.members.epoll = -1,
		.rang = -1,
		.began_ns = ts_backoff_now_ns(),
		.watchdog_ns = ts_notify_watchdog_ns(),
	};
	int result;

	c.charges.context = &c;
	c.charges.leftovers = &c.leftovers;
	c.members.charges = &c.charges;
	ts_leftovers_init(&c.leftovers);
	stop_event = -1;
	stopping = 0;
	result = start(&c, err);
	if (result == 0) {
		serve_as_told(&c);
		count(&c, ret);
		if (c.lost_root)
			result = ts_error_set(err, -ENOENT, "%s was removed", options->root);
	}
	stop(&c);
	return result;
}
