// SPDX-License-Identifier: Apache-2.0
/* Addresses of sockets against those of symbols.conf. */

#include "peer.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "../hot/guarded.h"
#include "../system/sys.h"

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* Of a family that has ports, and whole? */
static bool has_port(const union address *address, uint64_t bytes)
{
	return (address->any.sa_family == AF_INET && bytes >= sizeof(address->four)) ||
	       (address->any.sa_family == AF_INET6 && bytes >= sizeof(address->six));
}

static uint16_t port_of(const union address *address)
{
	return ntohs(address->any.sa_family == AF_INET ? address->four.sin_port
						       : address->six.sin6_port);
}

static bool is_same(const struct ts_wire_address *listed, const union address *address)
{
	if (listed->port != port_of(address))
		return false;
	if (!listed->family)
		return true;
	if (address->any.sa_family == AF_INET)
		return listed->family == 4 &&
		       memcmp(listed->bytes, &address->four.sin_addr, 4) == 0;
	if (listed->family == 4)
		return IN6_IS_ADDR_V4MAPPED(&address->six.sin6_addr) &&
		       memcmp(listed->bytes, address->six.sin6_addr.s6_addr + 12, 4) == 0;
	return memcmp(listed->bytes, &address->six.sin6_addr, 16) == 0;
}

bool ts_peer_is_listed(const struct ts_wire_conf *conf, const void *address, uint64_t bytes)
{
	union address copy = {.any.sa_family = AF_UNSPEC};

	if (bytes > sizeof(copy))
		bytes = sizeof(copy);
	if (!ts_guarded_copy(&copy, address, bytes) || !has_port(&copy, bytes))
		return false;
	for (size_t i = 0; i < conf->n_addresses; i++)
		if (is_same(&conf->addresses[i], &copy))
			return true;
	return false;
}

bool ts_peer_is_still_listed(const struct ts_wire_conf *conf, uint32_t fd)
{
	union address address = {.any.sa_family = AF_UNSPEC};
	uint32_t bytes = sizeof(address);

	if (ts_syscall(SYS_getpeername, fd, (long)&address, (long)&bytes, 0, 0, 0) < 0 ||
	    !has_port(&address, bytes))
		return false;
	for (size_t i = 0; i < conf->n_addresses; i++)
		if (conf->addresses[i].port == port_of(&address))
			return true;
	return false;
}
