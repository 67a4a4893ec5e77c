// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../log/ending.h"
#include "../../log/spool.h"
#include "../command.h"
#include "../gate/gates.h"
#include "../options.h"
#include "../program/child.h"
#include "../program/fate.h"
#include "../program/shim.h"
#include "../program/target.h"
#include "../terminal/print.h"
#include "document.h"
#include "gate.h"

#define EXIT_NOT_FOUND      127
#define EXIT_NOT_EXECUTABLE 126
#define REASON_BYTES        (4 * PATH_MAX)
#define STATUS_NAME         "run-"
#define STATUS_RANDOM       "XXXXXX"

static const char help[] =
	"usage: traceshim run [--gate FILE] [--junit FILE] [--json[=FILE]]\n"
	"                     [--] CMD [ARG ...]\n\n"
	"Runs CMD with libtraceshim.so preloaded and passes on its exit status. Standard\n"
	"output is CMD's alone. Says on stderr why nothing can be traced, and when no\n"
	"rule of symbols.conf was reached.\n\n"
	"  --gate FILE    afterwards judge the run's traces by the requirements in FILE,\n"
	"                 see traceshim help gate; the results go to stderr\n"
	"  --junit FILE   also write these results to FILE as JUnit's XML\n"
	"  --json[=FILE]  afterwards write what became of the run as one JSON document to\n"
	"                 FILE, or to stderr as its last line\n"
	"  -h, --help     this text\n\n"
	"exit status: CMD's; 128+N if signal N ended it; 127 if CMD was not found; 126 if\n"
	"it could not be executed; 2 for wrong usage, or faults in a file of gates; where\n"
	"CMD's is 0, 1 if a gate fails, 3 if one does that blocks a deployment\n\n"
	"example: traceshim run -- ./bot --verbose\n"
	"example: traceshim run --gate release.gate -- ./bot < synthetic-messages\n";

enum { JSON = TS_OPTION_LONG, GATE, JUNIT };

struct options {
	bool json;
	const char *json_file; /* NULL: stderr */
	const char *gate;      /* NULL: none */
	const char *junit;
	struct ts_gates *gates; /* of `gate` */
};

/* --- the status file --------------------------------------------------------------------- */

/* The spool folder, ours alone, made if need be. From malloc; NULL once the reason is printed. */
static char *open_spool(void)
{
	char *root = ts_spool_root();
	struct ts_error err;

	if (!root) {
		ts_say("out of memory");
		return NULL;
	}
	if (ts_spool_make_root(root, &err) == 0)
		return root;
	ts_say("nothing can be traced: %s", err.text);
	free(root);
	return NULL;
}

/* Files of those that were killed: nobody has a lock on them. */
static void remove_stale(const char *root)
{
	struct dirent *entry;
	DIR *dir = opendir(root);
	int fd;

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, STATUS_NAME, strlen(STATUS_NAME)) != 0 ||
		    strlen(entry->d_name) != strlen(STATUS_NAME STATUS_RANDOM))
			continue;
		fd = openat(dirfd(dir), entry->d_name,
			    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
		close(fd);
	}
	if (dir)
		closedir(dir);
}

/* One that is ours while we live; another may take it for stale before it is. A negative errno: there is none. */
static int make_ours(const char *root, char ret[PATH_MAX])
{
	struct stat file = {.st_nlink = 0};
	int fd;

	while (!file.st_nlink) {
		if (snprintf(ret, PATH_MAX, "%s/" STATUS_NAME STATUS_RANDOM, root) >= PATH_MAX)
			return -ENAMETOOLONG;
		fd = mkostemp(ret, O_CLOEXEC);
		if (fd < 0)
			return -errno;
		flock(fd, LOCK_EX | LOCK_NB);
		if (fstat(fd, &file) < 0)
			return -errno;
	}
	return 0;
}

/* A fresh file for the shim's lines, named in the environment; "" if there can be none. */
static void make_status_file(char ret[PATH_MAX])
{
	char *root = open_spool();
	int result;

	*ret = '\0';
	if (!root)
		return;
	remove_stale(root);
	result = make_ours(root, ret);
	if (result < 0) {
		ts_say("nothing can be traced: the spool folder %s: %s", root,
		       strerrordesc_np(-result));
		*ret = '\0';
	} else {
		setenv(TS_RUN_ENV, ret, 1);
	}
	free(root);
}

/* --- before and after -------------------------------------------------------------------- */

/* Makes the child load the shim; false, with the reason, where it cannot. */
static bool prepare(const char *path, const char *typed, char *reason, size_t bytes)
{
	char shim[PATH_MAX];
	char why[PATH_MAX + 256];
	struct ts_error err = {.text = ""};

	if (ts_shim_find(shim, &err) < 0) {
		snprintf(reason, bytes, "nothing can be traced: %s", err.text);
		return false;
	}
	if (ts_shim_preload(shim) < 0) {
		snprintf(reason, bytes, "nothing can be traced: out of memory");
		return false;
	}
	if (!ts_target_untraceable(path, why, sizeof(why))) {
		snprintf(reason, bytes, "nothing can be traced: %s %s", typed, why);
		return false;
	}
	return true;
}

static void write_document(const struct options *options, int status, const struct ts_fate *fate,
			   const char *reason)
{
	char *text = options->json ? ts_document_run(status, fate, reason, options->gates) : NULL;
	FILE *to = stderr;

	if (!options->json)
		return;
	if (options->json_file)
		to = fopen(options->json_file, "we");
	if (!text || !to || fprintf(to, "%s\n", text) < 0 || fflush(to))
		ts_say("%s: %s", options->json_file ? options->json_file : "stderr",
		       strerror(errno));
	if (to && to != stderr)
		fclose(to);
	free(text);
}

static int refuse(const char *typed, int result, const struct options *options)
{
	int status = result == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	const struct ts_fate nothing = {.started = false};
	char reason[PATH_MAX + 64];

	snprintf(reason, sizeof(reason), "%.*s: %s", PATH_MAX, typed,
		 result == -ENOENT ? "not found" : "not executable");
	ts_say("%s", reason);
	write_document(options, status, &nothing, reason);
	return status;
}

/* Whoever recovers what it left can tell what cut its calls off. */
static void note_killed(pid_t pid, int signal)
{
	char *root = ts_spool_root();

	if (root)
		ts_ending_note(root, pid, signal);
	free(root);
}

/* What the gates say of the run, which ended with `status`. */
static int judge(const struct options *options, const char *status_file, int status)
{
	int judged = ts_run_gate(status_file, options->gates) < 0 ? TS_EXIT_FAILED : TS_EXIT_DONE;

	if (judged == TS_EXIT_DONE) {
		ts_gates_print(options->gates, stderr);
		judged = ts_gates_status(options->gates);
		if (options->junit && ts_gates_write_junit(options->gates, options->junit) < 0)
			judged = judged ? judged : TS_EXIT_FAILED;
	}
	return status ? status : judged;
}

static int run_program(const char *path, char **argv, const struct options *options)
{
	char reason[REASON_BYTES] = "";
	char sentence[REASON_BYTES];
	char status_file[PATH_MAX];
	struct ts_fate fate;
	bool may_reach = prepare(path, argv[0], reason, sizeof(reason));
	int status, judged;

	if (*reason)
		ts_say("%s", reason);
	make_status_file(status_file);
	status = ts_child_run(path, argv, false, note_killed);
	ts_fate_read(status_file, &fate);
	/* What cannot be traced may still start what can. */
	if (*status_file && (may_reach || fate.started)) {
		ts_fate_sentence(&fate, argv, sentence, sizeof(sentence));
		if (*sentence)
			ts_say("%s", sentence);
		strcpy(reason, sentence);
	}
	judged = options->gates ? judge(options, status_file, status) : status;
	if (*status_file)
		unlink(status_file);
	write_document(options, status, &fate, reason);
	return judged;
}

/* 0 where the program may be started; else the exit status. */
static int begin_gates(struct options *options, struct ts_gates *gates)
{
	if (options->junit && !options->gate) {
		ts_say("--junit FILE is for the results of --gate FILE");
		return TS_EXIT_USAGE;
	}
	if (!options->gate)
		return 0;
	options->gates = gates;
	if (ts_gates_init(gates, options->gate) < 0 || ts_run_gate_check() < 0)
		return TS_EXIT_USAGE;
	return 0;
}

static int run_command(char **argv, const struct options *options)
{
	char path[PATH_MAX];
	int result = ts_target_find(argv[0], path);

	return result < 0 ? refuse(argv[0], result, options) : run_program(path, argv, options);
}

static int take_option(struct options *options, int option)
{
	switch (option) {
	case JSON:
		options->json = true;
		options->json_file = optarg;
		return 0;
	case GATE:
		options->gate = optarg;
		return 0;
	case JUNIT:
		options->junit = optarg;
		return 0;
	default:
		return -EINVAL;
	}
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = {{"json", optional_argument, NULL, JSON},
					      {"gate", required_argument, NULL, GATE},
					      {"junit", required_argument, NULL, JUNIT},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	const struct ts_options known = {.command = "run", .shorts = "+:h", .longs = longs};
	struct options options = {.json = false};
	struct ts_gates gates = {.n_findings = 0};
	int result;

	while ((result = ts_options_next(&known, argc, argv)) != -1) {
		if (result == 'h') {
			ts_command_help(&ts_command_run);
			return TS_EXIT_DONE;
		}
		if (take_option(&options, result) < 0)
			return TS_EXIT_USAGE;
	}
	if (optind == argc) {
		ts_say("run what? traceshim run -- CMD");
		return TS_EXIT_USAGE;
	}
	result = begin_gates(&options, &gates);
	if (result == 0)
		result = run_command(argv + optind, &options);
	ts_gates_release(&gates);
	return result;
}

const struct ts_command ts_command_run = {
	.name = "run",
	.summary = "run a program under the shim",
	.help = help,
	.run = run,
};
