// SPDX-License-Identifier: Apache-2.0
/* What the collector stands on: bells, its presence, its health's socket, the watch over the root. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/collect/bells.h"
#include "runtime/collect/charge.h"
#include "runtime/collect/health.h"
#include "runtime/collect/holds.h"
#include "runtime/collect/watch.h"
#include "runtime/log/presence.h"
#include "spool_builder.h"

#define WORDS 300 /* of three threads */

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_collect-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* --- bells --- */

static bool rings_within(int rang, int ms)
{
	struct pollfd ready = {.fd = rang, .events = POLLIN};
	uint64_t n;

	return poll(&ready, 1, ms) == 1 && read(rang, &n, sizeof(n)) == sizeof(n);
}

static void ring(uint32_t *word)
{
	__atomic_fetch_add(word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static uint32_t *map_words(void)
{
	void *words =
		mmap(NULL, WORDS * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(words != MAP_FAILED);
	return words;
}

static void every_bell_is_heard(void **state)
{
	int rang = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	uint32_t *words = map_words();
	struct ts_bells *bells;

	(void)state;
	assert_int_equal(ts_bells_new(&bells, rang), 0);
	for (int i = 0; i < WORDS; i++)
		assert_true(ts_bells_add(bells, &words[1024 * i]));
	assert_false(rings_within(rang, 0));
	for (int i = 0; i < WORDS; i++) {
		ring(&words[1024 * i]);
		assert_true(rings_within(rang, 10000));
	}
	ts_bells_free(bells);
	munmap(words, WORDS * 4096);
	close(rang);
}

static void removed_bell_may_be_unmapped(void **state)
{
	int rang = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	uint32_t *words = map_words();
	struct ts_bells *bells;

	(void)state;
	assert_int_equal(ts_bells_new(&bells, rang), 0);
	for (int i = 0; i < WORDS; i++)
		assert_true(ts_bells_add(bells, &words[1024 * i]));
	for (int i = 1; i < WORDS; i++) {
		ts_bells_remove(bells, &words[1024 * i]);
		assert_int_equal(munmap(&words[1024 * i], 4096), 0);
		ring(&words[0]);
		assert_true(rings_within(rang, 10000));
	}
	ts_bells_remove(bells, &words[0]);
	ts_bells_remove(bells, &words[0]);
	ring(&words[0]);
	ts_bells_free(bells);
	assert_false(rings_within(rang, 0));
	munmap(words, 4096);
	close(rang);
}

/* --- presence --- */

static void one_is_present(void **state)
{
	struct ts_presence looking = {.root = folder, .keep = true, .fd = -1};
	struct ts_presence passing = {.root = folder, .fd = -1};
	struct ts_error err = {""};
	char path[128];
	int first, second;

	(void)state;
	assert_false(ts_presence_look(&looking));
	first = ts_presence_take(folder, &err);
	assert_true(first >= 0);
	assert_true(ts_presence_look(&looking) && ts_presence_look(&passing));
	assert_int_equal(passing.fd, -1);
	assert_int_equal(ts_presence_take(folder, &err), -EBUSY);
	assert_non_null(strstr(err.text, folder));
	close(first);
	assert_false(ts_presence_look(&looking) || ts_presence_look(&passing));
	/* whoever looks keeps nobody away */
	first = ts_presence_take(folder, NULL);
	assert_true(first >= 0 && !ts_presence_lost(first));
	/* the file, and with it the lock, are another's */
	snprintf(path, sizeof(path), "%s/" TS_PRESENCE_FILE, folder);
	assert_int_equal(unlink(path), 0);
	assert_true(ts_presence_lost(first));
	assert_false(ts_presence_look(&looking));
	second = ts_presence_take(folder, NULL);
	assert_true(second >= 0 && ts_presence_look(&looking));
	close(first);
	close(second);
	close(looking.fd);
	assert_true(ts_presence_take("/tmp/not/there", &err) < 0);
}

/* --- health --- */

static char *format(const struct ts_health *health)
{
	char *text;

	return asprintf(&text, "%zu spools, %s", health->spools,
			ts_health_is_good(health) ? "well" : "not well") < 0
		       ? NULL
		       : text;
}

static void ask_at(const char *path)
{
	struct ts_health health = {.spools = 7};
	struct ts_error err = {""};
	struct ts_health_server *server;
	struct stat st;
	char *line;

	assert_null(ts_health_ask(path, &err));
	assert_non_null(strstr(err.text, "no collector answers"));
	assert_int_equal(ts_health_new(&server, path, format, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	line = ts_health_ask(path, &err);
	assert_string_equal(line, "0 spools, not well");
	free(line);
	ts_health_set(server, &health);
	for (int i = 0; i < 20; i++) {
		line = ts_health_ask(path, &err);
		assert_string_equal(line, "7 spools, well");
		free(line);
	}
	ts_health_free(server);
	assert_int_not_equal(stat(path, &st), 0);
}

static void health_is_told(void **state)
{
	char path[512], part[200];

	(void)state;
	snprintf(path, sizeof(path), "%s/socket", folder);
	ask_at(path);
	/* longer than an address */
	memset(part, 'x', sizeof(part));
	snprintf(path, sizeof(path), "%s/%.*s", folder, (int)sizeof(part), part);
	assert_int_equal(mkdir(path, 0700), 0);
	strcat(path, "/socket");
	ask_at(path);
}

static void socket_of_a_killed_one_is_replaced(void **state)
{
	struct ts_health_server *first, *second;
	char path[128], *line;

	(void)state;
	snprintf(path, sizeof(path), "%s/socket", folder);
	assert_int_equal(ts_health_new(&first, path, format, NULL), 0);
	assert_int_equal(ts_health_new(&second, path, format, NULL), 0);
	line = ts_health_ask(path, NULL);
	assert_non_null(line);
	free(line);
	ts_health_free(second);
	ts_health_free(first);
}

/* --- watch --- */

static char seen[256];

static void see(void *context, const char *name)
{
	(void)context;
	strcat(strcat(seen, name), " ");
}

static void make(const char *name, bool is_folder)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (is_folder)
		assert_int_equal(mkdir(path, 0700), 0);
	else
		assert_int_equal(close(open(path, O_CREAT | O_RDWR, 0600)), 0);
}

static void new_folders_are_told(void **state)
{
	struct ts_watch *watch;
	struct ts_error err;

	(void)state;
	make("before", true);
	assert_int_equal(ts_watch_new(&watch, folder, &err), 0);
	make("first", true);
	make("file", false);
	make("bad.damaged", true);
	make(".hidden", true);
	make("second", true);
	*seen = '\0';
	assert_int_equal(ts_watch_read(watch, see, NULL), TS_WATCH_ALL);
	assert_string_equal(seen, "first second ");
	*seen = '\0';
	assert_int_equal(ts_watch_read(watch, see, NULL), TS_WATCH_ALL);
	assert_string_equal(seen, "");
	assert_int_equal(ts_watch_scan(watch, see, NULL), 0);
	assert_int_equal(strlen(seen), strlen("before first second "));
	remove_folder(NULL);
	assert_int_equal(ts_watch_read(watch, see, NULL), TS_WATCH_GONE);
	ts_watch_free(watch);
	assert_true(ts_watch_new(&watch, folder, &err) < 0);
	assert_non_null(strstr(err.text, folder));
}

/* --- charges --- */

static const void *no_module(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	(void)module, (void)symbol;
	snprintf(why, why_bytes, "not in this test");
	return NULL;
}

static void say_nothing(void *context, const char *sentence)
{
	(void)context, (void)sentence;
}

/* Of programs that live, as far as their locks tell. */
static void make_spool(struct spool *spool, const char *name)
{
	spool_new_at(spool, folder, name, (uint32_t)getpid());
	spool_settings(spool, "fake:here", "acme", "");
	spool_init_lock(spool);
	assert_int_equal(pthread_mutex_lock(spool_life_of(spool)), 0);
}

static void drop_spool(struct spool *spool)
{
	pthread_mutex_unlock(spool_life_of(spool));
	spool_remove(spool);
}

static void open_charges(struct ts_charges *charges)
{
	const struct ts_outlets_options options = {.modules = no_module};

	*charges = (struct ts_charges){.root = folder, .modules = no_module, .say = say_nothing};
	assert_int_equal(ts_outlets_new(&charges->outlets, &options), 0);
	assert_int_equal(ts_holds_new(&charges->holds), 0);
}

static void close_charges(struct ts_charges *charges)
{
	ts_holds_free(charges->holds);
	ts_outlets_free(charges->outlets);
}

static struct ts_charge *hold(struct ts_charges *charges, const char *name)
{
	struct ts_charge *charge = ts_charge_new(charges, name);

	assert_non_null(charge);
	assert_int_equal(ts_charge_turn(charge, 0), TS_CHARGE_REST);
	assert_int_equal(ts_charge_state(charge), TS_CHARGE_HELD);
	return charge;
}

/* Thousands of them may be in a collector's charge, and it may be killed: the kernel orphans 2,048 locks. */
static void lock_goes_with_the_consumer(void **state)
{
	struct ts_charges charges;
	struct ts_charge *charge;
	struct spool spool;

	(void)state;
	make_spool(&spool, "boot-1-x");
	open_charges(&charges);
	charge = hold(&charges, "boot-1-x");
	assert_int_equal(charges.warm, 1);
	assert_int_equal(pthread_mutex_trylock(spool_lock_of(&spool)), EBUSY);
	charges.warm = 5000;
	assert_int_equal(ts_charge_turn(charge, 0), TS_CHARGE_REST);
	assert_int_equal(charges.warm, 4999);
	assert_int_equal(pthread_mutex_trylock(spool_lock_of(&spool)), 0);
	assert_int_equal(pthread_mutex_unlock(spool_lock_of(&spool)), 0);
	ts_charge_free(charge);
	close_charges(&charges);
	drop_spool(&spool);
}

/* All of the lock but its word and its kind, without which it is none. */
static void damage_lock(struct spool *spool)
{
	pthread_mutex_t *lock = spool_lock_of(spool);

	memset(&lock->__data.__count, 'x', offsetof(pthread_mutex_t, __data.__kind) - 4);
	memset((char *)lock + offsetof(pthread_mutex_t, __data.__spins), 'x',
	       sizeof(*lock) - offsetof(pthread_mutex_t, __data.__spins));
}

static const char *const names[] = {"boot-1-a", "boot-1-b", "boot-1-c", "boot-1-d", "boot-1-e"};
#define NAMES (sizeof(names) / sizeof(names[0]))

/* The first and the last, and one in between: of our list, whichever way it runs. */
static void hold_damaged(struct ts_charges *charges, struct spool *spools,
			 struct ts_charge **ret_charges)
{
	for (size_t i = 0; i < NAMES; i++)
		ret_charges[i] = hold(charges, names[i]);
	for (size_t i = 0; i < NAMES; i += 2)
		damage_lock(&spools[i]);
}

static void make_spools(struct spool *spools)
{
	for (size_t i = 0; i < NAMES; i++)
		make_spool(&spools[i], names[i]);
}

static void drop_spools(struct spool *spools)
{
	for (size_t i = 0; i < NAMES; i++)
		drop_spool(&spools[i]);
}

static uint32_t word_of(const struct spool *spool)
{
	return (uint32_t)spool_lock_of(spool)->__data.__lock;
}

static void damaged_locks_are_given_back(void **state)
{
	struct ts_charge *charge[NAMES];
	struct ts_charges charges;
	struct spool spools[NAMES];

	(void)state;
	make_spools(spools);
	open_charges(&charges);
	hold_damaged(&charges, spools, charge);
	/* in the middle first, and one that says it is another's */
	spool_lock_of(&spools[1])->__data.__lock = 1;
	for (size_t i = NAMES / 2, n = NAMES; n; n--, i = (i + 1) % NAMES)
		ts_charge_free(charge[i]);
	for (size_t i = 0; i < NAMES; i++)
		assert_int_equal(word_of(&spools[i]), i == 1);
	close_charges(&charges);
	drop_spools(spools);
}

/* The kernel finds them all, whatever stands around them. */
static void damaged_locks_of_a_killed_one_are_orphaned(void **state)
{
	struct ts_charge *charge[NAMES];
	struct ts_charges charges;
	struct spool spools[NAMES];
	int status;
	pid_t pid;

	(void)state;
	make_spools(spools);
	pid = fork();
	if (pid == 0) {
		open_charges(&charges);
		hold_damaged(&charges, spools, charge);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	open_charges(&charges);
	for (size_t i = 0; i < NAMES; i++) {
		assert_true(word_of(&spools[i]) & FUTEX_OWNER_DIED);
		ts_charge_free(hold(&charges, names[i]));
	}
	close_charges(&charges);
	drop_spools(spools);
}

/* What libpthread's robust mutexes of this thread were before, they are again. */
static void holds_leave_libpthread_its_list(void **state)
{
	struct ts_holds *holds;
	struct spool spool;
	int status, taken;
	pid_t pid;

	(void)state;
	make_spool(&spool, "boot-1-x");
	pid = fork();
	if (pid == 0) {
		assert_int_equal(ts_holds_new(&holds), 0);
		taken = ts_holds_take(holds, spool.process);
		assert_true(taken >= 0);
		assert_int_equal(ts_holds_take(holds, spool.process), -EBUSY);
		ts_holds_give(holds, taken);
		ts_holds_free(holds);
		assert_int_equal(pthread_mutex_trylock(spool_lock_of(&spool)), 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(pthread_mutex_trylock(spool_lock_of(&spool)), EOWNERDEAD);
	pthread_mutex_consistent(spool_lock_of(&spool));
	pthread_mutex_unlock(spool_lock_of(&spool));
	drop_spool(&spool);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_bell_is_heard),
		TEST(removed_bell_may_be_unmapped),
		TEST(one_is_present),
		TEST(health_is_told),
		TEST(new_folders_are_told),
		TEST(socket_of_a_killed_one_is_replaced),
		TEST(lock_goes_with_the_consumer),
		TEST(damaged_locks_are_given_back),
		TEST(damaged_locks_of_a_killed_one_are_orphaned),
		TEST(holds_leave_libpthread_its_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
