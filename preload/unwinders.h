/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_UNWINDERS_H
#define TS_UNWINDERS_H

#include "scope.h"

/*
 * Notes every loaded object that exports an unwinder for the cleanup of variant b (hot/unwind.h).
 * True: there is one, the return pads can use it. [setup]
 */
bool ts_unwinders_note(const struct ts_scope *scope);

#endif
