// SPDX-License-Identifier: Apache-2.0
/* Spool folders: where they are, and delivering what ended programs left in them. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../consumer.h"
#include "../outlet.h"
#include "leave.h"
#include "spool.h"
#include "takeover.h"

char *ts_spool_root(void)
{
	const char *spool = getenv("TRACESHIM_SPOOL"), *runtime = getenv("XDG_RUNTIME_DIR");
	char *root = NULL;
	int n;

	if (spool && *spool)
		return strdup(spool);
	if (runtime && *runtime == '/')
		n = asprintf(&root, "%s/traceshim", runtime);
	else
		n = asprintf(&root, "/dev/shm/traceshim-%u", (unsigned int)geteuid());
	return n < 0 ? NULL : root;
}

struct recovery {
	ts_module_symbol_fn *load;
	const struct ts_gate *gate;
	struct ts_outlets *outlets;
	struct ts_recovered *recovered;
};

/* All events, then what they left open. 0; -EBADMSG: some of it is damaged, and the rest is delivered; or
 * another failure. */
static int deliver_spool(struct recovery *r, const char *path, struct ts_takeover *takeover,
			 struct ts_error *err)
{
	struct ts_consumer *consumer = NULL;
	struct ts_consumed consumed;
	int result;

	result = ts_consumer_new(&consumer, path, takeover->page, r->outlets, r->load, err);
	if (result < 0)
		return result;
	do {
		result = ts_gate_pass(r->gate) ? ts_consumer_finish_step(consumer, false, err)
					       : -ECANCELED;
	} while (result > 0);
	consumed = ts_consumer_consumed(consumer);
	r->recovered->traces += consumed.traces;
	r->recovered->spans += consumed.spans;
	if (result == 0 && (consumed.damage.rings || consumed.damage.faults))
		result = -EBADMSG;
	ts_consumer_free(consumer);
	return result;
}

static void set_aside(struct recovery *r, const char *path)
{
	if (ts_spool_set_aside(path))
		r->recovered->damaged++;
}

void ts_recovered_postpone(struct ts_recovered *recovered, const char *path, const char *why)
{
	char sentence[PATH_MAX + 512];

	recovered->postponed++;
	snprintf(sentence, sizeof(sentence), "%s stays: %.400s", path, why);
	if (recovered->tell)
		recovered->tell(recovered->context, sentence);
}

static bool is_there(const char *path)
{
	char page[PATH_MAX + 16];

	snprintf(page, sizeof(page), "%s/process", path);
	return access(page, F_OK) == 0;
}

static void finish_ours(struct recovery *r, const char *path, struct ts_takeover *takeover)
{
	size_t before = r->recovered->traces + r->recovered->spans;
	struct ts_error err = {""};
	int result = deliver_spool(r, path, takeover, &err);

	if (result == -ECANCELED)
		return; /* the next one reads on from there */
	if (result == -ENOENT && !is_there(path))
		return; /* another recoverer was quicker; else it is of the store */
	if (result == -EBADMSG) {
		set_aside(r, path);
	} else if (result < 0) {
		ts_recovered_postpone(r->recovered, path, err.text);
	} else {
		/* Who finds it half removed shall not look for rings that were delivered. */
		takeover->page->n_rings = 0;
		if (ts_spool_remove(path) == 0 &&
		    r->recovered->traces + r->recovered->spans > before)
			r->recovered->spools++;
	}
}

/* A program that ended in the making of its spool left no event, unless there is a ring. */
static void finish_unborn(struct recovery *r, const char *path)
{
	char ring[PATH_MAX + 16];

	snprintf(ring, sizeof(ring), "%s/ring-0", path);
	if (access(ring, F_OK) == 0)
		set_aside(r, path);
	else
		ts_spool_remove(path);
}

static void recover_spool(struct recovery *r, const char *root, const char *name)
{
	struct ts_takeover takeover;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", root, name) >= (int)sizeof(path))
		return;
	switch (ts_takeover_begin(&takeover, path, name)) {
	case TS_TAKEOVER_OURS:
		finish_ours(r, path, &takeover);
		break;
	case TS_TAKEOVER_UNBORN:
		finish_unborn(r, path);
		break;
	case TS_TAKEOVER_DAMAGED:
		set_aside(r, path);
		break;
	case TS_TAKEOVER_NOT_YET:
		break;
	}
	ts_takeover_end(&takeover);
}

bool ts_spool_is(const char *root, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (name[0] == '.' || ts_spool_is_aside(name))
		return false;
	return snprintf(path, sizeof(path), "%s/%s", root, name) < (int)sizeof(path) &&
	       lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* The root folder, opened; NULL with *ret_result 0 where there is none. */
static DIR *open_root(const char *root, int *ret_result, struct ts_error *err)
{
	DIR *dir = opendir(root);
	struct stat st;

	*ret_result = 0;
	if (!dir) {
		if (errno != ENOENT)
			*ret_result = ts_error_set(err, -errno, "cannot read %s: %s", root,
						   strerrordesc_np(errno));
		return NULL;
	}
	if (fstat(dirfd(dir), &st) == 0 && st.st_uid == geteuid() &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return dir;
	*ret_result = ts_error_set(err, -EPERM,
				   "%s is not ours alone; spools in it are not touched", root);
	closedir(dir);
	return NULL;
}

bool ts_spool_recover_one(const char *root, const char *name, ts_module_symbol_fn *load,
			  struct ts_outlets *outlets, struct ts_recovered *ret)
{
	struct recovery r = {.load = load, .outlets = outlets, .recovered = ret};
	char path[PATH_MAX];

	recover_spool(&r, root, name);
	return snprintf(path, sizeof(path), "%s/%s", root, name) < (int)sizeof(path) &&
	       access(path, F_OK) < 0;
}

int ts_spool_make_root(const char *root, struct ts_error *err)
{
	struct stat st;

	if ((mkdir(root, 0700) < 0 && errno != EEXIST) || lstat(root, &st) < 0)
		return ts_error_set(err, -errno, "the spool folder %s: %s", root,
				    strerrordesc_np(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 077)
		return ts_error_set(
			err, -EPERM,
			"the spool folder %s is not a folder that is ours alone (mode 0700)", root);
	return 0;
}

int ts_spool_recover(const char *root, ts_module_symbol_fn *load, const struct ts_gate *gate,
		     struct ts_recovered *ret, struct ts_error *err)
{
	struct ts_outlets_options options = {
		.modules = load, .gate = gate, .instead = ret->instead};
	struct recovery r = {.load = load, .gate = gate, .recovered = ret};
	struct dirent *entry;
	int result;
	DIR *dir;

	dir = open_root(root, &result, err);
	if (!dir)
		return result;
	if (ts_outlets_new(&r.outlets, &options) < 0) {
		closedir(dir);
		return ts_error_set(err, -ENOMEM, "no memory");
	}
	while ((entry = readdir(dir)) && ts_gate_pass(gate)) {
		if (ts_spool_is(root, entry->d_name))
			recover_spool(&r, root, entry->d_name);
	}
	closedir(dir);
	ts_outlets_free(r.outlets);
	return 0;
}
