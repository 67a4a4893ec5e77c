/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STEPS_H
#define STEPS_H

/* Each does what it is given. */
typedef int what_fn(void *argument);

int learn(const char *text, what_fn *what, void *argument);
int trainer(const char *prompt, what_fn *what, void *argument);
int claude(const char *model, what_fn *what, void *argument);

#endif
