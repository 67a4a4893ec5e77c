/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_CONF_H
#define TS_CONF_H

/* symbols.conf -> rules and settings. [setup]; the grammar is in symbols.conf(5). */

#include "../abi.h"
#include "../prototype/prototype.h"

enum ts_orphans { TS_ORPHANS_AUTO, TS_ORPHANS_DROP, TS_ORPHANS_TRACE };

/* A Python function by its module's and its own qualified name, in which '*' and '?' may stand. */
struct ts_python_name {
	const char *module; /* NULL: the rule is for a native function */
	const char *function;
	bool glob;
};

struct ts_rule {
	enum ts_kind kind;
	const char *key;  /* as written */
	const char *name; /* the key; NULL for one with '*': spans are named after the function */
	struct ts_prototype prototype; /* of a Python function the name alone */
	struct ts_python_name python;
	bool redacted[TS_MAX_PARAMS]; /* [trace] redact names the parameter */
	enum ts_fails fails;
	uint32_t line;
	bool glob; /* prototype.glob */
	uint8_t wire; /* enum ts_wire_function of hot/wire.h: [wire] asks for it, what passes counts; else 0 */
};

/* [wire] http: addresses to which plain HTTP goes. */
struct ts_wire_address {
	uint8_t family; /* 4, 6; 0: whatever address */
	uint8_t bytes[16];
	uint16_t port;
};

/* [wire] gateway: a host that is no provider's but answers like one; in lower case. */
struct ts_wire_host {
	const char *host;     /* with its port, unless that is the protocol's */
	const char *path;     /* beginning of the paths that count, with its '/'; "": all */
	const char *provider; /* what its calls are filed under; "": "openai_compatible" */
};

struct ts_wire_conf {
	bool openssl;
	uint32_t line; /* where the section begins; 0: there is none */
	const struct ts_wire_address *addresses;
	size_t n_addresses;
	const struct ts_wire_host *gateways;
	size_t n_gateways;
};

struct ts_conf {
	const char *path;
	struct ts_rule *rules; /* those of the file, then what [wire] asks for */
	size_t n_rules;
	size_t n_written; /* of the file */
	struct ts_wire_conf wire;
	struct ts_fault *faults; /* in order of line */
	size_t n_faults;
	uint32_t capture_bytes; /* a side; 0: times only; at most TS_ABI_MAX_CAPTURE */
	const char **redact;    /* n_redact names, lower case */
	size_t n_redact;
	enum ts_orphans orphans; /* as asked; AUTO: trace only where no rule is a pipeline */
	bool stacks;             /* call stacks of failures are recorded */
	uint64_t backlog_bytes;  /* on disk, at most, while the store is away; 0: none */
	const char *prices;      /* a price file, absolute once the file is read; "": none */
};

/*
 * Where symbols.conf is: $TRACESHIM_CONF, else ./symbols.conf,
 * $XDG_CONFIG_HOME/traceshim/symbols.conf (default $HOME/.config), /etc/traceshim/symbols.conf;
 * absolute, of `arena`. NULL if there is none; a file that $TRACESHIM_CONF names is answered
 * whether it is there or not.
 */
const char *ts_conf_find(struct ts_arena *arena);

/*
 * Reads `path` and the overrides TRACESHIM_CAPTURE, TRACESHIM_REDACT, TRACESHIM_ORPHANS,
 * TRACESHIM_STACKS, TRACESHIM_BACKLOG, TRACESHIM_PRICES. All memory is of `arena` and lives as long. Always 0 with a usable *ret: what is wrong is in its faults, a
 * file that cannot be read is one fault on line 0 and no rules. -ENOMEM only.
 */
int ts_conf_read(const char *path, struct ts_arena *arena, struct ts_conf *ret);

/* Does an outermost call that is no pipeline's start a trace? Only where none is named, unless the file says so. */
bool ts_conf_traces_orphans(const struct ts_conf *conf);

/* As ts_conf_read, from memory and without the overrides: what the unit tests and a fuzzer call. */
int ts_conf_parse(const char *text, size_t bytes, const char *path, struct ts_arena *arena,
		  struct ts_conf *ret);

#endif
