// SPDX-License-Identifier: Apache-2.0
#include "journal.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CALLS 128

struct entry {
	const char *function;
	unsigned caller;
	pid_t thread;
	char *arguments;
	char *result;
};

struct turn {
	pthread_mutex_t lock;
	long number;
	unsigned n_calls;
	struct entry calls[MAX_CALLS]; /* call N is calls[N - 1] */
	char *answer;
};

static _Thread_local struct place here;

struct turn *turn_new(long number)
{
	struct turn *turn = calloc(1, sizeof(*turn));

	if (!turn)
		abort();
	pthread_mutex_init(&turn->lock, NULL);
	turn->number = number;
	return turn;
}

void turn_free(struct turn *turn)
{
	if (!turn)
		return;
	for (unsigned i = 0; i < turn->n_calls; i++) {
		free(turn->calls[i].arguments);
		free(turn->calls[i].result);
	}
	free(turn->answer);
	pthread_mutex_destroy(&turn->lock);
	free(turn);
}

const char *turn_answer(const struct turn *turn)
{
	return turn->answer ? turn->answer : "";
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *turn_counts(const struct turn *turn)
{
	const char *names[MAX_CALLS];
	unsigned n = 0, run;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (unsigned i = 1; i < turn->n_calls; i++)
		names[n++] = turn->calls[i].function;
	qsort(names, n, sizeof(*names), by_name);
	for (unsigned i = 0; i < n; i += run) {
		for (run = 1; i + run < n && !strcmp(names[i], names[i + run]); run++)
			;
		fprintf(out, "%s%s=%u", i ? " " : "", names[i], run);
	}
	fclose(out);
	return text;
}

void turn_write(const struct turn *turn, FILE *file)
{
	for (unsigned i = 0; i < turn->n_calls; i++) {
		const struct entry *entry = &turn->calls[i];

		fprintf(file, "%ld\t%u\t%u\t%d\t%s%s%s\n", turn->number, i + 1, entry->caller,
			(int)entry->thread, entry->function, entry->arguments, entry->result);
	}
	fflush(file);
}

static void write_quoted(FILE *out, const char *text, size_t len)
{
	fputc('"', out);
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = text[i];

		if (byte == '"' || byte == '\\')
			fprintf(out, "\\%c", byte);
		else if (byte < 0x20)
			fprintf(out, "\\u%04x", byte);
		else
			fputc(byte, out);
	}
	fputc('"', out);
}

static void write_string(FILE *out, const char *text)
{
	if (text)
		write_quoted(out, text, strlen(text));
	else
		fputs("null", out);
}

static void write_fields(FILE *out, const char *format, va_list *args)
{
	const char *text;
	char letter;

	for (; *format; format += strspn(format, " ")) {
		size_t name = strcspn(format, "=");

		fprintf(out, "\t%.*s=", (int)name, format);
		format += name + 1;
		switch (*format++) {
		case 'd':
			fprintf(out, "%d", va_arg(*args, int));
			break;
		case 'u':
			fprintf(out, "%u", va_arg(*args, unsigned));
			break;
		case 'l':
			fprintf(out, "%ld", va_arg(*args, long));
			break;
		case 'z':
			fprintf(out, "%zu", va_arg(*args, size_t));
			break;
		case 'f':
			fprintf(out, "%.17g", va_arg(*args, double));
			break;
		case 'b':
			fputs(va_arg(*args, int) ? "true" : "false", out);
			break;
		case 'c':
			letter = va_arg(*args, int);
			write_quoted(out, &letter, 1);
			break;
		case 's':
			write_string(out, va_arg(*args, const char *));
			break;
		case 'm':
			text = va_arg(*args, const char *);
			write_quoted(out, text, va_arg(*args, size_t));
			break;
		}
	}
}

static char *fields(int error, const char *format, va_list *args)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	write_fields(out, format, args);
	if (error) {
		fputs("\terror=", out);
		write_string(out, strerrordesc_np(error));
	}
	fclose(out);
	return text;
}

struct place journal_place(void)
{
	return here;
}

void journal_work_at(struct place place)
{
	here = place;
}

unsigned journal_begin(const char *function, const char *format, ...)
{
	struct entry entry = {.function = function, .caller = here.call, .thread = gettid()};
	struct turn *turn = here.turn;
	int kept = errno;
	va_list args;

	va_start(args, format);
	entry.arguments = fields(0, format, &args);
	va_end(args);

	pthread_mutex_lock(&turn->lock);
	if (turn->n_calls == MAX_CALLS)
		abort();
	turn->calls[turn->n_calls++] = entry;
	here.call = turn->n_calls;
	pthread_mutex_unlock(&turn->lock);
	errno = kept;
	return here.call;
}

void journal_end(unsigned call, int error, const char *format, ...)
{
	struct turn *turn = here.turn;
	int kept = errno;
	va_list args;
	char *result;

	va_start(args, format);
	result = fields(error, format, &args);
	va_end(args);

	pthread_mutex_lock(&turn->lock);
	turn->calls[call - 1].result = result;
	here.call = turn->calls[call - 1].caller;
	pthread_mutex_unlock(&turn->lock);
	errno = kept;
}

void journal_answer(const char *text)
{
	struct turn *turn = here.turn;
	int kept = errno;
	char *answer = strdup(text);

	if (!answer)
		abort();
	pthread_mutex_lock(&turn->lock);
	free(turn->answer);
	turn->answer = answer;
	pthread_mutex_unlock(&turn->lock);
	errno = kept;
}
