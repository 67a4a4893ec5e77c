// SPDX-License-Identifier: Apache-2.0
#include "heads.h"

#include <stddef.h>

#include "../guard/handler.h"
#include "../hot/guarded.h"
#include "../life/module.h"
#include "../system/log.h"
#include "../wire.h"

#define FIRST_LETTERS 3 /* of a method, or of HTTP/2's preface */

static const struct ts_wire_heads *opened;
static uint32_t unusable;

const struct ts_wire_heads *ts_heads(void)
{
	return __atomic_load_n(&opened, __ATOMIC_ACQUIRE);
}

/* What a handler interrupts may hold the locks that an opening takes: then a later connection opens it. */
const struct ts_wire_heads *ts_heads_open(uint64_t mask, uintptr_t slot)
{
	const struct ts_wire_heads *found = ts_heads();
	char why[256] = "";

	if (found || __atomic_load_n(&unusable, __ATOMIC_RELAXED) ||
	    ts_may_be_in_handler(mask, slot))
		return found;
	found = ts_module_symbol("wire", TS_WIRE_SYMBOL, why, sizeof(why));
	if (found)
		__atomic_store_n(&opened, found, __ATOMIC_RELEASE);
	else if (!__atomic_exchange_n(&unusable, 1, __ATOMIC_RELAXED))
		ts_log(TS_LOG_ERROR, "LLM calls are not seen on the wire: %s", why);
	return found;
}

bool ts_heads_may_be_http(const void *text, uint64_t bytes)
{
	char first[FIRST_LETTERS];
	uint64_t n = bytes < sizeof(first) ? bytes : sizeof(first);

	if (!ts_guarded_copy(first, text, n))
		return false;
	for (uint64_t i = 0; i < n; i++)
		if (first[i] < 'A' || first[i] > 'Z')
			return false;
	return true;
}
