// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../terminal/print.h"

/* Handlers need the name. */
static struct {
	const char *path;           /* as the user knows it */
	char whole[PATH_MAX];       /* behind links */
	char beside[PATH_MAX + 16]; /* "": the file is written itself */
	FILE *file;
} out;

static void on_end(int number)
{
	if (*out.beside)
		unlink(out.beside);
	signal(number, SIG_DFL);
	raise(number);
}

static void remove_at_signals(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
	const struct sigaction action = {.sa_handler = on_end};
	struct sigaction before;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (sigaction(ends[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(ends[i], &action, NULL);
}

static int fail(const char *what)
{
	int error = errno;

	ts_say("%s: %s%s", out.path, what, strerror(error));
	return -error;
}

/* A link stays, and what it leads to is replaced. */
static int find_place(void)
{
	struct stat there;

	*out.beside = '\0';
	if (stat(out.path, &there) == 0 && !S_ISREG(there.st_mode)) {
		snprintf(out.whole, sizeof(out.whole), "%s", out.path);
		return 0;
	}
	if (!realpath(out.path, out.whole) &&
	    (errno != ENOENT ||
	     snprintf(out.whole, sizeof(out.whole), "%s", out.path) >= (int)sizeof(out.whole)))
		return -1;
	snprintf(out.beside, sizeof(out.beside), "%s.XXXXXX", out.whole);
	return 0;
}

FILE *ts_outfile_begin(const char *path)
{
	int fd;

	out.path = path;
	if (find_place() < 0) {
		fail("");
		return NULL;
	}
	if (!*out.beside) {
		out.file = fopen(out.whole, "we");
	} else {
		fd = mkstemp(out.beside);
		if (fd >= 0)
			remove_at_signals();
		out.file = fd < 0 ? NULL : fdopen(fd, "w");
	}
	if (!out.file)
		fail("");
	return out.file;
}

int ts_outfile_keep(void)
{
	bool failed = fflush(out.file) || ferror(out.file) ||
		      (*out.beside && fsync(fileno(out.file)) < 0);
	int result = failed ? fail("") : 0;

	if (fclose(out.file) && !failed)
		result = fail("");
	out.file = NULL;
	if (result == 0 && *out.beside && rename(out.beside, out.whole) < 0)
		result = fail("");
	if (result < 0)
		ts_outfile_drop();
	*out.beside = '\0';
	return result;
}

void ts_outfile_drop(void)
{
	if (out.file)
		fclose(out.file);
	out.file = NULL;
	if (*out.beside)
		unlink(out.beside);
	*out.beside = '\0';
}
