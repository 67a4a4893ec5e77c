// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../preload/abi.h"
#include "../terminal/print.h"
#include "child.h"
#include "shim.h"
#include "target.h"

/* The child's environment; what disables the shim would also keep it from reporting. */
static int set_environment(const char *conf, const char *report)
{
	char shim[PATH_MAX];
	struct ts_error err = {.text = ""};

	if (ts_shim_find(shim, &err) < 0) {
		ts_say("%s", err.text);
		return -ENOENT;
	}
	if (getenv("TRACESHIM_DISABLE"))
		ts_say("TRACESHIM_DISABLE is set: a run would trace nothing");
	unsetenv("TRACESHIM_DISABLE");
	if (ts_shim_preload(shim) < 0 || setenv(TS_REPORT_ENV, report, 1) < 0 ||
	    (conf && setenv("TRACESHIM_CONF", conf, 1) < 0)) {
		ts_say("out of memory");
		return -ENOMEM;
	}
	return 0;
}

int ts_ask_find(const char *name, char ret[PATH_MAX])
{
	char why[PATH_MAX + 256];
	int result = ts_target_find(name, ret);

	if (result < 0) {
		ts_say("%s: %s", name, result == -ENOENT ? "not found" : "not executable");
	} else if (ts_target_untraceable(ret, why, sizeof(why))) {
		ts_target_program(ret);
		return 0;
	} else {
		ts_say("nothing can be traced: %s %s", name, why);
	}
	return -ENOENT;
}

int ts_ask_folder(char ret[PATH_MAX])
{
	const char *temporary = getenv("TMPDIR");

	snprintf(ret, PATH_MAX, "%s/traceshim-XXXXXX",
		 temporary && *temporary == '/' ? temporary : "/tmp");
	if (mkdtemp(ret))
		return 0;
	ts_say("no folder %s for what the program tells: %s; TMPDIR names another place", ret,
	       strerror(errno));
	return -EIO;
}

static int read_report(struct ts_rules *ret, const char *report, const char *name)
{
	int result = ts_rules_read(ret, report);

	if (!result && ret->conf && ret->program)
		return 0;
	ts_say("%s ended without a report: libtraceshim.so was not loaded into it", name);
	if (!result)
		ts_rules_release(ret);
	return -ENODATA;
}

int ts_ask(const char *path, char **argv, const char *conf, struct ts_rules *ret)
{
	char folder[PATH_MAX];
	char report[PATH_MAX + 16];
	int result = ts_ask_folder(folder);

	if (result < 0)
		return result;
	snprintf(report, sizeof(report), "%s/report", folder);
	result = set_environment(conf, report);
	if (!result) {
		ts_child_run(path, argv, true, NULL);
		result = read_report(ret, report, argv[0]);
	}
	unlink(report);
	rmdir(folder);
	return result;
}

int ts_ask_nobody(const char *conf, struct ts_rules *ret)
{
	static char *self[] = {"traceshim", "--version", NULL};
	int result = ts_ask("/proc/self/exe", self, conf, ret);

	if (!result)
		ts_rules_forget_objects(ret);
	return result;
}
