// SPDX-License-Identifier: Apache-2.0
#include "coach.h"
#include "journal.h"
#include "text.h"

#include <stdint.h>
#include <string.h>

long store_fact(long user_id, const char *fact, size_t len)
{
	unsigned call =
		journal_begin("store_fact", "user_id=l fact=m len=z", user_id, fact, len, len);
	long number = text_digest(fact, len) >> 1;

	journal_end(call, 0, "result=l", number);
	return number;
}

double score_answer(const char *answer, double weight)
{
	unsigned call = journal_begin("score_answer", "answer=s weight=f", answer, weight);
	double score = weight * (text_digest(answer, strlen(answer)) % 1000) / 1000;

	journal_end(call, 0, "result=f", score);
	return score;
}

bool is_polite(const char *text)
{
	static const char *const rude[] = {"stupid", "idiot", "shut up", "дурак", "ばか"};
	unsigned call = journal_begin("is_polite", "text=s", text);
	bool polite = true;

	for (size_t i = 0; i < sizeof(rude) / sizeof(*rude); i++)
		if (strcasestr(text, rude[i]))
			polite = false;
	journal_end(call, 0, "result=b", polite);
	return polite;
}
