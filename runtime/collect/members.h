/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COLLECT_MEMBERS_H
#define TS_COLLECT_MEMBERS_H

/* All charges, by name; and what wakes us for one: its program's bell, its process's end. */

#include <stdbool.h>
#include <stddef.h>

#include "charge.h"

struct ts_bells;

struct ts_member {
	struct ts_charge *charge;
	struct ts_member *next;
	int pidfd;
	bool attached; /* its bell and its process were asked for */
	bool belled;
	bool due; /* for a turn */
};

/* Zeroed but for charges, bells and epoll, which outlive it. */
struct ts_members {
	struct ts_charges *charges;
	struct ts_bells *bells;
	int epoll;
	size_t max_pidfds, n_pidfds;
	struct ts_member *first;
	size_t n;
	void *names; /* tsearch(3) */
};

/* Makes it due; a new one where there is none of that name. Without memory nothing: it will be named again. */
void ts_members_add(struct ts_members *members, const char *name);

/* Takes *link out and frees it, its charge included. */
void ts_members_drop(struct ts_members *members, struct ts_member **link);

/*
 * Once its page is there: listens to its bell, and adds its process's end to the epoll, with the member as
 * data.ptr; without either the period has to do.
 */
void ts_members_attach(struct ts_members *members, struct ts_member *member);

/* The epoll said that its process has ended. */
void ts_members_ended(struct ts_members *members, struct ts_member *member);

/* Its bell is no concern of ours any more. */
void ts_members_unring(struct ts_members *members, struct ts_member *member);

#endif
