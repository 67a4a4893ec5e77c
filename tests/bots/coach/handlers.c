// SPDX-License-Identifier: Apache-2.0
#include "coach.h"
#include "journal.h"
#include "text.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FACT_BYTES 40
#define POOR       0.4

/* A question to an agent that answers in a thread of its own. */
struct errand {
	pthread_t thread;
	struct place place;
	const char *question;
	char *answer;
	int error;
};

int handle_learn(long telegram_id, long user_id, const char *text)
{
	unsigned call = journal_begin("handle_learn", "telegram_id=l user_id=l text=s", telegram_id,
				      user_id, text);
	char *known = memory_run(text, 3);
	char *prompt = text_format("%s\nKnown: %s", text, known);
	char *answer = trainer_run(prompt);
	int error = errno, result = -1;

	if (answer && store_fact(user_id, text, text_cut(text, FACT_BYTES)) >= 0) {
		journal_answer(answer);
		result = 0;
	}
	free(answer);
	free(prompt);
	free(known);
	errno = error;
	journal_end(call, result < 0 ? error : 0, "result=d", result);
	return result;
}

static void *run_strategist(void *argument)
{
	struct errand *errand = argument;

	journal_work_at(errand->place);
	errand->answer = strategist_run(errand->question);
	errand->error = errno;
	return NULL;
}

static void *run_memory(void *argument)
{
	struct errand *errand = argument;

	journal_work_at(errand->place);
	errand->answer = memory_run(errand->question, 5);
	errand->error = errno;
	return NULL;
}

/* The strategist and the memory side by side; both errands hold their answers when it returns. */
static void consult(struct errand *strategy, struct errand *memory)
{
	strategy->place = memory->place = journal_place();
	if (pthread_create(&strategy->thread, NULL, run_strategist, strategy) ||
	    pthread_create(&memory->thread, NULL, run_memory, memory))
		abort();
	pthread_join(strategy->thread, NULL);
	pthread_join(memory->thread, NULL);
}

static int plan(long telegram_id, const char *goal, const char *text)
{
	uint64_t digest = text_digest(text, strlen(text));

	return plan_session(telegram_id, (int)(digest % 7) - 2, digest % 100 / 8.0, goal,
			    digest & 1, 'A' + digest % 5, (short)(digest % 26 - 2),
			    20 + digest % 70, 0.1f * (digest % 10), text);
}

int handle_train(long telegram_id, long user_id, const char *session_id, const char *text)
{
	unsigned call = journal_begin("handle_train", "telegram_id=l user_id=l session_id=s text=s",
				      telegram_id, user_id, session_id, text);
	char *prompt = text_format("%s\nPlan the next weeks.", text);
	struct errand strategy = {.question = prompt}, memory = {.question = text};
	int number, error = 0, result = -1;

	consult(&strategy, &memory);
	if (!strategy.answer) {
		error = strategy.error;
	} else if ((number = plan(telegram_id, strategy.answer, text)) >= 0) {
		char *answer = text_format("#%d %s; %s", number, strategy.answer, memory.answer);

		journal_answer(answer);
		free(answer);
		result = 0;
	} else {
		error = errno;
	}
	free(strategy.answer);
	free(memory.answer);
	free(prompt);
	errno = error;
	journal_end(call, error, "result=d", result);
	return result;
}

int handle_support(long telegram_id, long user_id, const char *text)
{
	unsigned call = journal_begin("handle_support", "telegram_id=l user_id=l text=s",
				      telegram_id, user_id, text);
	char *prompt = text_format("%s user %ld: %s", is_polite(text) ? "Help" : "Calm down",
				   user_id, text);
	char *answer = trainer_run(prompt);
	int error = errno;

	if (answer) {
		journal_answer(answer);
		/* Where the second answer fails, the first one stands. */
		if (score_answer(answer, 1) < POOR)
			handle_support_regen(telegram_id, user_id, text);
	}
	free(prompt);
	free(answer);
	errno = error;
	journal_end(call, answer ? 0 : error, "result=d", answer ? 0 : -1);
	return answer ? 0 : -1;
}
