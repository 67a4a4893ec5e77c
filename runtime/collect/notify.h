/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_COLLECT_NOTIFY_H
#define TS_COLLECT_NOTIFY_H

/* What a service tells its manager (sd_notify(3)): datagrams to $NOTIFY_SOCKET, if there is one. */

#include <stdint.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..." */
void ts_notify(const char *message);

/* How often the manager wants to hear WATCHDOG=1 at least, halved; 0: not at all. */
int64_t ts_notify_watchdog_ns(void);

#endif
