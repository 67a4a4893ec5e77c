// SPDX-License-Identifier: Apache-2.0
/* What [wire] asks for, and what became of it, for `traceshim check`. */

#include <stdio.h>
#include <string.h>

#include "../connection/tls.h"
#include "../elf/walk.h"
#include "../hook/hook.h"
#include "report.h"

static void line(const char *what, const char *first, const char *second, const char *third)
{
	const char *fields[] = {what, first, second, third};

	ts_report_line(fields, third ? 4 : 3);
}

/* "127.0.0.1:80", "[2001:db8:0:0:0:0:0:7]:80", "*:80" */
static void put_address(const struct ts_wire_address *address)
{
	const uint8_t *b = address->bytes;
	char text[64];

	if (address->family == 4)
		snprintf(text, sizeof(text), "%u.%u.%u.%u:%u", b[0], b[1], b[2], b[3],
			 address->port);
	else if (address->family == 6)
		snprintf(text, sizeof(text), "[%x:%x:%x:%x:%x:%x:%x:%x]:%u", b[0] << 8 | b[1],
			 b[2] << 8 | b[3], b[4] << 8 | b[5], b[6] << 8 | b[7], b[8] << 8 | b[9],
			 b[10] << 8 | b[11], b[12] << 8 | b[13], b[14] << 8 | b[15], address->port);
	else
		snprintf(text, sizeof(text), "*:%u", address->port);
	line("asks", "http", text, NULL);
}

static void put_gateway(const struct ts_wire_host *gateway)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s%s%s", gateway->host, gateway->path,
		 gateway->provider[0] ? " as " : "", gateway->provider);
	line("asks", "gateway", text, NULL);
}

static void put_definitions(void)
{
	for (size_t i = 0; i < ts_definition_count(); i++) {
		const struct ts_definition *definition = ts_definition_at(i);

		if (!definition->rule->wire ||
		    (definition->how == TS_BY_ENTRY && !definition->reached))
			continue;
		line("wire", definition->function, definition->object,
		     definition->how == TS_BY_ENTRY ? "entry" : "slots");
	}
}

static void look(struct ts_walk *walk, void *unused)
{
	(void)unused;
	for (size_t i = 0; i < walk->scope.n; i++)
		ts_tls_note(walk, &walk->scope.objects[i], true);
}

static void put_libraries(void)
{
	ts_walk(look, NULL);
	for (size_t i = 0; i < ts_tls_count(); i++) {
		const struct ts_tls *tls = ts_tls_get(i);

		line("tls", tls->object, tls->library, tls->reason);
	}
}

void ts_report_wire(const struct ts_conf *conf)
{
	const struct ts_wire_conf *wire = &conf->wire;

	if (!wire->line)
		return;
	line("asks", "openssl", wire->openssl ? "on" : "off", NULL);
	for (size_t i = 0; i < wire->n_addresses; i++)
		put_address(&wire->addresses[i]);
	for (size_t i = 0; i < wire->n_gateways; i++)
		put_gateway(&wire->gateways[i]);
	put_definitions();
	if (wire->openssl)
		put_libraries();
}
