/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ALIVE_H
#define TS_ALIVE_H

/* Whether the program of a spool still runs. [own] */

#include <stdbool.h>
#include <sys/types.h>

struct stat;
struct ts_abi_process;

/*
 * True once nobody will add to the spool any more. `file` is what its process file is (fstat), `name` the name of
 * its folder. What cannot be told counts as alive.
 */
bool ts_alive_ended(const struct ts_abi_process *page, const struct stat *file, const char *name);

/* Does life_lock alone say that the program runs? Costs next to nothing. */
bool ts_alive_surely(const struct ts_abi_process *page);

/* Of the folder `name`: of an earlier boot, of which nobody lives. */
bool ts_alive_earlier_boot(const char *name);

/* Has the pid that the folder `name` bears no process? Says nothing of programs in another pid namespace. */
bool ts_alive_no_pid(const char *name);

/* Is the pid on the page one that we would see? */
bool ts_alive_here(const struct ts_abi_process *page);

#endif
