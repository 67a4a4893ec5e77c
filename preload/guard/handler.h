/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HANDLER_H
#define TS_HANDLER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * May a call at `slot`, by a thread with these signals blocked, be a signal handler's? A handler runs with its own signal
 * blocked (unless SA_NODEFER asks otherwise) or on the alternate stack. A blocked signal that has a handler is therefore taken as
 * a sign, though a program may block one for itself. Then no thread is started and nothing is opened: what the handler
 * interrupted may hold the locks for that. System calls only.
 */
bool ts_may_be_in_handler(uint64_t blocked, uintptr_t slot);

#endif
