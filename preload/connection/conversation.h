/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CONVERSATION_H
#define TS_CONVERSATION_H

/*
 * Connections that the program opens, as [wire] asks for them: which of them count, and what it sends there. The slow
 * half of hot/wire.c.
 */

#include "../conf/conf.h"

/* `conf` outlives the program. 0, or a negative errno. [setup] */
int ts_conversation_init(const struct ts_conf *conf);

/* What became of the connections so far goes to the process page, if there is one. */
void ts_conversation_tell(void);

#endif
