/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_EXCHANGE_IMPL_H
#define TS_EXCHANGE_IMPL_H

/* What exchange.c and tell.c share: the first follows an exchange, the second tells of it as a call. */

#include "exchange.h"
#include "provider.h"
#include "request.h"
#include "response.h"

struct ts_exchange {
	const struct ts_wire_settings *settings;
	struct ts_memory *memory;
	struct ts_wire_call call; /* as far as it is known */
	char method[16];
	char host[256];
	char path[1024];
	char type[128];
	char encoding[2][64];
	char request_id[128];
	unsigned id_rank;
	char counts[2][16]; /* tokens that headers tell of */
	char error_type[128];
	bool host_in_target;
	bool missed; /* bytes of the response's body were not seen */
	struct ts_place place;
	struct ts_request *request; /* NULL: it is no call, as far as is known */
	struct ts_response *response;
};

/* Tells `called` of it. */
void ts_exchange_tell(struct ts_exchange *exchange, enum ts_exchange_end end);

#endif
