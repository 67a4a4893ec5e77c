// SPDX-License-Identifier: Apache-2.0
/* Language models for working offline: answers, delays and overloads depend on the prompt alone. */
#include "coach.h"
#include "journal.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define ECHO_BYTES 96

static void take_time(uint64_t digest)
{
	struct timespec delay = {.tv_nsec = (12 + digest % 56) * 1000000};

	while (nanosleep(&delay, &delay) < 0 && errno == EINTR)
		;
}

int open_session(const char *api_key, const char *endpoint)
{
	unsigned call = journal_begin("open_session", "endpoint=s", endpoint);
	int session = -1;

	if (api_key && *api_key)
		session = text_digest(endpoint, strlen(endpoint)) % 1000;
	else
		errno = EACCES;
	journal_end(call, session < 0 ? errno : 0, "result=d", session);
	return session;
}

char *claude_complete(const char *model, const char *prompt)
{
	static const char *const openings[] = {
		"Let's take it step by step", "Gut gemacht", "Отличный вопрос",
		"とても良いですね",           "أحسنت",       "बहुत बढ़िया",
	};
	unsigned call = journal_begin("claude_complete", "model=s prompt=s", model, prompt);
	uint64_t digest = text_digest(prompt, strlen(prompt));
	char *answer = NULL;

	take_time(digest);
	if (digest % 5 == 0)
		errno = EBUSY;
	else
		answer = text_format("%s — %s", openings[digest % 6], prompt);
	journal_end(call, answer ? 0 : errno, "result=s", answer);
	return answer;
}

char *openrouter_complete(const char *model, const char *prompt)
{
	unsigned call = journal_begin("openrouter_complete", "model=s prompt=s", model, prompt);
	uint64_t digest = text_digest(prompt, strlen(prompt));
	char *answer = NULL;

	take_time(digest >> 8);
	if (digest % 7 == 0)
		errno = EAGAIN;
	else
		answer = text_format("Option %c:\t“%.*s”", (char)('A' + digest % 4),
				     (int)text_cut(prompt, ECHO_BYTES), prompt);
	journal_end(call, answer ? 0 : errno, "result=s", answer);
	return answer;
}
