/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODELS_H
#define MODELS_H

/* The answer to a prompt, as it came from the wire: what the file at `prompt` holds. From malloc; NULL: there is none. */
char *ask(const char *model, const char *prompt);

#endif
