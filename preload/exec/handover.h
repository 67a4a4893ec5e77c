/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HANDOVER_H
#define TS_HANDOVER_H

/* What the next program is given along: the shim, its settings, and the call that starts it. */

#include "../conf/conf.h"
#include "../system/arena.h"
#include "environment.h"
#include "remote.h"

/*
 * Takes what the environment says at the start: settings to hand on; and the call of another process
 * that this one's pipelines lie in, which becomes ts_hot.remote. 0, or -ENOMEM. [setup]
 */
int ts_handover_init(const struct ts_conf *conf, struct ts_arena *arena);

/* Filled by ts_handover_plan, which answers as ts_environment_plan does. */
struct ts_handover {
	struct ts_environment environment;
	struct ts_environment_wish wish;
	const char *missing[TS_ENVIRONMENT_MISSING + 1];
	const char *ours[3];
	char parent[TS_TRACEPARENT_BYTES];
	char state[TS_TRACESTATE_BYTES];
};

/* Does `list`, an environment, have our library preloaded? */
bool ts_handover_names_us(char *const *list);

/* Could another program find our library? Not behind a chroot, say. */
bool ts_handover_is_there(void);

/*
 * What a program started now by this thread with `list` as its environment shall get; `with_us`: the
 * library and its settings, too. May run between vfork and exec, and in signal handlers.
 */
size_t ts_handover_plan(struct ts_handover *ret, char *const *list, bool with_us);

#endif
