// SPDX-License-Identifier: Apache-2.0
/* A second answer for somebody whom the first one did not help. */
#include "coach.h"
#include "journal.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>

int handle_support_regen(long telegram_id, long user_id, const char *text)
{
	unsigned call = journal_begin("handle_support_regen", "telegram_id=l user_id=l text=s",
				      telegram_id, user_id, text);
	char *prompt = text_format("Once more, and better: %s", text);
	char *answer = strategist_run(prompt);
	int error = errno, result = -1;

	if (answer && score_answer(answer, 2.5) >= 0) {
		journal_answer(answer);
		result = 0;
	}
	free(answer);
	free(prompt);
	errno = error;
	journal_end(call, result < 0 ? error : 0, "result=d", result);
	return result;
}
