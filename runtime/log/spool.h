/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SPOOL_H
#define TS_SPOOL_H

/* Spool folders: where they are, whose they are, taking over what ended programs left behind. */

#include <stdbool.h>
#include <stddef.h>

#include "../gate.h"
#include "../store.h"

struct ts_outlets;

/* What came of it; zeroed before. */
struct ts_recovered {
	/* NULL, or told of each that is postponed, and why */
	void (*tell)(void *context, const char *sentence);
	void *context;
	const char *instead; /* NULL, or the store for what is for one that cannot be opened */
	size_t spools;       /* taken over, stored and removed */
	size_t traces;
	size_t spans;
	size_t damaged;   /* set aside as NAME.damaged */
	size_t postponed; /* left where they are: their store could not be written */
	size_t backlogs;  /* whose spools were gone: delivered and removed */
};

/*
 * $TRACESHIM_SPOOL, else $XDG_RUNTIME_DIR/traceshim, else /dev/shm/traceshim-UID. From malloc. Does
 * not create it.
 */
char *ts_spool_root(void);

/*
 * Delivers every spool under `root` whose program has ended to the store that the spool itself
 * names, then removes it. Spans without an end are stored as failed, "interrupted". Spools of live
 * programs, and of programs in another pid namespace that may live, are left alone. A folder that
 * is not there means nothing to do. Adds to *ret. 0, or a negative errno with a sentence if root cannot be read or
 * is not ours; a spool that fails does not stop the others. A fork may come in between any two batches through
 * `gate` (NULL: nobody forks).
 */
int ts_spool_recover(const char *root, ts_module_symbol_fn *load, const struct ts_gate *gate,
		     struct ts_recovered *ret, struct ts_error *err);

/*
 * One spool, as above; adds to *ret. True: the folder is gone, for it was delivered, set aside, or was none. False: it
 * stays for now (*ret says postponed where that is for its store's sake).
 */
bool ts_spool_recover_one(const char *root, const char *name, ts_module_symbol_fn *load,
			  struct ts_outlets *outlets, struct ts_recovered *ret);

/* One that is postponed, in `path`. */
void ts_recovered_postpone(struct ts_recovered *recovered, const char *path, const char *why);

/* Is `name` in the folder `root` a spool's folder, and ours? Not one that was set aside. */
bool ts_spool_is(const char *root, const char *name);

/* Makes the root folder if need be; 0 if it is ours alone. */
int ts_spool_make_root(const char *root, struct ts_error *err);

#endif
