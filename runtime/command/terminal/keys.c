// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define TO_SCREEN   "\033[?1049h\033[?25l" /* the other one, no cursor */
#define FROM_SCREEN "\033[?25h\033[?1049l"

/* Handlers need it. */
static struct {
	struct termios before;
	volatile sig_atomic_t on;
	bool screen;
	bool closed; /* standard input has ended */
} keys;

static void put(const char *sequence)
{
	/* nothing can be done where it fails */
	if (write(STDOUT_FILENO, sequence, strlen(sequence)) < 0)
		return;
}

static void take_terminal(void)
{
	struct termios raw = keys.before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	if (keys.screen)
		put(TO_SCREEN);
}

static void give_back_terminal(void)
{
	if (keys.screen)
		put(FROM_SCREEN);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &keys.before);
}

/* By default what comes again when this returns. */
static void on_end(int number)
{
	give_back_terminal();
	signal(number, SIG_DFL);
	raise(number);
}

static void on_stop(int number)
{
	int error = errno;

	(void)number;
	give_back_terminal();
	raise(SIGSTOP);
	errno = error;
}

static void on_change(int number)
{
	int error = errno;

	if (number == SIGCONT && keys.on)
		take_terminal();
	errno = error;
}

/* No SA_RESTART: a wait ends, and all is printed anew. What is ignored stays so. */
static void handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler}, before;

	if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

bool ts_keys_begin(bool screen)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	if (!isatty(STDOUT_FILENO) || tcgetpgrp(STDIN_FILENO) != getpgrp() ||
	    tcgetattr(STDIN_FILENO, &keys.before) < 0)
		return false;
	keys.screen = screen;
	keys.on = 1;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		handle(ends[i], on_end);
	handle(SIGTSTP, on_stop);
	handle(SIGCONT, on_change);
	handle(SIGWINCH, on_change);
	take_terminal();
	return true;
}

void ts_keys_end(void)
{
	if (!keys.on)
		return;
	keys.on = 0;
	fflush(stdout);
	give_back_terminal();
}

/* The key that is there. */
static int take_key(void)
{
	unsigned char key;
	ssize_t n = read(STDIN_FILENO, &key, 1);

	if (n == 1)
		return key;
	keys.closed = n == 0 || errno != EINTR;
	return TS_KEY_NONE;
}

int ts_keys_wait(int ms)
{
	struct pollfd files[] = {
		{.fd = STDOUT_FILENO},
		{.fd = keys.on && !keys.closed ? STDIN_FILENO : -1, .events = POLLIN},
	};

	if (poll(files, 2, ms) <= 0)
		return TS_KEY_NONE;
	if (files[0].revents & (POLLERR | POLLHUP))
		return TS_KEY_ENDED;
	return files[1].revents ? take_key() : TS_KEY_NONE;
}
