// SPDX-License-Identifier: Apache-2.0
/* Lines on stderr. */

#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "program.h"
#include "sys.h"

static enum ts_log_level log_level = TS_LOG_ERROR;
static bool had_stderr;
static struct stat stderr_then;

/* A program that closed its stderr may have opened a file in its place: that is not ours to write to. */
static bool stderr_is_the_same(void)
{
	struct stat now;

	return had_stderr && ts_sys_fstat(2, &now) == 0 && now.st_dev == stderr_then.st_dev &&
	       now.st_ino == stderr_then.st_ino;
}

void ts_log_init(void)
{
	static const char *const names[] = {"off", "error", "info", "debug"};
	const char *wanted = ts_program_environment("TRACESHIM_LOG");

	had_stderr = ts_sys_fstat(2, &stderr_then) == 0;
	for (int i = 0; wanted && i < 4; i++)
		if (strcmp(wanted, names[i]) == 0)
			log_level = (enum ts_log_level)i;
}

enum ts_log_level ts_log_level(void)
{
	return stderr_is_the_same() ? log_level : TS_LOG_OFF;
}

void ts_log(enum ts_log_level level, const char *format, ...)
{
	static const char prefix[] = "traceshim: ";
	char line[1024];
	size_t bytes = sizeof(prefix) - 1;
	va_list arguments;
	int n;

	if (level > ts_log_level())
		return;
	memcpy(line, prefix, bytes);
	va_start(arguments, format);
	n = vsnprintf(line + bytes, sizeof(line) - bytes - 1, format, arguments);
	va_end(arguments);
	if (n < 0)
		return;
	bytes += (size_t)n;
	if (bytes > sizeof(line) - 2)
		bytes = sizeof(line) - 2;
	line[bytes++] = '\n';
	ts_sys_write(2, line, bytes);
}
