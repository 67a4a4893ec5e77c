// SPDX-License-Identifier: Apache-2.0
#include "coach.h"
#include "journal.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *api_key(void)
{
	const char *key = getenv("COACH_API_KEY");

	return key ? key : "sk-offline";
}

static char *ask_claude(const char *prompt)
{
	if (open_session(api_key(), "https://api.anthropic.com/v1/messages") < 0)
		return NULL;
	return claude_complete("claude-sonnet-4-5", prompt);
}

static char *ask_openrouter(const char *prompt)
{
	if (open_session(api_key(), "https://openrouter.ai/api/v1/chat/completions") < 0)
		return NULL;
	return openrouter_complete("meta-llama/llama-3.3-70b-instruct", prompt);
}

static bool overloaded(const char *answer)
{
	return !answer && (errno == EBUSY || errno == EAGAIN);
}

char *trainer_run(const char *prompt)
{
	unsigned call = journal_begin("trainer_run", "prompt=s", prompt);
	char *answer = ask_claude(prompt);

	if (overloaded(answer))
		answer = ask_openrouter(prompt);
	journal_end(call, answer ? 0 : errno, "result=s", answer);
	return answer;
}

char *strategist_run(const char *prompt)
{
	unsigned call = journal_begin("strategist_run", "prompt=s", prompt);
	char *answer = ask_openrouter(prompt);

	if (overloaded(answer))
		answer = ask_claude(prompt);
	journal_end(call, answer ? 0 : errno, "result=s", answer);
	return answer;
}

char *memory_run(const char *query, size_t limit)
{
	static const char *const notes[] = {
		"sleeps seven hours", "left knee hurts on stairs", "trainiert am liebsten abends",
		"не ест молочное",    "毎朝ジョギングします",
	};
	unsigned call = journal_begin("memory_run", "query=s limit=z", query, limit);
	const char *best = notes[text_digest(query, strlen(query)) % 5];
	double score, best_score = -1;
	char *answer;

	for (size_t i = 0; i < limit && i < 5; i++) {
		score = score_answer(notes[i], 1.0 / (i + 1));
		if (score > best_score) {
			best_score = score;
			best = notes[i];
		}
	}
	answer = text_format("%s (%zu)", best, limit);
	journal_end(call, 0, "result=s", answer);
	return answer;
}

int plan_session(long telegram_id, int level, double intensity, const char *goal, bool indoor,
		 char grade, short weeks, unsigned minutes, float temperature, const char *note)
{
	unsigned call = journal_begin(
		"plan_session",
		"telegram_id=l level=d intensity=f goal=s indoor=b grade=c weeks=d minutes=u "
		"temperature=f note=s",
		telegram_id, level, intensity, goal, indoor, grade, weeks, minutes, temperature,
		note);
	int plan = -1;

	if (weeks < 0)
		errno = ERANGE;
	else
		plan = weeks * 1000 + (int)(minutes * score_answer(note, intensity * temperature)) +
		       level + (indoor ? 100 : 200) + grade;
	journal_end(call, plan < 0 ? errno : 0, "result=d", plan);
	return plan;
}
