// SPDX-License-Identifier: Apache-2.0
/*
 * symbols.conf of any bytes: rules that are whole, faults that lie in the file, in order, in plain text; and each rule's
 * name is found again.
 */

#include <string.h>

#include "fuzz.h"
#include "preload/system/arena.h"
#include "preload/conf/conf.h"
#include "preload/hook/names.h"

/* MODULE:QUALNAME, in two parts. */
static void check_python(const struct ts_rule *rule)
{
	const char *colon = strchr(rule->prototype.function, ':');
	size_t module = strlen(rule->python.module);

	MUST(colon && module && rule->python.function[0]);
	MUST(colon == rule->prototype.function + module && !strchr(colon + 1, ':'));
	MUST(strncmp(rule->prototype.function, rule->python.module, module) == 0);
	MUST(strcmp(colon + 1, rule->python.function) == 0);
	MUST(rule->python.glob == (strpbrk(rule->prototype.function, "*?") != NULL));
	MUST(!rule->glob && !rule->prototype.cplus && !rule->prototype.n_params);
}

static void check_rule(const struct ts_rule *rule, uint32_t lines)
{
	MUST(rule->kind >= TS_KIND_PIPELINE && rule->kind <= TS_KIND_STEP);
	MUST(rule->name || rule->glob || rule->python.glob);
	MUST(rule->line >= 1 && rule->line <= lines);
	MUST(rule->prototype.function && rule->prototype.function[0]);
	if (rule->python.module) {
		check_python(rule);
		return;
	}
	/* in C++ `operator*` is a name */
	MUST(rule->prototype.cplus ||
	     rule->glob == (strpbrk(rule->prototype.function, "*?") != NULL));
	MUST(!rule->glob || rule->prototype.times_only);
}

static void check_faults(const struct ts_conf *conf, uint32_t lines)
{
	uint32_t line = 0;

	MUST(conf->n_faults <= 101);
	for (size_t i = 0; i < conf->n_faults; i++) {
		const struct ts_fault *fault = &conf->faults[i];

		MUST(fault->line > line && fault->line <= lines && fault->column >= 1);
		MUST(fault->message[0] && memchr(fault->message, 0, sizeof(fault->message)));
		for (const char *at = fault->message; *at; at++)
			MUST(*at >= ' ' && *at <= '~');
		line = fault->line;
	}
}

/* Hosts in lower case, and nothing that separates entries in the log. */
static void check_wire(const struct ts_wire_conf *wire, uint32_t lines)
{
	MUST(wire->line <= lines);
	MUST(wire->line || (!wire->openssl && !wire->n_addresses && !wire->n_gateways));
	for (size_t i = 0; i < wire->n_addresses; i++) {
		const struct ts_wire_address *address = &wire->addresses[i];

		MUST(address->port);
		MUST(address->family == 0 || address->family == 4 || address->family == 6);
	}
	for (size_t i = 0; i < wire->n_gateways; i++) {
		const struct ts_wire_host *gateway = &wire->gateways[i];

		MUST(gateway->host[0] && !strpbrk(gateway->host, "/ ,ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
		MUST(!gateway->path[0] || gateway->path[0] == '/');
		MUST(!strpbrk(gateway->path, " ,") && !strpbrk(gateway->provider, " ,"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct ts_arena arena = {0};
	struct ts_conf conf = {0};
	struct ts_names names = {0};
	uint32_t lines = 1;

	for (size_t i = 0; i < bytes; i++)
		lines += data[i] == '\n';
	MUST(ts_conf_parse((const char *)data, bytes, "fuzzed", &arena, &conf) == 0);
	MUST(conf.capture_bytes <= TS_ABI_MAX_CAPTURE);
	check_faults(&conf, lines);
	check_wire(&conf.wire, lines);
	MUST(conf.n_written <= conf.n_rules);
	MUST(ts_names_init(&names, &conf, &arena) == 0);
	for (size_t i = 0; i < conf.n_rules; i++) {
		check_rule(&conf.rules[i], lines);
		if (!conf.rules[i].glob && !conf.rules[i].prototype.cplus &&
		    !conf.rules[i].python.module)
			MUST(ts_names_find_any(&names, conf.rules[i].prototype.function, NULL) !=
			     NULL);
	}
	for (size_t i = 0; i < conf.n_redact; i++)
		MUST(conf.redact[i][0]);
	ts_arena_release(&arena);
	return 0;
}
