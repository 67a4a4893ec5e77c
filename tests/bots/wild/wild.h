/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WILD_H
#define WILD_H

/* Functions that look at no memory: they answer what they are given. */

#include <stddef.h>

/* A visit: the pipeline. Calls `what` and answers 0. */
int visit(void (*what)(void));
int visit_for(const char *tenant_id, void (*what)(void));

const char *text(const char *text);
size_t bytes(const char *data, size_t n);

#endif
