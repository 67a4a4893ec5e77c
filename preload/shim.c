// SPDX-License-Identifier: Apache-2.0
/* Constructor and destructor: decides once whether this process is traced. */

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "connection/conversation.h"
#include "exec/handover.h"
#include "hook/hook.h"
#include "hook/interpose.h"
#include "hook/interpreter.h"
#include "hot/call.h"
#include "life/life.h"
#include "life/spool.h"
#include "life/ticks.h"
#include "report/report.h"
#include "stacks/callers.h"
#include "system/arena.h"
#include "system/log.h"
#include "system/program.h"

static struct ts_arena arena;
static struct ts_conf conf;

static void log_faults(void)
{
	const char *slash = strrchr(conf.path, '/');
	const char *name = slash ? slash + 1 : conf.path;
	const struct ts_fault *first = &conf.faults[0];

	if (!conf.n_faults)
		return;
	if (!first->line)
		ts_log(TS_LOG_ERROR, "%s: %s", conf.path, first->message);
	else if (conf.n_faults == 1)
		ts_log(TS_LOG_ERROR, "%s:%u:%u: %s", name, first->line, first->column,
		       first->message);
	else
		ts_log(TS_LOG_ERROR, "%s:%u:%u: %s (and %zu more; see traceshim check)", name,
		       first->line, first->column, first->message, conf.n_faults - 1);
}

/* Everything that can fail; NULL, or why the shim stands down. */
static const char *set_up(void)
{
	/* first, for where it says why it stands down is beside the spools */
	if (ts_own_spool_init(&conf, &arena) < 0)
		return "no memory";
	if (ts_interpose_init() < 0)
		return "the C library has no dlsym or pthread_create";
	if (ts_life_on_shadow_stack())
		return "the program runs on a shadow stack, on which no call can be wrapped";
	if (ts_ticks_init() < 0)
		return "this machine has no clock that can be read without a system call";
	if (ts_life_init() < 0)
		return "no memory, or a kernel older than 4.14";
	if (ts_handover_init(&conf, &arena) < 0)
		return "no memory";
	ts_hot.capture_bytes = conf.capture_bytes;
	if (ts_conversation_init(&conf) < 0 || ts_hook_init(&conf) < 0)
		return "no memory";
	return NULL;
}

/* What the program starts before it ends runs as if we were not there. */
static void disable_in_children(void)
{
	for (char **entry = environ; entry && *entry; entry++)
		if (strncmp(*entry, TS_REPORT_ENV "=", sizeof(TS_REPORT_ENV)) == 0)
			*entry = (char *)"TRACESHIM_DISABLE=1";
}

/*
 * The rules' fate goes to `traceshim check`, and the program ends before its main; one that runs Python ends before the
 * first line of that.
 */
static void report(const struct ts_conf *found)
{
	ts_report_write(found);
	if (!found || !ts_interpreter_tells())
		ts_report_end();
	__atomic_store_n(&ts_hot.passive, 1, __ATOMIC_RELEASE);
	disable_in_children();
}

/* That there is no symbols.conf is nothing to speak of; that nobody could look is. */
static void complain(void)
{
	if (arena.failed)
		ts_life_stand_down("no memory");
}

__attribute__((constructor)) static void start(void)
{
	const char *path, *why;
	bool wanted;

	/* even where the shim does nothing: between vfork and exec nothing can be searched for */
	ts_interpose_init();
	if (ts_program_environment("TRACESHIM_DISABLE"))
		return;
	ts_log_init();
	wanted = ts_report_wanted();
	path = ts_conf_find(&arena);
	if ((!path && !wanted) || ts_program_init(&arena) < 0) {
		complain();
		return;
	}
	if (!path)
		report(NULL);
	if (ts_conf_read(path, &arena, &conf) < 0) {
		ts_life_stand_down("no memory");
		return;
	}
	if (!wanted)
		log_faults();
	if (!conf.n_rules && !wanted)
		return;
	why = set_up();
	if (wanted) {
		report(&conf);
		return;
	}
	ts_report_start(&conf);
	if (why) {
		ts_life_stand_down(why);
		return;
	}
	ts_callers_open();
	ts_interpose_active = true;
}

__attribute__((destructor)) static void end(void)
{
	if (!ts_interpose_active)
		return;
	ts_report_hooked();
	ts_life_end();
}
