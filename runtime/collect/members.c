// SPDX-License-Identifier: Apache-2.0
#include "members.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bells.h"

/* In the tree, each behind its name. */
static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct named {
	const char *name; /* the charge's */
	struct ts_member member;
};

static struct named *named_of(struct ts_member *member)
{
	return (struct named *)((char *)member - offsetof(struct named, member));
}

static struct named *new_named(struct ts_members *members, const char *name)
{
	struct named *named = calloc(1, sizeof(*named));

	if (!named || !(named->member.charge = ts_charge_new(members->charges, name))) {
		free(named);
		return NULL;
	}
	named->name = ts_charge_name(named->member.charge);
	named->member.pidfd = -1;
	named->member.due = true;
	return named;
}

void ts_members_add(struct ts_members *members, const char *name)
{
	struct named **found = tfind(&name, &members->names, compare), *named;

	if (found) {
		(*found)->member.due = true;
		return;
	}
	named = new_named(members, name);
	if (!named)
		return;
	if (!tsearch(named, &members->names, compare)) {
		ts_charge_free(named->member.charge);
		free(named);
		return;
	}
	named->member.next = members->first;
	members->first = &named->member;
	members->n++;
}

static void close_pidfd(struct ts_members *members, struct ts_member *member)
{
	if (member->pidfd < 0)
		return;
	close(member->pidfd);
	member->pidfd = -1;
	members->n_pidfds--;
}

void ts_members_unring(struct ts_members *members, struct ts_member *member)
{
	if (member->belled)
		ts_bells_remove(members->bells, ts_charge_bell(member->charge));
	member->belled = false;
}

void ts_members_drop(struct ts_members *members, struct ts_member **link)
{
	struct ts_member *member = *link;
	struct named *named = named_of(member);

	*link = member->next;
	tdelete(named, &members->names, compare);
	ts_members_unring(members, member);
	close_pidfd(members, member);
	ts_charge_free(member->charge);
	free(named);
	members->n--;
}

static void watch_process(struct ts_members *members, struct ts_member *member)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = member};
	int pid = ts_charge_pid(member->charge);

	if (!pid || members->n_pidfds >= members->max_pidfds)
		return;
	member->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (member->pidfd < 0)
		return;
	members->n_pidfds++;
	if (epoll_ctl(members->epoll, EPOLL_CTL_ADD, member->pidfd, &event) < 0)
		close_pidfd(members, member);
}

void ts_members_attach(struct ts_members *members, struct ts_member *member)
{
	const uint32_t *bell = ts_charge_bell(member->charge);

	if (!bell || member->attached)
		return;
	member->attached = true;
	member->belled = ts_bells_add(members->bells, bell);
	member->due |= ts_charge_rang(member->charge); /* before we listened */
	watch_process(members, member);
}

/* Once is enough: from now on its life is looked at until it is gone. */
void ts_members_ended(struct ts_members *members, struct ts_member *member)
{
	close_pidfd(members, member);
	ts_charge_look(member->charge);
	member->due = true;
}
