// SPDX-License-Identifier: Apache-2.0
#include "models.h"

#include <stdio.h>
#include <stdlib.h>

char *ask(const char *model, const char *prompt)
{
	FILE *file = *model ? fopen(prompt, "re") : NULL;
	char *answer = NULL;
	size_t room = 0;

	if (!file)
		return NULL;
	if (getdelim(&answer, &room, '\0', file) < 0) {
		free(answer);
		answer = NULL;
	}
	fclose(file);
	return answer;
}
