// SPDX-License-Identifier: Apache-2.0
#include "print.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../command.h"
#include "display.h"

static struct ts_terminal terminal;

void ts_terminal_measure(void)
{
	const char *told = getenv("COLUMNS");
	struct winsize size = {.ws_col = 0};
	long columns = 0;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		columns = size.ws_col;
	if (!columns && told)
		columns = strtol(told, NULL, 10);
	if (columns <= 0)
		columns = 80;
	terminal.columns = columns < 40 ? 40 : columns > 1000 ? 1000 : (size_t)columns;
	terminal.rows = size.ws_row ? size.ws_row : 24;
}

const struct ts_terminal *ts_terminal(void)
{
	const char *none, *kind;

	if (terminal.ellipsis)
		return &terminal;
	none = getenv("NO_COLOR");
	kind = getenv("TERM");
	ts_terminal_measure();
	terminal.bars = isatty(STDOUT_FILENO);
	terminal.utf8 = terminal.bars && !strcmp(nl_langinfo(CODESET), "UTF-8");
	terminal.colour = terminal.bars && !(none && *none) && kind && strcmp(kind, "dumb") != 0;
	terminal.ellipsis = terminal.utf8 ? "\u2026" : "...";
	return &terminal;
}

const char *ts_style(enum ts_style style)
{
	static const char *const codes[] = {
		[TS_STYLE_PLAIN] = "\033[0m", [TS_STYLE_BOLD] = "\033[1m",
		[TS_STYLE_DIM] = "\033[2m",   [TS_STYLE_BAD] = "\033[31m",
		[TS_STYLE_GOOD] = "\033[32m",
	};

	return ts_terminal()->colour ? codes[style] : "";
}

void ts_say(const char *format, ...)
{
	char *line = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		line = NULL;
	va_end(args);
	fputs("traceshim: ", stderr);
	ts_display_put(stderr, line ? line : "out of memory", SIZE_MAX / 2, "");
	fputc('\n', stderr);
	free(line);
}

int ts_print_document(char *document)
{
	if (!document) {
		ts_say("out of memory");
		return TS_EXIT_FAILED;
	}
	puts(document);
	free(document);
	return TS_EXIT_DONE;
}

char *ts_shell_quote(const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:,@%=";
	char *quoted;
	char *to;

	if (*text && !text[strspn(text, plain)])
		return strdup(text);
	quoted = malloc(4 * strlen(text) + 3);
	if (!quoted)
		return NULL;
	to = quoted;
	*to++ = '\'';
	for (; *text; text++) {
		if (*text == '\'')
			to = stpcpy(to, "'\\'");
		*to++ = *text;
	}
	strcpy(to, "'");
	return quoted;
}
