// SPDX-License-Identifier: Apache-2.0
/* Spools of programs that ended, that live, and that are in a bad way. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "runtime/log/lock.h"
#include "runtime/log/spool.h"
#include "tests/unit/spool_builder.h"

extern const struct ts_store ts_store;

#define EARLIER_BOOT "00000000-0000-4000-8000-000000000000"

struct place {
	char folder[64];
	char root[80];
	char db[96];
	char url[112];
	char boot[40];
	int n_spools;
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");

	assert_int_equal(fscanf(file, "%36s", place->boot), 1);
	fclose(file);
	strcpy(place->folder, "/tmp/test_spool-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->root, sizeof(place->root), "%s/root", place->folder);
	snprintf(place->db, sizeof(place->db), "%s/store/traces.db", place->folder);
	snprintf(place->url, sizeof(place->url), "sqlite:%s", place->db);
	assert_int_equal(mkdir(place->root, 0700), 0);
	*state = place;
	return 0;
}

static int remove_place(void **state)
{
	struct place *place = *state;
	char command[96];
	int status;

	snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	status = system(command);
	free(place);
	return status;
}

static const void *load(const char *module, const char *symbol, char *why, size_t why_bytes)
{
	if (strcmp(module, "store_sqlite") == 0 && strcmp(symbol, "ts_store") == 0)
		return &ts_store;
	snprintf(why, why_bytes, "not in this test");
	return NULL;
}

static struct ts_recovered recover(const struct place *place)
{
	struct ts_recovered recovered = {0};
	struct ts_error err = {""};

	if (ts_spool_recover(place->root, load, NULL, &recovered, &err) < 0)
		fail_msg("%s", err.text);
	return recovered;
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

static bool is_there(const char *path, const char *suffix)
{
	char name[512];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return access(name, F_OK) == 0;
}

/* Trace `id` with one span; the span is left open unless `ends`. */
static void put_trace(struct spool *spool, uint64_t id, bool ends)
{
	struct record record;

	record_begin(&record, TS_BEGIN_TRACE, id, 0, 0, 0, 1000);
	assert_true(spool_put(spool, 0, &record));
	record_begin(&record, TS_BEGIN_SPAN, id, 1, 0, 1, 2000);
	assert_true(spool_put(spool, 0, &record));
	if (ends) {
		record_end(&record, id, 1, TS_OUTCOME_OK, 0, 3000);
		assert_true(spool_put(spool, 0, &record));
	}
	record_end(&record, id, 0, TS_OUTCOME_OK, 0, 4000);
	assert_true(spool_put(spool, 0, &record));
}

static void build_named(struct place *place, struct spool *spool, const char *boot, pid_t pid)
{
	struct stat st;
	char name[128];

	snprintf(name, sizeof(name), "%s-%d-%08x", boot, (int)pid, place->n_spools++);
	spool_new_at(spool, place->root, name, (uint32_t)pid);
	assert_int_equal(stat("/proc/self/ns/pid", &st), 0);
	spool->process->pid_namespace = st.st_ino;
	spool_init_lock(spool);
	spool_settings(spool, place->url, "", "");
	spool_thunk(spool, 0, TS_KIND_PIPELINE, "learn", "handle_learn", "", NULL);
	spool_thunk(spool, 1, TS_KIND_AGENT, "trainer", "trainer_run", "", NULL);
	spool_ring(spool, 4096);
}

/* A pid that nobody has: that of a child which is gone. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

/* The spool of a program that ended, mapped by nobody. */
static void build_dead(struct place *place, uint64_t trace, char path[256])
{
	struct spool spool;

	build_named(place, &spool, place->boot, dead_pid());
	put_trace(&spool, trace, true);
	strcpy(path, spool.path);
	spool_unmap(&spool);
}

/* --- a program --- */

enum ending { PAUSES, EXITS, EXECS };

struct program {
	pid_t pid;
	char path[256];
};

static void be_program(struct place *place, bool consumes, enum ending ending, int told)
{
	struct spool spool;

	build_named(place, &spool, place->boot, getpid());
	put_trace(&spool, 1, ending != PAUSES);
	if (consumes)
		pthread_mutex_lock(spool_lock_of(&spool));
	if (write(told, spool.path, sizeof(spool.path)) < 0 || ending == EXITS)
		_exit(0);
	if (ending == EXECS)
		execlp("sleep", "sleep", "1000", NULL);
	for (;;)
		pause();
}

/* Returns when the program's spool is made, and when it has exec'd or exited, if it does. */
static struct program start_program(struct place *place, bool consumes, enum ending ending)
{
	struct program program;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	program.pid = fork();
	if (program.pid == 0)
		be_program(place, consumes, ending, ends[1]);
	close(ends[1]);
	assert_int_equal(read(ends[0], program.path, sizeof(program.path)), sizeof(program.path));
	if (ending == EXECS)
		assert_int_equal(read(ends[0], program.path, 1), 0);
	if (ending == EXITS)
		assert_int_equal(waitpid(program.pid, NULL, 0), program.pid);
	close(ends[0]);
	return program;
}

static void kill_program(const struct program *program)
{
	assert_int_equal(kill(program->pid, SIGKILL), 0);
	assert_int_equal(waitpid(program->pid, NULL, 0), program->pid);
}

static void ended_program_is_delivered(void **state)
{
	struct place *place = *state;
	struct program program = start_program(place, true, EXITS);
	struct ts_recovered recovered = recover(place);

	assert_int_equal(recovered.spools, 1);
	assert_int_equal(recovered.traces, 1);
	assert_int_equal(recovered.spans, 1);
	assert_false(is_there(program.path, ""));
	assert_int_equal(ask(place, "SELECT count(*) FROM pipeline_spans WHERE success"), 1);
	assert_int_equal(recover(place).spools, 0);
}

static void live_program_is_left_alone(void **state)
{
	struct place *place = *state;
	struct program program = start_program(place, true, PAUSES);

	assert_int_equal(recover(place).spools, 0);
	assert_true(is_there(program.path, "/ring-0"));
	assert_false(is_there(place->db, ""));
	kill_program(&program);
	assert_int_equal(recover(place).spools, 1);
	assert_false(is_there(program.path, ""));
}

static void live_program_needs_no_consumer(void **state)
{
	struct place *place = *state;
	struct program program = start_program(place, false, PAUSES);

	assert_int_equal(recover(place).spools, 0);
	assert_int_equal(recover(place).spools, 0);
	assert_true(is_there(program.path, "/ring-0"));
	kill_program(&program);
	assert_int_equal(recover(place).spools, 1);
}

static void exec_ends_a_program(void **state)
{
	struct place *place = *state;
	struct program program = start_program(place, true, EXECS);

	assert_int_equal(recover(place).spools, 1);
	kill_program(&program);
}

static void open_calls_are_interrupted(void **state)
{
	struct place *place = *state;
	struct program program = start_program(place, true, PAUSES);

	kill_program(&program);
	assert_int_equal(recover(place).spans, 1);
	assert_int_equal(ask(place, "SELECT count(*) FROM pipeline_spans"
				    " WHERE NOT success AND error LIKE '%interrupted%'"),
			 1);
}

/* --- bad ways --- */

static void damaged_page_is_set_aside(void **state)
{
	struct place *place = *state;
	struct ts_recovered recovered = {0};
	struct spool spool;
	char path[256];

	build_dead(place, 2, path);
	build_named(place, &spool, place->boot, dead_pid());
	spool.process->magic ^= 1;
	spool_unmap(&spool);
	recovered = recover(place);
	assert_int_equal(recovered.damaged, 1);
	assert_int_equal(recovered.spools, 1);
	assert_true(is_there(spool.path, ".damaged/ring-0"));
	recovered = recover(place);
	assert_int_equal(recovered.damaged + recovered.spools + recovered.postponed, 0);
}

static void newest_of_the_damaged_are_kept(void **state)
{
	enum { ALL = 11, KEPT = 8 };
	struct place *place = *state;
	struct spool spools[ALL];

	for (int i = 0; i < ALL; i++) {
		build_named(place, &spools[i], place->boot, dead_pid());
		spools[i].process->magic ^= 1;
		spool_unmap(&spools[i]);
		assert_int_equal(recover(place).damaged, 1);
	}
	for (int i = 0; i < ALL; i++)
		assert_int_equal(is_there(spools[i].path, ".damaged"), i >= ALL - KEPT);
}

/* Without its settings nobody knows where it is to be stored. */
static void damaged_dictionary_is_set_aside(void **state)
{
	struct place *place = *state;
	struct ts_recovered recovered = {0};
	struct spool spool;

	build_named(place, &spool, place->boot, dead_pid());
	put_trace(&spool, 1, true);
	spool.process->dictionary_bytes = 8;
	spool_unmap(&spool);
	recovered = recover(place);
	assert_int_equal(recovered.damaged, 1);
	assert_int_equal(recovered.postponed, 0);
	assert_true(is_there(spool.path, ".damaged/ring-0"));
}

static void damaged_ring_keeps_nothing_else_back(void **state)
{
	struct place *place = *state;
	struct ts_recovered recovered = {0};
	struct spool spool;

	build_named(place, &spool, place->boot, dead_pid());
	put_trace(&spool, 1, true);
	spool_put_bytes(&spool, 0, "this is no event", 16);
	spool_unmap(&spool);
	recovered = recover(place);
	assert_int_equal(recovered.damaged, 1);
	assert_int_equal(recovered.traces, 1);
	assert_true(is_there(spool.path, ".damaged"));
	assert_int_equal(ask(place, "SELECT count(*) FROM pipeline_traces"), 1);
}

static void page_of_another_version_is_set_aside(void **state)
{
	struct place *place = *state;
	struct spool dead, alive, elsewhere, earlier;

	build_named(place, &dead, place->boot, dead_pid());
	build_named(place, &alive, place->boot, getpid());
	build_named(place, &elsewhere, place->boot, dead_pid());
	build_named(place, &earlier, EARLIER_BOOT, getpid());
	elsewhere.process->pid_namespace = earlier.process->pid_namespace = 1;
	dead.process->version++;
	alive.process->version--;
	elsewhere.process->version++;
	earlier.process->version--;
	assert_int_equal(recover(place).damaged, 2);
	assert_true(is_there(dead.path, ".damaged/ring-0"));
	assert_true(is_there(alive.path, "/ring-0"));
	assert_true(is_there(elsewhere.path, "/ring-0"));
	assert_true(is_there(earlier.path, ".damaged/ring-0"));
	spool_unmap(&dead);
	spool_unmap(&alive);
	spool_unmap(&elsewhere);
	spool_unmap(&earlier);
}

static void make_half_a_spool(struct place *place, pid_t pid, bool ring, char path[256])
{
	struct spool spool;
	char name[512];

	build_named(place, &spool, place->boot, pid);
	strcpy(path, spool.path);
	spool.process->magic = 0;
	spool_unmap(&spool);
	spool_file(&spool, "process", name);
	assert_int_equal(truncate(name, 100), 0);
	spool_file(&spool, "ring-0", name);
	if (!ring)
		assert_int_equal(unlink(name), 0);
}

static void spool_in_the_making_is_left_to_its_maker(void **state)
{
	struct place *place = *state;
	char alive[256], dead[256], with_ring[256], empty[256];
	struct ts_recovered recovered = {0};

	make_half_a_spool(place, getpid(), false, alive);
	make_half_a_spool(place, dead_pid(), false, dead);
	make_half_a_spool(place, dead_pid(), true, with_ring);
	snprintf(empty, sizeof(empty), "%s/%s-%d-0", place->root, place->boot, (int)dead_pid());
	assert_int_equal(mkdir(empty, 0700), 0);
	recovered = recover(place);
	assert_int_equal(recovered.damaged, 1);
	assert_int_equal(recovered.spools, 0);
	assert_true(is_there(alive, "/process"));
	assert_false(is_there(dead, ""));
	assert_false(is_there(empty, ""));
	assert_true(is_there(with_ring, ".damaged/ring-0"));
}

static void strangers_in_the_root_are_not_touched(void **state)
{
	struct place *place = *state;
	char path[256], elsewhere[256], link[256];

	build_dead(place, 1, path);
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", place->folder);
	assert_int_equal(rename(path, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, path), 0);
	snprintf(link, sizeof(link), "%s/last-run", place->root);
	fclose(fopen(link, "w"));
	assert_int_equal(recover(place).spools, 0);
	assert_true(is_there(elsewhere, "/ring-0"));
	assert_true(is_there(link, ""));
}

static void root_must_be_ours_alone(void **state)
{
	struct place *place = *state;
	struct ts_recovered recovered = {0};
	struct ts_error err = {""};
	char missing[128], path[256];

	build_dead(place, 1, path);
	assert_int_equal(chmod(place->root, 0777), 0);
	assert_int_equal(ts_spool_recover(place->root, load, NULL, &recovered, &err), -EPERM);
	assert_non_null(strstr(err.text, place->root));
	assert_true(is_there(path, "/ring-0"));
	snprintf(missing, sizeof(missing), "%s/missing", place->folder);
	assert_int_equal(ts_spool_recover(missing, load, NULL, &recovered, &err), 0);
}

static struct {
	int n;
	char last[1024];
} postponed;

static void note_postponed(void *context, const char *sentence)
{
	(void)context;
	postponed.n++;
	snprintf(postponed.last, sizeof(postponed.last), "%s", sentence);
}

static void spool_waits_for_its_store(void **state)
{
	struct place *place = *state;
	struct ts_recovered recovered = {.tell = note_postponed};
	struct ts_error err = {""};
	char first[256], second[256], store[96];

	snprintf(store, sizeof(store), "%s/store", place->folder);
	fclose(fopen(store, "w"));
	build_dead(place, 1, first);
	build_dead(place, 2, second);
	assert_int_equal(ts_spool_recover(place->root, load, NULL, &recovered, &err), 0);
	assert_int_equal(recovered.postponed, 2);
	assert_int_equal(recovered.spools + recovered.traces + recovered.spans, 0);
	assert_int_equal(postponed.n, 2);
	assert_non_null(strstr(postponed.last, store));
	assert_true(is_there(first, "/ring-0") && is_there(second, "/ring-0"));
	assert_int_equal(unlink(store), 0);
	assert_int_equal(recover(place).spools, 2);
	assert_int_equal(ask(place, "SELECT count(*) FROM pipeline_traces"), 2);
}

static void unknown_store_is_named(void **state)
{
	struct place *place = *state;
	struct ts_recovered recovered = {.tell = note_postponed};
	struct ts_error err = {""};
	char path[256];

	strcpy(place->url, "jsonl:/tmp/x");
	build_dead(place, 1, path);
	assert_int_equal(ts_spool_recover(place->root, load, NULL, &recovered, &err), 0);
	assert_int_equal(recovered.postponed, 1);
	assert_non_null(strstr(postponed.last, "jsonl"));
	assert_true(is_there(path, "/ring-0"));
}

static void spool_without_events_opens_no_store(void **state)
{
	struct place *place = *state;
	struct spool spool;

	build_named(place, &spool, place->boot, dead_pid());
	spool_unmap(&spool);
	assert_int_equal(recover(place).spools, 0);
	assert_false(is_there(spool.path, ""));
	assert_false(is_there(place->db, ""));
}

static void locks_of_an_earlier_boot_do_not_count(void **state)
{
	struct place *place = *state;
	struct spool spool;
	char process[512];
	int recoverer;

	build_named(place, &spool, EARLIER_BOOT, getpid());
	put_trace(&spool, 1, true);
	assert_int_equal(pthread_mutex_lock(spool_lock_of(&spool)), 0);
	spool_file(&spool, "process", process);
	recoverer = open(process, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(recoverer, LOCK_EX), 0);
	assert_int_equal(recover(place).spools, 0);
	close(recoverer);
	assert_int_equal(recover(place).spools, 1);
	assert_false(is_there(spool.path, ""));
	pthread_mutex_unlock(spool_lock_of(&spool));
	spool_unmap(&spool);
}

static void *lock_and_end(void *lock)
{
	pthread_mutex_lock(lock);
	return NULL;
}

static void orphan_lock(pthread_mutex_t *lock)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, lock_and_end, lock), 0);
	pthread_join(thread, NULL);
}

/* Our own pid: that it lives here says nothing about there. Nor does the end of a consumer, which may be another. */
static void other_pid_namespace_needs_proof(void **state)
{
	struct place *place = *state;
	char store[96];
	struct spool spool;

	build_named(place, &spool, place->boot, getpid());
	spool.process->pid_namespace = 1;
	put_trace(&spool, 1, true);
	assert_int_equal(recover(place).spools, 0);
	orphan_lock(spool_lock_of(&spool));
	assert_int_equal(recover(place).spools, 0);
	orphan_lock(spool_life_of(&spool));
	snprintf(store, sizeof(store), "%s/store", place->folder);
	fclose(fopen(store, "w"));
	assert_int_equal(recover(place).postponed, 1);
	assert_int_equal(unlink(store), 0);
	assert_int_equal(recover(place).spools, 1);
	spool_unmap(&spool);
}

/* Its pid is gone, its mapping is gone: it lives all the same, says the lock. */
static void life_lock_outweighs_the_pid(void **state)
{
	struct place *place = *state;
	struct spool spool;

	build_named(place, &spool, place->boot, dead_pid());
	put_trace(&spool, 1, true);
	assert_int_equal(pthread_mutex_lock(spool_life_of(&spool)), 0);
	assert_int_equal(recover(place).spools, 0);
	assert_int_equal(pthread_mutex_trylock(spool_lock_of(&spool)), 0);
	pthread_mutex_unlock(spool_lock_of(&spool));
	pthread_mutex_unlock(spool_life_of(&spool));
	assert_int_equal(recover(place).spools, 1);
	spool_unmap(&spool);
}

/* Its flusher's thread ended, and the kernel could not walk the list through a damaged page to say so. */
static void life_lock_of_a_thread_that_is_gone(void **state)
{
	struct place *place = *state;
	struct spool spool;

	build_named(place, &spool, place->boot, dead_pid());
	put_trace(&spool, 1, true);
	spool_life_of(&spool)->__data.__lock = dead_pid();
	assert_int_equal(recover(place).spools, 1);
	spool_unmap(&spool);
}

/* A recoverer was killed; or the page is damaged. */
static void consumer_lock_that_nobody_holds(void **state)
{
	const uint32_t words[] = {TS_LOCK_RECOVERER, 0x2a2a2a2a, 0x6c656c6c, FUTEX_WAITERS};
	struct place *place = *state;
	struct spool spool;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		build_named(place, &spool, place->boot, dead_pid());
		put_trace(&spool, i, true);
		spool_lock_of(&spool)->__data.__lock = (int)words[i];
		memset(&spool_lock_of(&spool)->__data.__list, 'x', sizeof(__pthread_list_t));
		assert_int_equal(recover(place).spools, 1);
		spool_unmap(&spool);
	}
}

/* A filter of system calls may end a thread alone; the others record on. */
static void orphaned_life_lock_of_a_program_that_runs(void **state)
{
	struct place *place = *state;
	struct spool spool;

	build_named(place, &spool, place->boot, getpid());
	put_trace(&spool, 1, true);
	orphan_lock(spool_life_of(&spool));
	assert_int_equal(recover(place).spools, 0);
	spool.process->pid = (uint32_t)dead_pid();
	spool_unmap(&spool);
	assert_int_equal(recover(place).spools, 1);
}

static void *be_the_last(void *told)
{
	char byte = 0;

	/* the first thread is a zombie, which shows no mappings */
	while (write(*(int *)told, &byte, 1) == 1)
		usleep(1000);
	return NULL;
}

static void program_outlives_its_first_thread(void **state)
{
	struct place *place = *state;
	struct spool spool;
	char stat_path[64], line[256] = "";
	pthread_t thread;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	pid = fork();
	if (pid == 0) {
		build_named(place, &spool, place->boot, getpid());
		put_trace(&spool, 1, true);
		pthread_create(&thread, NULL, be_the_last, &ends[1]);
		pthread_exit(NULL);
	}
	snprintf(stat_path, sizeof(stat_path), "/proc/%d/stat", (int)pid);
	while (!strstr(line, ") Z ")) {
		FILE *file = fopen(stat_path, "r");

		assert_non_null(fgets(line, sizeof(line), file));
		fclose(file);
	}
	assert_int_equal(recover(place).spools, 0);
	kill_program(&(struct program){.pid = pid});
	assert_int_equal(recover(place).spools, 1);
	close(ends[0]);
	close(ends[1]);
}

static void collector_may_die(void **state)
{
	struct place *place = *state;
	struct spool spool;

	build_named(place, &spool, place->boot, getpid());
	put_trace(&spool, 1, true);
	orphan_lock(spool_lock_of(&spool));
	assert_int_equal(recover(place).spools, 0);
	spool.process->pid = (uint32_t)dead_pid();
	spool_unmap(&spool);
	assert_int_equal(recover(place).spools, 1);
}

static void recoverers_share_the_work(void **state)
{
	struct place *place = *state;
	char path[256];
	pid_t children[3];
	int status;

	for (uint64_t i = 1; i <= 20; i++)
		build_dead(place, i, path);
	for (int i = 0; i < 3; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct ts_recovered recovered = {0};
			int result = ts_spool_recover(place->root, load, NULL, &recovered, NULL);

			_exit(result || recovered.damaged);
		}
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	recover(place);
	assert_int_equal(ask(place, "SELECT count(*) FROM pipeline_traces"), 20);
	assert_int_equal(ask(place, "SELECT count(*) FROM pipeline_spans"), 20);
	assert_int_equal(rmdir(place->root), 0);
}

static void expect_root(const char *expected)
{
	char *root = ts_spool_root();

	assert_string_equal(root, expected);
	free(root);
}

static void root_is_told_by_the_environment(void **state)
{
	char shm[64];

	(void)state;
	snprintf(shm, sizeof(shm), "/dev/shm/traceshim-%u", geteuid());
	setenv("TRACESHIM_SPOOL", "/x/spool", 1);
	setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
	expect_root("/x/spool");
	unsetenv("TRACESHIM_SPOOL");
	expect_root("/run/user/1/traceshim");
	unsetenv("XDG_RUNTIME_DIR");
	expect_root(shm);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ended_program_is_delivered),
		TEST(live_program_is_left_alone),
		TEST(live_program_needs_no_consumer),
		TEST(exec_ends_a_program),
		TEST(open_calls_are_interrupted),
		TEST(damaged_page_is_set_aside),
		TEST(newest_of_the_damaged_are_kept),
		TEST(damaged_dictionary_is_set_aside),
		TEST(damaged_ring_keeps_nothing_else_back),
		TEST(page_of_another_version_is_set_aside),
		TEST(spool_in_the_making_is_left_to_its_maker),
		TEST(strangers_in_the_root_are_not_touched),
		TEST(root_must_be_ours_alone),
		TEST(spool_waits_for_its_store),
		TEST(unknown_store_is_named),
		TEST(spool_without_events_opens_no_store),
		TEST(locks_of_an_earlier_boot_do_not_count),
		TEST(other_pid_namespace_needs_proof),
		TEST(life_lock_outweighs_the_pid),
		TEST(orphaned_life_lock_of_a_program_that_runs),
		TEST(life_lock_of_a_thread_that_is_gone),
		TEST(consumer_lock_that_nobody_holds),
		TEST(program_outlives_its_first_thread),
		TEST(collector_may_die),
		TEST(recoverers_share_the_work),
		TEST(root_is_told_by_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
