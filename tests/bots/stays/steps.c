// SPDX-License-Identifier: Apache-2.0
#include "steps.h"

int learn(const char *text, what_fn *what, void *argument)
{
	return text ? what(argument) + 1 : 0;
}

int trainer(const char *prompt, what_fn *what, void *argument)
{
	return prompt ? what(argument) + 1 : 0;
}

int claude(const char *model, what_fn *what, void *argument)
{
	return model ? what(argument) + 1 : 0;
}
