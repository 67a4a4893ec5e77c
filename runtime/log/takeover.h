/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_TAKEOVER_H
#define TS_TAKEOVER_H

/* Whether the program of a spool has ended, and the sole right to consume what it left. [own] */

#include <stdbool.h>

struct ts_abi_process;

enum ts_takeover_result {
	TS_TAKEOVER_OURS,    /* its program has ended, and we are its consumer */
	TS_TAKEOVER_NOT_YET, /* alive, perhaps alive, or taken by another */
	TS_TAKEOVER_UNBORN,  /* its program ended before the process page was made */
	TS_TAKEOVER_DAMAGED, /* the process page is none, or of another version; its program ended */
};

struct ts_takeover {
	struct ts_abi_process *page; /* mapped where the result is OURS */
	int fd;
	bool locked; /* we hold page->consumer_lock */
};

/* `path` is the spool's folder, `name` its last part. Whatever the result, end it. */
enum ts_takeover_result ts_takeover_begin(struct ts_takeover *ret, const char *path,
					  const char *name);
void ts_takeover_end(struct ts_takeover *takeover);

#endif
