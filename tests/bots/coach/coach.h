/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COACH_H
#define COACH_H

/*
 * What the coach's libraries offer each other. Text that a function returns is the caller's to
 * free; NULL, or a negative number, is a failure with the reason in errno.
 */

#include <stdbool.h>
#include <stddef.h>

/* The program's own: one message from arrival to answer. 0, or -1. */
int handle_learn(long telegram_id, long user_id, const char *text);
int handle_train(long telegram_id, long user_id, const char *session_id, const char *text);
int handle_support(long telegram_id, long user_id, const char *text);
int handle_support_regen(long telegram_id, long user_id, const char *text);

/* libagents.so: who the handlers turn to. */
char *trainer_run(const char *prompt);
char *strategist_run(const char *prompt);
char *memory_run(const char *query, size_t limit);
/* The plan's number. `weeks` until the event; ERANGE for an event that is past. */
int plan_session(long telegram_id, int level, double intensity, const char *goal, bool indoor,
		 char grade, short weeks, unsigned minutes, float temperature, const char *note);

/* libagents.so: tools. */
long store_fact(long user_id, const char *fact, size_t len); /* the fact's number; no NUL needed */
double score_answer(const char *answer, double weight);      /* 0 .. weight */
bool is_polite(const char *text);

/* libllm.so: language models. EBUSY or EAGAIN: overloaded, ask somebody else. */
int open_session(const char *api_key, const char *endpoint);
char *claude_complete(const char *model, const char *prompt);
char *openrouter_complete(const char *model, const char *prompt);

#endif
