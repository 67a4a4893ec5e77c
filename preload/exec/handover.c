// SPDX-License-Identifier: Apache-2.0
/* What the next program is given along. */

#include "handover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../hot/call.h"
#include "../life/spool.h"
#include "../system/program.h"
#include "../system/sys.h"

#define SETTINGS     "TRACESHIM_"
#define MAX_SETTINGS (TS_ENVIRONMENT_MISSING - 3)

/* A setting of ours that is found by other variables where it is not set. */
struct found {
	const char *text; /* NAME=VALUE as it is for this process */
	const char *by[2];
	const char *by_value[2]; /* at the start; "" where it was not set */
};

static struct {
	const char *settings[MAX_SETTINGS]; /* as they were set at the start */
	size_t n_settings;
	struct found conf, store, spool;
	char tenant[TS_ABI_MAX_TENANT];
	uint8_t tenant_bytes;
	long user;
	bool conf_was_here; /* in the folder that the program was started in */
	struct ts_inherited remote;
} handover;

/* Those that a child must not take over: it would end before its main, or write where we do. */
static bool is_handed_on(const char *entry)
{
	return strncmp(entry, SETTINGS, strlen(SETTINGS)) == 0 && strchr(entry, '=') &&
	       strncmp(entry, TS_REPORT_ENV "=", sizeof(TS_REPORT_ENV)) != 0;
}

/* Those that name a place are given as the place they were found to be. */
static bool is_place(const char *entry)
{
	return strncmp(entry, "TRACESHIM_CONF=", 15) == 0 ||
	       strncmp(entry, "TRACESHIM_STORE=", 16) == 0 ||
	       strncmp(entry, "TRACESHIM_SPOOL=", 16) == 0;
}

/* A price file is the one that it was here, wherever the next program starts. */
static char *copy_setting(const struct ts_conf *conf, const char *entry, struct ts_arena *arena)
{
	static const char prices[] = "TRACESHIM_PRICES=";
	size_t n = sizeof(prices) - 1, bytes = n + strlen(conf->prices) + 1;
	char *copy;

	if (strncmp(entry, prices, n) != 0 || !entry[n])
		return ts_arena_strndup(arena, entry, strlen(entry));
	copy = ts_arena_alloc(arena, bytes);
	if (copy)
		snprintf(copy, bytes, "%s%s", prices, conf->prices);
	return copy;
}

static int take_settings(const struct ts_conf *conf, struct ts_arena *arena)
{
	for (char **entry = environ; entry && *entry; entry++) {
		char *copy;

		if (!is_handed_on(*entry) || is_place(*entry) ||
		    handover.n_settings == MAX_SETTINGS)
			continue;
		copy = copy_setting(conf, *entry, arena);
		if (!copy)
			return -ENOMEM;
		handover.settings[handover.n_settings++] = copy;
	}
	return 0;
}

static const char *at_start(const char *name, struct ts_arena *arena)
{
	const char *value = name ? ts_environment_value(environ, name) : NULL;

	return value && *value ? ts_arena_strndup(arena, value, strlen(value)) : "";
}

static int take_found(struct found *ret, const char *name, const char *value, const char *by,
		      const char *or_by, struct ts_arena *arena)
{
	size_t bytes = strlen(name) + strlen(value) + 1;
	const char *set = ts_environment_value(environ, name);
	char *text = ts_arena_alloc(arena, bytes);

	if (!text)
		return -ENOMEM;
	snprintf(text, bytes, "%s%s", name, value);
	ret->text = text;
	if (set && *set)
		return 0; /* it was set: found by nothing else */
	ret->by[0] = by;
	ret->by[1] = or_by;
	for (int i = 0; i < 2; i++)
		ret->by_value[i] = at_start(ret->by[i], arena);
	return ret->by_value[0] && ret->by_value[1] ? 0 : -ENOMEM;
}

static void take_remote(void)
{
	if (!ts_remote_parse(ts_environment_value(environ, TS_TRACEPARENT),
			     ts_environment_value(environ, TS_TRACESTATE), &handover.remote))
		return;
	ts_hot.remote = &handover.remote;
}

int ts_handover_init(const struct ts_conf *conf, struct ts_arena *arena)
{
	const char *tenant = ts_own_spool_tenant(), *here;

	handover.user = ts_syscall(SYS_geteuid, 0, 0, 0, 0, 0, 0);
	handover.tenant_bytes = (uint8_t)strnlen(tenant, TS_ABI_MAX_TENANT);
	memcpy(handover.tenant, tenant, handover.tenant_bytes);
	take_remote();
	here = ts_program_absolute("symbols.conf", arena);
	handover.conf_was_here = here && strcmp(here, conf->path) == 0;
	if (take_settings(conf, arena) < 0 ||
	    take_found(&handover.conf, "TRACESHIM_CONF=", conf->path,
		       "XDG_CONFIG_HOME=", "HOME=", arena) < 0 ||
	    take_found(&handover.store, "TRACESHIM_STORE=", ts_own_spool_store(),
		       "XDG_DATA_HOME=", "HOME=", arena) < 0 ||
	    take_found(&handover.spool, "TRACESHIM_SPOOL=", ts_own_spool_root(),
		       "XDG_RUNTIME_DIR=", NULL, arena) < 0)
		return -ENOMEM;
	return 0;
}

/* Would a program with this environment find the same without being told? */
static bool finds(const struct found *found, char *const *list)
{
	if (!found->by[0])
		return false;
	for (int i = 0; i < 2 && found->by[i]; i++) {
		const char *value = ts_environment_value(list, found->by[i]);

		if (strcmp(value ? value : "", found->by_value[i]) != 0)
			return false;
	}
	return true;
}

/* A symbols.conf where the program starts comes before any that this process found. */
static bool finds_conf(char *const *list)
{
	struct stat about;

	if (!handover.conf.by[0])
		return false;
	if (ts_sys_stat("symbols.conf", &about) == 0)
		return true;
	return !handover.conf_was_here && finds(&handover.conf, list);
}

static void add_missing(struct ts_handover *ret, char *const *list)
{
	size_t n = handover.n_settings;

	memcpy(ret->missing, handover.settings, n * sizeof(handover.settings[0]));
	if (!finds_conf(list))
		ret->missing[n++] = handover.conf.text;
	if (!finds(&handover.store, list))
		ret->missing[n++] = handover.store.text;
	if (!finds(&handover.spool, list))
		ret->missing[n++] = handover.spool.text;
	ret->missing[n] = NULL;
}

/* The call that this thread is in; else the one that this process lies in. False: none. */
static bool find_call(struct ts_inherited *ret, bool *ret_inside)
{
	ts_context_hand_on_from(&ts_context, (uintptr_t)__builtin_frame_address(0), ret);
	*ret_inside = ts_inherited_open(ret);
	if (!*ret_inside && !ts_hot.remote)
		return false;
	if (!*ret_inside)
		*ret = *ts_hot.remote;
	if (!ret->trace.tenant_bytes) {
		memcpy(ret->trace.tenant, handover.tenant, handover.tenant_bytes);
		ret->trace.tenant_bytes = handover.tenant_bytes;
	}
	return true;
}

/*
 * A trace context of somebody else's stays, and so does what the program was given, unless this thread
 * is further inside.
 */
static void add_ours(struct ts_handover *ret, char *const *list)
{
	const char *parent = ts_environment_value(list, TS_TRACEPARENT);
	const char *state = ts_environment_value(list, TS_TRACESTATE);
	struct ts_inherited call, there;
	bool inside;

	ret->ours[0] = NULL;
	if (!find_call(&call, &inside) ||
	    (parent && !(inside && ts_remote_parse(parent, state, &there))))
		return;
	ts_remote_put_parent(&call, ret->parent);
	ts_remote_put_state(&call, state, ret->state);
	ret->ours[0] = ret->parent;
	ret->ours[1] = ret->state;
	ret->ours[2] = NULL;
}

/* A program that has become another user has no use for the places that were found for this one. */
static bool is_same_user(void)
{
	return ts_syscall(SYS_geteuid, 0, 0, 0, 0, 0, 0) == handover.user;
}

bool ts_handover_names_us(char *const *list)
{
	const char *preload = NULL;

	for (; list && *list; list++)
		if (strncmp(*list, "LD_PRELOAD=", 11) == 0)
			preload = *list + 11;
	return preload && ts_environment_names(preload, ts_program_library());
}

bool ts_handover_is_there(void)
{
	int fd = ts_sys_open(ts_program_library(), O_RDONLY, 0);

	if (fd >= 0)
		ts_sys_close(fd);
	return fd >= 0;
}

size_t ts_handover_plan(struct ts_handover *ret, char *const *list, bool with_us)
{
	with_us &= is_same_user();
	ret->missing[0] = NULL;
	if (with_us)
		add_missing(ret, list);
	add_ours(ret, list);
	ret->wish = (struct ts_environment_wish){
		.library = with_us ? ts_program_library() : NULL,
		.missing = ret->missing,
		.ours = ret->ours,
	};
	return ts_environment_plan(&ret->environment, list, &ret->wish);
}
