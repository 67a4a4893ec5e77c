/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HEADS_HOST_H
#define TS_HEADS_HOST_H

/* To whom a request goes. */

#include "../system/slice.h"
#include "../wire.h"

/* Of what a request names the host and its port, without userinfo; empty, if it was. False: it is no such. */
bool ts_heads_host_read(struct ts_slice sent, struct ts_slice *ret);

/* Is it a provider's or a gateway's? As runtime/wire/provider.c tells. */
bool ts_heads_host_counts(const struct ts_wire_conf *conf, struct ts_slice host);

/* The same host, whatever the case and with or without a default port? */
bool ts_heads_host_same(struct ts_slice a, struct ts_slice b);

#endif
