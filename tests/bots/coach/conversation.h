/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include <stddef.h>

enum pipeline { LEARN, TRAIN, SUPPORT, SUPPORT_REGEN, PIPELINES };

extern const char *const pipeline_names[PIPELINES];

struct message {
	enum pipeline pipeline;
	long telegram_id;
	long user_id;
	char *session_id;
	char *text;
};

struct conversation {
	struct message *messages;
	size_t n_messages;
};

/*
 * Reads a file of lines "pipeline, telegram id, user id, session id, xN, text", separated by tabs;
 * the text is repeated N times; \t, \n and \\ in it are what they are in C. '#' starts a comment
 * line. 0, or -1 after a word on stderr.
 */
int conversation_read(const char *path, struct conversation *ret);
void conversation_release(struct conversation *conversation);

#endif
