// SPDX-License-Identifier: Apache-2.0
/* Where symbols.conf is, what is in it, and the environment's word over it. */

#include "conf.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../prototype/fault.h"
#include "../system/arena.h"
#include "../system/program.h"
#include "../system/sys.h"
#include "conf_setting.h"

#define MAX_FILE_BYTES (10 * 1024 * 1024)

/* --- where ----------------------------------------------------------------------------------- */

static const char *join(struct ts_arena *arena, const char *folder, const char *rest)
{
	size_t bytes = strlen(folder) + strlen(rest) + 2;
	char *path = ts_arena_alloc(arena, bytes);

	if (path)
		snprintf(path, bytes, "%s/%s", folder, rest);
	return path;
}

static const char *absolute(struct ts_arena *arena, const char *path)
{
	char folder[PATH_MAX];

	if (path[0] == '/')
		return ts_arena_strndup(arena, path, strlen(path));
	if (ts_sys_getcwd(folder, sizeof(folder)) <= 0 || folder[0] != '/')
		return ts_arena_strndup(arena, path, strlen(path));
	return join(arena, strcmp(folder, "/") == 0 ? "" : folder, path);
}

static const char *if_there(const char *path)
{
	struct stat about;

	return path && ts_sys_stat(path, &about) == 0 ? path : NULL;
}

static const char *in_config_home(struct ts_arena *arena)
{
	const char *config = ts_program_environment("XDG_CONFIG_HOME");
	const char *home = ts_program_environment("HOME");

	if (config && config[0] == '/') /* its specification has any other ignored */
		return if_there(join(arena, config, "traceshim/symbols.conf"));
	return home ? if_there(join(arena, home, ".config/traceshim/symbols.conf")) : NULL;
}

const char *ts_conf_find(struct ts_arena *arena)
{
	const char *path = ts_program_environment("TRACESHIM_CONF");

	if (path)
		return absolute(arena, path);
	path = if_there(absolute(arena, "symbols.conf"));
	if (!path)
		path = in_config_home(arena);
	if (!path)
		path = if_there("/etc/traceshim/symbols.conf");
	return path;
}

/* --- what is in it --------------------------------------------------------------------------- */

static const char *reason(int error, char *buffer, size_t bytes)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		return "there is no such file";
	case -EACCES:
		return "permission denied";
	case -EISDIR:
		return "it is a directory";
	case -EFBIG:
		return "it is larger than 10 MB";
	case -EINVAL:
		return "it is not a regular file";
	default:
		snprintf(buffer, bytes, "error %d", -error);
		return buffer;
	}
}

/* Bytes read, or a negative errno. */
static long read_all(int fd, char *buffer, size_t bytes)
{
	size_t n = 0;

	while (n < bytes) {
		long r = ts_sys_read(fd, buffer + n, bytes - n);

		if (r == -EINTR)
			continue;
		if (r < 0)
			return r;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (long)n;
}

static int check_file(int fd, size_t *ret_bytes)
{
	struct stat about;
	int r = ts_sys_fstat(fd, &about);

	if (r < 0)
		return r;
	if (S_ISDIR(about.st_mode))
		return -EISDIR;
	if (!S_ISREG(about.st_mode))
		return -EINVAL;
	if (about.st_size > MAX_FILE_BYTES)
		return -EFBIG;
	*ret_bytes = (size_t)about.st_size;
	return 0;
}

/*
 * Copied, not mapped: a file that somebody cuts short while it is read must not be a SIGBUS here.
 * The copy is given back, for a large file would lie in the arena as long as the program runs.
 */
static int parse_file(int fd, const char *path, struct ts_arena *arena, struct ts_conf *ret)
{
	size_t bytes = 0;
	char *text;
	long n;
	int r = check_file(fd, &bytes);

	if (r < 0)
		return r;
	text = ts_sys_mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
	if (ts_sys_failed(text))
		return -ENOMEM;
	n = read_all(fd, text, bytes);
	r = n < 0 ? (int)n : ts_conf_parse(text, (size_t)n, path, arena, ret);
	ts_sys_munmap(text, bytes + 1);
	return r;
}

/* --- both ------------------------------------------------------------------------------------ */

/* Puts a fault before all others, for it has no line. */
static int add_first(struct ts_conf *conf, struct ts_arena *arena, const struct ts_fault *fault)
{
	struct ts_fault *faults = ts_arena_alloc(arena, (conf->n_faults + 1) * sizeof(*faults));

	if (!faults)
		return -ENOMEM;
	faults[0] = *fault;
	memcpy(faults + 1, conf->faults, conf->n_faults * sizeof(*faults));
	conf->faults = faults;
	conf->n_faults++;
	return 0;
}

/* 0, also where the value is wrong: then that is a fault. */
static int override_one(struct ts_conf *conf, struct ts_arena *arena, enum ts_setting setting,
			const char *name)
{
	const char *value = ts_program_environment(name);
	struct ts_slice slice = {value, value ? strlen(value) : 0, 1};
	struct ts_fault wrong, fault = {.line = 0};
	int r;

	if (!value)
		return 0;
	r = ts_setting_read(conf, setting, ts_slice_trim(slice), arena, &wrong);
	if (r != -EINVAL)
		return r;
	ts_fault_at(&fault, 0, "%s: %s", name, wrong.message);
	return add_first(conf, arena, &fault);
}

static int override(struct ts_conf *conf, struct ts_arena *arena)
{
	static const char *const variables[TS_SETTING_COUNT] = {
		[TS_SETTING_CAPTURE] = "TRACESHIM_CAPTURE",
		[TS_SETTING_REDACT] = "TRACESHIM_REDACT",
		[TS_SETTING_ORPHANS] = "TRACESHIM_ORPHANS",
		[TS_SETTING_STACKS] = "TRACESHIM_STACKS",
		[TS_SETTING_BACKLOG] = "TRACESHIM_BACKLOG",
		[TS_SETTING_PRICES] = "TRACESHIM_PRICES",
	};

	for (int i = TS_SETTING_COUNT - 1; i >= 0; i--) {
		int r = override_one(conf, arena, i, variables[i]);

		if (r < 0)
			return r;
	}
	ts_setting_redact(conf);
	if (!*conf->prices)
		return 0;
	conf->prices = absolute(arena, conf->prices);
	return conf->prices ? 0 : -ENOMEM;
}

/* What the file names lies beside it, unless it says otherwise. */
static int anchor(struct ts_conf *conf, struct ts_arena *arena)
{
	const char *slash = strrchr(conf->path, '/');
	char *folder;

	if (!slash || !*conf->prices || conf->prices[0] == '/')
		return 0;
	folder = ts_arena_strndup(arena, conf->path, (size_t)(slash - conf->path));
	conf->prices = folder ? join(arena, folder, conf->prices) : NULL;
	return conf->prices ? 0 : -ENOMEM;
}

/* A file that cannot be read: no rules, the defaults, and why. */
static int without_file(const char *path, int error, struct ts_arena *arena, struct ts_conf *ret)
{
	struct ts_fault fault = {.line = 0};
	char number[24];
	int r = ts_conf_parse("", 0, path, arena, ret);

	ts_fault_at(&fault, 0, "cannot be read: %s", reason(error, number, sizeof(number)));
	return r < 0 ? r : add_first(ret, arena, &fault);
}

int ts_conf_read(const char *path, struct ts_arena *arena, struct ts_conf *ret)
{
	/* O_NONBLOCK: a named pipe must not hold the program up; it is refused afterwards. */
	int fd = ts_sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct ts_conf conf;
	int r = fd;

	if (fd >= 0) {
		r = parse_file(fd, path, arena, &conf);
		ts_sys_close(fd);
	}
	if (r < 0 && r != -ENOMEM)
		r = without_file(path, r, arena, &conf);
	if (r == 0)
		r = anchor(&conf, arena);
	if (r == 0)
		r = override(&conf, arena);
	if (r == 0)
		*ret = conf;
	return r;
}
