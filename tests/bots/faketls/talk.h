/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TALK_H
#define TALK_H

/* A client of an LLM API, over a connection that encrypts nothing. */

#include "tls.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A request and its response; `number` is in both. */
void ask(SSL *tls, int number);
void answer(SSL *tls, int number); /* is laid ready, and read to its end */
void lay_ready(SSL *tls, int number);

/* What is received in one call is written to stdout. -1: nothing. */
int hear(SSL *tls);

void talk(SSL *tls, int number);

int ways(const char *way); /* -1: there is no such way */
int stray(const char *way);

#ifdef __cplusplus
}
#endif

#endif
