// SPDX-License-Identifier: Apache-2.0
#include "conversation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const pipeline_names[PIPELINES] = {"learn", "train", "support", "support_regen"};

static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (*text != '\\' || !text[1])
			*out++ = *text;
		else if (*++text == 'n')
			*out++ = '\n';
		else
			*out++ = *text == 't' ? '\t' : *text;
	}
	*out = '\0';
}

static char *repeat(const char *text, long times)
{
	size_t len = strlen(text);
	char *all = malloc(len * times + 1);

	if (!all)
		abort();
	for (long i = 0; i < times; i++)
		memcpy(all + i * len, text, len);
	all[len * times] = '\0';
	return all;
}

static int read_message(char *line, struct message *ret)
{
	char *name = strsep(&line, "\t"), *telegram = strsep(&line, "\t");
	char *user = strsep(&line, "\t"), *session = strsep(&line, "\t"),
	     *times = strsep(&line, "\t");
	long count;
	int i;

	if (!line || *times != 'x')
		return -1;
	count = strtol(times + 1, NULL, 10);
	for (i = 0; i < PIPELINES && strcmp(name, pipeline_names[i]); i++)
		;
	if (i == PIPELINES || count < 1)
		return -1;
	unescape(line);
	ret->pipeline = i;
	ret->telegram_id = strtol(telegram, NULL, 10);
	ret->user_id = strtol(user, NULL, 10);
	ret->session_id = repeat(session, 1);
	ret->text = repeat(line, count);
	return 0;
}

static int read_lines(FILE *file, const char *path, struct conversation *conversation)
{
	struct message *messages = NULL;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int result = 0;

	for (size_t n = 1; result == 0 && (len = getline(&line, &room, file)) >= 0; n++) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		messages = reallocarray(conversation->messages, conversation->n_messages + 1,
					sizeof(*messages));
		if (!messages)
			abort();
		conversation->messages = messages;
		result = read_message(line, &messages[conversation->n_messages]);
		if (result < 0)
			fprintf(stderr, "%s:%zu: not a message\n", path, n);
		else
			conversation->n_messages++;
	}
	free(line);
	return result;
}

int conversation_read(const char *path, struct conversation *ret)
{
	FILE *file = fopen(path, "re");
	int result;

	*ret = (struct conversation){0};
	if (!file) {
		perror(path);
		return -1;
	}
	result = read_lines(file, path, ret);
	fclose(file);
	return result;
}

void conversation_release(struct conversation *conversation)
{
	for (size_t i = 0; i < conversation->n_messages; i++) {
		free(conversation->messages[i].session_id);
		free(conversation->messages[i].text);
	}
	free(conversation->messages);
}
